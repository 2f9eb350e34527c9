-- A view as a whole: indices, iteration, columns, equality, text.
local t, units = ...
local is, fails = t.is, t.fails

for _, i in ipairs({ 10, -1, 0.5, 9.5, 1 / 0, -1 / 0, 0 / 0, 2 ^ 31, 2 ^ 32, 2 ^ 53, -2 ^ 31 }) do
  fails(function() return units[i] end, "is out of range: this view of Soldier has 10 elements now")
  fails(function() units[i] = units[0] end, "is out of range: this view of Soldier has 10 elements now")
  fails(function() return units:totable(i) end, "is out of range")
  fails(function() return units:column("x")[i] end, "is out of range")
  fails(function() units:column("x")[i] = 1 end, "is out of range")
  fails(units:getter("x"), "is out of range", i)
  fails(units:setter("x"), "is out of range", i, 1)
end
for _, i in ipairs({ "0", true, {}, units, "x" }) do
  fails(function() return units[i] end, "a view of Soldier has no method '")
  fails(function() units[i] = units[0] end, "bad index of a view of Soldier: expected a number, got ")
  fails(function() return units:totable(i) end, "bad index of a view of Soldier: expected a number, got ")
  fails(function() return units:column("x")[i] end, "bad index of field 'x' of a Soldier: expected a number, got ")
  fails(units:getter("x"), "bad index of a view of Soldier: expected a number, got ", i)
end
fails(function() return units[nil] end, "a view of Soldier has no method '(nil)'")
is(units[0.0].id, 100)
is(units[-0.0].id, 100)

-- Iteration.
local n = 0
for i, u in units:each() do
  is(i, n)
  is(u.id, 100 + i)
  u.x = i * 2
  n = n + 1
end
is(n, 10)
local step, view, start = units:each()
is(start, -1)
is(step(view, 9), nil)
is(step(view, 1e300), nil)
is(step(view, 0 / 0), nil)
is(step(view, 0.5), nil)
fails(step, "bad index", view, "x")
for _, v in ipairs({ 1, "x", {}, units[0], units[0].hp, units:column("x"), io or print }) do
  fails(step, "bad self", v, 1)
  fails(units.each, "bad self", v)
  fails(units.totable, "bad self", v, 1)
  fails(units.column, "bad self", v, "x")
  fails(units.getter, "bad self", v, "x")
  fails(units.setter, "bad self", v, "x")
end
fails(units.each, "bad self")
fails(step, "bad self")

-- Columns.
local x, hp1, py = units:column("x"), units:column("hp[1]"), units:column("pos.y")
is(#x, 10)
for i = 0, #x - 1 do
  x[i] = x[i] + 1
  hp1[i] = i
  py[i] = i / 2
end
is(units[4].x, 9)
is(units[4].hp[1], 4)
is(units[4].pos.y, 2)
is(units:column("slots[1].n")[3], 0)
is(units:column("id")[3], 103)
fails(function() units:column("id")[3] = 1 end, "cannot change field 'id' of a Soldier: it can only be read")
fails(function() units:column("home.x")[3] = 1 end, "cannot change field 'home.x' of a Soldier: it can only be read")
fails(function() units:column("kills")[3] = 256 end, "bad value for field 'kills' of a Soldier: expected an integer from 0 to 255")
for _, name in ipairs({ "secret", "hp", "pos", "hp[2]", "slots[3].n", "", "X", 1, true, {} }) do
  fails(function() return units:column(name) end, "a Soldier has no field '")
  fails(function() return units:getter("x", name) end, "a Soldier has no field '")
  fails(function() return units:setter(name, "x") end, "a Soldier has no field '")
end
fails(function() return units:column() end, "a Soldier has no field '(nil)'")
fails(function() return units:getter() end, "a Soldier has no field '(nil)'")

-- Several at once.
local get, set = units:getter("id", "x", "y", "tag", "alive", "hp[1]"), units:setter("x", "hp[0]", "tag")
set(6, 1.5, 77, "six")
local id, gx, gy, tag, alive, h = get(6)
is(id, 106) is(gx, 1.5) is(gy, 0) is(tag, "six") is(alive, true) is(h, 6)
is(units[6].hp[0], 77)
is(select("#", get(6)), 6)
is(select("#", units:getter("x")(0)), 1)
fails(set, "bad value for field 'hp[0]' of a Soldier", 6, 1, 0.5, "x")
fails(set, "bad value for field 'x' of a Soldier", 6)
fails(function() return units:setter("x", "id") end, "cannot change field 'id' of a Soldier: it can only be read")

-- Equality and text.
is(units[1] == units[1], true)
is(units[1] == units[2], false)
is(units[1].hp == units[1].hp, true)
is(units[1].hp == units[2].hp, false)
is(units[1].grid[0] == units[1].grid[1], false)
is(units[1].grid[1] == units[1].grid[1], true)
is(units[1].pos == units[1].target, false)
is(units:column("x") == units:column("x"), true)
is(units:column("x") == units:column("y"), false)
is(units == units, true)
for _, v in ipairs({ 1, "x", {}, print, units:column("x"), units[0].hp, t.items, t.items[0] }) do
  is(units == v, false)
  is(v == units, false)
  is(units[0] == v, false)
  is(v == units[0], false)
end
is(units == nil, false)
is(units[0] == nil, false)
is(tostring(units), "view of Soldier")
is(tostring(units[3]), "Soldier 3")
is(tostring(units[3].hp), "field 'hp' of a Soldier (element 3)")
is(tostring(units[3].slots[1]), "field 'slots' of a Soldier (element 3)")
is(tostring(units:column("x")), "column of field 'x' of a Soldier")

-- Pairs.
do
  local names = {}
  for name, value in pairs(units[3]) do
    names[#names + 1] = name
    if name == "id" then is(value, 103) end
  end
  is(table.concat(names, " "), "hp x y id tag alive stance rank pos target home stats kills small word uword udword kind big ubig ratio slots grid")
  local next_field, of, key = pairs(units[3])
  fails(next_field, "has no field 'secret'", of, "secret")
  fails(next_field, "bad self", {}, nil)
  fails(next_field, "bad self", units, nil)
  local count = 0
  for i, u in pairs(units) do is(u.id, 100 + i) count = count + 1 end
  is(count, 10)
end

-- What can only be read.
local items = t.items
is(items[1].value, 11)
is(#items, 3)
fails(function() items[1].value = 1 end, "cannot change a Item: this view can only be read")
fails(function() items[1] = items[0] end, "cannot change a Item: this view can only be read")
fails(function() items:column("value")[1] = 1 end, "cannot change a Item: this view can only be read")
fails(items:setter("value"), "cannot change a Item: this view can only be read", 1, 5)
is(items[1].value, 11)

-- Nothing else can be done with any of it.
for _, v in ipairs({ units, units[0], units[0].hp, units[0].pos, units:column("x") }) do
  for _, f in ipairs({
    function() return v + 1 end, function() return -v end, function() return v .. "x" end, function() return v() end,
    function() return v < v end, function() return v % 2 end, function() return ("x"):rep(v) end, function() return math.floor(v) end,
    function() return setmetatable(v, {}) end, function() return rawset(v, 1, 1) end,
  }) do
    is(pcall(f), false)
  end
  is(type(getmetatable(v)) ~= "table", true)
  is(tonumber(v), nil)
  is(tostring(v):find("0x") == nil, true)
end
is(pcall(function() return #units[0] end), false)
