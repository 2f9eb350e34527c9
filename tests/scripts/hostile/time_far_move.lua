-- Moves what is not there over the whole range of numbers.
-- expects: any
-- needs: bounded libraries
-- only: lua54
local t = setmetatable({}, { __index = function() return nil end, __newindex = function() end })
table.move(t, 1, math.maxinteger - 1, 2)
while true do table.move(t, 1, 2 ^ 50 // 1 | 0, 2) end
