-- A chain of a ten thousand __index tables.
-- expects: error
local t = {}
for _ = 1, 10000 do t = setmetatable({}, { __index = t }) end
local x = t.x
error("the chain gave " .. tostring(x))
