-- Calls with as many arguments as there may be.
-- expects: any
local unpack = unpack or table.unpack
local t = {}
for i = 1, 7000 do t[i] = i end
local all = {}
while true do all[#all + 1] = { unpack(t) } end
