-- What stores several values stores all of them or none, whatever is wrong and wherever
-- it stands. Nothing is changed by an error, and no order of names matters.
local t, units = ...
local is, fails = t.is, t.fails
local unpack = unpack or table.unpack

-- All that an element has, as one text.
local function text_of(value)
  if type(value) ~= "table" then return tostring(value) end
  local keys, parts = {}, {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys)
  for _, key in ipairs(keys) do parts[#parts + 1] = key .. "=" .. text_of(value[key]) end
  return "{" .. table.concat(parts, ",") .. "}"
end

local u = units[3]
units[3] = {
  hp = { 1, 2 }, x = 3, y = 4, tag = "five", alive = true, stance = 1, rank = 0, pos = { x = 6, y = 7 }, kills = 8, small = 9, big = 10,
  ubig = 11, ratio = 12, slots = { { n = 13 }, { n = 14 }, { n = 15 } }, grid = { { 1, 2, 3 }, { 4, 5, 6 } },
}
is(u.grid[1][2], 6)
is(u.slots[2].n, 15)
is(u.id, 103)
local before = text_of(units:totable(3))
local function refused(f, message)
  fails(f, message)
  is(text_of(units:totable(3)), before)
end

-- What is wrong with one field, beside all the others that are right.
local function rest()
  return {
    hp = { -1, -2 }, x = -3, y = -4, tag = "wrong", alive = false, stance = 7, rank = 1, pos = { x = -6, y = -7 }, kills = 18, small = 19,
    big = 20, ubig = 21, ratio = 22, slots = { { n = 23 }, { n = 24 }, { n = 25 } }, grid = { { -1, -2, -3 }, { -4, -5, -6 } },
  }
end
for field, wrong in pairs({
  hp = { 1 }, x = "1", y = true, tag = ("x"):rep(8), alive = 1, stance = 2, rank = 2, pos = 5, kills = 256, small = 128, big = 0.5, ubig = 0.5,
  ratio = {}, slots = { {}, {}, { n = 0.5 } }, grid = { { 1, 2, 3 }, { 4, 5, "6" } }, id = 103, home = {}, stats = { 0, 1, 2 }, secret = 1,
  nothing = 1, Hp = {},
}) do
  local all = rest()
  all[field] = wrong
  refused(function() units[3] = all end)
end
for _, wrong in ipairs({ { x = 1, y = {} }, { x = 1, z = 2 }, { x = 1, [1] = 2 }, { y = 1, x = "" }, { [u] = 1, x = 9, y = 9 } }) do
  local all = rest()
  all.pos = wrong
  refused(function() units[3] = all end)
  refused(function() u.pos = wrong end)
end
for _, wrong in ipairs({ { 8 }, { 8, 9, 10 }, { 8, "9" }, { 8, 0.5 }, { "8", 9 }, { 8, nil, 9 }, { 8, 2 ^ 31 } }) do
  refused(function() u.hp = wrong end)
end
refused(function() u.grid = { { 7, 7, 7 }, { 7, 7 } } end, "expected 3 elements, got 2")
refused(function() u.grid[0] = { 7, 7, 32768 } end, "expected an integer from -32768 to 32767, got number 32768")
refused(function() u.slots = { { n = 7 }, { n = 7 }, 7 } end)
refused(function() u.slots = { { n = 7 }, { n = 7 }, { id = 7 } } end, "cannot change field 'id' of a Slot: it can only be read")
refused(function() u.slots[1] = { n = 7, id = 12 } end, "cannot change field 'id' of a Slot: it can only be read")

-- Setters: each value in turn is the wrong one.
local names = { "x", "hp[0]", "tag", "alive", "big", "kills", "ratio", "word", "pos.y" }
local right = { -3, -1, "wrong", false, 20, 18, -12, 5, -7 }
local wrong = { "3", 0.5, ("x"):rep(8), 0, 2 ^ 64, -1, "", 32768, {} }
for count = 1, #names do
  local set = units:setter(unpack(names, 1, count))
  for at = 1, count do
    local values = {}
    for k = 1, count do values[k] = k == at and wrong[k] or right[k] end
    refused(function() set(3, unpack(values, 1, count)) end, "bad value for field '" .. names[at] .. "'")
    -- Also where it is compiled before it goes wrong.
    for i = 1, 150 do set(4, unpack(right, 1, count)) end
    refused(function() set(3, unpack(values, 1, count)) end, "bad value for field '" .. names[at] .. "'")
  end
  if count > 1 then refused(function() set(3, -3) end, "got nil") end
end

-- Several things are wrong: the first in the order of the struct is named, then names
-- that there are not.
for _ = 1, 10 do
  local all = { nothing = 1, ratio = "", kills = -1, x = 5 }
  fails(function() units[3] = all end, "bad value for field 'kills'")
end

-- Everything is read before anything is stored: parts can change places.
units[5] = { pos = { x = 1, y = 2 }, target = { x = 3, y = 4 }, slots = { { n = 1 }, { n = 2 }, { n = 3 } } }
local v = units[5]
units[5] = { pos = v.target, target = v.pos }
is(v.pos.x, 3)
is(v.target.y, 2)
v.slots = { v.slots[2], v.slots[1], v.slots[0] }
is(v.slots[0].n, 3)
is(v.slots[2].n, 1)
v.grid = { { 1, 2, 3 }, { 4, 5, 6 } }
v.grid = { v.grid[1], v.grid[0] }
is(v.grid[0][2], 6)
is(v.grid[1][0], 1)
is(v.slots[0].id, 51)

-- What hangs on a table is not asked.
local function called() error("called") end
local hostile = { __index = called, __newindex = called, __len = called, __pairs = called, __ipairs = called, __call = called, __eq = called }
units[3] = setmetatable({ x = 30, pos = setmetatable({ y = 31 }, hostile), hp = setmetatable({ 32, 33 }, hostile) }, hostile)
is(u.x + u.pos.y + u.hp[0] + u.hp[1], 126)
is(u.pos.x, 6)
