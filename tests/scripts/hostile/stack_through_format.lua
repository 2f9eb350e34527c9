-- __tostring that formats itself, and prints.
-- expects: any
local t = setmetatable({}, {})
getmetatable(t).__tostring = function(t) return ("%s"):format(t) end
pcall(print, t)
return ("%s"):format(t)
