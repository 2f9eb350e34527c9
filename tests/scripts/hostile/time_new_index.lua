-- __newindex that loops.
-- expects: timeout
local t = setmetatable({}, { __newindex = function(t, k, v) while true do pcall(rawset, t, k, nil) end end })
t.x = 1
