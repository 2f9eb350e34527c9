-- All permutations of 1…n: how many times the first k have to be turned round, where k is the first, until 1 comes first.
-- The most that any of them needs, and the sum with the sign of the permutation's place.
local CHECKSUM = { [5] = 11, [6] = 49, [7] = 228, [8] = 1616, [9] = 8629, [10] = 73196 }
local MOST = { [5] = 7, [6] = 10, [7] = 16, [8] = 22, [9] = 30, [10] = 38 }

local function turns(p, q, n)
  for i = 1, n do q[i] = p[i] end
  local count, first = 0, q[1]
  while first ~= 1 do
    local i, j = 1, first
    while i < j do
      q[i], q[j] = q[j], q[i]
      i, j = i + 1, j - 1
    end
    count, first = count + 1, q[1]
  end
  return count
end

local function fannkuch(n)
  local p, q, left = {}, {}, {}
  for i = 1, n do p[i], q[i], left[i] = i, i, i end
  local sign, checksum, most = 1, 0, 0
  while true do
    local count = turns(p, q, n)
    if count > most then most = count end
    checksum = checksum + sign * count
    sign = -sign
    -- The next one: the first k rotate by one, of the least k that has not gone round.
    local k = 2
    while true do
      if k > n then return checksum, most end
      local first = p[1]
      for i = 1, k - 1 do p[i] = p[i + 1] end
      p[k] = first
      left[k] = left[k] - 1
      if left[k] > 0 then break end
      left[k] = k
      k = k + 1
    end
  end
end

return function(n)
  local checksum, most = fannkuch(n)
  if checksum ~= CHECKSUM[n] or most ~= MOST[n] then
    error("fannkuch: of " .. n .. " the checksum is " .. checksum .. " and the most is " .. most)
  end
  return checksum * 100 + most
end
