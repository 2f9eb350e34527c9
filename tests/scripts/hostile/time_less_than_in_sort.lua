-- Objects whose __lt never answers are sorted without a comparison function.
-- expects: timeout
local mt = {}
mt.__lt = function(a, b)
  pcall(function() while true do end end)
  return a.n < b.n
end
local items = {}
for i = 1, 200 do items[i] = setmetatable({ n = (i * 37) % 200 }, mt) end
table.sort(items)
while true do table.sort(items) end
