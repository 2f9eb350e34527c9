-- Calls into the host and back, thousands of times, with errors on the way.
-- returns: 25005000 7
local sum = 0
for i = 1, 5000 do
  sum = sum + host.call(function(n) return n * 2 end, i)
  if i % 10 == 0 then assert(not pcall(host.fail)) end
end
host.object:add(7)
return ("%d %d"):format(sum, host.object.value)
