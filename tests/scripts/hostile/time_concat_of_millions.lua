-- Concatenates large tables for ever.
-- expects: any
-- needs: bounded libraries
local t = {}
for i = 1, 200000 do t[i] = "" end
while true do table.concat(t) end
