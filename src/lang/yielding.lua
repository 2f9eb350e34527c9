-- How a host function goes on after it has yielded: it returns what to call with what the
-- coroutine is resumed with, then what to yield; `true` to return that as it is; or `false`
-- and its results. All in tail calls, so that it can go on forever.
local yield = ...

local function go_on(next, ...)
  if not next then return ... end
  if next == true then return yield(...) end
  return go_on(next(yield(...)))
end

return function(host)
  return function(...) return go_on(host(...)) end
end
