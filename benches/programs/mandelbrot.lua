-- How many points of a square grid over the Mandelbrot set are still within after fifty steps.
local abs = math.abs

local STEPS = 50
-- Their number for some sizes, counted by another program.
local KNOWN = { [50] = 988, [250] = 24816, [800] = 254006 }
-- The set's area; counting after so few steps finds a little more.
local AREA, MORE = 1.50659, 0.075

local function inside(cr, ci)
  local zr, zi, zr2, zi2 = 0, 0, 0, 0
  for _ = 1, STEPS do
    zi = 2 * zr * zi + ci
    zr = zr2 - zi2 + cr
    zr2, zi2 = zr * zr, zi * zi
    if zr2 + zi2 > 4 then return 0 end
  end
  return 1
end

return function(size)
  local count, upper = 0, 0
  for row = 0, size - 1 do
    -- From the middle of each cell, so that the upper half mirrors the lower one.
    local ci = 2 * (2 * row + 1 - size) / size / 2
    for column = 0, size - 1 do
      count = count + inside((2 * column + 1) / size - 1.5, ci)
    end
    if 2 * (row + 1) == size then upper = count end
  end
  if size % 2 == 0 and count ~= 2 * upper then error("mandelbrot: the halves differ: " .. upper .. " of " .. count) end
  local known = KNOWN[size]
  if known and count ~= known then error("mandelbrot: of " .. size .. " there are " .. count) end
  local area = count * 4 / (size * size)
  if not (abs(area - AREA - MORE) < 8 / size) then error("mandelbrot: the area is " .. area) end
  return count
end
