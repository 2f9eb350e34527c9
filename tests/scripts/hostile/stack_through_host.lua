-- Calls itself through a host function.
-- expects: any
local function f() return host.call(f) end
f()
