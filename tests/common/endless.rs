//! What never ends by itself. On Lua 5.4 there is a little more of it.

use super::is_luajit;

const ENDLESS: &[(&str, &str)] = &[
    ("a compiled loop", "while true do end"),
    ("a goto", "::again:: goto again"),
    ("repeat", "repeat until false"),
    ("a numeric loop", "for i = 1, math.huge do end"),
    ("a loop that calls", "local function f(x) return x + 1 end local x = 0 while true do x = f(x) end"),
    ("tail calls", "local function f() return f() end f()"),
    ("errors swallowed", "while true do pcall(error, 'x') end"),
    ("endless loops swallowed", "while true do pcall(function() while true do end end) end"),
    ("deep protection", "local function f(n) if n > 0 then pcall(f, n - 1) end while true do end end f(150)"),
    ("xpcall that swallows", "while true do xpcall(function() while true do end end, function(e) return e end) end"),
    ("in a handler", "xpcall(error, function() while true do end end)"),
    ("a handler that loops when stopped", "xpcall(function() while true do end end, function() while true do end end) while true do end"),
    ("a coroutine", "coroutine.wrap(function() while true do end end)()"),
    (
        "coroutines in coroutines",
        "local function f(n) coroutine.wrap(function() if n > 0 then f(n - 1) end while true do end end)() end f(60)",
    ),
    (
        "coroutines that are resumed again and again",
        "while true do local co = coroutine.create(function() while true do end end) while coroutine.resume(co) do end end",
    ),
    ("a generator", "for i in coroutine.wrap(function() while true do coroutine.yield(1) end end) do end"),
    ("new coroutines all the time", "while true do coroutine.wrap(function() coroutine.yield() end)() end"),
    ("sort", "local t = {} for i = 1, 20 do t[i] = i end table.sort(t, function(a, b) while true do end end)"),
    (
        "sort that swallows",
        "local t = {} for i = 1, 20 do t[i] = i end while true do pcall(table.sort, t, function(a, b) while true do pcall(function() while true do end end) end end) end",
    ),
    ("gsub", "('x'):gsub('x', function() while true do end end)"),
    ("an iterator", "for _ in function() return 1 end do end"),
    ("__index", "local t = setmetatable({}, { __index = function() while true do end end }) return t.x"),
    ("__index in a loop", "local t = setmetatable({}, { __index = function(_, k) return k end }) while true do local x = t.x end"),
    ("__concat", "return setmetatable({}, { __concat = function() while true do end end }) .. 'x'"),
    ("__eq", "local m = { __eq = function() while true do end end } return setmetatable({}, m) == setmetatable({}, m)"),
    ("__tostring", "tostring(setmetatable({}, { __tostring = function() while true do end end }))"),
    ("text that grows", "local s = '' while true do s = s .. 'x' if #s > 1000 then s = '' end end"),
    ("tables", "while true do local t = {} for i = 1, 100 do t[i] = { i } end end"),
    ("loading", "while true do load('return 1')() end"),
    ("loading endlessly", "load(function() while true do end end)"),
    ("loading endlessly in a loop", "while true do load(function() while true do end end) end"),
    ("loading endlessly, protected", "while true do pcall(load, function() while true do end end) end"),
    ("deep recursion", "local function f(n) return 1 + f(n + 1) end while true do pcall(f, 1) end"),
    ("next", "local t = { 1, 2, 3 } while true do for k in pairs(t) do end end"),
    ("select and unpack", "local unpack = unpack or table.unpack while true do select('#', unpack({ 1, 2, 3 })) end"),
    ("math", "while true do math.floor(math.sin(1)) end"),
    ("strings", "while true do ('abc'):rep(10):sub(2, 5):upper():byte() end"),
];

const ENDLESS_54: &[(&str, &str)] = &[
    ("__close", "do local x <close> = setmetatable({}, { __close = function() while true do end end }) end"),
    ("__close when stopped", "local x <close> = setmetatable({}, { __close = function() while true do end end }) while true do end"),
    (
        "closing a coroutine",
        "local co = coroutine.create(function() local x <close> = setmetatable({}, { __close = function() while true do end end }) coroutine.yield() end) coroutine.resume(co) coroutine.close(co)",
    ),
    ("integer loops", "local i = 0 while true do i = i + 1 | 3 end"),
];

pub fn endless() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    ENDLESS.iter().chain(if is_luajit() { &[] } else { ENDLESS_54 })
}
