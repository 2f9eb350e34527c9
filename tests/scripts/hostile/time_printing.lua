-- Prints for ever: the text is in the host's memory.
-- expects: any
local line = ("x"):rep(200)
while true do print(line) end
