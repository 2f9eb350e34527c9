//! Promise: a coroutine is made, resumed, yielded from and ended from Rust as from Lua; values arrive, errors keep the
//! coroutine's traceback, and where yielding is impossible nothing is lost.

mod common;

use std::ops::ControlFlow;

use common::{check, height, is_luajit, measurable, quietly, settled, stops_growing, with};
use perilune::{
    Coroutine, CoroutineStatus, Error, Function, IntoLua, Lua, MultiValue, Result, State, Table, Value, Variadic, Yield, YieldThen,
};

fn coroutine(lua: &mut State, body: &str) -> Result<Coroutine> {
    let function: Function = lua.load(&format!("return function(...) {body} end")).name("co").eval()?;
    lua.create_coroutine(&function)
}

#[test]
fn values_go_in_and_out() {
    with(|lua| {
        let echo = coroutine(lua, "local a = { ... } while true do a = { coroutine.yield((unpack or table.unpack)(a)) } end")?;
        assert_eq!(echo.resume::<(i32, String)>(lua, (1, "two"))?, (1, "two".to_owned()));
        assert_eq!(echo.resume::<Option<i32>>(lua, ())?, None);
        let many: Variadic<i32> = (0..3000).collect();
        assert_eq!(echo.resume::<Variadic<i32>>(lua, many.clone())?, many);
        assert_eq!(echo.resume::<(i32, Variadic<i32>)>(lua, many)?.1.len(), 2999);
        assert_eq!(echo.status(lua)?, CoroutineStatus::Resumable);
        Ok(())
    });
}

#[test]
fn values_go_in_and_out_deep_inside_callbacks() {
    with(|lua| {
        let echo = coroutine(lua, "while true do coroutine.yield(...) end")?;
        lua.register("resume", move |state: &mut State, rest: MultiValue| -> Result<MultiValue> {
            let fresh = coroutine(state, "return ...")?;
            let first = echo.resume::<MultiValue>(state, ())?;
            assert!(first.is_empty());
            fresh.resume(state, rest)
        })?;
        lua.run("for _, n in ipairs { 0, 1, 14, 15, 16, 17, 200 } do local t = {} for i = 1, n do t[i] = i end assert(select('#', resume((unpack or table.unpack)(t))) == n) end")?;
        Ok(())
    });
}

#[test]
fn a_status_for_everything_it_can_do() {
    with(|lua| {
        let inner = coroutine(lua, "return status()")?;
        let asked = inner.clone();
        lua.register("status", move |state: &mut State, (): ()| -> Result<bool> {
            assert!(matches!(asked.resume::<()>(state, ()), Err(Error::Runtime(error)) if error.message.contains("running")));
            assert!(matches!(asked.close(state), Err(Error::Runtime(error)) if error.message.contains("running")));
            Ok(asked.status(state)? == CoroutineStatus::Running)
        })?;
        assert_eq!(inner.status(lua)?, CoroutineStatus::Resumable);
        assert!(inner.resume::<bool>(lua, ())?);
        assert_eq!(inner.status(lua)?, CoroutineStatus::Finished);

        let outer = coroutine(lua, "return coroutine.wrap(function() return is_normal() end)()")?;
        let asked = outer.clone();
        lua.register("is_normal", move |state: &mut State, (): ()| -> Result<bool> {
            assert!(matches!(asked.resume::<()>(state, ()), Err(Error::Runtime(error)) if error.message.contains("waits")));
            let function = state.create_function(|_: &mut State, (): ()| Ok(()))?;
            assert!(matches!(asked.reset(state, &function), Err(Error::Runtime(error)) if error.message.contains("waits")));
            Ok(asked.status(state)? == CoroutineStatus::Normal)
        })?;
        assert!(outer.resume::<bool>(lua, ())?);

        let failing = coroutine(lua, "error('on purpose')")?;
        assert!(failing.resume::<()>(lua, ()).is_err());
        assert_eq!(failing.status(lua)?, CoroutineStatus::Failed);
        for (ended, word) in [(&failing, "failed"), (&outer, "finished")] {
            let error = ended.resume::<()>(lua, (1, 2)).unwrap_err();
            assert!(error.to_string().contains(word), "{error}");
        }
        Ok(())
    });
}

#[test]
fn it_is_a_value_like_any_other() {
    with(|lua| {
        let made: Value = lua.load("return coroutine.create(function() return coroutine.running() end)").eval()?;
        assert_eq!(made.type_name(), "thread");
        let made: Coroutine = made.to(lua)?;
        let seen: Coroutine = made.resume(lua, ())?;
        let same: Function = lua.load("return function(a, b) return rawequal(a, b) and type(a) == 'thread' end").eval()?;
        assert!(same.call::<bool>(lua, (&made, seen))?);
        let error = lua.load("return 7").eval::<Coroutine>().unwrap_err();
        assert!(error.to_string().contains("expected a coroutine, got number 7"), "{error}");
        Ok(())
    });
}

#[test]
fn a_handle_works_with_its_own_vm_only() {
    let (mut lua, mut other) = (Lua::new().unwrap(), Lua::new().unwrap());
    let co = coroutine(&mut lua, "return 1").unwrap();
    assert!(matches!(co.resume::<()>(&mut other, ()), Err(Error::ForeignHandle)));
    assert!(matches!(co.status(&other), Err(Error::ForeignHandle)));
    assert!(matches!(co.close(&mut other), Err(Error::ForeignHandle)));
    let function = other.create_function(|_: &mut State, (): ()| Ok(())).unwrap();
    assert!(matches!(co.reset(&mut lua, &function), Err(Error::ForeignHandle)));
    assert!(matches!(lua.create_coroutine(&function), Err(Error::ForeignHandle)));
    drop(lua);
    assert!(matches!(co.resume::<()>(&mut other, ()), Err(Error::Closed)));
    check(&mut other);
}

#[test]
fn errors_come_with_the_coroutines_own_traceback() {
    with(|lua| {
        let failing = coroutine(lua, "local function inner() error('on purpose') end\n coroutine.yield() inner() return 1")?;
        failing.resume::<()>(lua, ())?;
        let error = failing.resume::<()>(lua, ()).unwrap_err();
        assert_eq!(error.to_string(), "co:1: on purpose");
        let traceback = error.traceback().unwrap();
        assert!(traceback.contains("co:1:") && traceback.contains("co:2:"), "{traceback}");

        let table = coroutine(lua, "error({ code = 7 })")?;
        let error = table.resume::<()>(lua, ()).unwrap_err();
        let Some(Value::Table(value)) = error.value() else { panic!("{error:?}") };
        assert_eq!(value.get::<i32>(lua, "code")?, 7);

        lua.register("fail", |_: &mut State, (): ()| -> Result<()> { Err(Error::external(std::fmt::Error)) })?;
        let external = coroutine(lua, "fail()")?;
        let error = external.resume::<()>(lua, ()).unwrap_err();
        assert!(error.downcast_ref::<std::fmt::Error>().is_some());

        lua.register("boom", |_: &mut State, (): ()| -> Result<()> { panic!("a panic") })?;
        let panicking = coroutine(lua, "boom()")?;
        let error = quietly(|| panicking.resume::<()>(lua, ())).unwrap_err();
        assert!(matches!(&error, Error::Panic(panic) if panic.message() == "a panic"), "{error:?}");
        assert_eq!(panicking.status(lua)?, CoroutineStatus::Failed);
        Ok(())
    });
}

#[test]
fn results_of_the_wrong_type_lose_no_coroutine() {
    with(|lua| {
        let co = coroutine(lua, "for i = 1, 3 do coroutine.yield('word') end return 'end'")?;
        assert!(matches!(co.resume::<i32>(lua, ()), Err(Error::Type(_))));
        let items: Vec<Result<i32>> = co.values::<i32>(lua).collect();
        assert!(items.len() == 2 && items.iter().all(Result::is_err), "{items:?}");
        assert_eq!(co.status(lua)?, CoroutineStatus::Finished);
        assert_eq!(co.values::<i32>(lua).count(), 1, "an error: it has finished");
        Ok(())
    });
}

#[test]
fn values_end_with_an_error() {
    with(|lua| {
        let co = coroutine(lua, "coroutine.yield(1) coroutine.yield(2) error('enough')")?;
        let mut values = co.values::<i32>(lua);
        assert_eq!((values.next().unwrap()?, values.next().unwrap()?), (1, 2));
        assert!(values.next().unwrap().unwrap_err().to_string().ends_with("enough"));
        assert!(values.next().is_none());
        Ok(())
    });
}

#[test]
fn ending_and_starting_again() {
    with(|lua| {
        let add: Function = lua.load("return function(a, b) return a + b end").eval()?;
        let co = coroutine(lua, "return 1")?;
        co.close(lua)?;
        assert_eq!(co.status(lua)?, CoroutineStatus::Finished);
        co.close(lua)?;
        co.reset(lua, &add)?;
        co.reset(lua, &add)?;
        assert_eq!(co.resume::<i32>(lua, (1, 2))?, 3);
        co.reset(lua, &add)?;
        assert_eq!(co.resume::<i32>(lua, (3, 4))?, 7);

        let failed = coroutine(lua, "error('on purpose')")?;
        assert!(failed.resume::<()>(lua, ()).is_err());
        failed.close(lua)?;
        let yielded = coroutine(lua, "coroutine.yield()")?;
        yielded.resume::<()>(lua, ())?;
        for co in [failed, yielded] {
            if is_luajit() {
                assert!(matches!(co.reset(lua, &add), Err(Error::Unsupported(_))));
            } else {
                co.reset(lua, &add)?;
                assert_eq!(co.resume::<i32>(lua, (1, 1))?, 2);
            }
        }
        Ok(())
    });
}

#[test]
fn closing_closes_the_pending_variables() {
    if is_luajit() {
        return;
    }
    with(|lua| {
        lua.run("closed = {} function tbc(name) return setmetatable({}, { __close = function(_, e) closed[#closed + 1] = name .. tostring(e) if name == 'bad' then error('in close', 0) end end }) end")?;
        let co = coroutine(lua, "local a <close> = tbc('a') local b <close> = tbc('b') coroutine.yield()")?;
        co.resume::<()>(lua, ())?;
        co.close(lua)?;
        assert_eq!(lua.get::<Vec<String>>("closed")?, ["bnil", "anil"]);

        lua.run("closed = {}")?;
        let bad = coroutine(lua, "local a <close> = tbc('a') local b <close> = tbc('bad') coroutine.yield()")?;
        bad.resume::<()>(lua, ())?;
        assert_eq!(bad.close(lua).unwrap_err().to_string(), "in close");
        assert_eq!(lua.get::<Vec<String>>("closed")?, ["badnil", "ain close"]);
        assert_eq!(bad.status(lua)?, CoroutineStatus::Finished);

        lua.run("closed = {}")?;
        let failed = coroutine(lua, "local a <close> = tbc('a') error('first', 0)")?;
        assert_eq!(failed.resume::<()>(lua, ()).unwrap_err().to_string(), "first");
        failed.close(lua)?;
        assert_eq!(lua.get::<Vec<String>>("closed")?, ["afirst"]);

        let worse = coroutine(lua, "local a <close> = tbc('bad') error('first', 0)")?;
        assert_eq!(worse.resume::<()>(lua, ()).unwrap_err().to_string(), "first");
        assert_eq!(worse.close(lua).unwrap_err().to_string(), "in close");
        Ok(())
    });
}

/// Counts down, yielding in Rust, and ends with what it was told last.
fn countdown(from: u32) -> YieldThen<(u32, String)> {
    Yield((from, format!("{from} left"))).then(move |_: &mut State, told: Option<String>| {
        Ok(if from == 1 { ControlFlow::Break((told, "over")) } else { ControlFlow::Continue(countdown(from - 1)) })
    })
}

#[test]
fn rust_yields_and_goes_on() {
    with(|lua| {
        lua.register("plain", |_: &mut State, (a, b): (i32, i32)| -> Result<Yield<(i32, i32)>> { Ok(Yield((b, a))) })?;
        lua.register("countdown", |_: &mut State, n: u32| -> Result<YieldThen<(u32, String)>> { Ok(countdown(n)) })?;
        let co = coroutine(lua, "local x, y = plain(...) local told, over = countdown(x) return x, y, told, over")?;
        assert_eq!(co.resume::<(i32, i32)>(lua, (1, 2))?, (2, 1));
        assert_eq!(co.resume::<(u32, String)>(lua, (5000, "y"))?.0, 5000);
        for left in (1..5000).rev() {
            assert_eq!(co.resume::<(u32, String)>(lua, "go on")?, (left, format!("{left} left")));
        }
        let end: (u32, String, String, String) = co.resume(lua, "stop")?;
        assert_eq!(end, (5000, "y".into(), "stop".into(), "over".into()));
        // The same for a script that resumes.
        lua.run(
            "local co = coroutine.wrap(countdown)
             for i = 3, 1, -1 do assert(co(i == 3 and 3 or 'x') == i) end
             local told, over = co('bye')
             assert(told == 'bye' and over == 'over')",
        )?;
        Ok(())
    });
}

#[test]
fn a_function_may_yield_or_not() {
    type Either = ControlFlow<String, Yield<i32>>;
    type Last = ControlFlow<Yield<i32>, YieldThen<i32>>;
    with(|lua| {
        lua.register("maybe", |_: &mut State, n: i32| -> Result<Either> {
            Ok(if n < 0 { ControlFlow::Break("negative".to_owned()) } else { ControlFlow::Continue(Yield(n)) })
        })?;
        lua.register("then_yields", |_: &mut State, n: i32| -> Result<Last> {
            Ok(match n {
                0 => ControlFlow::Break(Yield(10)),
                _ => ControlFlow::Continue(Yield(1).then(|_: &mut State, word: String| Ok(Yield(word.len())))),
            })
        })?;
        assert_eq!(lua.call::<String>("maybe", -1)?, "negative");
        let co = coroutine(lua, "return maybe(7), then_yields(0), then_yields(1)")?;
        assert_eq!(co.resume::<i32>(lua, ())?, 7);
        assert_eq!(co.resume::<i32>(lua, "a")?, 10);
        assert_eq!(co.resume::<i32>(lua, "b")?, 1);
        assert_eq!(co.resume::<i32>(lua, "four")?, 4);
        assert_eq!(co.resume::<(String, String, String)>(lua, "c")?, ("a".into(), "b".into(), "c".into()));
        Ok(())
    });
}

#[test]
fn many_values_are_yielded() {
    with(|lua| {
        lua.register("plain", |_: &mut State, n: i32| -> Result<Yield<Variadic<i32>>> { Ok(Yield((0..n).collect())) })?;
        lua.register("goes_on", |_: &mut State, n: i32| -> Result<YieldThen<Variadic<i32>>> {
            Ok(Yield((0..n).collect()).then(|_: &mut State, all: Variadic<i32>| Ok(all)))
        })?;
        for (name, n) in ["plain", "goes_on"].into_iter().flat_map(|name| [0, 1, 2, 11, 12, 13, 14, 15, 16, 17, 1000].map(|n| (name, n))) {
            let function: Function = lua.get(name)?;
            let co = lua.create_coroutine(&function)?;
            let all: Variadic<i32> = (0..n).collect();
            assert_eq!(co.resume::<Variadic<i32>>(lua, n)?, all, "{name} {n}");
            assert_eq!(co.resume::<Variadic<i32>>(lua, all.clone())?, all, "{name} {n}");
        }
        Ok(())
    });
}

#[test]
fn where_it_cannot_yield_the_script_is_told() {
    with(|lua| {
        lua.register("pause", |_: &mut State, (): ()| -> Result<Yield<i32>> { Ok(Yield(1)) })?;
        lua.register("pause_then", |_: &mut State, (): ()| -> Result<YieldThen<i32>> { Ok(Yield(1).then(|_: &mut State, (): ()| Ok(2))) })?;
        lua.register("call", |state: &mut State, f: Function| -> Result<MultiValue> { f.call(state, ()) })?;
        for name in ["pause", "pause_then"] {
            let error = lua.call::<()>(name, ()).unwrap_err();
            assert!(error.to_string().contains("outside a coroutine"), "{error}");
            let co = coroutine(lua, &format!("local ok, e = pcall(call, {name}) return ok, tostring(e), {name}()"))?;
            let first = co.resume::<i32>(lua, ())?;
            assert_eq!(first, 1, "the coroutine lived on and yielded");
            let (ok, message) = co.resume::<(bool, String)>(lua, ())?;
            assert!(!ok && message.contains("across a call"), "{message}");
        }
        let co = coroutine(lua, "table.sort({ 1, 2, 3 }, function(a, b) pause() return a < b end)")?;
        assert!(co.resume::<()>(lua, ()).unwrap_err().to_string().contains("across a call"));
        Ok(())
    });
}

#[test]
fn a_function_that_changes_what_it_captured_is_free_while_it_waits() {
    with(|lua| {
        let mut calls = 0;
        lua.register_mut("count", move |_: &mut State, (): ()| -> Result<YieldThen<u32>> {
            calls += 1;
            Ok(Yield(calls).then(move |_: &mut State, (): ()| Ok(calls)))
        })?;
        let count: Function = lua.get("count")?;
        let coroutines = (0..3).map(|_| lua.create_coroutine(&count)).collect::<Result<Vec<_>>>()?;
        for (i, co) in (1..).zip(&coroutines) {
            assert_eq!(co.resume::<u32>(lua, ())?, i);
        }
        for (i, co) in (1..).zip(&coroutines) {
            assert_eq!(co.resume::<u32>(lua, ())?, i);
        }
        Ok(())
    });
}

#[test]
fn what_comes_after_a_yield_may_fail_or_panic() {
    with(|lua| {
        lua.register("fails", |_: &mut State, (): ()| -> Result<YieldThen<()>> {
            Ok(Yield(()).then(|_: &mut State, n: i32| -> Result<i32> { Err(Error::runtime(format!("{n} is wrong"))) }))
        })?;
        lua.register("panics", |_: &mut State, (): ()| -> Result<YieldThen<()>> {
            Ok(Yield(()).then(|_: &mut State, (): ()| -> Result<()> { panic!("afterwards") }))
        })?;
        let co = coroutine(lua, "local ok, e = pcall(fails) coroutine.yield(tostring(e)) fails()")?;
        co.resume::<()>(lua, ())?;
        assert_eq!(co.resume::<String>(lua, 7)?, "7 is wrong");
        co.resume::<()>(lua, ())?;
        let error = co.resume::<()>(lua, "seven").unwrap_err();
        assert!(error.to_string().contains("bad argument #1 to 'what comes after a yield'"), "{error}");
        let co = coroutine(lua, "panics()")?;
        co.resume::<()>(lua, ())?;
        let error = quietly(|| co.resume::<()>(lua, ())).unwrap_err();
        assert!(matches!(error, Error::Panic(_)), "{error}");
        Ok(())
    });
}

#[test]
fn values_that_cannot_be_yielded_are_an_error() {
    with(|lua| {
        let foreign = Lua::new()?.create_table()?;
        lua.register("wrong", move |_: &mut State, (): ()| -> Result<Yield<Table>> { Ok(Yield(foreign.clone())) })?;
        let co = coroutine(lua, "local ok, e = pcall(wrong) return ok, tostring(e)")?;
        let (ok, message) = co.resume::<(bool, String)>(lua, ())?;
        assert!(!ok && message.contains("closed"), "{message}");
        Ok(())
    });
}

#[test]
fn yielding_needs_no_library() {
    let mut lua = Lua::builder().libs(perilune::Libs::NONE).build().unwrap();
    lua.register("pause", |_: &mut State, n: i32| -> Result<YieldThen<i32>> { Ok(Yield(n).then(|_: &mut State, n: i32| Ok(n + 1))) })
        .unwrap();
    let co = coroutine(&mut lua, "return pause(...)").unwrap();
    assert_eq!(co.resume::<i32>(&mut lua, 1).unwrap(), 1);
    assert_eq!(co.resume::<i32>(&mut lua, 2).unwrap(), 3);
}

/// Drops with a coroutine, wherever that was left.
struct Counted(std::sync::Arc<()>);

#[test]
fn abandoned_coroutines_are_collected_with_what_they_hold() {
    let mut lua = measurable();
    let alive = std::sync::Arc::new(());
    let held = std::sync::Arc::clone(&alive);
    lua.register("wait", move |_: &mut State, (): ()| -> Result<YieldThen<()>> {
        let counted = Counted(std::sync::Arc::clone(&held));
        Ok(Yield(()).then(move |_: &mut State, (): ()| Ok(std::sync::Arc::strong_count(&counted.0))))
    })
    .unwrap();
    stops_growing(&mut lua, "abandoned coroutines", |lua| {
        for _ in 0..100 {
            coroutine(lua, "wait()").unwrap().resume::<()>(lua, ()).unwrap();
        }
        settled(lua);
        assert_eq!(std::sync::Arc::strong_count(&alive), 2);
    });
}

#[test]
fn what_panics_when_it_is_dropped_with_a_coroutine_is_told_later() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a bomb");
        }
    }
    with(|lua| {
        lua.register("wait", |_: &mut State, (): ()| -> Result<YieldThen<()>> {
            let bomb = Bomb;
            Ok(Yield(()).then(move |_: &mut State, (): ()| {
                let _bomb = bomb;
                Ok(())
            }))
        })?;
        quietly(|| {
            let abandoned = coroutine(lua, "wait()")?;
            abandoned.resume::<()>(lua, ())?;
            drop(abandoned);
            let collected = lua.gc_collect().and_then(|()| lua.gc_collect());
            assert!(matches!(collected.and_then(|()| lua.run("").map(drop)), Err(Error::Panic(_))));
            let resumed = coroutine(lua, "wait()")?;
            resumed.resume::<()>(lua, ())?;
            assert!(matches!(resumed.resume::<()>(lua, ()), Err(Error::Panic(_))));
            Ok(())
        })
    });
}

/// An argument that, on its way to Lua, resumes what it is an argument of.
struct Meddler(Coroutine);

impl IntoLua for Meddler {
    fn into_lua(self, state: &mut State) -> Result<Value> {
        self.0.resume::<()>(state, ())?;
        Ok(Value::Integer(7))
    }
}

#[test]
fn what_changed_while_the_arguments_were_made_is_seen() {
    with(|lua| {
        let once = coroutine(lua, "return 1")?;
        let error = once.resume::<()>(lua, Meddler(once.clone())).unwrap_err();
        assert!(error.to_string().contains("has finished"), "{error}");
        let twice = coroutine(lua, "return coroutine.yield(1)")?;
        assert_eq!(twice.resume::<i32>(lua, Meddler(twice.clone()))?, 7);
        Ok(())
    });
}

#[test]
fn ten_thousand_at_once() {
    with(|lua| {
        let body: Function = lua.load("return function(n) while true do n = n + coroutine.yield(n) end end").eval()?;
        let all = (0..10_000).map(|_| lua.create_coroutine(&body)).collect::<Result<Vec<_>>>()?;
        let top = height(lua);
        for (n, co) in all.iter().enumerate() {
            assert_eq!(co.resume::<usize>(lua, n)?, n);
        }
        for (n, co) in all.iter().enumerate() {
            assert_eq!(co.resume::<usize>(lua, 1)?, n + 1);
        }
        assert_eq!(height(lua), top);
        Ok(())
    });
}

#[test]
fn a_coroutine_moves_to_another_thread_with_its_vm() {
    let mut lua = Lua::new().unwrap();
    let co = coroutine(&mut lua, "local n = ... while true do n = n + coroutine.yield(n) end").unwrap();
    assert_eq!(co.resume::<i32>(&mut lua, 1).unwrap(), 1);
    std::thread::spawn(move || assert_eq!(co.resume::<i32>(&mut lua, 2).unwrap(), 3)).join().unwrap();
}
