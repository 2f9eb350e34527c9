-- For loops whose end is out of reach.
-- expects: timeout
for _ = 1, math.huge do end
for _ = 1, 2 ^ 53 do end
while true do for i = 2 ^ 53, 2 ^ 53 + 2 do if i < 0 then return end end end
