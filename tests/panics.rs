//! Promise: a panic in host code that Lua calls is an error in Lua, and the same
//! payload again at the outermost call; the VM works afterwards. A panic in a
//! finalizer waits for the next call of the host.

mod common;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{check, height, is_luajit, quietly};
use perilune::{Error, FromLua, Function, IntoLua, Lua, PanicPayload, Result, State, Table, Value, Variadic};

/// A payload that is neither `&str` nor `String`.
#[derive(Debug, PartialEq)]
struct Custom(u32);

/// The payload of the panic that `result` must be.
fn payload<T: std::fmt::Debug>(result: Result<T>) -> Box<dyn Any + Send> {
    let Err(Error::Panic(panic)) = result else { panic!("not a panic: {result:#?}") };
    panic.take().expect("the payload is there the first time")
}

fn message<T: std::fmt::Debug>(result: Result<T>) -> String {
    let Err(Error::Panic(panic)) = result else { panic!("not a panic: {result:#?}") };
    panic.message().to_owned()
}

/// A VM with callbacks that panic: `boom` with text, `formatted` with a `String`,
/// `custom` with a value, `call` calls what it is given.
fn rigged() -> Lua {
    let mut lua = Lua::new().unwrap();
    lua.register("boom", |_: &mut State, (): ()| -> Result<()> { panic!("boom") }).unwrap();
    lua.register("formatted", |_: &mut State, n: i32| -> Result<()> { panic!("number {n}") }).unwrap();
    lua.register("custom", |_: &mut State, n: u32| -> Result<()> { panic_any(Custom(n)) }).unwrap();
    lua.register("call", |state: &mut State, f: Function| -> Result<Value> { f.call(state, ()) }).unwrap();
    lua
}

/// Runs `script` in a rigged VM, and checks the VM afterwards.
fn run(script: &str) -> Result<()> {
    let mut lua = rigged();
    let top = height(&mut lua);
    let result = quietly(|| lua.load(script).exec());
    assert_eq!(height(&mut lua), top);
    check(&mut lua);
    result
}

#[test]
fn the_payload_at_the_outermost_call_is_the_one_that_was_panicked_with() {
    assert_eq!(*payload(run("boom()")).downcast::<&str>().unwrap(), "boom");
    assert_eq!(*payload(run("formatted(7)")).downcast::<String>().unwrap(), "number 7");
    assert_eq!(*payload(run("custom(7)")).downcast::<Custom>().unwrap(), Custom(7));
}

#[test]
fn it_is_taken_once_and_can_be_panicked_with_again() {
    let Err(Error::Panic(panic)) = run("custom(8)") else { unreachable!() };
    let copy = panic.clone();
    let caught = quietly(|| catch_unwind(AssertUnwindSafe(|| panic.resume()))).unwrap_err();
    assert_eq!(*caught.downcast::<Custom>().unwrap(), Custom(8));
    assert!(copy.take().is_none());
    let again = quietly(|| catch_unwind(AssertUnwindSafe(|| copy.resume()))).unwrap_err();
    assert_eq!(*again.downcast::<String>().unwrap(), "a value that is not text");
}

#[test]
fn the_error_says_what_and_where() {
    let error = run("local function f() boom() end f()").unwrap_err();
    assert_eq!(error.to_string(), "a host function panicked: boom");
    assert_eq!(error.code(), -2);
    let traceback = error.traceback().unwrap();
    assert!(traceback.starts_with("stack traceback:") && traceback.contains("chunk:1"), "{traceback}");
    assert!(format!("{error:#}").contains(traceback));
}

#[test]
fn a_script_can_catch_it() {
    run("
        local ok, e = pcall(boom)
        assert(not ok and type(e) == 'userdata' and getmetatable(e) == false)
        assert(tostring(e) == 'a host function panicked: boom', tostring(e))
        ok, e = pcall(custom, 1)
        assert(not ok and tostring(e):find('a value that is not text', 1, true))
        ok, e = xpcall(formatted, function(e) return 'handled: ' .. tostring(e) end, 3)
        assert(not ok and e == 'handled: a host function panicked: number 3', e)
    ")
    .unwrap();
}

#[test]
fn a_script_can_raise_it_again() {
    let script = "local _, e = pcall(custom, 9) local _, e = pcall(error, e, 0) error(e)";
    assert_eq!(*payload(run(script)).downcast::<Custom>().unwrap(), Custom(9));
}

#[test]
fn it_passes_through_many_levels_of_both_languages() {
    let script = "local function down(n) if n == 0 then custom(5) end return (call(function() return (down(n - 1)) end)) end down(20)";
    assert_eq!(*payload(run(script)).downcast::<Custom>().unwrap(), Custom(5));
}

#[test]
fn it_passes_through_whatever_library_function_called_back() {
    let scripts = [
        "table.sort({ 3, 2, 1 }, function() boom() end)",
        "return (('x'):gsub('.', boom))",
        "return tostring(setmetatable({}, { __tostring = boom }))",
        "return setmetatable({}, { __index = boom }).x",
        "setmetatable({}, { __newindex = boom }).x = 1",
        "return setmetatable({}, { __add = boom }) + 1",
        "return setmetatable({}, { __call = boom })()",
        "for _ in boom do end",
        "return coroutine.wrap(boom)()",
        "local ok, e = coroutine.resume(coroutine.create(boom)) error(e, 0)",
        "local function f() coroutine.yield() boom() end local co = coroutine.wrap(f) co() co()",
        "return load(function() boom() end) or boom()",
        "return xpcall(error, boom) and nil or boom()",
    ];
    for script in scripts {
        assert_eq!(message(run(script)), "boom", "{script}");
    }
    if !is_luajit() {
        assert_eq!(message(run("local x <close> = setmetatable({}, { __close = boom })")), "boom");
        assert_eq!(message(run("local x <close> = setmetatable({}, { __close = boom }) error('before')")), "boom");
    }
}

#[test]
fn it_passes_through_every_operation_that_runs_a_metamethod() {
    let mut lua = rigged();
    let table: Table = lua
        .load("return setmetatable({}, { __index = boom, __newindex = boom, __len = boom, __eq = boom, __tostring = boom })")
        .eval()
        .unwrap();
    lua.set("magic", &table).unwrap();
    let twin: Table = lua.load("return setmetatable({}, getmetatable(magic))").eval().unwrap();
    quietly(|| {
        assert_eq!(message(table.get::<Value>(&mut lua, "x")), "boom");
        assert_eq!(message(table.set(&mut lua, "x", 1)), "boom");
        assert_eq!(message(table.len(&mut lua)), "boom");
        assert_eq!(message(table.equals(&mut lua, &twin)), "boom");
        assert_eq!(message(Value::Table(table.clone()).to_text(&mut lua)), "boom");
        assert_eq!(message(lua.get::<Value>("magic.x")), "boom");
        assert_eq!(message(lua.set("magic.x", 1)), "boom");
        assert_eq!(message(lua.call::<()>("boom", ())), "boom");
    });
    check(&mut lua);
}

#[test]
fn a_closure_that_panicked_can_be_called_again() {
    let mut lua = Lua::new().unwrap();
    let mut calls = 0;
    let register = lua.register_mut("odd", move |_: &mut State, (): ()| -> Result<u32> {
        calls += 1;
        assert!(calls % 2 == 1, "call {calls}");
        Ok(calls)
    });
    register.unwrap();
    for round in 0..3 {
        assert_eq!(lua.call::<u32>("odd", ()).unwrap(), 2 * round + 1);
        assert_eq!(message(quietly(|| lua.call::<u32>("odd", ()))), format!("call {}", 2 * round + 2));
    }
    check(&mut lua);
}

/// Panics when it is converted, whichever way.
#[derive(Debug)]
struct Landmine;

impl FromLua for Landmine {
    fn from_lua(_: Value, state: &mut State) -> Result<Self> {
        // In the middle of something.
        let _table = state.create_table()?;
        panic_any(Custom(1))
    }
}

impl IntoLua for Landmine {
    fn into_lua(self, state: &mut State) -> Result<Value> {
        let _table = state.create_table()?;
        panic_any(Custom(2))
    }
}

#[test]
fn converting_arguments_and_results_may_panic() {
    let mut lua = Lua::new().unwrap();
    lua.register("take", |_: &mut State, (_, _mine): (i32, Landmine)| Ok(())).unwrap();
    lua.register("take_all", |_: &mut State, _mines: Variadic<Landmine>| Ok(())).unwrap();
    lua.register("take_list", |_: &mut State, _mines: Vec<Vec<Landmine>>| Ok(())).unwrap();
    lua.register("give", |_: &mut State, (): ()| Ok((1, Landmine))).unwrap();
    lua.register("give_list", |_: &mut State, (): ()| Ok(vec![Some(Landmine)])).unwrap();
    lua.register("give_many", |_: &mut State, (): ()| Ok((0..100).map(|_| Landmine).collect::<Variadic<_>>())).unwrap();
    for (script, number) in
        [("take(1, 2)", 1), ("take_all(1)", 1), ("take_list({ {}, { 1 } })", 1), ("give()", 2), ("give_list()", 2), ("give_many()", 2)]
    {
        let top = height(&mut lua);
        let payload = payload(quietly(|| lua.run(script)));
        assert_eq!(*payload.downcast::<Custom>().unwrap(), Custom(number), "{script}");
        assert_eq!(height(&mut lua), top);
        check(&mut lua);
    }
}

/// Outside a callback no Lua is in between: the panic goes on, the VM stays in order.
#[test]
fn a_panic_that_no_lua_code_is_in_between_of_goes_on() {
    let mut lua = Lua::new().unwrap();
    let identity: Function = lua.load("return function(...) return ... end").eval().unwrap();
    let table: Table = lua.load("return { 1, 2, { 3 } }").eval().unwrap();
    let top = height(&mut lua);
    let mut panics = |number: u32, work: &mut dyn FnMut(&mut Lua)| {
        let caught = quietly(|| catch_unwind(AssertUnwindSafe(|| work(&mut lua)))).unwrap_err();
        assert_eq!(*caught.downcast::<Custom>().unwrap(), Custom(number));
        assert_eq!(height(&mut lua), top);
        check(&mut lua);
    };
    panics(1, &mut |lua| drop(identity.call::<Landmine>(lua, 1)));
    panics(1, &mut |lua| drop(identity.call::<Variadic<Landmine>>(lua, (1, 2))));
    panics(2, &mut |lua| drop(identity.call::<()>(lua, (1, Landmine))));
    panics(2, &mut |lua| drop(identity.call::<()>(lua, (0..100).map(|_| Landmine).collect::<Variadic<_>>())));
    panics(2, &mut |lua| drop(lua.set("x.y", Landmine)));
    panics(1, &mut |lua| drop(lua.get::<Landmine>("math.pi")));
    panics(2, &mut |lua| drop(table.set(lua, "k", Landmine)));
    panics(1, &mut |lua| drop(table.get::<Landmine>(lua, 3)));
    panics(1, &mut |lua| drop(table.to_vec::<Landmine>(lua)));
    panics(1, &mut |lua| drop(table.pairs::<Landmine, Value>(lua).map(Iterator::count)));
    panics(2, &mut |lua| drop(lua.create_sequence([Landmine])));
    panics(3, &mut |lua| drop(table.for_each(lua, |_, _: Value, _: Value| panic_any(Custom(3)))));
    // SAFETY: the closure leaves the stack alone.
    panics(4, &mut |lua| drop(unsafe { lua.with_raw(|_| panic_any(Custom(4))) }));
}

/// Counts its drops, and panics in the one where `armed`.
struct Bomb {
    drops: Arc<AtomicUsize>,
    armed: bool,
}

impl Drop for Bomb {
    fn drop(&mut self) {
        self.drops.fetch_add(1, Ordering::Relaxed);
        if self.armed {
            panic_any(Custom(6));
        }
    }
}

impl FromLua for Bomb {
    fn from_lua(_: Value, state: &mut State) -> Result<Self> {
        Ok(Self { drops: state.app_data().cloned().unwrap_or_default(), armed: true })
    }
}

#[test]
fn dropping_an_argument_may_panic() {
    let mut lua = Lua::new().unwrap();
    let drops = Arc::new(AtomicUsize::new(0));
    lua.set_app_data(Arc::clone(&drops));
    lua.register("hold", |_: &mut State, _bomb: Bomb| -> Result<()> { Ok(()) }).unwrap();
    // An error that owns nothing: Rust forgets a return value when the drop of a local panics.
    lua.register("fail", |_: &mut State, _bomb: Bomb| -> Result<()> { Err(Error::Closed) }).unwrap();
    for function in ["hold", "fail"] {
        let payload = payload(quietly(|| lua.call::<()>(function, 1)));
        assert_eq!(*payload.downcast::<Custom>().unwrap(), Custom(6));
        check(&mut lua);
    }
    assert_eq!(drops.load(Ordering::Relaxed), 2);
}

/// Makes the global `bomb` a function whose closure panics when it is dropped.
fn plant(lua: &mut Lua, drops: &Arc<AtomicUsize>) {
    let bomb = Bomb { drops: Arc::clone(drops), armed: true };
    lua.register("bomb", move |_: &mut State, (): ()| Ok(std::ptr::from_ref(&bomb).addr())).unwrap();
}

fn expect_bomb<T: std::fmt::Debug>(result: Result<T>) {
    assert_eq!(*payload(result).downcast::<Custom>().unwrap(), Custom(6));
}

#[test]
fn a_closure_that_panics_when_collected_is_reported_by_gc_collect() {
    let mut lua = Lua::new().unwrap();
    let drops = Arc::default();
    plant(&mut lua, &drops);
    lua.set("bomb", Value::Nil).unwrap();
    expect_bomb(quietly(|| lua.gc_collect().and_then(|()| lua.gc_collect())));
    assert_eq!(drops.load(Ordering::Relaxed), 1);
    lua.gc_collect().unwrap();
    check(&mut lua);
}

#[test]
fn a_closure_that_panics_when_collected_by_a_script_is_reported_by_the_next_call() {
    let mut lua = Lua::new().unwrap();
    let drops = Arc::default();
    plant(&mut lua, &drops);
    let script = "bomb = nil collectgarbage() collectgarbage() local ok = pcall(error) assert(not ok) return 'done'";
    let done: String = quietly(|| lua.load(script).eval()).unwrap();
    assert_eq!(done, "done", "no error comes out of a finalizer");
    assert_eq!(drops.load(Ordering::Relaxed), 1);
    expect_bomb(lua.run("return 1"));
    lua.run("return 1").unwrap();
    check(&mut lua);
}

#[test]
fn the_first_of_many_finalizers_panics_is_reported_and_all_closures_are_dropped() {
    let mut lua = Lua::new().unwrap();
    let drops = Arc::default();
    for _ in 0..10 {
        plant(&mut lua, &drops);
    }
    expect_bomb(quietly(|| lua.gc_collect().and_then(|()| lua.gc_collect())));
    assert_eq!(drops.load(Ordering::Relaxed), 9);
    expect_bomb(quietly(|| lua.close()));
    assert_eq!(drops.load(Ordering::Relaxed), 10);
}

#[test]
fn a_closure_that_panics_at_close_is_reported_by_close_and_by_nobody_when_dropped() {
    let drops = Arc::default();
    let mut lua = Lua::new().unwrap();
    plant(&mut lua, &drops);
    expect_bomb(quietly(|| lua.close()));
    let mut lua = Lua::new().unwrap();
    plant(&mut lua, &drops);
    quietly(|| drop(lua));
    assert_eq!(drops.load(Ordering::Relaxed), 2);
}

/// A panic is reported at the outermost level only: a callback is not disturbed by
/// what a finalizer did.
#[test]
fn a_callback_does_not_get_a_finalizers_panic() {
    let mut lua = Lua::new().unwrap();
    let drops = Arc::default();
    plant(&mut lua, &drops);
    let register = lua.register("clean", |state: &mut State, (): ()| -> Result<String> {
        state.set("bomb", Value::Nil)?;
        state.gc_collect()?;
        state.gc_collect()?;
        state.load("return 'clean'").eval()
    });
    register.unwrap();
    assert_eq!(quietly(|| lua.call::<String>("clean", ())).unwrap(), "clean");
    expect_bomb(lua.create_table());
    lua.create_table().unwrap();
}

/// The worst payload: one whose own drop panics, wherever Lua drops it.
#[test]
fn a_payload_may_panic_when_it_is_dropped() {
    let mut lua = Lua::new().unwrap();
    let drops: Arc<AtomicUsize> = Arc::default();
    let counter = Arc::clone(&drops);
    let register = lua.register("worst", move |_: &mut State, (): ()| -> Result<()> {
        panic_any(Bomb { drops: Arc::clone(&counter), armed: true });
    });
    register.unwrap();
    quietly(|| {
        lua.run("for i = 1, 3 do local ok, e = pcall(worst) assert(not ok and e) end").unwrap();
        expect_bomb(lua.gc_collect().and_then(|()| lua.gc_collect()));
        assert_eq!(drops.load(Ordering::Relaxed), 3);
        plant_worst_finalizers(&mut lua, &drops);
        let error = lua.gc_collect().and_then(|()| lua.gc_collect()).unwrap_err();
        catch_unwind(AssertUnwindSafe(|| drop(error))).unwrap_err();
    });
    check(&mut lua);
    quietly(|| drop(lua.close()));
}

/// Closures whose drop panics with a payload whose drop panics.
fn plant_worst_finalizers(lua: &mut Lua, drops: &Arc<AtomicUsize>) {
    struct Worst(Arc<AtomicUsize>);
    impl Drop for Worst {
        fn drop(&mut self) {
            panic_any(Bomb { drops: Arc::clone(&self.0), armed: true });
        }
    }
    for _ in 0..4 {
        let worst = Worst(Arc::clone(drops));
        lua.create_function(move |_: &mut State, (): ()| Ok(std::ptr::from_ref(&worst).addr())).unwrap();
    }
}

#[test]
fn payloads_are_dropped_exactly_once() {
    let mut lua = Lua::new().unwrap();
    let drops: Arc<AtomicUsize> = Arc::default();
    let counter = Arc::clone(&drops);
    let register = lua.register("harmless", move |_: &mut State, (): ()| -> Result<()> {
        panic_any(Bomb { drops: Arc::clone(&counter), armed: false });
    });
    register.unwrap();
    quietly(|| lua.run("pcall(harmless) pcall(harmless)")).unwrap();
    let kept: PanicPayload = match quietly(|| lua.run("harmless()")) {
        Err(Error::Panic(panic)) => panic,
        other => panic!("{other:?}"),
    };
    lua.close().unwrap();
    assert_eq!(drops.load(Ordering::Relaxed), 2);
    assert!(kept.take().unwrap().is::<Bomb>());
    assert_eq!(drops.load(Ordering::Relaxed), 3);
}

#[test]
fn tens_of_thousands_of_panics_later_the_vm_works() {
    let mut lua = rigged();
    quietly(|| lua.run("for i = 1, 20000 do pcall(boom) pcall(call, boom) end")).unwrap();
    check(&mut lua);
}

#[test]
fn the_hosts_data_may_panic_when_the_vm_is_closed() {
    struct Bomb<const N: usize>(Arc<AtomicUsize>);
    impl<const N: usize> Drop for Bomb<N> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
            std::panic::panic_any(N);
        }
    }

    let dropped = Arc::new(AtomicUsize::new(0));
    let armed = || {
        let mut lua = Lua::new().unwrap();
        lua.set_app_data(Bomb::<1>(dropped.clone()));
        lua.set_app_data(Bomb::<2>(dropped.clone()));
        lua
    };
    quietly(|| {
        let Err(Error::Panic(panic)) = armed().close() else { panic!("the panic is lost") };
        assert!(panic.take().unwrap().is::<usize>());
        assert_eq!(dropped.load(Ordering::Relaxed), 2);
        drop(armed());
        assert_eq!(dropped.load(Ordering::Relaxed), 4);
    });
}
