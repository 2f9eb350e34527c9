-- The closing value of a generic for loop loops.
-- expects: timeout
-- only: lua54
local closing = setmetatable({}, { __close = function() while true do end end })
for _ in function() return nil end, nil, nil, closing do end
while true do end
