-- The adventure: what the party meets, and in which order. Only data; the rules are in
-- the other scripts. `of_ten` is how many foes come for every ten heroes.
return {
  title = "The Barrow under the Waning Moon",
  level = 2, -- the heroes are no farm hands
  rounds = 20, -- a fight that nobody has won by then is broken off
  encounters = {
    {
      place = "the toll bridge",
      foes = {
        { name = "Goblin", of_ten = 8, hp = 6, alignment = 17, stats = { 1, 3, 5, 3, 2, 3, 2 }, gear = { "poor short sword" } },
        { name = "Goblin archer", of_ten = 4, hp = 4, alignment = 17, stats = { 1, 2, 5, 3, 2, 3, 2 }, gear = { "poor short bow" } },
      },
    },
    {
      place = "the barrow's mouth",
      foes = {
        { name = "Grave wolf", of_ten = 6, hp = 9, alignment = 12, stats = { 3, 4, 6, 4, 1, 4, 1 }, gear = { "dagger" } },
        { name = "Robber", of_ten = 5, hp = 8, alignment = 14, stats = { 2, 4, 4, 4, 3, 2, 4 }, gear = { "hand axe", "gambeson", "shield" } },
      },
    },
    {
      place = "the hall of the drowned king",
      foes = {
        {
          name = "Barrow guard", of_ten = 6, hp = 12, alignment = 3, stats = { 6, 5, 3, 5, 2, 2, 1 },
          gear = { "battle axe", "brigandine" },
        },
        {
          name = "Drowned king", of_ten = 1, hp = 28, alignment = 20, stats = { 6, 5, 4, 6, 5, 5, 6 },
          gear = { "masterwork long sword", "chain shirt" },
        },
      },
    },
  },
}
