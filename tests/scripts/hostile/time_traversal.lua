-- A table is traversed and changed for ever.
-- expects: timeout
local t = {}
for i = 1, 100 do t["k" .. i] = i end
while true do
  for k in pairs(t) do t[k] = (t[k] or 0) + 1 end
  for k, v in next, t do if v % 2 == 0 then t[k] = 1 end end
end
