-- A coroutine that was stopped is kept, to go on in a later run.
-- expects: timeout
-- leaves: globals
co = coroutine.create(function() while true do end end)
while true do coroutine.resume(co) end
-- later: ok
assert(coroutine.status(co) == "dead", coroutine.status(co))
assert(not coroutine.resume(co))
