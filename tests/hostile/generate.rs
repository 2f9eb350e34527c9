//! Programs put together at random: a weapon behind shields, one within the other.

use perilune::{Backend, BackendKind};

/// Choices that look random: a number below the one that is asked for.
#[allow(dead_code, reason = "the fuzz target has choices of its own")]
pub fn choices(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |end| {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % end as u64) as usize
    }
}

/// What hurts: statements.
const WEAPONS: &[&str] = &[
    "while true do end",
    "for _ = 1, math.huge do end",
    "while true do pcall(error, 'x') end",
    "local t = {} while true do t[#t + 1] = { #t } end",
    "local s = 'x' while true do s = s .. s end",
    "local t = {} for i = 1, 1e9 do t['k' .. i] = i end",
    "local all = {} while true do all[#all + 1] = coroutine.create(print) end",
    "local f f = function() while true do f() end end f()",
    "local function f() return 1 + f() end f()",
    "local function f() return (coroutine.wrap(f)()) end f()",
    "local function f() return (('x'):gsub('x', f)) end f()",
    "local function f() return pcall(f) end f()",
    "local function f() return host.call(f) end f()",
    "while true do coroutine.wrap(function() coroutine.yield() end)() end",
    "while true do load('return 1')() end",
    "while true do collectgarbage() end",
    "while true do print('x') end",
    "error({})",
    "error(nil)",
    "error(setmetatable({}, { __tostring = function() while true do end end }))",
    "error(setmetatable({}, { __tostring = function() error('no') end }))",
    "error(('x'):rep(100000))",
    "host.fail()",
    "host.panic()",
    "coroutine.yield(1)",
    "local x = nil x()",
    "while true do units[0].hp[0] = 1 end",
    "units[#units].hp[0] = 1",
    "while true do host.object:add(1) end",
    "local t = setmetatable({}, { __index = function(t, k) return t[k] end }) local _ = t.x",
    "return 1",
];

/// The same, by one long call of a library function.
const LONG_CALLS: &[&str] = &[
    "(('a'):rep(5000)):find('.-.-.-b')",
    "(('a'):rep(26)):find(('a?'):rep(26) .. ('a'):rep(26) .. 'b')",
    "local t = {} for i = 1, 100000 do t[i] = -i end while true do table.sort(t) end",
    "while true do table.concat({ 'x', 'y' }, (','):rep(100000)) end",
    "('x'):rep(1e9)",
    "while true do (''):rep(1e8) end",
];

/// What stands around it: `@` is the rest, statements within a function.
const SHIELDS: &[&str] = &[
    "pcall(function() @ end)",
    "local ok, e = pcall(function() @ end) if not ok then error(e) end",
    "local ok, e = pcall(function() @ end) pcall(error, e) pcall(tostring, e)",
    "xpcall(function() @ end, function(e) return e end)",
    "xpcall(function() @ end, function(e) while true do end end)",
    "xpcall(function() @ end, function(e) error(e) end)",
    "xpcall(error, function() @ end)",
    "coroutine.resume(coroutine.create(function() @ end))",
    "coroutine.wrap(function() @ end)()",
    "pcall(coroutine.wrap(function() @ end))",
    "local co = coroutine.create(function() coroutine.yield() @ end) coroutine.resume(co) coroutine.resume(co) coroutine.resume(co)",
    "for _ in coroutine.wrap(function() coroutine.yield(1) @ end) do end",
    "table.sort({ 3, 1, 2 }, function(a, b) @ end)",
    "pcall(table.sort, { 3, 1, 2 }, function(a, b) pcall(function() @ end) return a < b end)",
    "(('abc'):gsub('.', function() @ end))",
    "pcall(string.gsub, 'abc', '.', function() @ end)",
    "local _ = setmetatable({}, { __index = function() @ end }).x",
    "setmetatable({}, { __newindex = function() @ end }).x = 1",
    "local m = setmetatable({}, { __add = function() @ end }) local _ = m + 1",
    "local m = setmetatable({}, { __concat = function() @ end }) local _ = m .. 'x'",
    "setmetatable({}, { __call = function() @ end })()",
    "pcall(tostring, setmetatable({}, { __tostring = function() @ end }))",
    "local m = { __eq = function() @ end } local _ = setmetatable({}, m) == setmetatable({}, m)",
    "local m = { __lt = function() @ end } local _ = setmetatable({}, m) < setmetatable({}, m)",
    "for _ in function() @ end do break end",
    "for _ in function() pcall(function() @ end) return 1 end do end",
    "pcall(load, function() @ end)",
    "load(function() @ end)",
    "local function f(n) if n > 0 then return f(n - 1) end @ end f(50)",
    "local function f(n) if n > 0 then pcall(f, n - 1) end @ end f(5)",
    "host.call(function() @ end)",
    "pcall(host.call, function() @ end)",
    "host.swallow(function() @ end)",
    "local ok, e = pcall(function() @ end) local t = setmetatable({}, { __tostring = function() error(e) end }) error(t)",
    "local ok, e = pcall(function() @ end) coroutine.wrap(function() error(e) end)()",
    "while true do pcall(function() @ end) end",
    "while true do coroutine.resume(coroutine.create(function() @ end)) end",
    "while true do xpcall(function() @ end, function(e) return e end) end",
    "for i = 1, 20 do pcall(function() @ end) end",
    "do @ end",
];

/// On Lua 5.4 only.
const SHIELDS_54: &[&str] = &[
    "local x <close> = setmetatable({}, { __close = function() @ end })",
    "local x <close> = setmetatable({}, { __close = function() pcall(function() @ end) end }) error('x')",
    "local co = coroutine.create(function() local x <close> = setmetatable({}, { __close = function() @ end }) coroutine.yield() end) coroutine.resume(co) coroutine.close(co)",
    "local c = setmetatable({}, { __close = function() @ end }) for _ in function() end, nil, nil, c do end",
];

/// A program by these choices; with library functions of C that take long, where these can be stopped.
pub fn program(mut choose: impl FnMut(usize) -> usize, with_long_calls: bool) -> String {
    let weapons = if with_long_calls && choose(4) == 0 { LONG_CALLS } else { WEAPONS };
    let mut text = statement(weapons[choose(weapons.len())]);
    for _ in 0..choose(6) + 1 {
        text = statement(shield(&mut choose)).replace('@', &text);
    }
    text
}

fn shield(choose: &mut impl FnMut(usize) -> usize) -> &'static str {
    let others = if Backend::current().kind == BackendKind::LuaJit { 0 } else { SHIELDS_54.len() };
    let at = choose(SHIELDS.len() + others);
    SHIELDS.get(at).copied().unwrap_or_else(|| SHIELDS_54[at - SHIELDS.len()])
}

/// A block, so that any may stand behind any.
fn statement(text: &str) -> String {
    if text.starts_with('(') { format!("do local _ = {text} end") } else { format!("do {text} end") }
}
