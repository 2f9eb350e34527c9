-- Is stopped in the middle of a write of several fields.
-- expects: timeout
while true do
  for i = 0, #units - 1 do
    units[i].pos = { x = i, y = i }
    units[i].hp[0], units[i].hp[1] = i % 100, i % 100
  end
end
