-- An error in a coroutine, raised again in another one's handler.
-- expects: error
local co = coroutine.wrap(function() error(setmetatable({}, { __tostring = error })) end)
xpcall(co, function(e) return coroutine.wrap(function() error(e) end)() end)
co = coroutine.wrap(function() error({}) end)
co()
