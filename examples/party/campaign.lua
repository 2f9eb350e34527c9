-- What the host calls: the rules in the order in which an adventure needs them.
local view, equip, level, fight = use "view", use "equip", use "level", use "fight"

local units = view.units

local campaign = {}

-- Heroes 0..last get their gear and their first levels.
function campaign.muster(last, first_level)
  for i = 0, last do
    equip.hero(i)
    for _ = 2, first_level do level.up(i) end
  end
end

-- A foe gets what the scenario says.
function campaign.arm(i, gear)
  for _, name in ipairs(gear) do equip.give(i, name) end
end

campaign.fight = fight.run

local function best_score(last, ability)
  local best = 0
  for i = 0, last do
    if units[i].hp[0] > 0 then best = math.max(best, units[i].stats[ability]) end
  end
  return best
end

-- Offers a weapon to a few heroes in turn, from hero `from` on; says who took it. Only a
-- few: nobody is offered everything, and an army does not queue for every dagger.
local QUEUE = 6
local function offer(weapon, from, last)
  for step = 0, math.min(last, QUEUE - 1) do
    local hero = (from + step) % (last + 1)
    if units[hero].hp[0] > 0 then
      local _, own = equip.best_weapon(hero)
      if weapon.damage > (own and own.damage or 0) and equip.give(hero, weapon.name) then return hero end
    end
  end
end

-- The fallen foes' purses, and their weapons for whoever fights with something worse.
local function loot(last, first_foe, last_foe)
  local silver, turn = 0, 0
  local sharp_eyes = math.max(0, level.bonus(best_score(last, INT)))
  for foe = first_foe, last_foe do
    if units[foe].hp[0] <= 0 then
      silver = silver + roll(1, 6) + sharp_eyes
      local _, weapon = equip.best_weapon(foe)
      if weapon then
        local taker = offer(weapon, turn, last)
        turn = taker and taker + 1 or turn + QUEUE
        -- What nobody takes is sold for half.
        if not taker then silver = silver + math.floor(weapon.value / 2) end
      end
    end
  end
  return silver
end

-- After a fight: loot, rest, and a level for those who lived. Returns the silver.
function campaign.aftermath(last, first_foe, last_foe)
  local silver = loot(last, first_foe, last_foe)
  -- The wisest dresses the wounds, and wounds that were dressed heal better.
  local care = math.max(0, level.bonus(best_score(last, WIS)))
  for i = 0, last do
    local hp = units[i].hp
    if hp[0] > 0 then
      hp[0] = math.min(hp[1], hp[0] + roll(2, 6) + care)
      level.up(i)
    end
  end
  return silver
end

-- What became of a hero: level, kills, and the catalogue's index of the weapon, or nil.
function campaign.deeds(i)
  local _, weapon = equip.best_weapon(i)
  return level.of[i] or 1, fight.kills[i] or 0, weapon and weapon.index
end

return campaign
