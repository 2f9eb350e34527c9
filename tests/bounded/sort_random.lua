-- Random lists sorted in random orders, also in such as contradict themselves: the same ones for the same seed in any VM.
-- Comes after random.lua. (seed, count) -> what came of each, and which elements were compared, as texts
-- Objects in an order of their own.
local meta = {}
meta.__lt = function(a, b)
  if a.n == 13 or b.n == 13 then error("thirteen is not compared") end
  return a.n < b.n
end
local function object(n) return setmetatable({ n = n }, meta) end

local function shown(value)
  local kind = type(value)
  if kind == "number" then return ("%.17g"):format(value) .. (math.type and math.type(value) or "") end
  if kind == "table" then return "{" .. tostring(value.n) .. "}" end
  return kind == "function" and kind or kind == "string" and "\"" .. value .. "\"" or tostring(value)
end

local elements = {
  function() return random(1000) end,
  function() return random(5) end,
  function() return one_of { 1, 2, 0 / 0, 1 / 0, -1 / 0, 0, -0.0, 1e300, 3 } end,
  function() return random(60) == 1 and 0 / 0 or random(100) / 7 end,
  function() return "w" .. random(200) end,
  function() return one_of { "a", "b", "", "a\0b", "a\0c", "\255", "aa" } end,
  function() return random(40) == 1 and "5" or random(9) end,
  function() return random(40) == 1 and one_of { true, {}, print } or random(9) end,
  function() return object(random(random(3) == 1 and 14 or 12)) end,
  function() return random(30) == 1 and object(3) or 3 end,
}
local function list(longest)
  local t, element = {}, one_of(elements)
  for i = 1, random(longest + 1) - 1 do t[i] = element() end
  local kind = random(6)
  if kind == 1 then table.sort(t, function(a, b) return shown(a) < shown(b) end) end
  if kind == 2 then for i = 1, #t do t[i] = i end end
  if kind == 3 then for i = 1, #t do t[i] = -i end end
  return t
end

local function all(t, n)
  local texts = {}
  for i = 1, n do texts[i] = shown(t[i]) end
  return table.concat(texts, " ")
end

-- Which elements were compared, and what a list of the script's own was asked for.
local log
local function noted(order)
  return function(a, b)
    log[#log + 1] = shown(a) .. "<" .. shown(b)
    return order(a, b)
  end
end
local target
local orders = {
  function(a, b) return shown(a) < shown(b) end,
  function(a, b) return shown(a) > shown(b) end,
  function(a, b) return a < b end,
  function(a, b) return a <= b end,
  function() return true end,
  function() return false end,
  function() return random(2) == 1 end,
  function() return nil end,
  function(a) return a end,
  function(a, b) target[random(#target + 1)] = a return shown(a) < shown(b) end,
  function() target[random(20)] = nil return random(2) == 1 end,
  function(a, b) if random(30) == 1 then error("mine") end return shown(a) < shown(b) end,
  function(a, b) if random(30) == 1 then error({}) end return shown(a) < shown(b) end,
}
local function order()
  local kind = random(8)
  if kind < 4 then return nil end
  if kind == 4 then return one_of { rawequal, rawequal, math.max, type, 1, "x", {}, true, false } end
  return noted(one_of(orders))
end

-- Called by C, and by name from a function of Lua's.
local direct = table.sort
local function called(...)
  table.sort(...)
  return "done"
end

-- On Lua 5.4 a list may be anything that says it is one.
local function proxy(t)
  return setmetatable({}, {
    __len = function() return #t end,
    __index = function(_, i) log[#log + 1] = "get " .. i return t[i] end,
    __newindex = function(_, i, value) log[#log + 1] = "set " .. i t[i] = value end,
  })
end

local answers = {}
for i = 1, count do
  -- Longer ones are divided by chance on Lua 5.4 when a division was uneven: then only good orders give one result.
  local t, before = list(one_of { 4, 12, 120 }), order()
  local length = #t
  log, target = {}, t
  local sorted = math.type and random(4) == 1 and proxy(t) or t
  local ok, message = pcall(one_of { direct, called }, sorted, before)
  answers[i] = length .. " by " .. type(before) .. ": " .. tostring(ok) .. " " .. (type(message) == "table" and "table" or tostring(message)) ..
    " [" .. all(t, length) .. "] " .. table.concat(log, " ")
end

-- Long ones.
for _, n in ipairs { 1000, 3000, 5000, 40000 } do
  for _, element in ipairs { elements[1], elements[5], function() return random(2) end } do
    local t, u = {}, {}
    for i = 1, n do t[i] = element() u[i] = t[i] end
    table.sort(t)
    table.sort(u, function(a, b) return a > b end)
    answers[#answers + 1] = all(t, n) .. all(u, n)
  end
end
return answers
