-- Sorts a short list, again and again, that is in the order in which sorting takes the most comparisons.
-- expects: timeout
-- needs: bounded libraries
local n = 2000
local value, candidate, solid, list = {}, nil, 0, {}
for i = 1, n do list[i] = i end
-- What was compared last and is still open becomes the smallest of what is open, once two such are compared.
table.sort(list, function(a, b)
  if not value[a] and not value[b] then
    solid = solid + 1
    value[a == candidate and a or b] = solid
  end
  if not value[a] then candidate = a elseif not value[b] then candidate = b end
  return (value[a] or n + 1) < (value[b] or n + 1)
end)
while true do
  for i = 1, n do list[i] = value[i] or n + 1 end
  table.sort(list)
end
