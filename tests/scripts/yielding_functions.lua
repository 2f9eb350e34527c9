-- Host functions that yield are to a script what coroutine.yield is.
local t = ...
local host, is = t.host, t.is
local pack = table.pack or function(...) return { n = select("#", ...), ... } end

local function same(got, wanted, what)
  is(got.n, wanted.n, what)
  for i = 1, wanted.n do is(got[i], wanted[i], what) end
end

for name, yield in pairs { yield = coroutine.yield, pause = host.pause } do
  local co = coroutine.create(function(...) return "end", yield(...) end)
  same(pack(coroutine.resume(co, 1, nil, 3, nil)), pack(true, 1, nil, 3, nil), name)
  is(coroutine.status(co), "suspended", name)
  same(pack(coroutine.resume(co, nil, 2, nil)), pack(true, "end", nil, 2, nil), name)
  is(coroutine.status(co), "dead", name)
end

-- Twice, as the only thing in a coroutine, and in tail position.
for _, f in ipairs { host.pause_twice, function(...) return host.pause_twice(...) end } do
  local co = coroutine.wrap(f)
  same(pack(co(1, nil)), pack(1, nil))
  same(pack(co(nil, 2)), pack(nil, 2))
  same(pack(co()), pack())
end

-- Through pcall, xpcall, metamethods and iterators.
local object = setmetatable({}, {
  __index = function(_, key) return host.pause("index " .. key) end,
  __call = function(_, ...) return host.pause_twice(...) end,
  __add = function(a, b) return host.pause("add") end,
})
local co = coroutine.wrap(function()
  local ok, a = pcall(host.pause, "pcall")
  local _, b = xpcall(function() return host.pause_twice("xpcall") end, function(e) return e end)
  local sum = object + 1
  local list = {}
  for v in function() return host.pause("next") end do list[#list + 1] = v end
  return ok, a, b, object.key, object("call"), sum, #list
end)
local seen = { co() }
for _, answer in ipairs { "a", "b", "c", "d", 1, 2 } do seen[#seen + 1] = co(answer) end
seen[#seen + 1] = co(nil)
for _, answer in ipairs { "e", "f" } do seen[#seen + 1] = co(answer) end
is(table.concat(seen, ","), "pcall,xpcall,b,add,next,next,next,index key,call,f")
same(pack(co("g")), pack(true, "a", "c", "e", "g", "d", 2))

-- Where they cannot yield, and afterwards.
t.fails(host.pause, "outside a coroutine")
t.fails(host.pause_twice, "outside a coroutine")
is(coroutine.wrap(function()
  t.fails(host.call, "across a call", host.pause)
  t.fails(table.sort, "across a call", { 1, 2, 3 }, host.pause_twice)
  return host.pause("still here")
end)(), "still here")

-- An error after a yield is the script's to catch.
co = coroutine.wrap(function()
  return pcall(function()
    host.pause()
    error("later", 0)
  end)
end)
co()
same(pack(co()), pack(false, "later"))
