-- Much more garbage than memory, little of it alive.
-- returns: 2000000 100
local alive, sum = {}, 0
for i = 1, 2000000 do
  local t = { i, i + 1 }
  alive[i % 100 + 1] = t
  sum = sum + t[2] - t[1]
end
return ("%.0f %d"):format(sum, #alive)
