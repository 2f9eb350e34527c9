-- A variable that is closed when the script is stopped keeps things and makes coroutines.
-- expects: any
-- leaves: globals
-- only: lua54
kept = {}
local x <close> = setmetatable({}, { __close = function(_, e)
  kept.co = coroutine.create(function() while true do coroutine.yield(1) end end)
  kept.e = e
  coroutine.resume(kept.co)
  while true do end
end })
while true do end
-- later: ok
if kept.co then coroutine.resume(kept.co) end
