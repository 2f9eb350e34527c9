-- Getting better at it.
local view = use "view"

local units = view.units
local HIGHEST = 9

local level = { of = {} }

-- What a score adds to a roll. Half of all people have 5 or less: the best of three dice.
function level.bonus(score) return score - 3 end

-- One level: more hit points for the tough, and the ability that lags behind most is
-- worked on. The first one of equals, so that it is the same one everywhere.
function level.up(i)
  local unit = units[i]
  level.of[i] = (level.of[i] or 1) + 1
  local more = math.max(1, roll(1, 6) + level.bonus(unit.stats[CON]))
  unit.hp[1] = unit.hp[1] + more
  unit.hp[0] = unit.hp[0] + more
  local lowest = 0
  for ability = 1, 6 do
    if unit.stats[ability] < unit.stats[lowest] then lowest = ability end
  end
  if unit.stats[lowest] < HIGHEST then unit.stats[lowest] = unit.stats[lowest] + 1 end
end

return level
