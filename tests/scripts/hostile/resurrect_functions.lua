-- Functions that were compiled and stopped are called again later.
-- expects: timeout
-- leaves: globals
function work(n) local x = 0 for i = 1, n do x = x + i % 3 end return x end
for _ = 1, 100 do work(100) end
while true do work(1e9) end
-- later: ok
assert(work(300) == 300, work(300))
for _ = 1, 200 do assert(work(30) == 30) end
