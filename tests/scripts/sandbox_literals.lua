-- LuaJIT's literals `5LL` and `2i` are values of its FFI, which is not opened by them.
local t = ...
if not t.luajit then return end

local before = t.names(_G)
local big, imaginary = load("return 5LL, 2i")()
t.is(type(big), "cdata")
t.is(t.names(_G), before)
t.is(tostring(big + 1), "6LL")
t.is(tostring(imaginary), "0+2i")

-- Their metatable is named, not given.
t.is(getmetatable(big), "ffi")
t.fails(setmetatable, "table expected", big, {})

-- They have no fields, no calls, no elements to reach memory by.
for _, value in ipairs { big, load("return 5ULL")() } do
  t.fails(function() return value.x end, "")
  t.fails(function() return value[0] end, "")
  t.fails(function() value[0] = 1 end, "")
  t.fails(function() value.x = 1 end, "")
  t.fails(function() return value() end, "")
  t.fails(function() return #value end, "")
  t.fails(function() return value .. "" end, "")
  t.fails(function() return value + "x" end, "")
  t.fails(function() return value + {} end, "")
end
-- A complex number has its two parts, to be read and that is all.
t.is(imaginary.re, 0)
t.is(imaginary[1], 2)
for _, index in ipairs { 2, 3, -1, -2, 1e9, -1e9, 2 ^ 31, 2 ^ 52, 0.5, -1e300, 1 / 0, big, big - 10 } do
  local part = imaginary[index]
  assert(part == 0 or part == 2, tostring(index))
end

-- Lua functions take them as values of another type.
t.fails(string.rep, "", "x", {})
t.fails(load, "", big)
t.is(tonumber(big), 5)
t.is(next({ [big] = 1 }) == big, true)
t.is(t.host.echo(big) == big, true)
t.fails(t.host.number, "cdata", big)
t.fails(t.host.text, "cdata", big)
