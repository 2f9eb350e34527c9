-- A coroutine that slept while another one was stopped wakes up later, unharmed.
-- expects: timeout
-- leaves: globals
co = coroutine.create(function(a)
  local b = coroutine.yield(a + 1)
  local sum = 0
  for i = 1, 1000 do sum = sum + b * i end
  return sum
end)
assert(select(2, coroutine.resume(co, 1)) == 2)
while true do pcall(function() while true do end end) end
-- later: ok
local ok, sum = coroutine.resume(co, 2)
assert(ok and sum == 1001000, sum)
