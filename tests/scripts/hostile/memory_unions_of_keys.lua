-- Keys of every kind in one table.
-- expects: any
local t = {}
local i = 0
while true do
  i = i + 1
  t[i + 0.5] = i
  t[{}] = i
  t[tostring(i)] = i
  t[function() return i end] = i
end
