//! Promise: what is made and dropped is gone: in the VM, in its registry and on the
//! Rust side; what the VM holds of the host's is dropped exactly once.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use common::{check, height, measurable, quietly, settled};
use perilune::{
    Error, ErrorContext, Function, Handle, Inspect, Libs, Lua, LuaString, MetaMethod, MultiValue, Output, Result, Slice, State, Table,
    UserData, UserDataFields, UserDataMethods, UserDataOwned, UserDataRef, Value, Yield, YieldThen, lua_sys,
};

/// How often each kind of thing is made and dropped. Everything is done twice, which
/// makes it a million; a leaked byte each would be half a megabyte.
const HALF_A_MILLION: usize = 500_000;
/// The same for variants of it; a leaked byte each would be more than the slack.
const MANY: usize = 50_000;

/// Counts the bytes that Rust has allocated.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: everything is the system allocator's; only sizes are added up.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's contract is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's contract is the system allocator's.
        unsafe { System.dealloc(block, layout) }
    }
}

/// The bytes are those of the whole process, hence one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What may be left over: messages of the test harness, rounded sizes of tables.
const SLACK: usize = 16 << 10;

/// Runs `work` once to let everything find its size, and again to see it leave nothing.
fn leaves_nothing(what: &str, mut work: impl FnMut(&mut Lua)) {
    let _alone = alone();
    let mut lua = measurable();
    work(&mut lua);
    let (used, live, slot, top) = (settled(&mut lua), LIVE.load(Ordering::Relaxed), next_slot(&mut lua), height(&mut lua));
    work(&mut lua);
    let after = settled(&mut lua);
    assert!(after <= used + SLACK, "{what}: the VM's {used} bytes have become {after}");
    let after = LIVE.load(Ordering::Relaxed);
    assert!(after <= live + SLACK, "{what}: Rust's {live} bytes have become {after}");
    assert_eq!(next_slot(&mut lua), slot, "{what}: the registry grew");
    assert_eq!(height(&mut lua), top, "{what}: the stack grew");
    check(&mut lua);
}

/// The registry slot that would be taken next.
fn next_slot(lua: &mut Lua) -> i32 {
    // SAFETY: the slot is given back.
    let slot = unsafe {
        lua.with_raw(|l| {
            lua_sys::lua_pushboolean(l, 1);
            let slot = lua_sys::luaL_ref(l, lua_sys::LUA_REGISTRYINDEX);
            lua_sys::luaL_unref(l, lua_sys::LUA_REGISTRYINDEX, slot);
            slot
        })
    };
    slot.unwrap()
}

#[test]
fn a_million_handles() {
    leaves_nothing("tables", |lua| (0..HALF_A_MILLION).for_each(|_| drop(lua.create_table().unwrap())));
    leaves_nothing("clones", |lua| {
        let table = lua.create_table().unwrap();
        (0..HALF_A_MILLION).for_each(|_| drop(table.clone()));
    });
    leaves_nothing("values", |lua| {
        let list: Table = lua.load("return { {}, print, 'text', coroutine.create(print) }").eval().unwrap();
        for _ in 0..MANY {
            assert_eq!(list.sequence::<Value>(lua).unwrap().count(), 4);
        }
    });
    leaves_nothing("functions", |lua| {
        for i in 0..MANY {
            let function = lua.create_function(move |_: &mut State, (): ()| Ok(i)).unwrap();
            assert!(i % 1000 != 0 || function.call::<usize>(lua, ()).unwrap() == i);
        }
    });
}

struct Named(String);

impl UserData for Named {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("name", |_, this| Ok(this.0.clone()));
        fields.add_field_method_set("name", |_, this, name| {
            this.0 = name;
            Ok(())
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_function("new", |_: &mut State, name: String| Ok(Self(name)));
        methods.add_method("length", |_: &mut State, this: &Self, (): ()| Ok(this.0.len()));
        methods.add_meta_method(MetaMethod::Add, |_: &mut State, a: &Self, b: UserDataRef<Self>| Ok(Self(format!("{}{}", a.0, b.0))));
    }
}

#[test]
fn a_million_userdata() {
    leaves_nothing("userdata made by the host", |lua| {
        (0..HALF_A_MILLION).for_each(|_| drop(lua.create_userdata(Named(String::new())).unwrap()));
    });
    leaves_nothing("userdata made by a script", |lua| {
        let class = lua.create_proxy::<Named>().unwrap();
        let script = "local Named, n = ... for i = 1, n do local u = Named.new('a') u.name = u.name u = u + u assert(u:length() == 2) end";
        lua.load(script).call::<()>((class, MANY)).unwrap();
    });
    leaves_nothing("values taken out and destroyed", |lua| {
        for _ in 0..MANY {
            let (taken, destroyed) = (lua.create_userdata(Named("a".into())).unwrap(), lua.create_any_userdata(vec![1]).unwrap());
            assert_eq!(taken.take::<Named>(lua).unwrap().0, "a");
            destroyed.destroy(lua).unwrap();
        }
    });
    leaves_nothing("user values in cycles", |lua| {
        for i in 0..MANY {
            let (a, b) = (lua.create_userdata(Named("a".into())).unwrap(), lua.create_userdata(Named("b".into())).unwrap());
            a.set_user_value(lua, &b).unwrap();
            b.set_nth_user_value(lua, i % 3 + 1, &a).unwrap();
        }
    });
    leaves_nothing("refused uses", |lua| {
        lua.set("u", Named("a".into())).unwrap();
        lua.run("for i = 1, 5000 do pcall(u.length) pcall(u.length, 1) pcall(function() u.x = 1 end) end u = nil").unwrap();
    });
}

#[test]
fn many_scopes() {
    leaves_nothing("scopes", |lua| {
        let mut sum = 0;
        for i in 0..MANY / 5 {
            let (named, mut list) = (Named(format!("{i}")), vec![i]);
            lua.scope(|lua, scope| {
                let add = scope.create_function_mut(lua, |_: &mut State, n: usize| -> Result<()> {
                    sum += n;
                    Ok(())
                })?;
                add.call::<()>(lua, 1)?;
                scope.create_userdata_ref(lua, &named)?;
                let lent = scope.create_any_userdata(lua, &mut list, |registry| {
                    registry.add_field_method_get("size", |_, this| Ok(this.len()));
                })?;
                assert_eq!(lent.get::<usize>(lua, "size")?, 1);
                Ok(())
            })
            .unwrap();
        }
        assert_eq!(sum, MANY / 5);
    });
}

#[test]
fn a_hundred_thousand_handles_at_once() {
    leaves_nothing("handles", |lua| {
        let handles: Vec<Table> = (0..100_000).map(|_| lua.create_table().unwrap()).collect();
        assert_eq!(handles[99_999].len(lua).unwrap(), 0);
    });
}

#[test]
fn handles_that_come_and_go_within_one_run_take_no_room() {
    let _alone = alone();
    let mut lua = measurable();
    lua.register("take", |_: &mut State, _: (Table, Value)| Ok(())).unwrap();
    lua.run("for i = 1, 1000 do take({}, {}) end").unwrap();
    let (peak, live, slot) = (lua.memory().peak, LIVE.load(Ordering::Relaxed), next_slot(&mut lua));
    lua.run("for i = 1, 100000 do take({}, {}) end").unwrap();
    let (peak_after, live_after, slot_after) = (lua.memory().peak, LIVE.load(Ordering::Relaxed), next_slot(&mut lua));
    assert!(peak_after <= peak + (1 << 20), "the VM's {peak} bytes have become {peak_after}");
    assert!(live_after <= live + SLACK, "Rust's {live} bytes have become {live_after}");
    assert_eq!(slot_after, slot, "the registry has grown");
    lua.close().unwrap();
}

#[test]
fn a_million_strings() {
    leaves_nothing("strings", |lua| {
        for i in 0..HALF_A_MILLION {
            lua.create_string(i.to_string()).unwrap();
        }
    });
    leaves_nothing("strings by way of a script", |lua| {
        let shout: Function = lua.load("return function(s) return s .. '!' end").eval().unwrap();
        for i in 0..MANY {
            let text: String = shout.call(lua, i.to_string()).unwrap();
            let _: LuaString = shout.call(lua, text).unwrap();
        }
    });
    leaves_nothing("long strings", |lua| {
        let text = "x".repeat(100_000);
        (0..1000).for_each(|i| drop(lua.create_string(format!("{i}{text}")).unwrap()));
    });
}

#[test]
fn a_million_errors() {
    leaves_nothing("raised tables", |lua| {
        let raise: Function = lua.load("return function() error({}) end").eval().unwrap();
        (0..HALF_A_MILLION).for_each(|_| drop(raise.call::<()>(lua, ()).unwrap_err()));
    });
    leaves_nothing("the host's errors", |lua| {
        let fail = |_: &mut State, (): ()| -> Result<()> { Err(Error::external(std::fmt::Error)) };
        let fail: Function = lua.create_function(fail).unwrap();
        (0..MANY).for_each(|_| drop(fail.call::<()>(lua, ()).unwrap_err()));
        let catch: Function = lua.load("return function(f, n) for i = 1, n do pcall(f) end end").eval().unwrap();
        catch.call::<()>(lua, (fail, HALF_A_MILLION)).unwrap();
    });
    leaves_nothing("syntax errors", |lua| (0..MANY).for_each(|_| drop(lua.load("local x = = 1").check().unwrap_err())));
    leaves_nothing("type errors", |lua| (0..MANY).for_each(|_| drop(lua.get::<i32>("print").unwrap_err())));
}

/// Fewer than of the others: unwinding takes its time.
#[test]
fn a_hundred_thousand_panics() {
    leaves_nothing("panics", |lua| {
        lua.register("boom", |_: &mut State, n: u32| -> Result<()> { panic!("number {n}") }).unwrap();
        let boom: Function = lua.get("boom").unwrap();
        quietly(|| {
            (0..MANY / 2).for_each(|i| drop(boom.call::<()>(lua, i).unwrap_err()));
            lua.load("for i = 1, ... do pcall(boom, i) end").call::<()>(MANY / 2).unwrap();
        });
    });
}

#[test]
fn many_arguments_and_results() {
    leaves_nothing("arguments", |lua| {
        let echo: Function = lua.create_function(|_: &mut State, all: MultiValue| Ok(all)).unwrap();
        for i in 0..100 {
            let all: MultiValue = (0..500).map(|n| Value::Integer(n * i)).collect();
            assert_eq!(echo.call::<MultiValue>(lua, all).unwrap().len(), 500);
        }
        let list: Vec<String> = (0..500).map(|n| n.to_string()).collect();
        (0..100).for_each(|_| assert_eq!(echo.call::<Vec<String>>(lua, list.clone()).unwrap().len(), 500));
    });
}

#[test]
fn registering_again_and_again() {
    leaves_nothing("registered functions", |lua| {
        for i in 0..MANY {
            lua.register("tools.count", move |_: &mut State, (): ()| Ok(i)).unwrap();
        }
    });
}

#[test]
fn chunks_and_environments() {
    leaves_nothing("chunks", |lua| {
        for i in 0..MANY / 10 {
            let environment = lua.create_table().unwrap();
            let text = format!("x = {i} return x");
            assert_eq!(lua.load(&text).environment(&environment).eval::<usize>().unwrap(), i);
        }
    });
}

#[test]
fn weak_references_metatables_and_environments() {
    leaves_nothing("weak references", |lua| {
        let table = lua.create_table().unwrap();
        for _ in 0..MANY {
            let weak = table.downgrade(lua).unwrap();
            assert!(weak.clone().upgrade(lua).unwrap().is_some());
        }
    });
    leaves_nothing("metatables", |lua| {
        let (table, metatable) = (lua.create_table().unwrap(), lua.create_table().unwrap());
        for _ in 0..MANY {
            table.set_metatable(lua, Some(&metatable)).unwrap();
            assert!(table.metatable(lua).unwrap().is_some());
        }
    });
    leaves_nothing("environments", |lua| {
        let function: Function = lua.load("return function() return x end").eval().unwrap();
        for i in 0..MANY / 10 {
            let environment = lua.create_table_from([("x", i)]).unwrap();
            assert!(function.set_environment(lua, &environment).unwrap());
            assert_eq!(function.call::<usize>(lua, ()).unwrap(), i);
        }
    });
}

#[test]
fn bound_functions_errors_as_values_and_values_taken_out() {
    leaves_nothing("bound functions", |lua| {
        let join: Function = lua.load("return function(a, b) return a .. b end").eval().unwrap();
        for i in 0..MANY / 10 {
            assert_eq!(join.bind(lua, i).unwrap().call::<String>(lua, "!").unwrap(), format!("{i}!"));
        }
    });
    leaves_nothing("errors as values", |lua| {
        let same: Function = lua.load("return function(e) return e end").eval().unwrap();
        for _ in 0..MANY {
            let error: Error = same.call(lua, Error::external(fmt::Error)).unwrap();
            assert!(error.context("again").downcast_ref::<fmt::Error>().is_some());
        }
    });
    leaves_nothing("values taken out", |lua| {
        let read = lua.create_function(|_: &mut State, UserDataOwned(named): UserDataOwned<Named>| Ok(named.0)).unwrap();
        (0..MANY).for_each(|i| assert_eq!(read.call::<String>(lua, Named(i.to_string())).unwrap(), i.to_string()));
    });
    leaves_nothing("running coroutines", |lua| {
        lua.register("running", |state: &mut State, (): ()| state.current_coroutine()).unwrap();
        for _ in 0..MANY / 10 {
            lua.run("local co co = coroutine.create(function() assert(running() == co) end) assert(coroutine.resume(co))").unwrap();
            assert!(lua.current_coroutine().unwrap().is_none());
        }
    });
}

#[test]
fn what_is_printed_shown_and_compared() {
    leaves_nothing("output", |lua| {
        for way in [Output::default as fn() -> Output, Output::capture, Output::discard, || Output::lines(|_| {})] {
            drop(lua.set_output(way()));
            for _ in 0..MANY / 10 {
                lua.run("print('a line', {})").unwrap();
                assert!(lua.run("print 'x' error {}").is_err());
                lua.take_output();
            }
        }
    });
    leaves_nothing("identities, inspections and JSON", |lua| {
        let value: Value = lua.load("return { { 1, 'two' }, { x = { y = 'z' } } }").eval().unwrap();
        for _ in 0..MANY / 10 {
            assert!(value.equals(lua, &value).unwrap() && value.raw_equals(lua, &value).unwrap());
            assert_eq!(value.identity(lua).unwrap(), value.identity(lua).unwrap());
            value.inspect(lua, Inspect::default()).unwrap();
            value.to_json(lua).unwrap();
        }
    });
}

#[test]
fn modules() {
    leaves_nothing("modules", |lua| {
        lua.add_loader(|state: &mut State, _: &str| -> Result<Option<Function>> { state.load("return {}").into_function().map(Some) })
            .unwrap();
        for i in 0..MANY / 10 {
            lua.register_module("replaced", i).unwrap();
            assert_eq!(lua.load("return require 'replaced'").eval::<usize>().unwrap(), i);
            assert!(lua.run("require '\n'").is_err());
        }
        lua.run("require 'loaded'").unwrap();
    });
}

/// Threads drop handles while the VM makes more: what it uses stays bounded.
#[test]
fn handles_dropped_on_other_threads_while_the_vm_works() {
    leaves_nothing("handles on threads", |lua| {
        // The registry finds its size: the channels hold fewer than these.
        drop((0..6000).map(|_| lua.create_table().unwrap()).collect::<Vec<_>>());
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..3).map(|_| std::sync::mpsc::sync_channel::<Value>(1000)).unzip();
        std::thread::scope(|scope| {
            receivers.into_iter().for_each(|receiver| drop(scope.spawn(move || receiver.into_iter().for_each(drop))));
            for i in 0..MANY {
                let value = Value::Table(lua.create_table_with_capacity(100, 0).unwrap());
                let copy = value.clone();
                senders[i % 3].send(value).unwrap();
                senders[(i + 1) % 3].send(copy).unwrap();
            }
            drop(senders);
        });
        assert!(lua.memory().peak < 64 << 20, "{:?}", lua.memory());
    });
}

#[test]
fn coroutines_wherever_they_were_left() {
    leaves_nothing("coroutines", |lua| {
        let f: Function = lua.load("return function(a) local b = coroutine.yield(a) if b then error(b) end return a end").eval().unwrap();
        for i in 0..MANY {
            let co = lua.create_coroutine(&f).unwrap();
            for step in 0..i % 3 {
                assert_eq!(co.resume::<Option<usize>>(lua, (step == 0).then_some(i)).unwrap(), Some(i));
            }
        }
        for _ in 0..MANY / 10 {
            let co = lua.create_coroutine(&f).unwrap();
            co.resume::<()>(lua, ()).unwrap();
            assert!(co.resume::<()>(lua, "an error").is_err());
        }
    });
    leaves_nothing("functions that go on after a yield", |lua| {
        for i in 0..MANY / 10 {
            let f = lua.create_function(|_: &mut State, n: usize| -> Result<YieldThen<usize>> {
                let held = vec![n; 100];
                Ok(Yield(n).then(move |_: &mut State, m: usize| Ok(held[m % held.len()])))
            });
            let co = lua.create_coroutine(&f.unwrap()).unwrap();
            assert_eq!(co.resume::<usize>(lua, i).unwrap(), i);
            if i % 2 == 0 {
                assert_eq!(co.resume::<usize>(lua, 7).unwrap(), i);
            }
        }
    });
    leaves_nothing("tasks", |lua| {
        let f: Function = lua.load("return function(n) for i = 1, n do end return n end").eval().unwrap();
        for i in 0..MANY / 10 {
            let mut task = lua.create_task(&f, i % 100).unwrap();
            for _ in 0..i % 4 {
                task.run(lua, Slice::instructions(40)).unwrap();
                if task.is_done(lua).unwrap() {
                    break;
                }
            }
        }
    });
}

#[test]
fn handles_and_errors_dropped_after_their_vm_was_closed() {
    let _alone = alone();
    let round = || {
        let mut lua = Lua::new().unwrap();
        let handles: Vec<Table> = (0..1000).map(|_| lua.create_table().unwrap()).collect();
        let copies = handles.clone();
        let error = lua.run("error({})").unwrap_err();
        let late = std::thread::spawn(move || copies);
        drop(handles.iter().take(10).cloned().collect::<Vec<_>>());
        lua.close().unwrap();
        drop((handles, error, late.join().unwrap()));
    };
    round();
    let live = LIVE.load(Ordering::Relaxed);
    (0..100).for_each(|_| round());
    assert!(LIVE.load(Ordering::Relaxed) <= live + SLACK);
}

/// The race of the last moment: handles are dropped while the VM is being closed.
#[test]
fn handles_dropped_while_their_vm_is_closed() {
    let _alone = alone();
    let round = || {
        let mut lua = Lua::new().unwrap();
        let handles: Vec<Table> = (0..200).map(|_| lua.create_table().unwrap()).collect();
        let go = Arc::new(AtomicBool::new(false));
        let signal = Arc::clone(&go);
        let dropper = std::thread::spawn(move || {
            while !signal.load(Ordering::Acquire) {
                std::hint::spin_loop();
            }
            drop(handles);
        });
        go.store(true, Ordering::Release);
        lua.close().unwrap();
        dropper.join().unwrap();
    };
    round();
    let live = LIVE.load(Ordering::Relaxed);
    (0..200).for_each(|_| round());
    assert!(LIVE.load(Ordering::Relaxed) <= live + SLACK);
}

/// Counts how often it is dropped.
#[derive(Clone, Default)]
struct Drops(Arc<AtomicUsize>);

impl Drops {
    /// Something that is to be dropped once.
    fn one(&self) -> Once {
        Once(Arc::clone(&self.0))
    }

    fn take(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

struct Once(Arc<AtomicUsize>);

impl Once {
    /// Keeps it in a closure as a whole.
    fn touch(&self) -> usize {
        Arc::strong_count(&self.0)
    }
}

impl Drop for Once {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Once")
    }
}

impl fmt::Display for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("once")
    }
}

impl std::error::Error for Once {}

fn register(lua: &mut Lua, name: &str, drops: &Drops) -> Result<()> {
    let once = drops.one();
    lua.register(name, move |_: &mut State, (): ()| Ok(once.touch()))
}

#[test]
fn a_closure_is_dropped_once_when_it_is_collected() {
    let (mut lua, drops) = (Lua::new().unwrap(), Drops::default());
    register(&mut lua, "f", &drops).unwrap();
    lua.call::<usize>("f", ()).unwrap();
    settled(&mut lua);
    assert_eq!(drops.take(), 0);
    register(&mut lua, "f", &drops).unwrap();
    settled(&mut lua);
    assert_eq!(drops.take(), 1, "registering again drops the former");
    lua.run("f = nil").unwrap();
    settled(&mut lua);
    assert_eq!(drops.take(), 1);
    let mut once = Some(drops.one());
    let function = lua.create_function_mut(move |_: &mut State, (): ()| Ok(once.take().is_some())).unwrap();
    assert!(function.call::<bool>(&mut lua, ()).unwrap());
    assert_eq!(drops.take(), 1);
    assert!(!function.call::<bool>(&mut lua, ()).unwrap());
}

#[test]
fn closures_are_dropped_once_when_the_vm_is_closed() {
    let drops = Drops::default();
    for close in [|lua: Lua| lua.close().unwrap(), |lua: Lua| drop(lua)] {
        let mut lua = Lua::new().unwrap();
        let kept: Vec<Function> = (0..10)
            .map(|_| {
                let once = drops.one();
                lua.create_function(move |_: &mut State, (): ()| Ok(once.touch())).unwrap()
            })
            .collect();
        register(&mut lua, "f", &drops).unwrap();
        lua.run("local g = f f = nil coroutine.wrap(function() local h = g coroutine.yield() return h end)()").unwrap();
        close(lua);
        assert_eq!(drops.take(), 11);
        drop(kept);
        assert_eq!(drops.take(), 0);
    }
}

#[test]
fn a_closure_is_dropped_once_when_it_cannot_be_registered() {
    let (mut lua, drops) = (Lua::new().unwrap(), Drops::default());
    lua.run("locked = setmetatable({}, { __newindex = function() error('locked') end })").unwrap();
    for name in ["", "a..b", "math.pi.x", "locked.f"] {
        register(&mut lua, name, &drops).unwrap_err();
        settled(&mut lua);
        assert_eq!(drops.take(), 1, "{name:?}");
    }
    for n in 1..100 {
        lua.fail_allocations(n..u64::MAX);
        let result = register(&mut lua, "f", &drops);
        lua.fail_allocation(0);
        lua.set("f", Value::Nil).unwrap();
        settled(&mut lua);
        assert_eq!(drops.take(), 1, "allocation {n}");
        if result.is_ok() {
            return;
        }
    }
    panic!("never registered");
}

#[test]
fn an_error_of_the_hosts_is_dropped_once() {
    let (mut lua, drops) = (Lua::new().unwrap(), Drops::default());
    let counter = drops.clone();
    lua.register("fail", move |_: &mut State, (): ()| -> Result<()> { Err(Error::external(counter.one())) }).unwrap();
    lua.run("for i = 1, 10 do pcall(fail) end").unwrap();
    settled(&mut lua);
    assert_eq!(drops.take(), 10);
    let error = lua.run("local ok, e = pcall(fail) error(e)").unwrap_err();
    settled(&mut lua);
    assert_eq!(drops.take(), 0, "the error still has it");
    let copy = error.clone();
    drop(error);
    assert!(copy.downcast_ref::<Once>().is_some());
    lua.run("_, kept = pcall(fail)").unwrap();
    lua.close().unwrap();
    assert_eq!(drops.take(), 1, "what a script kept is dropped at close");
    drop(copy);
    assert_eq!(drops.take(), 1);
}

#[test]
fn the_hosts_data_is_dropped_once() {
    let (mut lua, drops) = (Lua::new().unwrap(), Drops::default());
    assert!(lua.set_app_data(drops.one()).is_none());
    assert!(lua.set_app_data(drops.one()).is_some());
    assert_eq!(drops.take(), 1);
    drop(lua.remove_app_data::<Once>().unwrap());
    assert_eq!(drops.take(), 1);
    lua.set_app_data(drops.one());
    lua.close().unwrap();
    assert_eq!(drops.take(), 1);
}

/// A closure that holds handles of its own VM keeps them alive, no more.
#[test]
fn a_closure_that_holds_its_own_vms_values_is_given_back_with_it() {
    let _alone = alone();
    let drops = Drops::default();
    let round = || {
        let mut lua = Lua::new().unwrap();
        let (table, once) = (lua.create_table().unwrap(), drops.one());
        let call = move |state: &mut State, key: String| -> Result<usize> {
            table.set(state, key, once.touch())?;
            table.len(state)
        };
        lua.register("keep", call).unwrap();
        lua.run("keep('x')").unwrap();
        lua.close().unwrap();
        assert_eq!(drops.take(), 1);
    };
    round();
    let live = LIVE.load(Ordering::Relaxed);
    (0..100).for_each(|_| round());
    assert!(LIVE.load(Ordering::Relaxed) <= live + SLACK);
}

/// A VM may own another one, by a callback, and is closed with it.
#[test]
fn a_vm_inside_a_vm_is_closed_with_it() {
    let drops = Drops::default();
    let mut outer = Lua::new().unwrap();
    let mut inner = Lua::new().unwrap();
    register(&mut inner, "f", &drops).unwrap();
    outer.register_mut("ask", move |_: &mut State, text: String| inner.load(&text).eval::<String>()).unwrap();
    assert_eq!(outer.load("return ask('return type(f)')").eval::<String>().unwrap(), "function");
    assert!(matches!(outer.run("ask('error({})')"), Err(Error::Runtime(_))));
    outer.run("ask = nil collectgarbage() collectgarbage()").unwrap();
    assert_eq!(drops.take(), 1);
    check(&mut outer);
}

#[test]
fn a_thousand_vms_live_at_once() {
    let _alone = alone();
    let mut all: Vec<Lua> = (0..1000).map(|_| Lua::builder().libs(Libs::BASE).build().unwrap()).collect();
    for (n, lua) in all.iter_mut().enumerate() {
        lua.set("n", n).unwrap();
    }
    for (n, lua) in all.iter_mut().enumerate() {
        assert_eq!(lua.get::<usize>("n").unwrap(), n);
    }
}

perilune::c_struct! {
    #[derive(Default)]
    struct Point {
        x: f32,
        name: [std::ffi::c_char; 8],
    }
}

/// Loans, and vectors that were taken back, leave nothing behind but what a script keeps.
#[test]
fn views_leave_nothing_behind() {
    let _alone = alone();
    let round = |lua: &mut Lua| {
        for _ in 0..50 {
            let mut points = vec![Point::default(); 10];
            let work = "kept = { points, points[1], points:column('x'), points:each() } points[0].name = 'name' return points[0].name";
            lua.lend("points", &mut points, |state| state.run(work).map(drop)).unwrap();
            let shared = lua.share("points", points).unwrap();
            shared.push(lua, Point::default()).unwrap();
            lua.run(work).unwrap();
            shared.take(lua).unwrap();
        }
    };
    let mut lua = measurable();
    common::stops_growing(&mut lua, "views", round);
    let whole = || {
        let mut lua = measurable();
        round(&mut lua);
        lua.share("points", vec![Point::default(); 10]).unwrap();
        lua.close().unwrap();
    };
    whole();
    let live = LIVE.load(Ordering::Relaxed);
    (0..20).for_each(|_| whole());
    assert!(LIVE.load(Ordering::Relaxed) <= live + SLACK);
}
