-- Calls itself through gsub.
-- expects: any
local function f() return (("x"):gsub("x", f)) end
f()
