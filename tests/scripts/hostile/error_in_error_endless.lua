-- An error whose text never comes.
-- expects: error
error(setmetatable({}, { __tostring = function() while true do pcall(error) end end }))
