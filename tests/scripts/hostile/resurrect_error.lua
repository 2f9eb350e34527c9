-- The error that stopped it is kept and raised again in a later run.
-- expects: any
-- leaves: globals
local keep = {}
while true do
  local ok, e = pcall(function() while true do end end)
  stopped = e
end
-- later: error
error(stopped or "it had no chance to keep it")
