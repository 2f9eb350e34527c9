-- A pattern that has to try exponentially many ways.
-- expects: timeout
-- needs: bounded libraries
local n = 28
local text, pattern = ("a"):rep(n), ("a?"):rep(n) .. ("a"):rep(n)
while true do pcall(string.find, text .. "b", pattern .. "c") end
