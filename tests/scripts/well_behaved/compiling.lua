-- Compiles a thousand small texts, and a long one.
-- returns: 2502500
local sum = 0
for i = 1, 1000 do sum = sum + load("local a = ... return a + " .. i)(1) end
local parts = { "return 0" }
for i = 1, 2000 do parts[#parts + 1] = " + (" .. i .. ")" end
sum = sum + load(table.concat(parts))()
return ("%d"):format(sum)
