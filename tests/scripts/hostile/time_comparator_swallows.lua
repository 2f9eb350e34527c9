-- The comparison of a sort loops and swallows what stops it.
-- expects: timeout
local items = {}
for i = 1, 50 do items[i] = (i * 7919) % 50 end
while true do
  pcall(table.sort, items, function(a, b)
    while true do pcall(function() while true do end end) end
    return a < b
  end)
end
