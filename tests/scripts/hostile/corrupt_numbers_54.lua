-- Integer division, shifts and conversions at the edges.
-- expects: any
-- only: lua54
local edges = { 0, 1, -1, math.maxinteger, math.mininteger, 63, 64, 65, -64 }
for _, a in ipairs(edges) do
  for _, b in ipairs(edges) do
    pcall(function() return a // b end)
    pcall(function() return a % b end)
    pcall(function() return a << b, a >> b, a ~ b end)
    pcall(string.pack, "i16>I3s1z!8d", a, b, "x", "y", a)
    pcall(string.unpack, "i8", ("x"):rep(8), a)
    pcall(utf8.char, a)
    pcall(utf8.offset, "aäö", a, b)
    pcall(utf8.codepoint, "aäö", a, b)
    pcall(utf8.len, "aäö", a, b)
    pcall(math.random, a, b)
  end
end
return true
