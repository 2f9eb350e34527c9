//! Promise: a script awaits Rust's async functions on any executor; what is dropped is cancelled at once, and errors and
//! panics come out where they are awaited.
#![cfg(feature = "async")]

mod common;

use std::future::{pending, poll_fn, ready};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use common::{check, is_luajit, measurable, quietly, settled, stops_growing, with};
use futures_lite::future::{block_on, yield_now};
use perilune::{AsyncCall, AsyncContext, Coroutine, Error, Function, Lua, MultiValue, Result, State, Table, Variadic, Yield};

fn function(lua: &mut Lua, body: &str) -> Function {
    lua.load(&format!("return function(...) {body} end")).name("script").eval().unwrap()
}

/// Waits for so many polls.
async fn wait(times: u32) {
    for _ in 0..times {
        yield_now().await;
    }
}

fn register_wait(lua: &mut Lua) {
    lua.register_async("wait", |_: AsyncContext, (times, value): (u32, MultiValue)| async move {
        wait(times).await;
        Ok(value)
    })
    .unwrap();
}

/// Polls once, with a waker that counts.
fn poll_once<T>(future: impl Future<Output = T>) -> (Option<T>, usize) {
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let waker = Waker::from(count.clone());
    let polled = pin!(future).poll(&mut Context::from_waker(&waker));
    let value = if let Poll::Ready(value) = polled { Some(value) } else { None };
    (value, count.0.load(Ordering::Relaxed))
}

#[test]
fn values_arrive_however_long_they_take() {
    with(|lua| {
        register_wait(lua);
        for times in [0, 1, 2, 1000] {
            let script = function(lua, "local a, b = wait(...) return b, a, select('#', wait(1)), (wait(3, 'x'))");
            let got = block_on(script.call_async::<(String, i32, u32, String)>(lua, (times, 7, "seven")))?;
            assert_eq!(got, ("seven".to_owned(), 7, 0, "x".to_owned()));
        }
        let script = function(lua, "return wait(1, ...)");
        let many: Variadic<i32> = (0..500).collect();
        assert_eq!(block_on(script.call_async::<Variadic<i32>>(lua, many.clone()))?, many);
        Ok(())
    });
}

#[test]
fn wakers_are_passed_through() {
    let mut lua = Lua::new().unwrap();
    register_wait(&mut lua);
    lua.register_async("never", |_: AsyncContext, (): ()| pending::<Result<()>>()).unwrap();
    let waits = function(&mut lua, "wait(1)");
    let (done, wakes) = poll_once(waits.call_async::<()>(&mut lua, ()));
    assert!(done.is_none() && wakes == 1);
    let never = function(&mut lua, "never()");
    let (done, wakes) = poll_once(never.call_async::<()>(&mut lua, ()));
    assert!(done.is_none() && wakes == 0);
    // A script's own yield gives others their turn.
    let yields = function(&mut lua, "assert(select('#', coroutine.yield(1, 2)) == 0) return 3");
    let (done, wakes) = poll_once(yields.call_async::<i32>(&mut lua, ()));
    assert!(done.is_none() && wakes == 1);
    assert_eq!(block_on(yields.call_async::<i32>(&mut lua, ())).unwrap(), 3);
    check(&mut lua);
}

#[test]
fn the_context_lends_the_vm() {
    with(|lua| {
        lua.register_async("twice", |cx: AsyncContext, (name, f): (String, Function)| async move {
            let first: i32 = cx.with(|state| f.call(state, 1))?;
            wait(2).await;
            let table: Table = cx.with(|state| {
                assert!(cx.with(|_| Ok(())).unwrap_err().to_string().contains("not at hand"), "it is taken");
                let table = state.create_table()?;
                let second: i32 = f.call(state, first)?;
                table.set(state, name, second)?;
                Ok(table)
            })?;
            Ok(table)
        })?;
        let script = function(lua, "return twice('key', function(n) return n + 10 end).key");
        assert_eq!(block_on(script.call_async::<i32>(lua, ()))?, 21);
        Ok(())
    });
}

#[test]
fn the_context_is_worth_nothing_elsewhere() {
    let kept: Arc<Mutex<Option<AsyncContext>>> = Arc::default();
    let (mut lua, mut other) = (Lua::new().unwrap(), Lua::new().unwrap());
    lua.register_async("keep", {
        let kept = kept.clone();
        move |cx: AsyncContext, (): ()| {
            *kept.lock().unwrap() = Some(cx);
            ready(Ok(()))
        }
    })
    .unwrap();
    block_on(function(&mut lua, "keep()").call_async::<()>(&mut lua, ())).unwrap();
    let cx = kept.lock().unwrap().take().unwrap();
    assert!(matches!(cx.with(|_| Ok(())), Err(Error::Runtime(_))));
    other
        .register_async("steal", move |_: AsyncContext, (): ()| {
            let cx = cx.clone();
            async move {
                assert!(matches!(cx.with(|_| Ok(())), Err(Error::ForeignHandle)));
                Ok(())
            }
        })
        .unwrap();
    block_on(function(&mut other, "steal()").call_async::<()>(&mut other, ())).unwrap();
}

#[test]
fn errors_and_panics_come_out() {
    with(|lua| {
        lua.register_async("fail", |_: AsyncContext, times: u32| async move {
            wait(times).await;
            Err::<(), _>(Error::external(std::fmt::Error))
        })?;
        lua.register_async("boom", |_: AsyncContext, times: u32| async move {
            wait(times).await;
            panic!("in the future");
            #[expect(unreachable_code, reason = "says what it would give")]
            Ok(())
        })?;
        for times in [0, 1] {
            let error = block_on(function(lua, "fail(...)").call_async::<()>(lua, times)).unwrap_err();
            assert!(error.downcast_ref::<std::fmt::Error>().is_some());
            assert!(error.traceback().unwrap().contains("script:1:"), "{error:#}");
            let caught = function(lua, "local ok, e = pcall(fail, ...) return ok, (pcall(wait, 1)), tostring(e)");
            let (ok, _, _) = block_on(caught.call_async::<(bool, bool, String)>(lua, times))?;
            assert!(!ok);
            let error = quietly(|| block_on(function(lua, "boom(...)").call_async::<()>(lua, times))).unwrap_err();
            assert!(matches!(&error, Error::Panic(panic) if panic.message() == "in the future"), "{error:?}");
        }
        let error = block_on(function(lua, "fail('many')").call_async::<()>(lua, ())).unwrap_err();
        assert!(error.to_string().contains("bad argument #1 to 'fail'"), "{error}");
        Ok(())
    });
}

#[test]
fn where_nothing_awaits_it_the_script_is_told() {
    with(|lua| {
        register_wait(lua);
        lua.register("call", |state: &mut State, f: Function| -> Result<MultiValue> { f.call(state, ()) })?;
        for text in ["wait(0)", "coroutine.wrap(function() wait(1) end)()"] {
            let error = lua.run(text).unwrap_err();
            assert!(error.to_string().contains("nothing awaits it"), "{error}");
        }
        let inside = function(lua, "local ok, e = pcall(coroutine.wrap(wait), 1) assert(not ok) return tostring(e)");
        assert!(block_on(inside.call_async::<String>(lua, ()))?.contains("nothing awaits it"));
        let below = function(lua, "local ok, e = pcall(call, function() wait(1) end) assert(not ok) return tostring(e), wait(1, 'and on')");
        let (message, and_on) = block_on(below.call_async::<(String, String)>(lua, ()))?;
        assert!(message.contains("across a call") && and_on == "and on", "{message}");
        Ok(())
    });
}

/// Says when it is dropped.
struct Alarm(Arc<AtomicUsize>);

impl Drop for Alarm {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// `forever()` waits for what never comes, and counts when that is dropped.
fn register_forever(lua: &mut Lua, dropped: &Arc<AtomicUsize>) {
    let dropped = dropped.clone();
    let forever = move |_: AsyncContext, (): ()| {
        let alarm = Alarm(dropped.clone());
        async move {
            pending::<()>().await;
            drop(alarm);
            Ok(())
        }
    };
    lua.register_async("forever", forever).unwrap();
}

#[test]
fn dropping_cancels() {
    let mut lua = Lua::new().unwrap();
    let dropped = Arc::new(AtomicUsize::new(0));
    register_forever(&mut lua, &dropped);
    lua.run("closed = 0 function tbc() return setmetatable({}, { __close = function() closed = closed + 1 end }) end").unwrap();
    let body = if is_luajit() { "forever()" } else { "local v <close> = tbc() forever()" };
    let script = function(&mut lua, body);
    drop(script.call_async::<()>(&mut lua, ()));
    assert_eq!(dropped.load(Ordering::Relaxed), 0, "it had not begun");
    for round in 1..=3 {
        let (done, _) = poll_once(script.call_async::<()>(&mut lua, ()));
        assert!(done.is_none());
        assert_eq!(dropped.load(Ordering::Relaxed), round);
        assert_eq!(lua.get::<usize>("closed").unwrap(), if is_luajit() { 0 } else { round });
        check(&mut lua);
    }
}

#[test]
fn dropping_what_panics_when_dropped() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a bomb");
        }
    }
    let mut lua = Lua::new().unwrap();
    lua.register_async("forever", |_: AsyncContext, (): ()| async {
        let bomb = Bomb;
        pending::<()>().await;
        drop(bomb);
        Ok(())
    })
    .unwrap();
    let script = function(&mut lua, "forever()");
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| quietly(|| poll_once(script.call_async::<()>(&mut lua, ())))));
    assert!(outcome.is_err());
    check(&mut lua);
}

#[test]
fn many_calls_of_one_vm_at_once() {
    with(|lua| {
        register_wait(lua);
        let script = function(lua, "local n = ... local sum = 0 for i = 1, n do sum = sum + wait(i % 3, i) end return sum");
        let mut calls = (0..200_u32).map(|n| lua.start_async::<u32>(&script, n)).collect::<Result<Vec<AsyncCall<u32>>>>()?;
        let mut sums = Vec::new();
        block_on(poll_fn(|context| {
            calls.retain_mut(|call| match call.poll(lua, context) {
                Poll::Ready(sum) => {
                    sums.push(sum.unwrap());
                    false
                }
                Poll::Pending => true,
            });
            if calls.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        }));
        sums.sort_unstable();
        assert_eq!(sums, (0..200).map(|n| n * (n + 1) / 2).collect::<Vec<u32>>());
        Ok(())
    });
}

#[test]
fn calls_await_calls() {
    let mut lua = Lua::new().unwrap();
    register_wait(&mut lua);
    // Another VM, driven inside the future of the first.
    lua.register_async("elsewhere", |cx: AsyncContext, n: u32| async move {
        let mut other = Lua::new()?;
        register_wait(&mut other);
        let script = function(&mut other, "return wait(2, ...) + 1");
        let n: u32 = script.call_async(&mut other, n).await?;
        cx.with(|state: &mut State| state.set("seen", n))?;
        Ok(n)
    })
    .unwrap();
    // And a call inside a call of the same VM, which is no part of it.
    lua.register("blocks", |state: &mut State, f: Function| -> Result<u32> {
        let mut call = state.start_async::<u32>(&f, ())?;
        block_on(poll_fn(|context| call.poll(state, context)))
    })
    .unwrap();
    let script = function(&mut lua, "local n = elsewhere(...) return blocks(function() return wait(2, n) + wait(0, 1) end) + wait(1, 1)");
    assert_eq!(block_on(script.call_async::<u32>(&mut lua, 1)).unwrap(), 4);
    assert_eq!(lua.get::<u32>("seen").unwrap(), 2);
    check(&mut lua);
}

#[test]
fn a_future_moves_between_threads() {
    let mut lua = Lua::new().unwrap();
    register_wait(&mut lua);
    let script = function(&mut lua, "return wait(3, ...)");
    std::thread::scope(|scope| {
        let mut future = Box::pin(script.call_async::<u32>(&mut lua, 7));
        for _ in 0..3 {
            future = scope
                .spawn(move || {
                    assert!(poll_once(future.as_mut()).0.is_none());
                    future
                })
                .join()
                .unwrap();
        }
        assert_eq!(scope.spawn(move || block_on(future)).join().unwrap().unwrap(), 7);
    });
    check(&mut lua);
}

#[test]
fn a_coroutine_that_others_resume_loses_only_itself() {
    with(|lua| {
        lua.register_async("never", |_: AsyncContext, (): ()| pending::<Result<()>>())?;
        let script = function(lua, "running = coroutine.running() never()");
        let mut call = lua.start_async::<()>(&script, ())?;
        assert!(poll_once(poll_fn(|context| call.poll(lua, context))).0.is_none());
        let running: Coroutine = lua.get("running")?;
        let error = running.resume::<()>(lua, ()).unwrap_err();
        assert!(error.to_string().contains("nothing awaits it"), "{error}");
        let (done, _) = poll_once(poll_fn(|context| call.poll(lua, context)));
        assert!(matches!(done, Some(Err(Error::Runtime(error))) if error.message.contains("failed")));
        Ok(())
    });
}

#[test]
fn a_finished_call_stays_finished() {
    with(|lua| {
        let script = function(lua, "return 1");
        let mut call = script.call_async::<i32>(lua, ());
        assert_eq!(block_on(&mut call)?, 1);
        assert!(matches!(block_on(&mut call), Err(Error::Runtime(_))));
        drop(call);
        let foreign = Lua::new()?.create_table()?;
        assert!(matches!(block_on(script.call_async::<i32>(lua, foreign)), Err(Error::Closed)));
        Ok(())
    });
}

#[test]
fn yields_of_host_functions_are_turns_too() {
    with(|lua| {
        lua.register("turn", |_: &mut State, (): ()| -> Result<Yield<i32>> { Ok(Yield(1)) })?;
        let script = function(lua, "turn() turn() return 5");
        assert_eq!(block_on(script.call_async::<i32>(lua, ()))?, 5);
        Ok(())
    });
}

#[test]
fn abandoned_calls_leave_nothing() {
    let mut lua = measurable();
    let dropped = Arc::new(AtomicUsize::new(0));
    register_forever(&mut lua, &dropped);
    let script = function(&mut lua, "local t = { ('x'):rep(1000) } forever() return t");
    stops_growing(&mut lua, "abandoned calls", |lua| {
        for _ in 0..100 {
            let mut call = lua.start_async::<()>(&script, ()).unwrap();
            assert!(poll_once(poll_fn(|context| call.poll(lua, context))).0.is_none());
        }
        settled(lua);
    });
    assert!(dropped.load(Ordering::Relaxed) >= 200);
    assert_eq!(Arc::strong_count(&dropped), 2, "the one here, and the one that was registered");
}
