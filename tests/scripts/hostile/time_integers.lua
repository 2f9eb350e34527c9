-- Integer loops with every operator.
-- expects: timeout
-- only: lua54
local i = 1
while true do
  i = (i << 3 ~ i >> 2 | 5) & 0xffff
  i = i // 1 + (~i & 7)
end
