-- What a unit sets out with: tables of twenty entries, one d20 roll each.
local items, view = use "items", use "view"

local units = view.units
local PLACES = 20

-- A weighted table: { weight, value... } entries, which add up to the twenty sides of the
-- die. A list, because the order of entries decides what a roll gives.
local function table_of_twenty(name, entries)
  local sum = 0
  for _, entry in ipairs(entries) do sum = sum + entry[1] end
  if sum ~= 20 then error(("the table of %s has %d entries instead of 20"):format(name, sum), 2) end
  return function()
    local rest = roll(1, 20)
    for _, entry in ipairs(entries) do
      rest = rest - entry[1]
      if rest <= 0 then return entry[2], entry[3] end
    end
  end
end

local armour = table_of_twenty("armour", { { 3 }, { 11, "gambeson" }, { 5, "brigandine" }, { 1, "chain shirt" } })
local helmet_and_shield = table_of_twenty("helmets and shields", { { 14 }, { 2, "helmet" }, { 3, "shield" }, { 1, "helmet", "shield" } })
local quality = table_of_twenty("qualities", {
  { 1, "broken " }, { 4, "poor " }, { 10, "" }, { 3, "fine " }, { 1, "masterwork " }, { 1, "magic " },
})
-- Cheap weapons are common weapons.
local strong_arm = table_of_twenty("weapons for the strong", {
  { 3, "dagger" }, { 4, "short sword" }, { 2, "long sword" }, { 3, "hand axe" }, { 1, "battle axe" }, { 2, "mace" }, { 2, "staff" }, { 3, "spear" },
})
local quick_hand = table_of_twenty("weapons for the quick", {
  { 6, "dagger" }, { 3, "spear" }, { 7, "short bow" }, { 2, "long bow" }, { 2, "crossbow" },
})
-- Three runs of twenty kinds in the catalogue's list of gear.
local function gear(part) return items.gear[part * 20 + roll(1, 20)] end

local equip = {}

-- The armour bonus is the sum over what is worn, and all armour is.
local function wear(unit)
  local bonus = 0
  for place = 0, unit.last_item do
    if unit.gear[place] ~= nil then bonus = bonus + unit.gear[place].armor_bonus end
  end
  unit.armour_bonus = bonus
end

-- Gives unit `i` one more of the item of this name. False if its places are all taken.
function equip.give(i, name)
  local unit = units[i]
  local item = items[name] or error("there is no item called '" .. tostring(name) .. "'", 2)
  for place = 0, unit.last_item do
    if view.carried(i, place) == item.index then
      unit.gear_count[place] = unit.gear_count[place] + 1
      return true
    end
  end
  local place = unit.last_item + 1
  if place == PLACES then return false end
  view.put(i, place, item.index)
  unit.gear_count[place] = 1
  unit.last_item = place
  wear(unit)
  return true
end

-- The place of the weapon that hits hardest, and its entry; nothing for bare hands.
function equip.best_weapon(i)
  local unit = units[i]
  local best, found = 0, nil
  for place = 0, unit.last_item do
    local item = unit.gear[place]
    if item ~= nil and item.damage > best then best, found = item.damage, place end
  end
  if found then return found, items[view.carried(i, found) + 1] end
end

-- A hero's starting gear.
function equip.hero(i)
  local unit = units[i]
  local weapon = unit.stats[DEX] > unit.stats[STR] and quick_hand or strong_arm
  -- In locals first: the order of the rolls must not hang on how calls are nested.
  local word, name = quality(), weapon()
  equip.give(i, word .. name)
  local body = armour()
  if body then equip.give(i, body) end
  local first, second = helmet_and_shield()
  if first then equip.give(i, first) end
  if second then equip.give(i, second) end
  for part = 0, 2 do equip.give(i, gear(part)) end
end

return equip
