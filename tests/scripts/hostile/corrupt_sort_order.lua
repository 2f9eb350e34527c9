-- Sorts with comparisons that contradict themselves and change the table.
-- expects: any
local seed = 7
local function random() seed = (seed * 16807) % 2147483647 return seed end
for _ = 1, 200 do
  local t = {}
  for i = 1, 60 do t[i] = random() % 10 end
  pcall(table.sort, t, function() return true end)
  pcall(table.sort, t, function() return random() % 2 == 0 end)
  pcall(table.sort, t, function(a, b)
    t[random() % 80] = nil
    t[#t + 1] = 1
    return (a or 0) < (b or 0)
  end)
end
return true
