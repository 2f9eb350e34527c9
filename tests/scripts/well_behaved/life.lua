-- A glider on a torus of 64 × 64 comes back to its start.
-- returns: true
local size, steps = 64, 256
local function new() local t = {} for i = 0, size * size - 1 do t[i] = 0 end return t end
local now = new()
for _, p in ipairs { { 1, 0 }, { 2, 1 }, { 0, 2 }, { 1, 2 }, { 2, 2 } } do now[p[2] * size + p[1]] = 1 end
local first = table.concat(now, "", 0, size * size - 1)
for _ = 1, steps do
  local next = new()
  for y = 0, size - 1 do
    local above, here, below = (y - 1) % size * size, y * size, (y + 1) % size * size
    for x = 0, size - 1 do
      local left, right = (x - 1) % size, (x + 1) % size
      local n = now[above + left] + now[above + x] + now[above + right] + now[here + left] + now[here + right]
        + now[below + left] + now[below + x] + now[below + right]
      next[here + x] = (n == 3 or n == 2 and now[here + x] == 1) and 1 or 0
    end
  end
  now = next
end
return tostring(table.concat(now, "", 0, size * size - 1) == first)
