//! Promise: a script that has spent its budget of instructions is stopped, whatever it does, in the same place each time;
//! what is counted is carried across calls, coroutines and slices, and nothing of it is left in the VM.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use common::endless::endless;
use common::{check, is_luajit, quietly, with};
use perilune::{Error, Function, Libs, Limit, Lua, Progress, Result, Slice, State, StopReason, lua_sys};

fn spent(result: Result<impl Sized>) -> u64 {
    match result.map(drop) {
        Err(Error::Timeout(stopped)) => match stopped.reason {
            StopReason::Instructions(budget) => budget,
            other => panic!("stopped for another reason: {other:?}"),
        },
        Err(other) => panic!("stopped by another error: {other:#}"),
        Ok(()) => panic!("it was not stopped"),
    }
}

/// How far a script comes that counts up the global `n`.
fn reached(lua: &mut Lua, budget: u64, script: &str) -> u64 {
    lua.set("n", 0).unwrap();
    let result = lua.limit(Limit::instructions(budget), |state| state.load(script).name("counting").call::<()>(()));
    assert_eq!(spent(result), budget, "{script}");
    lua.get("n").unwrap()
}

/// Scripts that count, each in another way. `call` calls a function from the host.
const COUNTING: &[(&str, &str)] = &[
    ("a loop", "while true do n = n + 1 end"),
    ("a numeric loop", "for i = 1, math.huge do n = i end"),
    ("calls", "local function up() n = n + 1 return up() end up()"),
    ("errors that are caught", "while true do n = n + 1 pcall(error, 'x') end"),
    ("the end that is caught", "while true do pcall(function() while true do n = n + 1 end end) end"),
    ("one coroutine", "coroutine.wrap(function() while true do n = n + 1 end end)()"),
    ("a generator", "for i in coroutine.wrap(function() while true do n = n + 1 coroutine.yield(n) end end) do n = n + 1 end"),
    ("many short coroutines", "while true do coroutine.wrap(function() n = n + 1 end)() end"),
    (
        "coroutines within coroutines",
        "local function f(d) while true do n = n + 1 if d > 0 and n % 7 == 0 then coroutine.wrap(f)(d - 1) end if n % 50 == 0 then return end end end
         while true do f(20) n = n + 1 end",
    ),
    (
        "coroutines taking turns",
        "local all = {} for i = 1, 30 do all[i] = coroutine.wrap(function() while true do for _ = 1, i do n = n + 1 end coroutine.yield() end end) end
         while true do for i = 1, 30 do all[i]() end end",
    ),
    ("calls from C", "while true do ('abc'):gsub('.', function() n = n + 1 end) end"),
    ("comparisons", "local t = {} for i = 1, 50 do t[i] = i * 7 % 50 end while true do table.sort(t, function(a, b) n = n + 1 return a < b end) end"),
    ("calls from the host", "while true do call(function() n = n + 1 end) end"),
    ("metamethods", "local t = setmetatable({}, { __index = function() n = n + 1 end }) while true do local _ = t.x end"),
    ("garbage", "while true do n = n + 1 local t = { n, { n }, 'x' .. n } end"),
];

fn counting(lua: &mut Lua) {
    lua.register("call", |state: &mut State, f: Function| f.call::<()>(state, ())).unwrap();
}

#[test]
fn a_script_stops_in_the_same_place_each_time() {
    for (what, script) in COUNTING {
        let in_a_new_vm = |budget| {
            let mut lua = Lua::new().unwrap();
            counting(&mut lua);
            let first = reached(&mut lua, budget, script);
            // Also where it was compiled before, as far as it came.
            lua.limit(Duration::from_millis(2), |state| state.load(script).call::<()>(())).unwrap_err();
            assert_eq!(reached(&mut lua, budget, script), first, "{what}, {budget}");
            check(&mut lua);
            first
        };
        for budget in [0, 1, 50, 99, 100, 101, 1234, 50_000] {
            assert_eq!(in_a_new_vm(budget), in_a_new_vm(budget), "{what}, {budget}");
        }
        let far = in_a_new_vm(50_000);
        assert!((200..50_000).contains(&far), "{what}: {far}");
    }
}

/// Where a VM counts in one place, that is to the instruction.
#[test]
fn twice_the_budget_is_twice_as_far() {
    with(|lua| {
        let script = "while true do n = n + 1 end";
        let (one, two) = (reached(lua, 10_000, script), reached(lua, 20_000, script));
        assert!((two - 2 * one).abs_diff(0) <= 4, "{one} {two}");
        assert!(reached(lua, 10_001, script) - one <= 1);
        Ok(())
    });
}

#[test]
fn memory_that_is_short_changes_nothing_in_that() {
    let in_a_new_vm = || {
        let mut lua = Lua::builder().memory_limit(2 << 20).build().unwrap();
        let script = "local keep = {} while true do n = n + 1 keep[n % 100 + 1] = ('x'):rep(n % 1000) .. n end";
        let far = reached(&mut lua, 300_000, script);
        check(&mut lua);
        far
    };
    assert_eq!(in_a_new_vm(), in_a_new_vm());
}

#[test]
fn whatever_never_ends_is_stopped() {
    for (what, script) in endless() {
        with(|lua| {
            let result = lua.limit(Limit::instructions(20_000), |state| state.load(script).name("endless").call::<()>(()));
            assert_eq!(spent(result), 20_000, "{what}");
            check(lua);
            Ok(())
        });
    }
}

#[test]
fn it_says_so() {
    with(|lua| {
        let script = "local function plan()\n  while true do end\nend\nplan()";
        let error = lua.limit(Limit::instructions(5_000), |state| state.load(script).name("rules").call::<()>(())).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("the script exceeded its budget of 5000 instructions, at rules:2 in function 'plan'"), "{text}");
        assert!(error.traceback().unwrap().contains("rules:"), "{error:#}");
        assert_eq!(error.code(), -5);
        Ok(())
    });
}

#[test]
fn the_budget_is_for_all_that_is_done_within_the_limit() {
    with(|lua| {
        let work: Function = lua.load("return function() local x = 0 for i = 1, 100 do x = x + i end return x end").eval()?;
        let mut calls = 0;
        let result = lua.limit(Limit::instructions(10_000), |state| {
            loop {
                work.call::<i32>(state, ())?;
                calls += 1;
            }
            #[expect(unreachable_code, reason = "it says what the closure gives")]
            Ok(())
        });
        spent(result);
        assert!((10..110).contains(&calls), "{calls}");
        // One that is over lets nothing more run.
        let result = lua.limit(Limit::instructions(100), |state| {
            spent(state.run("while true do end"));
            spent(state.run("n = 1"));
            work.call::<i32>(state, ())
        });
        spent(result);
        check(lua);
        Ok(())
    });
}

#[test]
fn budgets_nest() {
    with(|lua| {
        lua.register("within", |state: &mut State, (budget, f): (u32, Function)| -> Result<bool> {
            Ok(state.limit(Limit::instructions(budget.into()), |state| f.call::<()>(state, ())).is_err())
        })?;
        // The inner one is over, and the outer one goes on.
        let ended: (bool, bool) = lua.limit(Limit::instructions(1_000_000), |state| {
            state.load("return within(1000, function() while true do end end), within(100000, function() end)").eval()
        })?;
        assert_eq!(ended, (true, false));
        // What the inner ones take, the outer one has spent, however short they are.
        for inner in ["for i = 1, 50 do end", "for i = 1, 5000 do end", ""] {
            let script = format!("while true do within(1000, function() {inner} end) end");
            assert_eq!(spent(lua.limit(Limit::instructions(50_000), |state| state.run(&script))), 50_000, "{inner}");
        }
        // The outer one is over within an inner one.
        let script = "within(1000000, function() while true do end end) n = 'not reached'";
        assert_eq!(spent(lua.limit(Limit::instructions(10_000), |state| state.run(script))), 10_000);
        assert!(lua.get::<Option<String>>("n")?.is_none());
        check(lua);
        Ok(())
    });
}

#[test]
fn budgets_and_times_each_end_it() {
    with(|lua| {
        let both = Limit::instructions(10_000).and_time(Duration::from_secs(600));
        spent(lua.limit(both, |state| state.run("while true do end")));
        let both = Limit::instructions(u64::MAX).and_time(Duration::from_millis(5));
        let Err(Error::Timeout(stopped)) = lua.limit(both, |state| state.run("while true do end")) else { panic!() };
        assert_eq!(stopped.reason, StopReason::Time);
        check(lua);
        Ok(())
    });
}

#[test]
fn slices_and_budgets_keep_out_of_each_others_way() {
    with(|lua| {
        let body: Function = lua.load("return function() n = 0 while true do n = n + 1 end end").eval()?;
        for slice in [Slice::instructions(777), Slice::time(Duration::from_micros(200))] {
            let mut task = lua.create_task(&body, ())?;
            let mut slices = 0;
            let result = lua.limit(Limit::instructions(50_000), |state| -> Result<()> {
                loop {
                    assert!(matches!(task.run(state, slice)?, Progress::SliceUp));
                    slices += 1;
                }
            });
            spent(result);
            assert!(slices < 100, "{slices}");
            assert!(task.is_done(lua)?, "one that was stopped is over");
            check(lua);
        }
        // A budget of each slice's own.
        let mut task = lua.create_task(&body, ())?;
        for _ in 0..5 {
            let progress = lua.limit(Limit::instructions(10_000), |state| task.run(state, Slice::instructions(500)))?;
            assert!(matches!(progress, Progress::SliceUp));
        }
        spent(lua.limit(Limit::instructions(500), |state| task.run(state, Slice::instructions(10_000))));
        check(lua);
        Ok(())
    });
}

fn is_compiling(state: &mut State) -> bool {
    is_luajit() && state.load("return (jit.status())").eval::<bool>().unwrap()
}

/// What is left of the hook and of the compiler's state.
fn left(lua: &mut Lua) -> (i32, bool) {
    // SAFETY: only reads.
    let hook = unsafe { lua.with_raw(|l| lua_sys::lua_gethookmask(l)) }.unwrap();
    (hook, is_compiling(lua))
}

#[test]
fn nothing_of_it_is_left() {
    // SAFETY: the library is there to be asked.
    let mut lua = unsafe { Lua::builder().unsafe_libs(if is_luajit() { Libs::JIT_UNSAFE } else { Libs::NONE }) }.build().unwrap();
    let before = left(&mut lua);
    assert_eq!(before.1, is_luajit());
    lua.limit(Limit::instructions(1_000_000), |state| {
        assert!(!is_compiling(state));
        state.run("for i = 1, 1000 do end")
    })
    .unwrap();
    assert_eq!(left(&mut lua), before);
    spent(lua.limit(Limit::instructions(1000), |state| {
        state.run("kept = coroutine.wrap(function() while true do coroutine.yield(1) end end) while true do kept() end")
    }));
    assert_eq!(left(&mut lua), before);
    // A coroutine that was counted is free afterwards.
    lua.run("for i = 1, 1000 do assert(kept() == 1) end").err();
    lua.run("local co = coroutine.wrap(function() for i = 1, 1e5 do end return 7 end) assert(co() == 7)").unwrap();
    check(&mut lua);
}

#[test]
fn nothing_is_left_by_a_panic_either() {
    // SAFETY: the library is there to be asked.
    let mut lua = unsafe { Lua::builder().unsafe_libs(if is_luajit() { Libs::JIT_UNSAFE } else { Libs::NONE }) }.build().unwrap();
    let before = left(&mut lua);
    let work = AssertUnwindSafe(|| lua.limit(Limit::instructions(1000), |_| -> Result<()> { panic!("of the host's own") }));
    quietly(|| catch_unwind(work).map(drop)).unwrap_err();
    assert_eq!(left(&mut lua), before);
    check(&mut lua);
}

#[test]
fn a_budget_of_the_vm_holds_for_each_outermost_call() {
    let mut lua = Lua::builder().instruction_limit(20_000).build().unwrap();
    let work: Function = lua.load("return function(n) local x = 0 for i = 1, n do x = x + i end return x end").eval().unwrap();
    for _ in 0..20 {
        work.call::<f64>(&mut lua, 3000).unwrap();
        assert_eq!(spent(work.call::<f64>(&mut lua, 1_000_000)), 20_000);
    }
    lua.set_limit(Limit::NONE).unwrap();
    work.call::<f64>(&mut lua, 1_000_000).unwrap();
    lua.set_limit(Limit::instructions(1000)).unwrap();
    assert_eq!(spent(work.call::<f64>(&mut lua, 3000)), 1000);
    check(&mut lua);
}
