-- Closing coroutines whose variables loop, and that were stopped before.
-- expects: timeout
-- only: lua54
while true do
  local co = coroutine.create(function()
    local a <close> = setmetatable({}, { __close = function() while true do end end })
    coroutine.yield()
  end)
  coroutine.resume(co)
  pcall(coroutine.close, co)
end
