-- Passes hundreds of arguments round for ever.
-- expects: timeout
local unpack = unpack or table.unpack
local many = {}
for i = 1, 200 do many[i] = i end
local function round(...) return select("#", ...) end
while true do round(unpack(many)) end
