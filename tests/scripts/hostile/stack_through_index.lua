-- An __index function that asks the same again.
-- expects: error
local t = setmetatable({}, { __index = function(t, k) return t[k] + 1 end })
return t.x
