-- Accesses out of bounds, swallowed, for ever.
-- expects: timeout
local n = #units
while true do pcall(function() return units[n].hp[0] end) end
