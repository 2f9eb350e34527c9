-- Everything that Lua does between two instructions, three times over: tests/tasks.rs cuts
-- it into slices of every length. The host gives `object`, `call`, `ask` and `ask_twice`.
local unpack = unpack or table.unpack
local out = {}
local function note(...) for i = 1, select('#', ...) do out[#out + 1] = tostring((select(i, ...))) end end

-- Spends some instructions, so that a slice may end inside of whatever calls it.
local function spend(...) for i = 1, 3 do end return ... end

local meta = {
  __index = function(_, key) return spend(key .. '!') end,
  __newindex = function(t, key, value) rawset(t, key, spend(value .. 'n')) end,
  __call = function(_, ...) return spend(select('#', ...), ...) end,
  __concat = function() return spend('cat') end,
  __eq = function() return spend(true) end,
  __lt = function() return spend(false) end,
  __le = function() return spend(true) end,
  __unm = function() return spend('minus') end,
  __add = function() return spend(5, 6) end,
  __tostring = function() return spend('text') end,
}
local a, b = setmetatable({}, meta), setmetatable({}, meta)

local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
local function tail(n, ...) if n == 0 then return ... end return tail(n - 1, n, ...) end

for round = 1, 3 do
  note(fib(7), a.foo, a(1, nil, 3), a .. 'x', 'x' .. a .. b, a == b, a < b, a <= b, not (a > b), -a, a + 1, 1 + a, tostring(a))
  a['k' .. round] = round
  note(rawget(a, 'k' .. round), tail(6))

  note(pcall(function(...) local t = { ... } error(t[2], 0) end, 1, 'error ' .. round))
  note(select(2, xpcall(function() local x return x.y end, function(e) return spend(type(e)) end)))

  local generator = coroutine.wrap(function(x) for i = 1, 3 do x = x + coroutine.yield(x, i) end return 'end', x end)
  note(generator(1)) note(generator(2)) note(generator(3)) note(generator(4))

  local t = { 5, 3, 9, 1 }
  table.sort(t, function(x, y) return spend(x < y) end)
  note(unpack(t))
  note((('hello world'):gsub('o', function(c) return spend(c:upper()) end)))
  for k, v in ipairs({ 'a', 'b', 'c' }) do note(k, v) end
  local keys = {}
  for k, v in pairs({ x = 1, y = 2 }) do keys[#keys + 1] = k .. v end
  table.sort(keys)
  note(unpack(keys))
  local at = 0
  for letter in function() at = at + 1 if at <= 3 then return spend(('xyz'):sub(at, at)) end end do note(letter) end

  local i = 0
  while true do i = i + 1 if i > 5 then break end end
  repeat i = i - 1 until i < 2
  local counters = {}
  for k = 1, 3 do counters[k] = function() k = k + 1 return k end end
  local n = 0
  ::again:: n = n + 1
  if n < 4 then goto again end
  note(i, n, counters[1](), counters[1](), counters[2]())
  for x = 0, 1, 0.25 do note(x) end

  object.x = round
  note(object.x, object:get(), object(1, 2), object.unknown)
  note(call(1, function(v) for k = 1, 5 do v = v + k end return v end), ask(round), ask_twice(round))
  note(('%s %d %5.2f %s'):format('q', 5, 1.5, a), #{ unpack({ 1, 2, 3 }) }, (unpack({ 1, 2 })), select(-1, 1, 2, 3))
  note(load('local a = ... for i = 1, 3 do a = a .. i end return a')('L'))
end
return table.concat(out, '|')
