-- Calls itself through pcall.
-- expects: any
local function f(n) local ok, e = pcall(f, n + 1) return ok, e end
return f(1)
