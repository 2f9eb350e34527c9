-- Closing the variables of a coroutine that was stopped.
-- expects: timeout
-- only: lua54
coroutine.wrap(function()
  local a <close> = setmetatable({}, { __close = function() while true do end end })
  while true do end
end)()
