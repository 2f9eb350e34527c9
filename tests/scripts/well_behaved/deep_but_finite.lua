-- Recursion of five thousand levels, and pcall within pcall.
-- returns: 5000 bottom
local function depth(n) if n == 0 then return 0 end return 1 + depth(n - 1) end
local function guarded(n) if n == 0 then error("bottom", 0) end return select(2, pcall(guarded, n - 1)) end
return ("%d %s"):format(depth(5000), guarded(80))
