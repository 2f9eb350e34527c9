-- The error's object takes for ever to say what it is.
-- expects: timeout
local evil = setmetatable({}, { __tostring = function() while true do end end })
while true do pcall(tostring, evil) pcall(print, evil) pcall(string.format, "%s", evil) end
