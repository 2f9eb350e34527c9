-- Makes texts of numbers, each of which takes long to write, for ever.
-- expects: timeout
-- needs: bounded libraries
local t = {}
for i = 1, 60000 do t[i] = i / 7e300 end
while true do table.concat(t) end
