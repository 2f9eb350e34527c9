-- Compiles a text of megabytes again and again.
-- expects: any
-- needs: bounded libraries
local text = ("local a = 1\n"):rep(50000)
while true do load("do " .. text .. " end") end
