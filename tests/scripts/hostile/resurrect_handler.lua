-- A handler waits in a global for somebody to fail.
-- expects: timeout
-- leaves: globals
function handler(e) while true do end end
xpcall(error, handler)
while true do end
-- later: ok
assert(not pcall(error, "x"))
assert(xpcall(function() return 1 end, handler))
