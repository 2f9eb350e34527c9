-- An error whose text is a table.
-- expects: error
error(setmetatable({}, { __tostring = function() return {} end, __name = 5 }))
