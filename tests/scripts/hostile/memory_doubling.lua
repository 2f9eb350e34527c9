-- A text that doubles.
-- expects: memory
local s = "x"
while true do s = s .. s end
