-- A text of two megabytes out of pieces, and its parts again.
-- returns: 20000100000
local pieces = {}
for i = 1, 200000 do pieces[i] = ("%010d"):format(i) end
local text = table.concat(pieces)
assert(#text == 2000000)
local sum = 0
for piece in text:gmatch("%d%d%d%d%d%d%d%d%d%d") do sum = sum + tonumber(piece) end
return ("%.0f"):format(sum)
