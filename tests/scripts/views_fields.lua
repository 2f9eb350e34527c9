-- Every kind of field is read and written where it is.
local t, units = ...
local is, fails = t.is, t.fails

is(#units, 10)
for i = 0, 9 do
  is(units[i].id, 100 + i)
  units[i].x, units[i].y = i, -i / 2
end
is(units[3].x, 3)
is(units[3].y, -1.5)

local u = units[2]
local function range(field, low, high, expected)
  local value = u[field]
  for _, v in ipairs({ low, high, 0, low + 1 }) do
    u[field] = v
    is(u[field], v, field)
  end
  local got
  for _, v in ipairs({ low - 1, high + 1, 0.5, 0 / 0, 1 / 0, -1 / 0, 2 ^ 53, -2 ^ 63 }) do
    got = t.fails(function() u[field] = v end, "expected " .. expected .. ", got number")
    is(u[field], low + 1, field)
  end
  t.fails(function() u[field] = "1" end, "bad value for field '" .. field .. "' of a Soldier: expected " .. expected .. ", got string")
  for _, v in ipairs({ true, {}, print, u, units, coroutine.create(print) }) do
    fails(function() u[field] = v end, "expected " .. expected .. ", got ")
  end
  fails(function() u[field] = nil end, "got nil")
  u[field] = value
end
range("small", -128, 127, "an integer from -128 to 127")
range("kills", 0, 255, "an integer from 0 to 255")
range("word", -32768, 32767, "an integer from -32768 to 32767")
range("uword", 0, 65535, "an integer from 0 to 65535")
range("kind", -2147483648, 2147483647, "an integer from -2147483648 to 2147483647")
range("udword", 0, 4294967295, "an integer from 0 to 4294967295")

-- Floats take any number, and nothing else.
for _, field in ipairs({ "x", "ratio" }) do
  for _, v in ipairs({ 0, -1.5, 1 / 0, -1 / 0, 2 ^ 40 }) do
    u[field] = v
    is(u[field], v)
  end
  u[field] = 0 / 0
  is(u[field] ~= u[field], true)
  for _, v in ipairs({ "1", true, {}, u }) do
    fails(function() u[field] = v end, "bad value for field '" .. field .. "' of a Soldier: expected a number, got ")
  end
end
u.ratio = 0.1
is(u.ratio, 0.1)

-- Booleans, enumerations.
is(u.alive, true)
u.alive = false
is(u.alive, false)
for _, v in ipairs({ 0, 1, "true", {} }) do
  fails(function() u.alive = v end, "field 'alive' of a Soldier: expected a boolean, got ")
end
is(u.stance, 0)
for _, v in ipairs({ 1, 7, 0 }) do
  u.stance = v
  is(u.stance, v)
end
for _, v in ipairs({ 2, 6, 8, -1, 0.5, 1 / 0, 0 / 0, 256 + 7, "7", true }) do
  fails(function() u.stance = v end, "field 'stance' of a Soldier: expected one of 0 (Idle), 1 (Guard), 7 (Attack), got ")
end
is(u.rank, -1)
for _, v in ipairs({ 0, 1, -1 }) do u.rank = v is(u.rank, v) end
for _, v in ipairs({ -2, 2, 0.5, 0 / 0 }) do fails(function() u.rank = v end, "expected one of -1 (Recruit), 0 (Private), 1 (Captain)") end

-- Text, with its end inside the field.
is(u.tag, "")
for _, v in ipairs({ "a", "1234567", "", "äöü" }) do
  u.tag = v
  is(u.tag, v)
end
for _, v in ipairs({ "12345678", ("x"):rep(1000), "a\0b", "\0" }) do
  fails(function() u.tag = v end, "field 'tag' of a Soldier: expected a string of at most 7 bytes without NUL, got string")
end
fails(function() u.tag = 5 end, "got number 5")
is(u.tag, "äöü")
is(units[9].tag, "brimfull") -- as the host left it: without a NUL

-- Integers of 64 bits are exact.
local first, last = u.big, u.ubig
is(tostring(first):match("^-?%d+"), "-9007199254740993")
u.big, units[3].big = first, first
is(units[3].big, first)
u.big = 12
is(tostring(u.big):match("^%d+"), "12")
u.big = -2 ^ 53
is(tostring(u.big):match("^-?%d+"), "-9007199254740992")
for _, v in ipairs({ 0.5, 0 / 0, 1 / 0, 2 ^ 64, "1", {}, true }) do
  fails(function() u.big = v end, "expected an integer of 64 bits, got ")
  fails(function() u.ubig = v end, "expected an integer of 64 bits without a sign, got ")
end
units[3].ubig = last
is(units[3].ubig, last)
is(t.host.same_ubig(3, 2), true)
u.ubig = 7
is(tostring(u.ubig):match("^%d+"), "7")

-- Renamed, read-only, hidden, unknown.
is(rawget(t.host.names, "type"), nil)
fails(function() return u.type end, "a Soldier has no field 'type'")
for _, field in ipairs({ "id", "home", "stats" }) do
  fails(function() u[field] = u[field] end, "cannot change field '" .. field .. "' of a Soldier: it can only be read")
end
fails(function() return u.secret end, "a Soldier has no field 'secret'")
fails(function() u.secret = 1 end, "a Soldier has no field 'secret'")
for _, key in ipairs({ 1, 0, 1.5, true, u, units, {}, "", "hp ", "HP" }) do
  fails(function() return u[key] end, "a Soldier has no field '")
  fails(function() u[key] = 1 end, "a Soldier has no field '")
end
fails(function() return u[nil] end, "a Soldier has no field '(nil)'")
fails(function() return u[0 / 0] end, "a Soldier has no field '(number)'")
