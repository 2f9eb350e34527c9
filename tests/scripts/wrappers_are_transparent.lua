-- What perilune checks in the standard functions does not show in what they do.
local t = ...

-- Results, their number, and missing arguments.
local function count(...) return select("#", ...) end
t.is(count(string.gsub("aa", "a", "b")), 2)
t.is(count(string.gsub("aa", "a", function() end)), 2)
t.is(select(2, string.gsub("aaa", "a", "b", 2)), 2)
t.is(string.gsub("abc", "%w", { a = "1", b = true and 2 }), "12c")
t.is(string.format("%s %s %s %s", nil, true, 1, "x"), "nil true 1 x")
t.is(string.format("%5.1f|%q|%%", 1.5, "a\nb"), "  1.5|\"a\\\nb\"|%")
t.is(string.format("none"), "none")
t.is(count(load("return")()), 0)
t.is(count(xpcall(function(...) return ... end, print, 1, nil, nil)), 4)
t.is(count(pcall(function(...) return ... end, nil, nil)), 3)
t.is(select(2, xpcall(function(a, b) return a + b end, print, 1, 2)), 3)
t.is(select(2, xpcall(error, function(e) return e .. "!" end, "x")), "x!")
t.is(count(print == nil), 1)
t.is(count(table.sort({ 2, 1 })), 0)
local list = { 3, 1, 2 }
table.sort(list, function(a, b) return a > b end)
t.is(table.concat(list, ","), "3,2,1")
t.is(type(os.time()), "number")
t.is(select("#", pairs(list)), 3)
t.is(pairs(list), next)
t.is(select(2, pairs(list)), list)
t.is(os.time { year = 2001, month = 9, day = 9, hour = 12 } > 1e9 - 1e6, true)

-- Complaints name the function and the line of the script that called it.
local function complaint(code) return select(2, pcall(assert(load(code, "=script")))) end
for code, text in next, {
  ["string.gsub()"] = "bad argument #1 to 'gsub'",
  ["string.gsub('x', 'x')"] = "bad argument #3 to 'gsub'",
  ["string.gsub('x', 'x', true)"] = "bad argument #3 to 'gsub'",
  ["string.format('%d', 'x')"] = "bad argument #2 to 'format'",
  ["string.format('%d %d %d %d', 1, 2, 3, {})"] = "bad argument #5 to 'format'",
  ["string.format()"] = "bad argument #1 to 'format'",
  ["table.sort()"] = "bad argument #1 to 'sort'",
  ["table.sort({ 1, 2 }, 3)"] = "bad argument #2 to 'sort'",
  ["coroutine.wrap()"] = "bad argument #1 to 'wrap'",
  ["coroutine.resume()"] = "bad argument #1 to 'resume'",
  ["setmetatable(1, {})"] = "bad argument #1 to 'setmetatable'",
  ["collectgarbage('x')"] = "script:1: bad argument #1 to 'collectgarbage'",
  ["pairs()"] = "bad argument #1 to 'pairs'",
  ["load()"] = "bad argument #1 to 'load'",
  ["xpcall()"] = "bad argument #2 to 'xpcall'",
} do
  local e = complaint("local _ = " .. code)
  assert(tostring(e):find(text, 1, true), code .. ": " .. tostring(e))
end

-- A coroutine yields through every protected call and out of handlers' reach.
local co = coroutine.wrap(function()
  local ok, a = pcall(function() return coroutine.yield(1) end)
  local ok2, b = xpcall(function() return coroutine.yield(a + 1) end, print)
  return ok and ok2 and b * 10
end)
t.is(co(), 1)
t.is(co(5), 6)
t.is(co(7), 70)
t.fails(co, "dead coroutine")

-- Errors leave coroutines as they do without the wrapper.
local wrapped = coroutine.wrap(function() error({}) end)
t.is(type(t.fails(wrapped, "table")), "table")
local ok, e = coroutine.resume(coroutine.create(function() error("inside", 0) end))
t.is(ok, false)
t.is(e, "inside")
t.is(coroutine.status(coroutine.create(print)), "suspended")
t.is(coroutine.isyieldable(), false)
t.is(coroutine.wrap(coroutine.isyieldable)(), true)
t.is(count(coroutine.wrap(function() return 1, nil, nil end)()), 3)
for n in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) do t.is(n <= 3, true) end
local co = coroutine.create(function() return coroutine.running() end)
t.is(select(2, coroutine.resume(co)), co)

if coroutine.close then
  local closed = false
  local co = coroutine.create(load([[
    local done = ...
    local guard <close> = setmetatable({}, { __close = done })
    coroutine.yield()
  ]]))
  coroutine.resume(co, function() closed = true end)
  t.is(coroutine.close(co), true)
  t.is(closed, true)
  t.is(coroutine.status(co), "dead")
end

-- Handlers are called with the error and see its place.
local seen
xpcall(function() local x = nil + 1 end, function(e) seen = e return e end)
assert(seen:find("arithmetic", 1, true))
t.is(select(2, xpcall(error, function() return "replaced" end)), "replaced")
