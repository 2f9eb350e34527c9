-- Calls itself through the comparison of a sort.
-- expects: any
local function f() table.sort({ 1, 2, 3 }, function() f() return false end) end
f()
