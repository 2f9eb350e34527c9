-- As LuaJIT's own advice has it: no branch that cannot be predicted, no short loop inside.
local huge, min, max = math.huge, math.min, math.max

-- The nearest so far and its distance, the unit `j` taken into account.
local function nearer(units, j, x, y, best, found)
  local other = units[j]
  local dx, dy = other.x - x, other.y - y
  local d = dx * dx + dy * dy
  -- 1 if d < best, else 0: the difference of two floating point numbers is 0, or more than 1e-300 here.
  local is = min(max((best - d) * 1e300, 0), 1)
  return min(best, d), found + (j - found) * is
end

return function(units, _, count)
  for i = 0, (count or #units) - 1 do
    local u = units[i]
    local x, y, near = u.x, u.y, u.near
    local best, found = nearer(units, near[0], x, y, huge, -1)
    best, found = nearer(units, near[1], x, y, best, found)
    best, found = nearer(units, near[2], x, y, best, found)
    best, found = nearer(units, near[3], x, y, best, found)
    best, found = nearer(units, near[4], x, y, best, found)
    best, found = nearer(units, near[5], x, y, best, found)
    best, found = nearer(units, near[6], x, y, best, found)
    best, found = nearer(units, near[7], x, y, best, found)
    u.target = found
  end
end
