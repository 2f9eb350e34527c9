-- Makes coroutines for ever and leaves each suspended.
-- expects: timeout
while true do
  local f = coroutine.wrap(function() coroutine.yield() end)
  f()
end
