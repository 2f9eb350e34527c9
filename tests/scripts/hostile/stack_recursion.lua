-- Calls itself for ever.
-- expects: any
local function f() return 1 + f() end
f()
