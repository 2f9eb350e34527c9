-- Unpacks and packs thousands of values for ever.
-- expects: any
-- needs: bounded libraries
local unpack = unpack or table.unpack
local t = {}
for i = 1, 7000 do t[i] = i end
while true do pcall(string.char, unpack(t)) pcall(math.max, unpack(t)) end
