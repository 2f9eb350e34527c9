-- A traceback of a deep stack of functions with long names.
-- expects: error
local name = ("n"):rep(5000)
local f = load("local " .. name .. " function " .. name .. "(n) if n == 0 then error('deep') end return 1 + " .. name .. "(n - 1) end " .. name .. "(5000)", ("c"):rep(10000))
f()
