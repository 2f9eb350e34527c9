-- An error whose text takes all memory.
-- expects: any
error(setmetatable({}, { __tostring = function() local s = "x" while true do s = s .. s end end }))
