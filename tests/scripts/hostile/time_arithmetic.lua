-- Arithmetic and concatenation on objects whose metamethods never end.
-- expects: timeout
local mt = {}
local function loop() while true do end end
for _, name in ipairs { "__add", "__sub", "__mul", "__div", "__mod", "__pow", "__unm", "__concat", "__call" } do mt[name] = loop end
local x = setmetatable({}, mt)
pcall(function() return x + 1 end)
pcall(function() return -x end)
pcall(function() return x .. "y" end)
pcall(function() return x() end)
while true do pcall(function() return x ^ x end) end
