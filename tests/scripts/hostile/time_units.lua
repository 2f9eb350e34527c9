-- Reads and writes the host's memory for ever.
-- expects: timeout
local i = 0
while true do
  local u = units[i % #units]
  u.hp[0] = i % 100
  u.pos.x = u.hp[0]
  i = i + 1
end
