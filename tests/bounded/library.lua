-- Calls of library functions with much to do, and wrong ones. () -> what came of each, as texts
local answers = {}
local function shown(value)
  local kind = type(value)
  if kind == "string" and #value > 200 then
    local sum = 0
    for i = 1, #value, 97 do sum = (sum * 31 + value:byte(i)) % 2147483647 end
    return #value .. ":" .. sum .. ":" .. value:sub(1, 40) .. "..." .. value:sub(-40)
  end
  if kind == "string" then return '"' .. value .. '"' end
  if kind == "function" or kind == "table" then return kind end
  return tostring(value)
end
local function ask(f, ...)
  local values = { pcall(f, ...) }
  local n = #values
  for i = 1, n do values[i] = shown(values[i]) end
  answers[#answers + 1] = #answers + 1 .. ": " .. table.concat(values, ", ")
end
-- By name, from a function of Lua's.
local function say(code)
  ask(assert((loadstring or load)(code, "=say")))
end

-- Strings.
for _, n in ipairs { 0, 1, -1, 65535, 65536, 65537, 200000, "70000", 1e6 + 0.0, 2 ^ 31, 2 ^ 40, -2 ^ 40, 1 / 0, 0 / 0, 70000.5 } do
  for _, s in ipairs { "", "x", "abc", ("y"):rep(20), 12 } do
    local n_now = tonumber(n) or 0
    -- What would be too long is not asked for; of nothing, Lua 5.4's own function makes much.
    if not (n_now > 1e7 and (s ~= "" or math.maxinteger)) then
      ask(string.rep, s, n)
      ask(string.rep, s, n, "")
      if n_now < 1e7 then ask(string.rep, s, n, ", ") ask(string.rep, s, n, 7) end
    end
  end
end
if not math.maxinteger then ask(string.rep, ("z"):rep(70000), 70000) end
ask(string.rep) ask(string.rep, "x") ask(string.rep, "x", {}) ask(string.rep, {}, 1) ask(string.rep, "x", 2, {}) ask(string.rep, "x", 70000, {})
say "local x = string.rep('x') return x"
say "local x = ('x'):rep() return x"
say "local x = string.rep('x', 70000, true) return x"
local all = {}
for i = 0, 255 do all[i + 1] = string.char(i) end
all = table.concat(all)
for _, f in ipairs { string.lower, string.upper, string.reverse } do
  ask(f, all) ask(f, all:rep(5000)) ask(f, all:rep(4096)) ask(f) ask(f, {}) ask(f, 12)
end
say "local x = string.lower() return x"
say "local x = string.format() return x"
say "local x = string.format('%d', 'x') return x"
ask(string.format, "%d %s", 1, "x")
ask(string.format, ("x"):rep(16000) .. "%d", 1)
ask(os.date, "!%Y-%m-%d", 0)
say "local x = os.date('!%Y', {}) return x"

-- Tables.
local function list(n, from)
  local t = {}
  for i = 1, n do t[i] = (i * 7919 + (from or 0)) % 10007 end
  return t
end
local long = list(70000)
local mixed = list(70000)
mixed[69000] = true
local holed = list(70000)
holed[66000] = {}
for _, t in ipairs { long, mixed, holed, list(10), {} } do
  ask(table.concat, t) ask(table.concat, t, ",") ask(table.concat, t, 1) ask(table.concat, t, ",", 3)
  ask(table.concat, t, ",", 2, 69500) ask(table.concat, t, ",", 69998, 69999) ask(table.concat, t, ",", "2", "69500")
  ask(table.concat, t, ",", 1, 80000) ask(table.concat, t, ",", -5, 70000) ask(table.concat, t, ",", 5, 4, 9)
  ask(table.concat, t, {}) ask(table.concat, t, ",", {}) ask(table.concat, t, ",", 1, {})
  ask(table.concat, t, ",", -2 ^ 31, 2 ^ 31 - 1) ask(table.concat, t, ",", 1, 2 ^ 31) ask(table.concat, t, ",", 1.5, 69000)
end
ask(table.concat) ask(table.concat, "x") ask(table.concat, setmetatable({}, { __len = function() return 3 end, __index = type }))
say "local x = table.concat({ {} }) return x"
say "local t = {} for i = 1, 70000 do t[i] = i end t[66666] = false local x = table.concat(t) return x"

local function sorted(n, ...)
  local t = list(n)
  table.sort(t, ...)
  return table.concat(t, ",")
end
for _, n in ipairs { 5, 5000, 70000 } do
  ask(sorted, n)
  ask(sorted, n, nil)
  ask(sorted, n, function(a, b) return a > b end)
  ask(sorted, n, function(a, b) return a < b end)
  ask(sorted, n, 1)
  ask(sorted, n, {})
  ask(sorted, n, rawequal)
  ask(sorted, n, error)
  ask(sorted, n, math.abs)
end
local words = {}
for i, number in ipairs(list(5000)) do words[i] = "w" .. number end
table.sort(words)
ask(table.concat, words, " ")
ask(table.sort, mixed) ask(table.sort, holed) ask(table.sort) ask(table.sort, 1)
words[4500] = 1
ask(table.sort, words)
say "local t = {} for i = 1, 5000 do t[i] = i end t[77] = {} local x = table.sort(t)"
say "table.sort({ 1, {} })"
say "table.sort({ 1, 2 }, true)"
local ordered = {}
for i, number in ipairs(list(5000)) do ordered[i] = setmetatable({ number }, { __lt = function(a, b) return a[1] < b[1] end }) end
local meta = getmetatable(ordered[1])
for _, object in ipairs(ordered) do setmetatable(object, meta) end
table.sort(ordered)
ask(function() local t = {} for i, object in ipairs(ordered) do t[i] = object[1] end return table.concat(t, " ") end)

-- Far places are asked for on Lua 5.4 only: LuaJIT's own function takes minutes over them.
local function inserted(n, ...)
  local t = list(n)
  table.insert(t, ...)
  return #t, t[1], t[2], t[3], t[n - 1], t[n], t[n + 1], t[n + 2], table.concat(t, ",", 1, n)
end
local function removed(n, ...)
  local t = list(n)
  return table.remove(t, ...), #t, t[1], t[2], t[n - 1], t[n], table.concat(t, ",", 1, #t)
end
for _, n in ipairs { 3, 10000, 70000 } do
  for _, at in ipairs { 1, 2, "2", 1.5, n, n + 1, n + 2, 0, -1, {}, true, math.maxinteger and 2 ^ 53, math.maxinteger and 0 / 0 } do
    ask(inserted, n, at, "new")
    ask(removed, n, at)
  end
  ask(inserted, n) ask(inserted, n, "new") ask(inserted, n, 1, 2, 3) ask(inserted, n, nil, 5) ask(removed, n) ask(removed, n, nil)
end
ask(table.insert) ask(table.insert, 1) ask(table.insert, {}) ask(table.insert, 1, 1, 1) ask(table.insert, nil, 1)
say "local t = {} table.insert(t, 1, 2, 3)"
say "table.insert({}, 'x', 2)"
say "table.insert(1, 1, 2)"
if table.move then
  local function moved(n, ...)
    local t = list(n)
    local other = table.move(t, ...)
    return other == t, #t, table.concat(t, ",", 1, #t), #other, table.concat(other, ",", 1, #other)
  end
  for _, n in ipairs { 10, 9000, 70000 } do
    ask(moved, n, 1, n, 2) ask(moved, n, 2, n, 1) ask(moved, n, 1, n, n + 1) ask(moved, n, 1, n, 1, {}) ask(moved, n, 5, 2, 1)
    ask(moved, n, 1, n, {}) ask(moved, n, 1, n) ask(moved, n, 1, n, 1, 1) ask(moved, n, "1", n, "2") ask(moved, n, 1, n, 3, list(7))
  end
  ask(table.move, 1, 2, 3, 4)
  if math.maxinteger then
    ask(table.move, {}, -2 ^ 53, 2 ^ 63, 1)
    ask(table.move, {}, math.mininteger, math.maxinteger, 1) ask(table.move, {}, 1, 9000, math.maxinteger - 5)
  end
end
if math.maxinteger then
  -- Lists that say they are long, and make it true.
  local log
  local function liar(n)
    return setmetatable({}, { __len = function() return n end, __index = function(_, i) return "i" .. i end,
      __newindex = function(_, i, v) log[#log + 1] = i .. "=" .. tostring(v) end })
  end
  local function logged(f, ...)
    log = {}
    local result = f(...)
    return type(result) == "table" or result, table.concat(log, " ")
  end
  for _, n in ipairs { 0, 1, 5, 9000 } do
    ask(logged, table.insert, liar(n), 1, "x") ask(logged, table.insert, liar(n), n + 2, "x") ask(logged, table.insert, liar(n), "x")
    ask(logged, table.remove, liar(n), 1) ask(logged, table.remove, liar(n)) ask(logged, table.remove, liar(n), n + 1) ask(logged, table.remove, liar(n), n + 2)
    ask(logged, table.move, liar(n), 1, n, 3) ask(logged, table.concat, liar(n), ",") ask(table.concat, liar(n), ",", 3, 8)
    ask(logged, table.sort, liar(n), function(a, b) return a > b end)
  end
  ask(table.insert, setmetatable({}, { __len = function() return "x" end }), 1, 1)
  ask(table.concat, { 1, 2 }, ",", math.maxinteger - 1, math.maxinteger)
end

-- load
local text = { "local x = 0\n" }
for i = 1, 3000 do text[i + 1] = "x = x + " .. i .. " -- what a long line this is, with 'quotes' and \"others\"\n" end
text = table.concat(text) .. "return x, ..."
local function loaded(...)
  local f, e = load(...)
  if not f then return f, e end
  return f(7)
end
ask(loaded, text) ask(loaded, text, "=name") ask(loaded, text .. " +", "@file.lua") ask(loaded, text .. " +") ask(loaded, text, text)
ask(loaded, "") ask(loaded, "return 1", nil, "t") ask(loaded, "return 1", "=x", "b") ask(loaded, "return x", "=x", "t", { x = 9 })
ask(loaded, "return 1\0") ask(loaded, "x = = 1\0", nil) ask(loaded, "return '" .. ("s"):rep(100000) .. "'") ask(loaded, "--" .. ("c"):rep(100000))
ask(loaded, "return '" .. ("s"):rep(100000)) ask(loaded, ("("):rep(300)) ask(loaded, 12) ask(loaded, 1.5)
ask(load) ask(load, {}) ask(load, nil, {}) ask(load, "return 1", {}) ask(load, {}, {}, {}) ask(load, "x", "y", {}) ask(load, true)
local function pieces(...)
  local all, i = { ... }, 0
  return function() i = i + 1 return all[i] end
end
ask(loaded, pieces("return ", "1", " + 2")) ask(loaded, pieces("return ", "", "1 + 2")) ask(loaded, pieces(text, " + 1")) ask(loaded, pieces())
ask(loaded, pieces("return ", 1, 2)) ask(loaded, pieces("return", {})) ask(loaded, pieces(" = "), "=mine") ask(loaded, pieces(" = "))
ask(loaded, function() error("mine", 0) end) ask(loaded, function() error({}) end) ask(loaded, pieces("return x"), "=x", "t", { x = 3 })
ask(loaded, coroutine.wrap(function() coroutine.yield("return ") coroutine.yield("5") end))
ask(loaded, function() coroutine.yield("return ") end)
say "local x = load() return x"
say "local x = load({}) return x"

-- collectgarbage
local heap = {}
for i = 1, 60000 do heap[i] = { i } end
local weak = setmetatable({ {} }, { __mode = "v" })
ask(collectgarbage) ask(collectgarbage, "collect")
ask(function() return weak[1] end)
ask(collectgarbage, "x") ask(collectgarbage, {}) ask(collectgarbage, "step", {}) ask(function() return type(collectgarbage("count")) end)
ask(function() return type(collectgarbage("step", 0)), collectgarbage("step", 1e7) end)
heap = nil

if utf8 then
  local signs = ("a\u{e4}\u{20ac}\u{10ffff}"):rep(150000)
  ask(utf8.len, signs) ask(utf8.len, signs, 2) ask(utf8.len, signs, 3) ask(utf8.len, signs, -4) ask(utf8.len, signs, 2, -5) ask(utf8.len, signs, 1, 1200000)
  ask(utf8.len, signs, 1, 5) ask(utf8.len, signs, #signs + 1) ask(utf8.len, signs, #signs + 2) ask(utf8.len, signs, 1, #signs + 1) ask(utf8.len, signs, {})
  for _, bad in ipairs { "\x80", "\xff", ("\x80"):rep(20), "\xe4", "\xfd\xbf\xbf\xbf\xbf\xbf", "\xf7\xbf\xbf\xbf" } do
    for _, at in ipairs { 1, 4093, 4096, 4097, 4098, 5000, 900000 } do
      local broken = signs:sub(1, at) .. bad .. signs:sub(at + 1)
      ask(utf8.len, broken) ask(utf8.len, broken, 1, -1, true)
    end
  end
  ask(utf8.len) ask(utf8.len, {}) ask(utf8.len, "a\xff")
  ask(string.pack, "i4z", 5, "x") ask(string.packsize, "i4i4") ask(string.unpack, "<i2", "\1\0") ask(string.pack, "y", 1) ask(string.packsize)
end
return answers
