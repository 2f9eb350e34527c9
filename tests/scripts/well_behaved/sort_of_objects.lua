-- Sorts 20,000 objects by two keys.
-- returns: 20000
local items, seed = {}, 42
for i = 1, 20000 do
  seed = (seed * 16807) % 2147483647
  items[i] = { key = seed % 100, order = i }
end
table.sort(items, function(a, b)
  if a.key ~= b.key then return a.key < b.key end
  return a.order < b.order
end)
for i = 2, #items do
  local a, b = items[i - 1], items[i]
  assert(a.key < b.key or a.key == b.key and a.order < b.order)
end
return ("%d"):format(#items)
