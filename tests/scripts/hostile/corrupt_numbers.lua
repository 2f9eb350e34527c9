-- Numbers at the edges, for every function that takes one.
-- expects: any
local edges = { 0, -0.0, 1 / 0, -1 / 0, 0 / 0, 2 ^ 31, -2 ^ 31, 2 ^ 53, 2 ^ 63, -2 ^ 63, 1e308, 5e-324, math.maxinteger or 1, math.mininteger or 1 }
local names = { "sub", "byte", "rep", "char", "format" }
for _, a in ipairs(edges) do
  for _, b in ipairs(edges) do
    pcall(string.sub, "hello", a, b)
    pcall(string.byte, "hello", a, b)
    pcall(string.find, "hello", "l", a)
    pcall(string.format, "%d %x %c %g %a", a, b, a, b, a)
    pcall(string.char, a, b)
    pcall(select, a, b)
    pcall(math.random, a, b)
    pcall(math.fmod, a, b)
    pcall(math.ldexp or print, a, b)
    pcall(function() for i = a, b, 2 ^ 60 do if i == nil then break end end end)
    pcall(tonumber, "10", a)
    pcall(os.date, "%c", a)
    pcall(os.time, { year = a, month = b, day = 1 })
    pcall(table.concat, { 1 }, "", a, a)
    pcall(table.insert, {}, a, b)
    pcall(table.remove, {}, a)
    pcall(function() return a / b, a % b, a ^ b end)
  end
end
return #names
