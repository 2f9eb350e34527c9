//! Promise: a VM never uses more than its limit; a script that needs more gets an error that it can
//! catch, the host one that says so, and the VM goes on working; garbage alone is no reason.

mod common;

use common::{check, is_luajit, settled};
use perilune::{Error, FromLua, Function, Lua, Progress, Result, Slice, State, Value};

const LIMIT: usize = 2 << 20;

fn limited() -> Lua {
    Lua::builder().memory_limit(LIMIT).build().unwrap()
}

/// What takes more and more. Each needs more than there can be.
const GREEDY: &[(&str, &str)] = &[
    ("a table", "local t = {} for i = 1, math.huge do t[i] = i end"),
    ("tables", "local t = {} while true do t = { t } end"),
    ("names", "local t = {} for i = 1, math.huge do t['k' .. i] = i end"),
    ("a text", "local s = 'x' while true do s = s .. s end"),
    ("rep", "local s = ('x'):rep(1e9)"),
    ("texts", "local t = {} for i = 1, math.huge do t[i] = ('x'):rep(1000) .. i end"),
    ("functions", "local t = {} for i = 1, math.huge do t[i] = function() return i end end"),
    ("coroutines", "local t = {} for i = 1, math.huge do t[i] = coroutine.create(function() end) end"),
    ("running coroutines", "local t = {} for i = 1, math.huge do t[i] = coroutine.wrap(function() coroutine.yield() end) t[i]() end"),
    ("a stack", "local function f(...) return f(1, ...) end f()"),
    ("chunks", "local t = {} for i = 1, math.huge do t[i] = assert(load('local x = ' .. i .. ' return function() return x end')) end"),
    ("concat", "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(10000) end while true do t[#t + 1] = table.concat(t) end"),
    ("gsub", "local s = ('x'):rep(1e6) while true do s = s:gsub('x', 'xx') end"),
    ("errors", "local t = {} while true do local _, e = pcall(error, { ('x'):rep(1000) .. #t }) t[#t + 1] = e end"),
];

#[test]
fn whatever_takes_too_much_is_refused() {
    for &(what, script) in GREEDY {
        let mut lua = limited();
        for _ in 0..2 {
            let error = lua.load(script).call::<()>(()).unwrap_err();
            // A stack may be too large for the VM before it is for the limit.
            let is_stack = what == "a stack" && error.to_string().contains("stack overflow");
            assert!(matches!(error, Error::Memory(_)) || is_stack, "{what}: {error:#}");
            assert!(lua.memory().peak <= LIMIT, "{what}: {} bytes", lua.memory().peak);
            check(&mut lua);
        }
        lua.close().unwrap();
    }
}

#[test]
fn a_script_can_catch_it() {
    let mut lua = limited();
    // Each refusal is a full collection on Lua 5.4: without those that are refused often.
    for &(what, script) in GREEDY.iter().filter(|(what, _)| is_luajit() || !matches!(*what, "chunks" | "errors")) {
        let function: Function = lua.load(script).into_function().unwrap();
        let caught: bool =
            lua.load("local ok = pcall(...) return not ok").call(function).unwrap_or_else(|error| panic!("{what}: {error:#}"));
        assert!(caught, "{what}");
        assert!(lua.memory().peak <= LIMIT);
        check(&mut lua);
    }
}

/// What is left in a register that nobody uses any more is only forgotten when another value takes its
/// place: hence the function.
#[test]
fn a_script_goes_on_afterwards() {
    let mut lua = limited();
    let script = "
        local function try(f, ...) local ok = pcall(f, ...) return ok end
        local function fill() local t = {} for i = 1, math.huge do t[i] = ('x'):rep(100) .. i end end
        local function rest() local x = {} for i = 1, 1000 do x[i] = { i } end return #x end
        local sum = 0
        for i = 1, 5 do
            if not try(fill) and not try(string.rep, 'x', 1e9) then sum = sum + rest() end
        end
        return sum";
    assert_eq!(lua.load(script).eval::<i32>().unwrap(), 5000);
    check(&mut lua);
}

/// Much that is made and dropped, while a good part of the limit is in use.
#[test]
fn garbage_alone_is_no_reason() {
    for part in [4, 2] {
        let mut lua = limited();
        let (keep, churn) = (LIMIT / part - (1 << 18), 20 * LIMIT);
        let sum: f64 = lua
            .load(
                "local keep, churn = ...
                local kept = {}
                for i = 1, keep / 1100 do kept[i] = ('x'):rep(1000) .. i end
                local n = 0
                for i = 1, churn / 1100 do n = n + #(('y'):rep(1000) .. i) end
                for i = 1, churn / 100 do n = n + #{ i } end
                return n",
            )
            .call((keep, churn))
            .unwrap_or_else(|error| panic!("a {part}th in use: {error:#}"));
        assert!(sum > 0.0 && lua.memory().peak <= LIMIT);
    }
}

/// Nor is it for large texts, and what the host pushes: neither VM collects for want of memory there.
#[test]
fn garbage_alone_is_no_reason_to_refuse_the_host() {
    let mut lua = limited();
    lua.register("give", |_: &mut State, n: usize| -> Result<(String, Vec<i32>)> { Ok(("x".repeat(n), vec![1; 100])) }).unwrap();
    let script = "
        local kept, n = {}, 0
        for i = 1, 100 do kept[i] = ('x'):rep(10000) .. i end
        local function work(i)
            local text, list = give(5000 + i)
            n = n + #text + #list + #(('y'):rep(30000) .. i)
            for j = 1, 20 do local t = { j } end
        end
        for i = 1, 3000 do work(i) end
        for i = 1, 1000 do coroutine.wrap(work)(i) end
        return n";
    assert!(lua.load(script).eval::<f64>().unwrap() > 1e8);
    assert!(lua.memory().peak <= LIMIT, "{:?}", lua.memory());
}

/// A collection that waits for the script's next instruction is no hook of somebody else's.
#[test]
fn a_task_can_be_run_while_memory_is_short() {
    let mut lua = limited();
    lua.register("work", |state: &mut State, f: Function| -> Result<i32> {
        let text = state.create_string(vec![b'x'; 1_850_000])?;
        let mut task = state.create_task(&f, ())?;
        drop(text);
        let Progress::Done(values) = task.run(state, Slice::instructions(1000))? else { return Ok(0) };
        let first = values.into_iter().next();
        i32::from_lua(first.unwrap_or(Value::Nil), state)
    })
    .unwrap();
    assert_eq!(lua.load("return work(function() return 7 end)").eval::<i32>().unwrap(), 7);
    check(&mut lua);
}

/// How much of the limit a script can really use. `examples/usable_memory.rs` has more of it.
#[test]
fn most_of_the_limit_is_usable() {
    let mut lua = limited();
    let error = lua.run("kept = {} for i = 1, math.huge do kept[i] = ('x'):rep(1000) .. i end").unwrap_err();
    assert!(matches!(error, Error::Memory(_)), "{error:#}");
    let live = settled(&mut lua);
    assert!(live * 10 > LIMIT * 8, "{live} bytes of {LIMIT}");
    // Large texts, with ten times as much garbage.
    lua.run("kept = {}").unwrap();
    settled(&mut lua);
    let script = "
        local function make(i) return ('x'):rep(30000) .. i end
        for i = 1, math.huge do
            kept[i] = make(i)
            for j = 1, 10 do make(-j) end
        end";
    assert!(matches!(lua.run(script), Err(Error::Memory(_))));
    let live = settled(&mut lua);
    assert!(live * 10 > LIMIT * 8, "{live} bytes of {LIMIT}, large texts");
    lua.run("kept = nil").unwrap();
    settled(&mut lua);
    check(&mut lua);
}

/// The next run has what the last one left behind.
#[test]
fn what_a_run_left_behind_does_not_fail_the_next() {
    let mut lua = limited();
    for _ in 0..20 {
        assert!(matches!(lua.run("local t = {} for i = 1, math.huge do t[i] = { i } end"), Err(Error::Memory(_))));
        let n: usize = lua.load("local t = {} for i = 1, 20000 do t[i] = { i } end return #t").eval().unwrap();
        assert_eq!(n, 20000);
    }
}

#[test]
fn the_hosts_own_values_count_and_are_no_reason_to_end() {
    let mut lua = limited();
    let error = lua.set("text", "x".repeat(LIMIT)).unwrap_err();
    assert!(matches!(error, Error::Memory(_)), "{error:#}");
    let table = lua.create_table().unwrap();
    let error = (0..1_000_000).try_for_each(|i| table.set(&mut lua, i, format!("value {i}"))).unwrap_err();
    assert!(matches!(error, Error::Memory(_)), "{error:#}");
    drop(table);
    check(&mut lua);
    lua.register("give", |_: &mut State, n: usize| -> Result<String> { Ok("x".repeat(n)) }).unwrap();
    assert!(matches!(lua.run("give(2^24)"), Err(Error::Memory(_))));
    assert!(lua.load("return (pcall(give, 2^24))").eval::<bool>().is_ok_and(|ok| !ok));
    check(&mut lua);
}

#[test]
fn the_limit_can_be_changed() {
    let mut lua = Lua::new().unwrap();
    let greedy = "local t = {} for i = 1, 400000 do t[i] = { i } end return #t";
    assert_eq!(lua.load(greedy).eval::<usize>().unwrap(), 400_000);
    settled(&mut lua);
    lua.set_memory_limit(LIMIT);
    assert!(matches!(lua.run(greedy), Err(Error::Memory(_))));
    lua.set_memory_limit(usize::MAX);
    assert_eq!(lua.load(greedy).eval::<usize>().unwrap(), 400_000);
    // Below what is in use: whatever asks for more is refused, and the VM can still be closed.
    lua.set_memory_limit(1);
    assert!(lua.run("return {}").is_err());
    lua.set_memory_limit(usize::MAX);
    check(&mut lua);
    assert!(is_luajit() || lua.memory().used > 0);
    assert!(matches!(Lua::builder().memory_limit(1000).build(), Err(Error::Memory(_))));
}

/// Wherever in a handler memory runs out, also in compiled code, and in what the host calls from it: LuaJIT cannot take that in a handler
/// of its own.
#[test]
fn a_handler_may_run_out_of_memory() {
    let scripts = [
        "local function build(n) local t = {} for i = 1, n do t[i] = { i, { e = i }, 'x' .. i } end return #t end
         return select(2, xpcall(error, function(e) local a = build(60) local ok, b = pcall(build, 60) return a end, 'on purpose'))",
        "local function build(a, b, c, d) local t = { a, { b }, { c = d } } return function() return t, a, b end end
         return select(2, xpcall(error, function(e) for i = 1, 80 do build(i, e, {}, { i, i, i }) end return e end, 'on purpose'))",
        "return select(2, xpcall(error, function(e) return call(function() local t = {} for i = 1, 40 do t[i] = { i } end return #t end) end))",
    ];
    for make in [common::compiling, common::measurable] {
        let mut lua = make();
        lua.register("call", |state: &mut State, f: Function| f.call::<i32>(state, ())).unwrap();
        for script in scripts {
            let function = lua.load(script).into_function().unwrap();
            for n in 1..700 {
                lua.fail_allocations(n..u64::MAX);
                let result = function.call::<Value>(&mut lua, ());
                lua.fail_allocations(0..0);
                assert!(matches!(result, Ok(_) | Err(Error::Memory(_) | Error::Runtime(_))), "{result:?}");
                lua.gc_collect().unwrap();
            }
            common::check(&mut lua);
        }
    }
}
