-- Ten megabytes of tables at once, and gone again.
-- returns: 1800030000
local all = {}
for i = 1, 60000 do all[i] = { i, i * 2 } end
local sum = 0
for _, pair in ipairs(all) do sum = sum + pair[2] - pair[1] end
return ("%.0f"):format(sum)
