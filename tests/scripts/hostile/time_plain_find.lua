-- A plain search that is quadratic.
-- expects: timeout
-- needs: bounded libraries
local text = ("a"):rep(500000)
local needle = ("a"):rep(250000) .. "b"
while true do text:find(needle, 1, true) end
