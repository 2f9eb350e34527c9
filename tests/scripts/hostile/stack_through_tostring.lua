-- __tostring that asks for its own text.
-- expects: any
local t = setmetatable({}, {})
getmetatable(t).__tostring = function(t) return tostring(t) .. "x" end
return tostring(t)
