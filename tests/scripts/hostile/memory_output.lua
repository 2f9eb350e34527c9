-- Prints more than memory has.
-- expects: any
local line = ("x"):rep(100000)
for _ = 1, 2000 do print(line) end
while true do print(line) end
