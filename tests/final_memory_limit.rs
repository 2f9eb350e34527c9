//! Promise: where a memory limit is final, a script that was refused memory ends, whatever it catches and wherever it is; the
//! host gets `Error::Memory`, and the VM goes on working.

mod common;

use std::time::Duration;

use common::{check, compiling, height, is_luajit};
use perilune::{Coroutine, Error, Function, Limit, Lua, Result, Slice, State, Value};

const LIMIT: usize = 2 << 20;

fn limited() -> Lua {
    Lua::builder().memory_limit(LIMIT).memory_limit_is_final(true).build().unwrap()
}

/// What takes too much, and what must not be reached.
const FILL: &str = "
    function fill() local t = {} for i = 1, math.huge do t[i] = { i } end end
    function after() went_on = true end
    went_on = false
";

/// Ways to go on after a refusal. None may come to `after`.
const STUBBORN: &[(&str, &str)] = &[
    ("pcall", "pcall(fill) after()"),
    ("nothing after it", "return (pcall(fill))"),
    ("a tail call", "return pcall(fill)"),
    ("a loop of pcall", "while true do pcall(fill) end"),
    ("pcall within pcall", "pcall(function() pcall(function() pcall(fill) after() end) after() end) after()"),
    ("xpcall", "xpcall(fill, function(e) return e end) after()"),
    ("a handler that fails", "xpcall(fill, function(e) pcall(fill) return fill() end) after()"),
    ("a large text", "pcall(string.rep, 'x', 2^30) after()"),
    ("texts", "pcall(function() local s = 'x' while true do s = s .. s end end) after()"),
    ("a coroutine", "coroutine.resume(coroutine.create(fill)) after()"),
    ("a coroutine that catches", "coroutine.wrap(function() pcall(fill) after() end)() after()"),
    (
        "coroutines",
        "
        local function nest(n) if n == 0 then pcall(fill) after() else coroutine.wrap(nest)(n - 1) after() end end
        nest(20) after()",
    ),
    (
        "a coroutine that yields",
        "
        local co = coroutine.wrap(function() while true do pcall(fill) coroutine.yield() after() end end)
        for i = 1, 5 do pcall(co) after() end",
    ),
    (
        "another coroutine",
        "
        local other = coroutine.create(function() after() end)
        pcall(fill) coroutine.resume(other) after()",
    ),
    ("a library function as a coroutine", "coroutine.resume(coroutine.create(string.rep), 'x', 2^30) while true do end"),
    ("one of the host's coroutines", "resuming(string.rep, function() while true do end end)"),
    ("load", "local t = {} for i = 1, math.huge do t[i] = load('return { ' .. ('{},'):rep(1000) .. '}') or after() end"),
    ("sort", "table.sort({ 3, 2, 1 }, function() pcall(fill) after() return true end) after()"),
    ("gsub", "string.gsub('abc', '.', function() pcall(fill) after() end) after()"),
    ("a metamethod", "local t = setmetatable({}, { __index = function() pcall(fill) after() end }) local x = t.x after()"),
    ("an iterator", "for x in function() pcall(fill) return 1 end do after() end after()"),
    ("tostring", "tostring(setmetatable({}, { __tostring = function() pcall(fill) after() return '' end })) after()"),
    ("a host function", "pcall(host, function() pcall(fill) after() end) after()"),
    ("what the host pushes", "pcall(push, 3e6) after()"),
    ("small things the host pushes", "pcall(list, 1e5) after()"),
    ("a host that forgives", "forgiving(fill) after()"),
    ("a host with a limit of time", "forgiving(fill, true) after()"),
    ("a charge", "pcall(charge, 3e6) after()"),
];

fn prepare(lua: &mut Lua) {
    lua.run(FILL).unwrap();
    lua.register("host", |state: &mut State, f: Function| -> Result<()> { f.call(state, ()) }).unwrap();
    lua.register("push", |_: &mut State, n: usize| -> Result<String> { Ok("x".repeat(n)) }).unwrap();
    lua.register("list", |_: &mut State, n: usize| -> Result<Vec<String>> { Ok((0..n).map(|i| i.to_string()).collect()) }).unwrap();
    lua.register("charge", |state: &mut State, n: usize| -> Result<()> { state.charge(n).map(drop) }).unwrap();
    // On Lua 5.4 what a library function was refused is only known by the next instruction, in whatever coroutine that is.
    lua.register("resuming", |state: &mut State, (first, second): (Function, Function)| -> Result<()> {
        let result = first.call::<Value>(state, ("x", 1 << 30));
        assert!(matches!(result, Err(Error::Memory(_))), "{result:?}");
        let co = state.create_coroutine(&second)?;
        co.resume(state, ())
    })
    .unwrap();
    lua.register("forgiving", |state: &mut State, (f, timed): (Function, Option<bool>)| -> Result<()> {
        let limit = if timed.is_some() { Limit::time(Duration::from_secs(60)) } else { Limit::NONE };
        let result = if timed.is_some() { state.limit(limit, |state| f.call::<()>(state, ())) } else { f.call(state, ()) };
        assert!(matches!(result, Err(Error::Memory(_))), "{result:?}");
        Ok(())
    })
    .unwrap();
}

fn assert_ends(lua: &mut Lua, what: &str, script: &str) {
    let before = height(lua);
    for round in 0..2 {
        let result = lua.run(script);
        let Err(Error::Memory(short)) = result else { panic!("{what}, round {round}: {result:?}") };
        assert!(short.limit() == Some(LIMIT) && short.used() + short.needed() > LIMIT, "{what}: {short:?}");
        assert!(!lua.get::<bool>("went_on").unwrap(), "{what}, round {round}: it went on");
        assert_eq!(height(lua), before, "{what}: the stack's height");
        check(lua);
        // Not only something small.
        let n: usize =
            lua.load("local t = {} for i = 1, 12000 do t[i] = { i } end return #t").eval().unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!(n, 12000);
    }
}

#[test]
fn a_script_cannot_catch_it() {
    for &(what, script) in STUBBORN {
        let mut lua = limited();
        prepare(&mut lua);
        assert_ends(&mut lua, what, script);
        lua.close().unwrap();
    }
}

/// With a limit of time around it, which is not over.
#[test]
fn nor_under_a_limit_of_time() {
    for &(what, script) in STUBBORN {
        let mut lua = Lua::builder().memory_limit(LIMIT).memory_limit_is_final(true).time_limit(Duration::from_secs(60)).build().unwrap();
        prepare(&mut lua);
        assert_ends(&mut lua, what, script);
    }
}

/// Longer than it takes to fill the VM, on whatever machine.
const LONG: Duration = Duration::from_secs(3);

#[test]
fn what_came_first_is_told() {
    let mut lua = limited();
    prepare(&mut lua);
    // Memory, then time: on its way out it takes longer than it may.
    lua.register("fill_and_wait", |state: &mut State, f: Function| -> Result<()> {
        assert!(matches!(f.call::<()>(state, ()), Err(Error::Memory(_))));
        std::thread::sleep(LONG + Duration::from_millis(100));
        Ok(())
    })
    .unwrap();
    lua.set_limit(LONG).unwrap();
    let result = lua.run("fill_and_wait(fill) after()");
    assert!(matches!(result, Err(Error::Memory(_))), "{result:?}");
    // Time, then memory.
    lua.register("wait_and_fill", |state: &mut State, (): ()| -> Result<()> {
        std::thread::sleep(Duration::from_millis(60));
        drop(state.charge(3 << 20));
        Ok(())
    })
    .unwrap();
    lua.set_limit(Duration::from_millis(40)).unwrap();
    let result = lua.run("wait_and_fill() after()");
    assert!(matches!(result, Err(Error::Timeout(_))), "{result:?}");
    lua.set_limit(Limit::NONE).unwrap();
    check(&mut lua);
}

/// A limit around several calls: one that ended for want of memory leaves it in force.
#[test]
fn a_limit_of_time_around_it_stays() {
    let mut lua = limited();
    prepare(&mut lua);
    let result = lua.limit(LONG, |state| {
        assert!(matches!(state.run("pcall(fill) after()"), Err(Error::Memory(_))));
        check(state);
        state.run("while true do pcall(function() while true do end end) end").map(drop)
    });
    assert!(matches!(result, Err(Error::Timeout(_))), "{result:?}");
    check(&mut lua);
}

#[test]
fn coroutines_and_tasks_of_the_hosts() {
    let mut lua = limited();
    prepare(&mut lua);
    let body: Function = lua.load("return function() pcall(fill) after() coroutine.yield() after() end").eval().unwrap();
    let co: Coroutine = lua.create_coroutine(&body).unwrap();
    let result = co.resume::<Value>(&mut lua, ());
    assert!(matches!(result, Err(Error::Memory(_))), "{result:?}");
    let mut task = lua.create_task(&body, ()).unwrap();
    let result = task.run(&mut lua, Slice::instructions(1_000_000_000));
    assert!(matches!(result, Err(Error::Memory(_))), "{:?}", result.map(drop));
    assert!(!lua.get::<bool>("went_on").unwrap());
    check(&mut lua);
}

/// A VM beside it, in whose call it runs, is not concerned.
#[test]
fn another_vm_goes_on() {
    let mut outer = Lua::new().unwrap();
    outer
        .register("inner", |_: &mut State, (): ()| -> Result<bool> {
            let mut lua = limited();
            prepare(&mut lua);
            Ok(matches!(lua.run("pcall(fill) after()"), Err(Error::Memory(_))))
        })
        .unwrap();
    let n: i32 = outer.load("local n = 0 for i = 1, 10 do if inner() then n = n + 1 end end return n").eval().unwrap();
    assert_eq!(n, 10);
    check(&mut outer);
}

#[test]
fn the_hosts_own_operations_are_errors_and_no_more() {
    let mut lua = limited();
    assert!(matches!(lua.set("text", "x".repeat(LIMIT)), Err(Error::Memory(_))));
    let table = lua.create_table().unwrap();
    assert!(matches!((0..1_000_000).try_for_each(|i| table.set(&mut lua, i, format!("value {i}"))), Err(Error::Memory(_))));
    drop(table);
    check(&mut lua);
}

#[test]
fn it_can_be_switched() {
    let mut lua = Lua::builder().memory_limit(LIMIT).build().unwrap();
    prepare(&mut lua);
    let script = "local ok = pcall(fill) return ok";
    assert!(!lua.load(script).eval::<bool>().unwrap());
    lua.set_memory_limit_is_final(true).unwrap();
    assert!(matches!(lua.load(script).eval::<bool>(), Err(Error::Memory(_))));
    lua.set_memory_limit_is_final(false).unwrap();
    assert!(!lua.load(script).eval::<bool>().unwrap());
    // The call in progress keeps what it has.
    lua.register("switch", |state: &mut State, on: bool| state.set_memory_limit_is_final(on)).unwrap();
    assert!(!lua.load("switch(true) local ok = pcall(fill) return ok").eval::<bool>().unwrap());
    assert!(matches!(lua.load("switch(false) local ok = pcall(fill) return ok").eval::<bool>(), Err(Error::Memory(_))));
    assert!(!lua.load(script).eval::<bool>().unwrap());
    check(&mut lua);
}

/// Lua 5.4 collects and asks again: what it is given then was not refused.
#[test]
fn garbage_is_no_reason_on_lua_5_4() {
    if is_luajit() {
        return;
    }
    let mut lua = limited();
    let script = "
        local n = 0
        local part = ('x'):rep(100000)
        for i = 1, 500 do n = n + #(part .. i) + #{ part, i } end
        return n";
    assert!(lua.load(script).eval::<i64>().unwrap() > 50_000_000);
    // One refusal, and the second request granted.
    let mut lua = Lua::new().unwrap();
    lua.set_memory_limit_is_final(true).unwrap();
    let f: Function = lua.load("local t = {} for i = 1, 100 do t[i] = { i } end return #t").into_function().unwrap();
    for n in 1..50 {
        lua.fail_allocation(n);
        assert_eq!(f.call::<i32>(&mut lua, ()).unwrap(), 100, "allocation {n}");
    }
    lua.fail_allocation(0);
}

/// Much that is made and dropped, while a part of the limit is in use.
#[test]
fn garbage_alone_is_no_reason() {
    let mut lua = limited();
    let script = "
        local kept = {}
        for i = 1, 500 do kept[i] = ('x'):rep(1000) .. i end
        local n = 0
        for i = 1, 40000 do n = n + #(('y'):rep(1000) .. i) end
        for i = 1, 400000 do n = n + #{ i } end
        return n";
    assert!(lua.load(script).eval::<i64>().unwrap() > 0);
}

/// Every allocation that fails ends the script, whichever it is.
#[test]
fn any_allocation() {
    let mut lua = compiling();
    lua.set_memory_limit_is_final(true).unwrap();
    let script = "
        local function work()
            local t = {}
            for i = 1, 20 do t[i] = { ('x'):rep(i), function() return i end } end
            local co = coroutine.wrap(function() coroutine.yield({ #t }) end)
            return co()
        end
        pcall(work)
        went_on = true";
    let f: Function = lua.load(script).into_function().unwrap();
    f.call::<()>(&mut lua, ()).unwrap();
    for n in 1..10_000 {
        lua.set("went_on", false).unwrap();
        let before = lua.memory().allocations;
        lua.fail_allocations(n..u64::MAX);
        let result = f.call::<()>(&mut lua, ());
        lua.fail_allocation(0);
        let made = lua.memory().allocations - before;
        if made < n {
            assert!(result.is_ok(), "{result:?}");
            assert!(n > 20, "{n}");
            return;
        }
        assert!(matches!(result, Err(Error::Memory(_))), "allocation {n}: {result:?}");
        assert!(!lua.get::<bool>("went_on").unwrap(), "allocation {n}");
        check(&mut lua);
    }
    panic!("it never comes to an end");
}
