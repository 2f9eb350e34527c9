-- A thousand coroutines that run in turns until all are done.
-- returns: 500500
local all, done = {}, 0
for i = 1, 1000 do
  all[i] = coroutine.create(function() for _ = 1, i % 50 do coroutine.yield() end return i end)
end
while #all > 0 do
  for i = #all, 1, -1 do
    local ok, value = coroutine.resume(all[i])
    assert(ok)
    if value then done = done + value table.remove(all, i) end
  end
end
return ("%.0f"):format(done)
