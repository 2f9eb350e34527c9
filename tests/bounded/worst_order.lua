-- A list in the order in which sorting takes the most comparisons: it is made by an order that decides late, as McIlroy
-- describes ("A killer adversary for quicksort"). (length) -> list
local n = ...
local value, candidate, solid, list = {}, nil, 0, {}
for i = 1, n do list[i] = i end
table.sort(list, function(a, b)
  if not value[a] and not value[b] then
    solid = solid + 1
    value[a == candidate and a or b] = solid
  end
  if not value[a] then candidate = a elseif not value[b] then candidate = b end
  return (value[a] or n + 1) < (value[b] or n + 1)
end)
for i = 1, n do list[i] = value[i] or n + 1 end
return list
