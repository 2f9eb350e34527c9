-- Arrays and structs inside an element.
local t, units = ...
local is, fails = t.is, t.fails
local u, v = units[1], units[2]

-- Arrays.
is(#u.hp, 2)
u.hp[0], u.hp[1] = 7, 9
is(u.hp[0] + units[1].hp[1], 16)
for _, k in ipairs({ 2, -1, 0.5, 1 / 0, -1 / 0, 0 / 0, 2 ^ 32, 2 ^ 53 }) do
  fails(function() return u.hp[k] end, "is out of range: field 'hp' of a Soldier has 2 elements, from 0 on")
  fails(function() u.hp[k] = 1 end, "is out of range: field 'hp' of a Soldier has 2 elements, from 0 on")
end
for _, k in ipairs({ "0", true, {}, u, "n" }) do
  fails(function() return u.hp[k] end, "bad index of field 'hp' of a Soldier: expected a number, got ")
  fails(function() u.hp[k] = 1 end, "bad index of field 'hp' of a Soldier: expected a number, got ")
end
fails(function() u.hp[0] = 0.5 end, "bad value for field 'hp' of a Soldier: expected an integer from -2147483648 to 2147483647, got number 0.5")
for k = 0, 2 do
  is(u.stats[k], k)
  fails(function() u.stats[k] = 1 end, "cannot change field 'stats' of a Soldier: it can only be read")
end
u.grid[1][2] = -5
is(u.grid[1][2], -5)
is(u.grid[0][2], 0)
is(#u.grid, 2)
is(#u.grid[0], 3)
fails(function() return u.grid[2][0] end, "out of range")
fails(function() return u.grid[0][3] end, "out of range")

-- Structs.
u.pos.x, u.pos.y = 1.5, -2
is(u.pos.x, 1.5)
is(u.target.x, 0)
fails(function() return u.pos.z end, "field 'pos' of a Soldier has no field 'z'")
fails(function() u.home.x = 1 end, "cannot change field 'x' of a Vec2: it can only be read")
is(u.home.x, 0.5)
is(#u.slots, 3)
u.slots[2].n = 12
is(u.slots[2].n, 12)
is(u.slots[1].n, 0)
fails(function() u.slots[2].id = 1 end, "cannot change field 'id' of a Slot: it can only be read")
fails(function() return u.slots[3] end, "out of range")

-- Copies: of what can be written only.
v.pos = u.pos
is(v.pos.x, 1.5)
v.target = units[1].pos
is(v.target.y, -2)
v.hp = u.hp
is(v.hp[1], 9)
v.grid = u.grid
is(v.grid[1][2], -5)
v.grid[0] = u.grid[1]
is(v.grid[0][2], -5)
local id = v.slots[2].id
v.slots = u.slots
is(v.slots[2].n, 12)
is(v.slots[2].id, id)
v.slots[0] = u.slots[2]
is(v.slots[0].n, 12)
u.tag, u.big = "copied", units[0].big
local secret = t.host.secret(3)
units[3] = u
is(units[3].tag, "copied")
is(units[3].id, 103)
is(units[3].home.x, 1.5)
is(units[3].hp[0], 7)
is(t.host.secret(3), secret)
units[3] = units[3]
is(units[3].hp[0], 7)

-- From tables.
v.pos = { x = 4 }
is(v.pos.x, 4)
is(v.pos.y, -2)
v.hp = { 5, 6 }
is(v.hp[0] * 10 + v.hp[1], 56)
v.grid = { { 1, 2, 3 }, { 4, 5, 6 } }
is(v.grid[1][0], 4)
v.slots = { { n = 1 }, { n = 2 }, {} }
is(v.slots[1].n, 2)
units[4] = { x = 8, tag = "new", pos = { y = 3 }, hp = { 1, 2 } }
is(units[4].x, 8)
is(units[4].pos.y, 3)
is(units[4].tag, "new")
fails(function() units[4] = { id = 5 } end, "cannot change field 'id' of a Soldier: it can only be read")
fails(function() units[4] = { secret = 5 } end, "a Soldier has no field 'secret'")
fails(function() units[4] = { [1] = 5 } end, "a Soldier has no field '(number)'")
fails(function() units[4] = { pos = 5 } end, "bad value for field 'pos' of a Soldier: expected a Vec2 of such a view, or a table, got number 5")
fails(function() units[4] = { pos = { x = "" } } end, "bad value for field 'x' of a Vec2: expected a number, got string")
fails(function() v.hp = { 1 } end, "expected 2 elements, got 1")
fails(function() v.hp = { 1, 2, 3 } end, "expected 2 elements, got more")
fails(function() v.hp = setmetatable({}, { __index = function() error("called") end }) end, "expected 2 elements, got 0")
for _, value in ipairs({ 1, "x", true, u.pos, u.stats, v, units }) do
  fails(function() v.hp = value end, "bad value for field 'hp' of a Soldier: expected such an array, or a table of 2 elements, got ")
end
for _, value in ipairs({ 1, "x", true, u.hp, v, units, u.slots[0] }) do
  fails(function() v.pos = value end, "bad value for field 'pos' of a Soldier: expected a Vec2 of such a view, or a table, got ")
end
for _, value in ipairs({ 1, "x", true, u.hp, u.pos, units }) do
  fails(function() units[0] = value end, "bad value for a Soldier: expected a Soldier of such a view, or a table, got ")
end

-- To tables.
local copy = units:totable(4)
is(t.names(copy), "alive big grid home hp id kills kind pos rank ratio slots small stance stats tag target ubig udword uword word x y")
is(copy.tag, "new")
is(copy.hp[1] * 10 + copy.hp[2], 12)
is(copy.pos.y, 3)
is(copy.stats[3], 2)
is(#copy.slots, 3)
is(t.names(copy.slots[1]), "id n")
is(copy.grid[2][3], 0)
copy.id, copy.home, copy.stats = nil, nil, nil
for _, slot in ipairs(copy.slots) do slot.id = nil end
units[5] = copy
is(units[5].tag, "new")
is(units[5].big, units[4].big)
