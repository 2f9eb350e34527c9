-- The handler fails, as does its handler.
-- expects: any
local function bad(e) error(e) end
xpcall(error, bad, 1)
xpcall(error, function(e) xpcall(bad, bad, e) error(e) end, 2)
for _ = 1, 100 do xpcall(bad, bad, {}) end
return xpcall(bad, bad, {})
