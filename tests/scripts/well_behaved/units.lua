-- Moves every unit of the host's a thousand times.
-- returns: 10045
for step = 1, 1000 do
  for i = 0, #units - 1 do
    local u = units[i]
    u.pos.x = u.pos.x + 1
    u.hp[0] = step % 100 + i
  end
end
local sum = 0
for i = 0, #units - 1 do sum = sum + units[i].pos.x + units[i].hp[0] end
return ("%d"):format(sum)
