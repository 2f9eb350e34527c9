-- A fight: rounds in which everybody acts once, the quickest first.
local view, equip, level = use "view", use "equip", use "level"

local units, bonus = view.units, level.bonus
local FISTS = { name = "bare hands", damage = 2, bonus = 0, ranged = false }

local fight = { kills = {} }

-- One side: who is still in the fight, and where each stands in that list, so that
-- leaving it costs the same in a party of six and in an army.
local function side(first, last)
  local self = { at = {}, lead = 0 }
  for i = first, last do
    if units[i].hp[0] > 0 then
      self[#self + 1] = i
      self.at[i] = #self
      -- The best speaker keeps the others' courage up.
      self.lead = math.max(self.lead, bonus(units[i].stats[CHA]))
    end
  end
  return self
end

local function leave(side, i)
  local place, moved = side.at[i], side[#side]
  side[place], side.at[moved] = moved, place
  side[#side], side.at[i] = nil, nil
end

-- The law teaches to keep the shield up, chaos to strike without looking back.
local function is_lawful(unit) return unit.alignment <= 5 end
local function is_chaotic(unit) return unit.alignment >= 16 end

local function defence(unit)
  return 10 + bonus(unit.stats[DEX]) + (is_lawful(unit) and 1 or 0)
end

-- One blow: its damage, nothing if it misses. Twenty always hits, and twice as hard.
local function strike(i, weapon, target)
  local unit = units[i]
  local arm = bonus(unit.stats[weapon.ranged and DEX or STR])
  local die = roll(1, 20)
  local attack = die + arm + weapon.bonus + math.floor((level.of[i] or 1) / 2)
  if die == 1 or (die < 20 and attack < defence(target)) then return nil end
  local damage = roll(1, weapon.damage) + (is_chaotic(unit) and 1 or 0)
  if not weapon.ranged then damage = damage + bonus(unit.stats[STR]) end
  if die == 20 then damage = damage * 2 end
  return math.max(1, damage - target.armour_bonus)
end

-- Whether somebody who is nearly done for stays.
local function is_steadfast(unit, lead)
  if unit.hp[0] * 4 > unit.hp[1] then return true end
  return roll(1, 20) <= 8 + 2 * unit.stats[HON] + lead
end

-- Everybody who is in it, in the order in which they act. No two compare equal, hence the
-- order is the same on every VM, whatever its `sort` does with equals.
local function initiative(heroes, foes)
  local order = {}
  for _, side in ipairs { heroes, foes } do
    local other = side == heroes and foes or heroes
    for _, i in ipairs(side) do
      order[#order + 1] = { i = i, own = side, other = other, speed = units[i].stats[DEX] + roll(1, 6) }
    end
  end
  table.sort(order, function(a, b)
    if a.speed ~= b.speed then return a.speed > b.speed end
    return a.i < b.i
  end)
  return order
end

-- Heroes 0..last_hero against foes first_foe..last_foe, for so many rounds at most.
-- Returns the rounds fought, how many foes fled, and the best blow in words.
function fight.run(last_hero, first_foe, last_foe, rounds)
  local heroes, foes = side(0, last_hero), side(first_foe, last_foe)
  local weapons = {}
  for _, side in ipairs { heroes, foes } do
    for _, i in ipairs(side) do
      local _, weapon = equip.best_weapon(i)
      weapons[i] = weapon or FISTS
    end
  end

  local round, fled, best, blow = 0, 0, 0, ""
  while round < rounds and #heroes > 0 and #foes > 0 do
    round = round + 1
    for _, turn in ipairs(initiative(heroes, foes)) do
      local i, other = turn.i, turn.other
      local unit = units[i]
      -- Whoever fell or fled earlier in the round has left the list.
      if turn.own.at[i] and #other > 0 then
        if not is_steadfast(unit, turn.own.lead) then
          leave(turn.own, i)
          if turn.own == foes then fled = fled + 1 end
        else
          local victim = other[roll(1, #other)]
          local target = units[victim]
          local damage = strike(i, weapons[i], target)
          if damage then
            target.hp[0] = target.hp[0] - damage
            if damage > best then
              best = damage
              blow = ("%s strikes %s for %d with a %s"):format(unit.name, target.name, damage, weapons[i].name)
            end
            if target.hp[0] <= 0 then
              leave(other, victim)
              fight.kills[i] = (fight.kills[i] or 0) + 1
            end
          end
        end
      end
    end
  end
  return round, fled, blow
end

return fight
