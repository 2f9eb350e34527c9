-- A coroutine that is stopped while one within it is suspended.
-- expects: timeout
-- leaves: globals
inner = coroutine.create(function() coroutine.yield() for i = 1, 10 do coroutine.yield(i) end end)
outer = coroutine.create(function()
  coroutine.resume(inner)
  coroutine.resume(inner)
  while true do end
end)
coroutine.resume(outer)
while true do end
-- later: ok
for i = 2, 10 do assert(select(2, coroutine.resume(inner)) == i) end
assert(not coroutine.resume(outer))
