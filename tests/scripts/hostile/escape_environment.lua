-- A chunk's environment and what its upvalues lead to.
-- expects: any
local env = {}
local f = load("x = 1 return _ENV or true", "x", "t", env)
f()
if x ~= nil then escaped("the environment") end
local g = load("return function() y = 2 end", "y", "t", setmetatable({}, { __index = _G, __newindex = function() end }))
g()()
if rawget(_G, "y") then escaped("the guarded environment") end
