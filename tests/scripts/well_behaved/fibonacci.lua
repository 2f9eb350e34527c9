-- Recursion that is deep in calls, not in levels.
-- returns: 196418
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
return ("%d"):format(fib(27))
