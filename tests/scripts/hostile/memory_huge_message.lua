-- An error whose message is as long as memory allows.
-- expects: memory
local s = ("x"):rep(1000)
while true do
  s = s .. s
  pcall(error, s)
end
