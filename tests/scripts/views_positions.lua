-- Whatever is wrong, the message begins with the line of the script that did it, by
-- whatever way it did.
local t, units = ...

local kept
t.host.lend(function(others)
  kept = { others, others[0], others[0].hp, others[0].pos, others:column("x"), others:getter("x", "y"), others:setter("x", "y"), (others:each()) }
end)
-- What the statements below can use.
local names = {
  units = units, items = t.items, view = kept[1], unit = kept[2], hp = kept[3], pos = kept[4], column = kept[5], get = kept[6], set = kept[7],
  step = kept[8], x = units:column("x"), getx = units:getter("x"), setx = units:setter("x"), setall = units:setter("x", "y", "tag", "alive", "hp[0]"),
  next_unit = (units:each()), pcall = pcall, error = error, string = string, pairs = pairs, ipairs = ipairs, tostring = tostring,
}

local wrong = {
  -- Indices.
  ["is out of range: this view of Soldier has 10 elements now"] = {
    "local x = units[10]", "units[-1] = units[0]", "units[0.5] = {}", "units:totable(10)", "local x = x[10]", "x[10] = 1", "getx(10)", "setx(10, 1)",
    "setall(10, 1, 1, 'a', true, 1)", "for i = 0, 10 do local x = units[i].x end", "for i = 0, 200 do x[i] = i end",
  },
  ["bad index of a view of Soldier: expected a number, got string"] = {
    "units.x = 1", "units:totable('x')", "getx('x')", "setx('x', 1)", "next_unit(units, 'x')", "for i, u in next_unit, units, 'x' do end",
  },
  ["bad index of field 'x' of a Soldier: expected a number, got string"] = { "local x = x.x", "x.x = 1" },
  ["is out of range: field 'hp' of a Soldier has 2 elements, from 0 on"] = {
    "local x = units[0].hp[2]", "units[0].hp[2] = 1", "for k = 0, 200 do units[0].hp[k] = 1 end",
  },
  ["bad index of field 'hp' of a Soldier: expected a number, got nil"] = { "local x = units[0].hp[nil]", "units[0].hp[nil] = 1" },
  -- Names.
  ["a view of Soldier has no method 'nothing'"] = { "local x = units.nothing", "units:nothing()" },
  ["a Soldier has no field 'nothing'"] = {
    "local x = units[0].nothing", "units[0].nothing = 1", "units:column('nothing')", "units:getter('nothing')", "units:getter('x', 'nothing')",
    "units:setter('x', 'y', 'nothing')", "units[0] = { nothing = 1 }",
  },
  ["field 'pos' of a Soldier has no field 'z'"] = { "local x = units[0].pos.z", "units[0].pos = { z = 1 }", "units[0] = { pos = { z = 1 } }" },
  ["bad self"] = { "units.each(1)", "units.totable()", "units.column({})", "units.getter(units[0])", "next_unit(1, 1)" },
  -- Values.
  ["bad value for field 'x' of a Soldier: expected a number, got boolean"] = {
    "units[0].x = true", "x[0] = true", "setx(0, true)", "setall(0, true)", "units[0] = { x = true }", "for i = 1, 200 do units[0].x = i < 150 and i end",
    "for i = 1, 200 do setx(0, i < 150 and i) end", "for i = 1, 200 do x[0] = i < 150 and i end",
  },
  ["bad value for field 'hp[0]' of a Soldier"] = { "setall(0, 1, 1, 'a', true, 0.5)" },
  ["bad value for field 'hp' of a Soldier"] = {
    "units[0].hp[0] = true", "units[0].hp = 5", "units[0].hp = {}", "units[0].hp = { 1, 2, 3 }", "units[0].hp = { 1, true }", "units[0] = { hp = 5 }",
    "units[0] = { hp = { 1, 2 ^ 31 } }", "units[0].hp = units[0].pos",
  },
  ["bad value for field 'grid' of a Soldier"] = { "units[0].grid[1] = 5", "units[0].grid = { { 1, 2, 3 }, { 4, 5 } }" },
  ["bad value for field 'kills' of a Soldier"] = { "units[0].kills = 256" },
  ["bad value for field 'stance' of a Soldier"] = { "units[0].stance = 2" },
  ["bad value for field 'big' of a Soldier"] = { "units[0].big = 0.5", "units[0] = { big = {} }" },
  ["bad value for field 'tag' of a Soldier"] = { "units[0].tag = ('x'):rep(8)" },
  ["bad value for field 'x' of a Vec2"] = { "units[0].pos.x = {}", "units[0].pos = { x = {} }", "units[0] = { pos = { x = {} } }" },
  ["bad value for a Soldier: expected a Soldier of such a view, or a table, got "] = { "units[0] = 5", "units[0] = units", "units[0] = items[0]" },
  -- What can only be read.
  ["it can only be read"] = {
    "units[0].id = 1", "units[0].home = {}", "units[0].home.x = 1", "units[0].stats = {}", "units[0].stats[0] = 1", "units[0].slots[0].id = 1",
    "units[0] = { id = 1 }", "units[0].slots[0] = { id = 1 }", "units:column('id')[0] = 1", "units:setter('x', 'id')",
  },
  ["cannot change a Item: this view can only be read"] = {
    "items[0] = items[1]", "items[0] = {}", "items[0].value = 1", "items:column('value')[0] = 1", "items:setter('value')(0, 1)",
  },
  -- What is revoked.
  ["view revoked"] = {
    "local x = #view", "local x = view[0]", "view[0] = {}", "view:each()", "view:totable(0)", "view:column('x')", "view:getter('x')", "view:setter('x')",
    "for i, u in view:each() do end", "for i, u in step, view, -1 do end", "local x = unit.x", "unit.x = 1", "local x = unit.hp", "unit.hp = {}",
    "local x = hp[0]", "hp[0] = 1", "local x = #hp", "local x = pos.x", "pos.x = 1", "local x = #column", "local x = column[0]", "column[0] = 1", "get(0)",
    "set(0, 1, 1)", "units[0] = unit", "units[0].hp = hp", "units[0] = { pos = pos }", "units[0].pos = pos", "step(view, 0)",
  },
}

-- The ways in which a statement is run. It is on the second line of each.
local ways = {
  "\n%s\n",
  "local function f()\n%s\nend f()",
  "local ok, e = pcall(function()\n%s\nend) error(e, 0)",
  "local function f() f = nil\n%s\nend local ok, e = pcall(f) error(e, 0)",
  "local s = ('x'):gsub('x', function()\n%s\nend)",
}
local count = 0
local function check(text, message)
  local ok, e = pcall(load(text, "=script", "t", names))
  if ok or tostring(e):sub(1, 10) ~= "script:2: " or not e:find(message, 1, true) then error(text .. ": " .. tostring(e)) end
  count = count + 1
end
for message, statements in next, wrong do
  for _, statement in ipairs(statements) do
    for _, way in ipairs(ways) do check(way:gsub("%%s", function() return statement end), message) end
  end
end

-- Functions of a view that other functions call, so that there is no line between.
for call, message in next, {
  ["getx, 10"] = "is out of range", ["setx, 0, true"] = "bad value for field 'x'", ["setall, 0, 1, 1, 'a', true, ''"] = "bad value for field 'hp[0]'",
  ["units.each, 1"] = "bad self", ["units.column, units, 'nothing'"] = "has no field", ["units.setter, units, 'id'"] = "it can only be read",
  ["get, 0"] = "view revoked", ["set, 0, 1, 1"] = "view revoked", ["step, view, 0"] = "view revoked", ["units.totable, units, 10"] = "is out of range",
  ["next_unit, units, 'x'"] = "bad index",
} do
  check("local ok, e =\npcall(" .. call .. ")\nerror(e, 0)", message)
end
check("local ok, ok, e =\npcall(pcall, getx, 10)\nerror(e, 0)", "is out of range")
check("local s =\n('11'):gsub('.', setx)", "bad index")
assert(count > 500)
