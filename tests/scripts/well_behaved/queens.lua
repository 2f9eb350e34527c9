-- All solutions of the problem of eight queens.
-- returns: 92
local count = 0
local rows, up, down = {}, {}, {}
local function place(column)
  if column > 8 then count = count + 1 return end
  for row = 1, 8 do
    if not rows[row] and not up[row + column] and not down[row - column] then
      rows[row], up[row + column], down[row - column] = true, true, true
      place(column + 1)
      rows[row], up[row + column], down[row - column] = nil, nil, nil
    end
  end
end
place(1)
return ("%d"):format(count)
