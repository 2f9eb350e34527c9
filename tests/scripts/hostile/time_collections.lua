-- Asks for full collections of a large heap for ever.
-- expects: timeout
local keep = {}
for i = 1, 20000 do keep[i] = { i, tostring(i) } end
while true do collectgarbage() end
