-- A table that grows for ever.
-- expects: memory
local t = {}
while true do t[#t + 1] = #t end
