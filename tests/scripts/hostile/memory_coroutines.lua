-- Suspended coroutines, all kept.
-- expects: memory
local all = {}
while true do
  local co = coroutine.create(function() local a, b, c = 1, 2, 3 coroutine.yield(a, b, c) end)
  coroutine.resume(co)
  all[#all + 1] = co
end
