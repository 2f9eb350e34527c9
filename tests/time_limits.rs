//! Promise: a script whose time is over is stopped, whatever it does, and nothing of that is left
//! in the VM; one that keeps to its time is not disturbed.

mod common;

use std::time::{Duration, Instant};

use common::endless::endless;
use common::{check, is_luajit, with};
use perilune::{Error, Function, Limit, Lua, Progress, Result, Slice, State, StopReason, TimeoutError};

const SHORT: Duration = Duration::from_millis(20);

fn stopped(result: Result<impl Sized>) -> Box<TimeoutError> {
    match result.map(drop) {
        Err(Error::Timeout(stopped)) => stopped,
        Err(other) => panic!("stopped by another error: {other:#}"),
        Ok(()) => panic!("it was not stopped"),
    }
}

#[test]
fn whatever_never_ends_is_stopped() {
    for (what, script) in endless() {
        with(|lua| {
            let error = stopped(lua.limit(SHORT, |state| state.load(script).name("endless").call::<()>(())));
            assert_eq!((&error.reason, error.limit), (&StopReason::Time, Some(SHORT)), "{what}");
            assert!(error.elapsed >= SHORT, "{what}");
            check(lua);
            Ok(())
        });
    }
}

#[test]
fn the_same_vm_goes_on_afterwards() {
    with(|lua| {
        for (_, script) in endless() {
            stopped(lua.limit(SHORT / 10, |state| state.load(script).call::<()>(())));
            check(lua);
        }
        Ok(())
    });
}

#[test]
fn the_text_of_an_error_takes_its_time_too() {
    with(|lua| {
        let script = "error(setmetatable({}, { __tostring = function() while true do end end }))";
        let error = lua.limit(Duration::from_secs(600), |state| state.run(script)).unwrap_err();
        assert!(error.to_string().contains("(error object is a table value)"), "{error}");
        stopped(lua.limit(Duration::from_millis(1), |state| state.run(script)));
        Ok(())
    });
}

/// The parser is stopped as well: it does not come to what is wrong at the end of the text.
#[test]
fn a_text_that_takes_long_to_compile_is_stopped() {
    with(|lua| {
        let text = "x = 1 do local y = { x, x + 1, 'text' } end\n".repeat(200_000) + "what is this?";
        assert!(matches!(lua.run(&text), Err(Error::Syntax(_) | Error::Runtime(_))));
        for _ in 0..2 {
            stopped(lua.limit(Duration::from_millis(3), |state| state.run(&text)));
            stopped(lua.limit(Duration::from_millis(3), |state| state.load(&text).into_function()));
        }
        check(lua);
        Ok(())
    });
}

#[test]
fn where_it_was_is_told() {
    with(|lua| {
        let script = "local function plan()\n  while true do end\nend\nplan()";
        let error = stopped(lua.limit(SHORT, |state| state.load(script).name("rules").call::<()>(())));
        assert!(error.place.starts_with("rules:2"), "{error}");
        assert!(error.place.contains("in function 'plan'"), "{error}");
        assert!(error.traceback.starts_with("stack traceback:"), "{error}");
        assert!(error.to_string().starts_with("the script exceeded its time limit of 20ms, at rules:2"), "{error}");
        Ok(())
    });
}

/// Also where the library's own Lua code was at work for the script.
#[test]
fn the_place_is_the_scripts() {
    for work in [
        "table.concat(t, ',')",
        "for a in string.gmatch(s, 'a()') do end",
        "string.find(s, 'ab')",
        "string.rep(s, 1)",
        "string.format('%s %s', s, 'x')",
        "table.insert(t, 1, 'x')",
    ] {
        let mut lua = Lua::builder().untrusted().build().unwrap();
        let script = format!("local s, t = ('a'):rep(1000), {{}}\nfor i = 1, 2e5 do t[i] = i end\nwhile true do\n{work}\nend");
        let error = stopped(lua.limit(SHORT, |state| state.load(&script).name("rules").call::<()>(())));
        assert!(error.place.starts_with("rules:"), "{work}: {}", error.place);
    }
}

/// The limit of the builder holds for every outermost call, each from its own beginning.
#[test]
fn a_limit_of_the_vm_holds_for_each_call() {
    let mut lua = Lua::builder().time_limit(SHORT).build().unwrap();
    let function: Function = lua.load("return function(n) local x = 0 for i = 1, n do x = x + i % 7 end return x end").eval().unwrap();
    for _ in 0..3 {
        stopped(function.call::<f64>(&mut lua, f64::INFINITY));
        for _ in 0..50 {
            function.call::<f64>(&mut lua, 1000).unwrap();
        }
        check(&mut lua);
    }
    lua.set_limit(Limit::NONE).unwrap();
    function.call::<f64>(&mut lua, 1000).unwrap();
    let mut lua = Lua::builder().untrusted().cpu_time_limit(SHORT).build().unwrap();
    let error = stopped(lua.run("while true do end"));
    assert_eq!((error.reason, error.limit), (StopReason::CpuTime, Some(SHORT)));
    check(&mut lua);
}

/// Waiting takes time on the wall, but not the processor's.
#[test]
fn waiting_counts_by_the_clock_on_the_wall_only() {
    with(|lua| {
        lua.register("wait", |_: &mut State, (): ()| -> Result<()> {
            // Not one sleep, which the signal would end early.
            let until = Instant::now() + 3 * SHORT;
            while Instant::now() < until {
                std::thread::sleep(SHORT / 20);
            }
            Ok(())
        })?;
        lua.limit(Limit::cpu_time(2 * SHORT), |state| state.run("wait() wait()").map(drop))?;
        stopped(lua.limit(SHORT, |state| state.run("wait() wait() return 1")));
        Ok(())
    });
}

/// Once a limit is over, nothing runs within it any more, and nothing is left of it afterwards.
#[test]
fn nothing_more_runs_within_a_limit_that_is_over() {
    with(|lua| {
        lua.limit(SHORT, |state| {
            stopped(state.run("while true do end"));
            for _ in 0..3 {
                stopped(state.run("local x = 0 for i = 1, 100 do x = x + i end later = true"));
            }
            Ok(())
        })?;
        assert_eq!(lua.get::<Option<bool>>("later")?, None);
        check(lua);
        Ok(())
    });
}

/// A callback that runs scripts is under the limit of whoever called it; and what it limits
/// itself ends there.
#[test]
fn limits_nest_within_a_vm() {
    with(|lua| {
        lua.register("inner", |state: &mut State, script: String| -> Result<()> { state.load(&script).call(()) })?;
        lua.register("short", |state: &mut State, script: String| -> Result<bool> {
            let result = state.limit(SHORT, |state| state.load(&script).call::<()>(()));
            Ok(matches!(result, Err(Error::Timeout(_))))
        })?;
        stopped(lua.limit(SHORT, |state| state.run("inner 'while true do end'")));
        stopped(lua.limit(SHORT, |state| state.run("while true do pcall(inner, 'while true do end') end")));
        // The inner limit is over first: the outer script goes on, compiled or not.
        let count: i32 = lua.limit(Duration::from_secs(600), |state| {
            state.load("local n = 0 for i = 1, 5 do if short 'while true do end' then n = n + 1 end end return n").eval()
        })?;
        assert_eq!(count, 5);
        // The outer one is over first, and says so.
        let error = stopped(lua.limit(SHORT / 2, |state| state.run("while true do short 'while true do end' end")));
        assert_eq!(error.limit, Some(SHORT / 2));
        // Without any limit outside.
        assert!(lua.load("return short 'while true do end'").eval::<bool>()?);
        assert!(!lua.load("return short 'return 1'").eval::<bool>()?);
        Ok(())
    });
}

#[test]
fn limits_nest_over_several_vms() {
    with(|outer| {
        let mut inner = Lua::new()?;
        outer.register_mut("other", move |_: &mut State, script: String| -> Result<bool> {
            let result = inner.run(&script);
            Ok(matches!(result, Err(Error::Timeout(_))))
        })?;
        // The inner VM has no limit of its own, and is stopped by the outer one's, as is the outer one.
        let error = stopped(outer.limit(SHORT, |state| state.run("while true do other 'while true do end' end")));
        assert_eq!(error.limit, Some(SHORT));
        let mut limited = Lua::builder().time_limit(SHORT / 2).build()?;
        outer.register_mut("limited", move |_: &mut State, script: String| -> Result<bool> {
            Ok(matches!(limited.run(&script), Err(Error::Timeout(_))))
        })?;
        assert!(outer.load("return limited 'while true do end'").eval::<bool>()?);
        assert!(outer.limit(Duration::from_secs(600), |state| state.load("return limited 'while true do end'").eval::<bool>())?);
        Ok(())
    });
}

/// A panic that passes a limit leaves nothing of it.
#[test]
fn a_panic_passes_a_limit() {
    with(|lua| {
        common::quietly(|| {
            let caught =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| lua.limit(SHORT, |_| -> Result<()> { panic!("on purpose") })));
            assert!(caught.is_err());
        });
        let x: f64 = lua.load("local x = 0 for i = 1, 1e6 do x = x + i % 3 end return x").eval()?;
        assert!(x > 0.0);
        std::thread::sleep(2 * SHORT);
        check(lua);
        Ok(())
    });
}

#[test]
fn work_that_keeps_to_its_time_is_not_disturbed() {
    with(|lua| {
        let sum: f64 = lua.limit(Duration::from_secs(600), |state| {
            state.load("local s = 0 for i = 1, 3e6 do s = s + i % 5 end for k in ('a b c'):gmatch('%a') do s = s + #k end return s").eval()
        })?;
        assert_eq!(sum, 6_000_003.0);
        for n in 0..2000 {
            let got: i32 = lua.limit(Duration::from_secs(600), |state| state.load("return ... + 1").call(n))?;
            assert_eq!(got, n + 1);
        }
        Ok(())
    });
}

/// Many threads, each with VMs of its own, under limits of all lengths.
#[test]
fn threads_are_stopped_each_in_its_own_time() {
    std::thread::scope(|scope| {
        for thread in 0..8u32 {
            scope.spawn(move || {
                let mut lua = Lua::new().unwrap();
                for round in 0..10 {
                    let limit = Duration::from_micros(u64::from((thread * 7 + round * 3) % 11) * 700);
                    let error = stopped(lua.limit(limit, |state| state.run("while true do end")));
                    assert_eq!(error.limit, Some(limit));
                    let n: i32 = lua
                        .limit(Duration::from_secs(600), |state| state.load("local n = 0 for i = 1, 1000 do n = n + 1 end return n").eval())
                        .unwrap();
                    assert_eq!(n, 1000);
                }
            });
        }
    });
}

/// A `Task` under a limit, and a limit in a slice: both end as they should.
#[test]
fn slices_and_limits_keep_out_of_each_others_way() {
    with(|lua| {
        let body: Function = lua.load("return function() while true do end end").eval()?;
        let mut task = lua.create_task(&body, ())?;
        for _ in 0..3 {
            assert!(matches!(lua.limit(Duration::from_secs(600), |state| task.run(state, Slice::instructions(1000)))?, Progress::SliceUp));
        }
        stopped(lua.limit(SHORT, |state| task.run(state, Slice::UNLIMITED)));
        check(lua);
        lua.register("short", |state: &mut State, (): ()| -> Result<()> {
            stopped(state.limit(SHORT / 10, |state| state.run("while true do end")));
            Ok(())
        })?;
        let body: Function = lua.load("return function() while true do short() for i = 1, 100 do end end end").eval()?;
        let mut task = lua.create_task(&body, ())?;
        for _ in 0..3 {
            assert!(matches!(task.run(lua, Slice::instructions(500))?, Progress::SliceUp));
        }
        Ok(())
    });
}

#[test]
fn an_interrupt_stops_the_run_in_progress_and_no_later_one() {
    let mut lua = Lua::new().unwrap();
    let handle = lua.interrupt_handle().unwrap();
    assert!(!handle.interrupt("nothing runs"));
    let (begun, begins) = std::sync::mpsc::channel();
    let begins = std::sync::Mutex::new(begins);
    lua.register("begun", move |_: &mut State, (): ()| -> Result<()> {
        begun.send(()).unwrap();
        Ok(())
    })
    .unwrap();
    for round in 0..20 {
        std::thread::scope(|scope| {
            let (handle, begins) = (&handle, &begins);
            scope.spawn(move || {
                begins.lock().unwrap().recv().unwrap();
                assert!(handle.interrupt(format!("round {round}")));
                handle.interrupt("the first reason counts");
            });
            let error = stopped(lua.run("begun() while true do pcall(function() while true do end end) end"));
            assert_eq!(error.reason, StopReason::Interrupted(format!("round {round}")));
            check(&mut lua);
        });
    }
}

/// Interrupts that come at any moment hit what runs then, or nothing.
#[test]
fn interrupts_at_any_time_do_no_harm() {
    let mut lua = Lua::new().unwrap();
    let handle = lua.interrupt_handle().unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                handle.interrupt("now");
                std::thread::yield_now();
            }
        });
        let (mut whole, mut cut) = (0, 0);
        while whole < 50 || cut < 50 {
            match lua.load("local n = 0 for i = 1, 300 do n = n + 1 end return n").eval::<i32>() {
                Ok(n) => {
                    assert_eq!(n, 300);
                    whole += 1;
                }
                Err(Error::Timeout(stopped)) => {
                    assert_eq!(stopped.reason, StopReason::Interrupted("now".into()));
                    cut += 1;
                }
                Err(other) => panic!("{other:#}"),
            }
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    check(&mut lua);
}

/// Lua 5.4 leaves hooks off in a coroutine that a hook's error has ended, also when it closes its variables or is used again.
#[test]
fn a_coroutine_that_was_stopped_runs_nothing_any_more() {
    let endless = "while true do end";
    let closing = format!("function() local x <close> = setmetatable({{}}, {{ __close = function() {endless} end }}) {endless} end");
    with(|lua| {
        for limit in [Limit::time(SHORT), Limit::instructions(1000)] {
            let spin: Function = lua.load(&*format!("return function() {endless} end")).eval()?;
            let co = lua.create_coroutine(&spin)?;
            stopped(lua.limit(limit, |state| co.resume::<()>(state, ())));
            assert!(lua.limit(limit, |state| co.reset(state, &spin)).is_err());
            assert!(lua.limit(limit, |state| co.resume::<()>(state, ())).is_err());
            co.close(lua)?;
            if is_luajit() {
                continue;
            }
            stopped(lua.limit(limit, |state| state.run(&format!("coroutine.wrap({closing})()"))));
            stopped(lua.limit(limit, |state| state.run(&format!("kept = coroutine.create({closing}) coroutine.resume(kept)"))));
            let again = "assert(not coroutine.resume(kept)) local done, why = coroutine.close(kept) return done or why";
            let again = lua.limit(Limit::time(10 * SHORT), |state| state.load(again).eval::<String>())?;
            assert!(again.contains("stopped"), "{again}");
            check(lua);
        }
        Ok(())
    });
}
