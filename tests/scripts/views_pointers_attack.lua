-- A random hostile program on structs that lead to each other, while the host moves the pointers.
local t, units, seed, rounds = ...

local state = seed % 2147483647
local function random(n)
  state = (state * 48271) % 2147483647
  return state % n + 1
end
local function any(list) return list[random(#list)] end

local numbers = { 0, 1, 2, 3, 5, 7, 8, -1, 0.5, 127, 128, 255, 256, 32767, 32768, 2147483647, 2147483648, -2147483649, 2 ^ 53, 2 ^ 64, 1e300, 1 / 0, 0 / 0, -0.0 }
local fields = {
  "hp", "name", "titles", "leader", "idol", "gear", "shown", "private", "raw", "inner", "pouch", "ratio", "value", "id", "secret", "pos", "runes",
  "tag", "label", "gem", "count", "x", "y", "__i", "__e", "__s", "__h1", "__h2", "__h4", "__k1", "__pad0", "each", "totable", "column",
}
local ways = { "leader", "leader", "leader", "idol", "gear", "gear", "shown", "pouch", "gem", "inner", "pos", "runes", "titles" }
local columns = { "hp", "name", "titles[0]", "inner.value", "inner.tag", "ratio", "pouch[1].count", "leader", "gear[1]", "leader.hp" }

local pool = { units, units[0], units[1].leader, units[1].gear, units[1].gear[1], units[3].leader.idol, units[2].pouch }
local function thing() return pool[random(#pool)] end
local function keep(v)
  local kind = type(v)
  if kind == "cdata" or kind == "userdata" or kind == "function" then
    if #pool < 200 then pool[#pool + 1] = v else pool[random(200)] = v end
  end
end
local function value()
  local kind = random(8)
  if kind <= 3 then return any(numbers) end
  if kind == 4 then return ("x"):rep(random(20) - 1) end
  if kind == 5 then return { any(numbers), any(numbers) } end
  if kind == 6 then return { [any(fields)] = any(numbers), value = 3, hp = 4 } end
  if kind == 7 then return random(2) == 1 end
  return nil
end
local function anything() if random(2) == 1 then return thing() end return value() end
local function key()
  local kind = random(3)
  if kind == 1 then return any(numbers) end
  return any(kind == 2 and fields or ways)
end
local function unit() return units[random(8) - 1] end
-- Somewhere behind a few pointers.
local function far()
  local at = unit()
  for _ = 1, random(6) do
    local next = at[any(ways)]
    if type(next) ~= "cdata" and type(next) ~= "userdata" then break end
    keep(next)
    at = next
  end
  return at
end

local steps = {
  function() keep(thing()[key()]) end,
  function() keep(thing()[any(ways)]) end,
  function() keep(thing()[random(4) - 1]) end,
  function() far() end,
  function() far()[key()] = anything() end,
  function() thing()[key()] = anything() end,
  function() thing()[any(fields)] = value() end,
  function() unit()[any(ways)] = anything() end,
  function() unit().inner = anything() end,
  function() unit().pouch = thing() end,
  function() units[random(8) - 1] = anything() end,
  function() unit().gear[random(4) - 1].value = any(numbers) end,
  function() unit().leader.gear[1].runes = value() end,
  function() unit().leader.leader.inner = unit().gear[1] end,
  function() return #thing() end,
  function() return thing() == thing() end,
  function() return tostring(thing()) end,
  function() return units:totable(random(9) - 1) end,
  function() keep(units:column(any(columns))) end,
  function() keep(units:getter(any(columns), any(columns))) end,
  function() keep(units:setter(any(columns))) end,
  function() keep(thing()(anything(), anything())) end,
  function() for _, v in pairs(thing()) do keep(v) end end,
  function() return string.format("%s %p %d", thing(), thing(), thing()) end,
  function() return next(thing(), key()) end,
  function() t.host.lead(random(8) - 1, random(9) - 1) end,
  function() t.host.give(random(8) - 1, random(9) - 1) end,
  function() t.host.lead(random(8) - 1, 8) end,
  -- Loops that are compiled; the host moves what they follow.
  function()
    local text = ("local u, k, v, move = ... for i = 1, 150 do if i == 120 then move() end u[k] = v end")
    load(text)(thing(), key(), anything(), function() t.host.lead(random(8) - 1, random(9) - 1) end)
  end,
  function()
    local text = ("local u, f, v, move = ... local s = 0 for i = 0, 150 do if i == %d then move() end local e = u[i %% 8].%s s = s + e.hp e[f] = v end")
      :format(random(200), any({ "leader", "leader.leader", "idol", "leader.idol" }))
    load(text)(units, any(fields), value(), function() t.host.lead(random(8) - 1, 8) end)
  end,
  function()
    local text = ("local u, v, move = ... for i = 0, 150 do if i == %d then move() end local g = u[i %% 8].%sgear[1] g.value = g.value + 1 g.tag = v end")
      :format(random(200), any({ "", "leader.", "leader.leader." }))
    load(text)(units, value() or "x", function() t.host.give(random(8) - 1, 8) end)
  end,
}

local failed = 0
for _ = 1, rounds do
  for _ = 1, 20 do
    if not pcall(steps[random(#steps)]) then failed = failed + 1 end
  end
end
return failed
