-- Calls itself through xpcall, with a handler that does so too.
-- expects: any
local function f(e) return xpcall(f, f, e) end
return f(1)
