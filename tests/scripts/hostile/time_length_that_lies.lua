-- Table functions believe a __len of a quadrillion.
-- expects: any
-- needs: bounded libraries
-- only: lua54
local t = setmetatable({}, { __len = function() return 1 << 50 end, __index = function() return "" end, __newindex = function() end })
pcall(table.concat, t)
pcall(table.insert, t, 1, 0)
pcall(table.remove, t, 1)
pcall(table.sort, t)
while true do pcall(table.remove, t, 1) end
