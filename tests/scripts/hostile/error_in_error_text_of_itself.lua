-- An error whose text raises itself.
-- expects: error
local e = setmetatable({}, {})
getmetatable(e).__tostring = function() error(e) end
error(e)
