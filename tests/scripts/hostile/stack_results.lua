-- More results than any stack has.
-- expects: error
local unpack = unpack or table.unpack
return unpack({}, 1, 1e7)
