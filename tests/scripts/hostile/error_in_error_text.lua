-- An error whose text cannot be made.
-- expects: error
error(setmetatable({}, { __tostring = function() error("no text") end }))
