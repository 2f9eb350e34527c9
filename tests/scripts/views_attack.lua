-- A random hostile program: everything that can be done with anything, with whatever else.
-- The host looks afterwards whether memory was touched that was not lent.
local t, units, seed, rounds = ...

local state = seed % 2147483647
local function random(n)
  state = (state * 48271) % 2147483647
  return state % n + 1
end
local function any(list) return list[random(#list)] end

local numbers = {
  0, 1, 2, 3, 7, 9, 10, 11, 63, 64, -1, -2, 0.5, -0.5, 1.5, 9.999999999, 127, 128, -128, -129, 255, 256, 32767, 32768, 65535, 65536,
  2147483647, 2147483648, -2147483648, -2147483649, 4294967295, 4294967296, 2 ^ 53, -2 ^ 53, 2 ^ 63, -2 ^ 63, 2 ^ 64, 1e300, -1e300,
  1 / 0, -1 / 0, 0 / 0, -0.0, 1e-300, 100000, 1000000,
}
local fields = {
  "hp", "x", "y", "id", "secret", "tag", "alive", "stance", "rank", "pos", "target", "home", "stats", "kills", "small", "word", "uword",
  "udword", "kind", "big", "ubig", "ratio", "slots", "grid", "n", "__i", "__e", "__s", "__k1", "__f", "nothing", "each", "totable", "column",
  "getter", "setter", "__index", "__metatable",
}
local names = { "x", "hp[0]", "hp[1]", "pos.y", "slots[2].n", "slots[2].id", "grid[1][2]", "tag", "id", "big", "alive", "stance", "kills", "hp[2]", "secret" }
local literals = {}
if t.luajit then
  for _, text in ipairs({ "5LL", "-1LL", "0ULL", "18446744073709551615ULL", "2i", "9223372036854775807LL" }) do
    literals[#literals + 1] = load("return " .. text)()
  end
end
-- A table to be stored, with anything in it, whose metatable does what it can.
local pool
local function thing() return pool[random(#pool)] end
local value
local function hostile()
  local function meddle()
    local what = random(5)
    if what == 1 then error("hostile") end
    if what == 2 then t.host.shrink(random(20)) end
    if what == 3 then t.host.grow(random(20)) end
    return value()
  end
  local all = random(3) == 1 and { value(), value(), value() } or {}
  for _ = 1, random(4) do all[any(fields)] = random(3) == 1 and thing() or value() end
  return setmetatable(all, {
    __index = meddle, __newindex = meddle, __len = function() return any(numbers) end, __pairs = meddle, __ipairs = meddle, __call = meddle,
    __eq = meddle, __tostring = meddle, __metatable = meddle, __mode = "kv",
  })
end
local depth = 0
function value()
  local kind = random(14)
  if kind == 13 and depth < 4 then
    depth = depth + 1
    local all = hostile()
    depth = depth - 1
    return all
  end
  if kind == 14 then return { x = any(numbers), hp = { any(numbers), any(numbers) }, pos = { y = any(numbers) }, slots = { {}, { n = 1 }, {} } } end
  if kind <= 5 then return any(numbers) end
  if kind == 6 then return any(fields) end
  if kind == 7 then return ("x"):rep(random(40) - 1) end
  if kind == 8 then return random(2) == 1 end
  if kind == 9 then return { random(9), random(9), x = any(numbers), hp = { 1, 2 }, id = 5 } end
  if kind == 10 then return "a\0b" end
  if kind == 11 and #literals > 0 then return any(literals) end
  return nil
end

pool = { units, t.items, units[0], units[0].hp, units[1].slots, units:column("x"), units:getter("x"), units:setter("hp[0]", "tag") }
local function keep(v)
  local kind = type(v)
  if kind == "cdata" or kind == "userdata" or kind == "function" then
    if #pool < 200 then pool[#pool + 1] = v else pool[random(200)] = v end
  end
  return v
end
local function anything() if random(3) == 1 then return thing() end return value() end
local function key()
  local kind = random(4)
  if kind == 1 then return any(fields) end
  if kind <= 3 then return any(numbers) end
  return anything()
end

local waiting = {}
local steps = {
  function() keep(thing()[key()]) end,
  function() keep(thing()[key()]) end,
  function() keep(units[random(10) - 1][any(fields)]) end,
  function() thing()[key()] = anything() end,
  function() units[random(12) - 2][any(fields)] = anything() end,
  function() units[key()] = anything() end,
  function() keep(thing()[any(fields)][key()]) end,
  function() thing()[any(fields)][key()] = anything() end,
  function() return #thing() end,
  function() return thing() == anything() end,
  function() return tostring(thing()) .. tostring(thing()) end,
  function() keep(units:column(any(names))) end,
  function() keep(units:getter(any(names), any(names))) end,
  function() keep(units:setter(any(names), any(names), any(names))) end,
  function() keep(thing()(anything(), anything(), anything())) end,
  function() keep(thing()(key(), value(), value())) end,
  function() return units:totable(key()) end,
  function() keep((thing():each())) end,
  function() for i, u in thing():each() do keep(u) if i == random(12) then break end end end,
  function() for k, v in pairs(thing()) do keep(v) end end,
  function() return thing() + anything() end,
  function() return thing() .. "" end,
  function() return thing() < thing() end,
  function() return string.format("%d %s %q", thing(), thing(), thing()) end,
  function() return setmetatable(thing(), {}) end,
  function() keep(setmetatable({}, { __index = thing() })[key()]) end,
  function() setmetatable({}, { __newindex = thing() })[key()] = anything() end,
  function() return next(thing(), key()) end,
  function() keep(rawget(thing(), key())) end,
  function() keep(select(random(3), thing(), thing(), thing())) end,
  function() return table.concat({ thing() }) end,
  function() keep(coroutine.wrap(function(u) coroutine.yield(u[0]) return u[1] end)(thing())) end,
  function() t.host.lend(function(others) keep(others[1]) keep(others) keep(others:column("x")) others[0] = units[1] end) end,
  function() t.host.grow(random(20)) end,
  function() t.host.shrink(random(20)) end,
  function() keep(t.host.shared()) end,
  function() local s = t.host.shared() keep(s[random(20) - 1]) keep(s:column("hp[0]")) end,
  -- Several values at once.
  function() units[random(12) - 2] = value() end,
  function() thing()[any(fields)] = hostile() end,
  function()
    local set = keep(units:setter(any(names), any(names), any(names), any(names), any(names), any(names)))
    set(key(), value(), value(), value(), value(), value(), value())
  end,
  function() keep(units:getter(any(names), any(names), any(names), any(names), any(names)))(key()) end,
  function() local c = units:column(any(names)) for _ = 1, 20 do c[key()] = value() end end,
  -- Coroutines that wait in the middle of something, for as long as it takes.
  function()
    local view, set, column = thing(), units:setter("x", "tag"), units:column("y")
    waiting[random(20)] = coroutine.wrap(function()
      for i, u in view:each() do
        local hp = u.hp
        keep(coroutine.yield(u))
        u.x = u.x + 1
        hp[i % 2] = i
        u.pos = { x = i }
        column[i] = i
        set(i, i, "abc")
      end
    end)
  end,
  function() waiting[random(20)](anything()) end,
  function() for _ = 1, 10 do pcall(waiting[random(20)], thing()) end end,
  -- The memory goes, or is elsewhere, while a loop uses it.
  function()
    local s, at, n, f = t.host.shared(), random(100), random(60), random(2) == 1 and t.host.grow or t.host.shrink
    local x, set = s:column("x"), s:setter("x", "y")
    for i = 0, 120 do
      local u = s[i % 10]
      if i == at then f(n) end
      u.x = u.x + x[i % 10]
      u.hp[i % 2] = i
      set(i % 12, i, i)
    end
  end,
  function()
    local at, f, n = random(8), random(2) == 1 and t.host.grow or t.host.shrink, random(30)
    for i, u in t.host.shared():each() do
      if i == at then f(n) end
      u.y = 1
      u.slots[1].n = 2
      keep(u)
    end
  end,
  -- Loans inside of loans, and what was kept of them while others are there.
  function()
    t.host.lend(function(first)
      keep(first[2].hp)
      local unit = first[1]
      t.host.lend(function(second)
        second[0], first[3] = unit, second[1]
        keep(second:setter("x", "y"))
        for i = 0, 120 do second[i % 4].x = first[i % 4].x + 1 unit.hp[0] = i end
        second[any(numbers)] = thing()
      end)
      first[0] = thing()
    end)
  end,
  -- Host functions that have an element as a reference, or keep it as an element.
  function() t.host.change(thing(), any(numbers)) end,
  function() t.host.change(units[random(12) - 2], random(100)) end,
  function() t.host.keep(thing()) end,
  function() t.host.use(random(100)) end,
  function() for i = 1, 100 do t.host.change(t.host.shared()[i % 20], i) end end,
  -- A loop that is compiled, with what is random in it as constants.
  function()
    local text = ("local u, k, v = ... for i = 1, 120 do u[%s]%s = v end"):format(random(2) == 1 and "k" or "i % 12",
      random(2) == 1 and ("[%d]"):format(random(4) - 2) or "")
    load(text)(thing(), key(), anything())
  end,
  function()
    local text = ("local u, f, v = ... local s = 0 for i = 0, 120 do local e = u[i %% %d] e[f] = v s = s + e.x + e.hp[i %% %d] end"):format(
      random(14), random(3))
    load(text)(random(2) == 1 and units or thing(), any(fields), value())
  end,
  function()
    local column, v = units:column(any(names)), value()
    for i = -1, 60 do column[i % random(14)] = v end
  end,
}

for i = 1, 20 do waiting[i] = coroutine.wrap(coroutine.yield) end
local failed = 0
for _ = 1, rounds do
  for _ = 1, 20 do
    if not pcall(steps[random(#steps)]) then failed = failed + 1 end
  end
end
return failed
