-- Everything that can be carried, in one list. The host makes an Item of each entry, in
-- this order, so an entry's place in the list is also its place in the host's catalogue.

-- The swing from a broken blade to an enchanted one, to attack and damage alike.
local qualities = {
  { "broken", -2 }, { "poor", -1 }, { "common", 0 }, { "fine", 1 }, { "masterwork", 2 }, { "magic", 3 },
}

-- name, damage, weight, value, what it is like
local weapons = {
  { "dagger", 4, 1, 2, "short, quick and easily hidden" },
  { "short sword", 6, 2, 7, "an arm's length of steel" },
  { "long sword", 8, 3, 15, "the weapon of those who can pay for one" },
  { "hand axe", 6, 2, 4, "for firewood and for worse" },
  { "battle axe", 8, 4, 12, "two hands and a wide swing" },
  { "mace", 6, 3, 6, "asks no questions of armour" },
  { "staff", 4, 2, 1, "a walking stick with opinions" },
  { "spear", 6, 3, 3, "keeps trouble at a distance" },
  { "short bow", 6, 2, 10, "yew, with a dozen arrows", ranged = true },
  { "long bow", 8, 3, 25, "as tall as its archer", ranged = true },
  { "crossbow", 10, 5, 30, "slow to load and hard to forget", ranged = true },
}

-- name, armour, weight, value, what it is like
local armours = {
  { "gambeson", 1, 4, 6, "quilted linen, in layers" },
  { "brigandine", 2, 8, 20, "plates between cloth" },
  { "chain shirt", 3, 10, 45, "a thousand rings, and every one of them squeaks" },
  { "helmet", 1, 2, 8, "dented in a reassuring way" },
  { "shield", 1, 3, 5, "limewood, painted by somebody's child" },
}

local gear = {
  -- for those who go underground
  "coil of rope", "pitch torches", "iron lantern", "flask of oil", "wedges and mallet", "crow iron", "ten-foot pole", "waterskin",
  "fire steel", "stick of chalk", "grapnel", "bundle of candles", "padlock and key", "hand mirror", "light chain", "canvas tent",
  "sack of meal", "block and tackle", "manacles", "climbing spikes",
  -- for those who plan ahead
  "spade", "handsaw", "bear trap", "pair of tongs", "pot of glue", "fishing line", "hourglass", "bag of marbles", "wood chisel",
  "lockpicks", "casting net", "bellows", "iron bucket", "tin of grease", "pickaxe", "bag of nails", "caltrops", "whetstone",
  "measuring cord", "hand drill",
  -- for those who hope for the best
  "small bell", "reed flute", "pair of dice", "blank book", "quill and ink", "bar of soap", "brass whistle", "paste jewels", "spyglass",
  "hunting horn", "face paint", "cooking pot", "ball of twine", "vial of perfume", "stick of incense", "glass lens", "sea sponge",
  "deck of cards", "empty bottle", "tar pot",
}

local items = {}
local function add(entry)
  items[#items + 1] = entry
  items[entry.name] = entry
  entry.index = #items - 1 -- as the host counts
end

for _, weapon in ipairs(weapons) do
  local name, damage, weight, value, note = weapon[1], weapon[2], weapon[3], weapon[4], weapon[5]
  for _, quality in ipairs(qualities) do
    local word, bonus = quality[1], quality[2]
    add {
      name = word == "common" and name or word .. " " .. name,
      kind = "weapon",
      damage = math.max(1, damage + bonus),
      bonus = bonus,
      ranged = weapon.ranged or false,
      weight = weight,
      -- What is broken is scrap; beyond common each step costs three times the last.
      value = bonus < 0 and 1 or math.floor(value * 3 ^ bonus),
      note = note,
    }
  end
end
for _, armour in ipairs(armours) do
  add { name = armour[1], kind = "armour", armour = armour[2], weight = armour[3], value = armour[4], note = armour[5] }
end
for _, name in ipairs(gear) do
  add { name = name, kind = "gear", weight = 1, value = 1, note = "useful, some day" }
end

assert(#gear == 60, "three tables of twenty")
items.gear = gear
return items
