-- Sorts without a comparison function, for ever.
-- expects: timeout
-- needs: bounded libraries
local t = {}
for i = 1, 200000 do t[i] = (i * 7919) % 200003 end
while true do
  table.sort(t)
  for i = 1, #t, 2 do t[i] = -t[i] end
end
