-- Takes all memory, swallows the error, keeps what it has, goes on.
-- expects: any
local keep, n = {}, 0
while true do
  pcall(function()
    while true do n = n + 1 keep[n] = ("x"):rep(100) .. n end
  end)
end
