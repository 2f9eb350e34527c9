-- Metatables that change while they are being asked.
-- expects: any
local mt = {}
local t = setmetatable({}, mt)
mt.__index = function() setmetatable(t, nil) mt.__index = nil return 1 end
pcall(function() return t.x + t.y end)
setmetatable(t, mt)
mt.__newindex = function(t, k, v) mt.__newindex = rawset t[k] = v end
pcall(function() t.z = 1 end)
mt.__add = function() mt.__add = nil collectgarbage() return t + 1 end
pcall(function() return t + 1 end)
mt.__metatable = false
pcall(setmetatable, t, {})
mt.__concat = 5
mt.__call = "x"
mt.__len = {}
mt.__eq = true
pcall(function() return t .. t end)
pcall(function() return t() end)
pcall(function() return #t end)
pcall(function() return t == setmetatable({}, mt) end)
return true
