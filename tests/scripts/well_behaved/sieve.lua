-- The primes below a million.
-- returns: 78498
local n, composite, count = 1000000, {}, 0
for i = 2, n do
  if not composite[i] then
    count = count + 1
    for k = i * i, n, i do composite[k] = true end
  end
end
return ("%d"):format(count)
