-- Finalizers, by every way to get one.
-- expects: any
if newproxy then escaped("newproxy") end
local ran = false
local mt = { __gc = function() ran = true end }
pcall(setmetatable, {}, mt)
local later = {}
pcall(setmetatable, {}, later)
later.__gc = mt.__gc
for _ = 1, 5 do collectgarbage() end
if ran then escaped("a finalizer ran") end
