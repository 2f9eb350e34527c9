-- Whatever a script does with a userdata: an error or the right answer, never another type's value.
local t = ...
local Counter = t.host.Counter
local a, b = Counter.new(1), Counter.new(2)

t.is(a.n, 1)
t.is(a:add(2), 3)
t.is(tostring(a):find("^Counter: ") ~= nil, true)

-- The wrong self, for everything that can be had.
local wrong = { 1, "a", {}, print, true, Counter, coroutine.create(print), setmetatable({}, { __index = a }) }
for i = 1, #wrong do
  t.fails(function() a.add(wrong[i], 1) end, "bad self to 'Counter:add'")
  t.fails(function() a.call(wrong[i], print) end, "bad self to 'Counter:call'")
  t.fails(function() return wrong[i] + a end)
  t.fails(function() return wrong[i] .. a end)
end
t.fails(a.add, "got nil")
t.fails(function() Counter.add(Counter, 1) end, "got class Counter")

-- A table that inherits from a userdata reads its fields, and is still no userdata.
local heir = setmetatable({}, { __index = a, __newindex = a })
t.is(heir.n, 3)
heir.n = 5
t.is(a.n, 5)
t.fails(function() heir:add(1) end, "bad self to 'Counter:add': expected a Counter (methods are called with ':'), got table")
t.fails(function() heir.missing = 1 end, "cannot set field 'missing' of a Counter")

-- Methods wherever Lua calls something.
t.is(coroutine.wrap(a.add)(a, 1), 6)
t.is(select(2, pcall(a.add, a, 1)), 7)
t.fails(function() table.sort({ 3, 2, 1 }, a.add) end, "bad self")
t.fails(function() return ("x"):gsub("x", a.add) end, "bad self")
t.fails(function() return setmetatable({}, { __index = a.add }).x end, "bad self")
t.fails(function() for _ in a.add, a do end end, "bad argument #1 to 'Counter:add'")

-- The metatable and raw access.
t.is(getmetatable(a), false)
t.fails(function() setmetatable(a, {}) end)
t.fails(function() rawset(a, "n", 1) end)
t.fails(function() rawget(a, "n") end)
t.fails(function() next(a) end)
t.fails(function() for _ in pairs(a) do end end)
t.fails(function() table.insert(a, 1) end)
t.fails(function() table.concat(a) end)
for _, name in ipairs { "__gc", "__index", "__metatable", "__close", "__name" } do
  t.fails(function() return a[name] end, "no field or method '" .. name .. "'")
  t.fails(function() a[name] = print end, "cannot set field '" .. name .. "'")
  t.is(Counter[name], nil)
end
t.fails(function() Counter.add = print end, "cannot set field 'add' of a class Counter")

-- Odd keys.
for _, key in ipairs { 0, 1.5, true, {}, print, a, "\0", ("x"):rep(1000) } do
  t.fails(function() return a[key] end, "has no field or method")
  t.fails(function() a[key] = 1 end, "cannot set field")
end
t.fails(function() return a[0 / 0] end, "has no field or method")

-- Re-entry: other values go on working, this one says that it is in use.
a:call(function()
  t.is(b:add(1), 3)
  t.fails(a.add, "it is being changed further up the call stack", a, 1)
  t.fails(function() return a.n end, "it is being changed")
  t.fails(function() return a:call(print) end, "it is being changed")
  collectgarbage()
end)
t.is(a:add(0), 7)

-- Left by an error, by a coroutine that ended in one, and by one that could not yield.
t.fails(function() a:call(error, "x") end)
t.fails(coroutine.wrap(function() a:call(function() error("in a coroutine") end) end), "in a coroutine")
local co = coroutine.create(function() a:call(coroutine.yield) end)
t.is(coroutine.resume(co), false)
t.is(a:add(0), 7)

-- Methods of what is gone go on answering for what is there.
local add = Counter.new(9).add
collectgarbage()
collectgarbage()
t.is(add(a, 0), 7)

-- As a key, and equal to itself only.
local set = { [a] = "a", [b] = "b" }
t.is(set[a] .. set[b], "ab")
t.is(a == b or a == Counter.new(7), false)

-- Recursion through methods ends in an error.
local function down() a = Counter.new(1) return a:call(down) end
t.fails(down)
t.is(b:add(0), 3)
