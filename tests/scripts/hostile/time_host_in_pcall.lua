-- Host functions that run endless loops, swallowed at each crossing.
-- expects: timeout
local function down(n)
  while true do
    pcall(host.call, n > 0 and function() down(n - 1) end or function() while true do end end)
  end
end
down(8)
