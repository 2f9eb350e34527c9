-- A tower of coroutines, each of which goes on when the one above it fails.
-- expects: timeout
local function tower(n)
  local co = coroutine.create(function()
    if n > 0 then tower(n - 1) end
    while true do end
  end)
  coroutine.resume(co)
  while true do end
end
tower(40)
