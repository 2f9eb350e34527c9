-- As one writes it in C. LuaJIT makes a branch of each comparison, which nobody can predict, and leaves
-- the compiled inner loop for every unit.
local huge = math.huge
return function(units, _, count)
  for i = 0, (count or #units) - 1 do
    local u = units[i]
    local x, y, near = u.x, u.y, u.near
    local best, found = huge, -1
    for k = 0, 7 do
      local j = near[k]
      local other = units[j]
      local dx, dy = other.x - x, other.y - y
      local d = dx * dx + dy * dy
      if d < best then best, found = d, j end
    end
    u.target = found
  end
end
