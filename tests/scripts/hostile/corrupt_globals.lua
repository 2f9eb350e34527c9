-- Replaces every global, and gives their table a metatable that raises.
-- expects: any
-- leaves: globals
local setmetatable, error, pairs, G = setmetatable, error, pairs, _G
for _, library in pairs { string, table, math, coroutine, os } do
  for name in pairs(library) do library[name] = function() error("replaced") end end
end
for name in pairs(G) do G[name] = nil end
setmetatable(G, { __index = function() error("gone") end, __newindex = function() error("closed") end, __metatable = false })
error({})
