//! Promise: an error for want of memory says how much was needed, how much was in use and what the limit is, by
//! whatever way it comes; and making one never needs memory that is not there.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use common::{check, is_luajit, measurable};
use perilune::{Error, Function, Lua, MemoryError, Result, State};

const LIMIT: usize = 2 << 20;

fn limited() -> Lua {
    Lua::builder().memory_limit(LIMIT).build().unwrap()
}

fn short<T: std::fmt::Debug>(result: Result<T>) -> MemoryError {
    match result {
        Err(Error::Memory(short)) => short,
        other => panic!("{other:#?}"),
    }
}

/// What every refusal by a limit says.
fn assert_is_of_the_limit(short: &MemoryError, needed: usize) {
    assert_eq!(short.limit(), Some(LIMIT), "{short:?}");
    // LuaJIT's buffers double.
    assert!(short.needed() >= needed && short.needed() <= 2 * needed, "{short:?}");
    assert!(short.used() <= LIMIT && short.used() + short.needed() > LIMIT, "{short:?}");
    let text = short.to_string();
    assert_eq!(text, format!("not enough memory: {} bytes more were needed, {} of {LIMIT} are in use", short.needed(), short.used()));
}

#[test]
fn refused_while_a_script_runs() {
    let mut lua = limited();
    assert_is_of_the_limit(&short(lua.run("local s = ('x'):rep(3e6) return s")), 3_000_000);
    assert_is_of_the_limit(&short(lua.load("return (pcall(error, ('x'):rep(4e6)))").eval::<bool>()), 4_000_000);
    let coroutine = "local co = coroutine.wrap(function() return ('x'):rep(3e6) end) return co()";
    assert_is_of_the_limit(&short(lua.run(coroutine)), 3_000_000);
    // The VM's own words, raised once more by a script.
    let again = "local ok, e = pcall(string.rep, 'x', 3e6) error(e, 0)";
    assert_is_of_the_limit(&short(lua.run(again)), 3_000_000);
    check(&mut lua);
}

#[test]
fn refused_while_a_text_is_compiled() {
    let mut lua = limited();
    let text = format!("return {{ {} }}", "{},".repeat(200_000));
    let error = short(lua.load(&*text).into_function());
    assert!(error.limit() == Some(LIMIT) && error.needed() > 0, "{error:?}");
    check(&mut lua);
}

#[test]
fn passed_by_the_hosts_own_values() {
    let mut lua = limited();
    assert_is_of_the_limit(&short(lua.set("text", "x".repeat(LIMIT))), LIMIT);
    let table = lua.create_table().unwrap();
    let error = short((0..1_000_000).try_for_each(|i| table.set(&mut lua, i, format!("value {i}"))));
    assert!(error.limit() == Some(LIMIT) && error.used() + error.needed() > LIMIT, "{error:?}");
    drop(table);
    lua.register("give", |_: &mut State, n: usize| -> Result<String> { Ok("x".repeat(n)) }).unwrap();
    assert_is_of_the_limit(&short(lua.run("return give(3e6)")), 3_000_000);
    // Small ones, in grace.
    lua.register("list", |_: &mut State, n: usize| -> Result<Vec<String>> { Ok((0..n).map(|i| i.to_string()).collect()) }).unwrap();
    let error = short(lua.run("return list(1e5)"));
    assert!(error.limit() == Some(LIMIT) && error.used() + error.needed() > LIMIT, "{error:?}");
    check(&mut lua);
}

#[test]
fn one_that_travels_through_scripts_keeps_its_numbers() {
    let mut lua = limited();
    lua.register("greedy", |state: &mut State, (): ()| state.run("return ('x'):rep(3e6)").map(drop)).unwrap();
    lua.register("own", |_: &mut State, (): ()| -> Result<()> { Err(MemoryError::new(77).into()) }).unwrap();
    let through = "local ok, e = pcall(...) assert(not ok and tostring(e):find('^not enough memory: %d+ bytes more')) error(e)";
    let call = |lua: &mut Lua, name: &str| {
        let f: Function = lua.get(name).unwrap();
        short(lua.load(through).call::<()>(f))
    };
    assert_is_of_the_limit(&call(&mut lua, "greedy"), 3_000_000);
    let own = call(&mut lua, "own");
    assert_eq!((own.limit(), own.used(), own.needed()), (None, 0, 77));
    let error = Error::from(own);
    assert_eq!(error.downcast_ref::<MemoryError>().map(MemoryError::needed), Some(77));
}

#[test]
fn what_a_test_makes_fail_has_no_limit() {
    for limit in [usize::MAX, 64 << 20] {
        let mut lua = measurable();
        lua.set_memory_limit(limit);
        lua.fail_allocations(1..u64::MAX);
        let error = short(lua.run("return ('x'):rep(1000)"));
        lua.fail_allocation(0);
        assert_eq!(error.limit(), None);
        assert!(error.needed() > 0 && error.used() > 0, "{error:?}");
        assert_eq!(error.to_string(), format!("not enough memory: {} bytes more were needed, and the system gave none", error.needed()));
        // First: a VM that was refused memory collects before its next operation.
        check(&mut lua);
        lua.fail_allocation(1);
        let error = short(lua.create_table());
        assert!(error.limit().is_none() && error.needed() > 0 && error.used() > 0, "{error:?}");
        check(&mut lua);
    }
    assert!(short(Lua::builder().fail_allocations(1..u64::MAX).build()).limit().is_none());
    let error = short(Lua::builder().memory_limit(1000).build());
    assert!(error.limit() == Some(1000) && error.needed() > 0, "{error:?}");
}

/// LuaJIT says that it has no memory for a text longer than it can have at all. That is not the limit's doing.
#[test]
fn a_value_too_large_for_any_vm_is_no_matter_of_the_limit() {
    if !is_luajit() {
        return;
    }
    let mut lua = Lua::new().unwrap();
    let error = short(lua.run("return ('x'):rep(2^31 - 1)"));
    assert_eq!((error.limit(), error.used(), error.needed()), (None, 0, 0));
    assert!(error.to_string().contains("the value would be too large"));
}

#[test]
fn a_scripts_own_text_is_no_error_of_memory() {
    let mut lua = limited();
    for script in ["error('not enough memory')", "error({ 'not enough memory' })", "error('not enough memory!', 0)"] {
        let result = lua.run(script);
        assert!(matches!(result, Err(Error::Runtime(_))), "{script}: {result:?}");
    }
    // Just these words are the VM's own error on Lua 5.4, whoever raises them.
    match lua.run("error('not enough memory', 0)") {
        Err(Error::Memory(short)) if !is_luajit() => assert_eq!((short.limit(), short.needed()), (None, 0)),
        Err(Error::Runtime(_)) if is_luajit() => {}
        other => panic!("{other:?}"),
    }
}

thread_local! {
    static FAILS: Cell<bool> = const { Cell::new(false) };
}

/// The system's allocator, which has nothing left while `FAILS`.
struct Failing;

// SAFETY: the system's own, or nothing.
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's.
        if FAILS.get() { std::ptr::null_mut() } else { unsafe { System.alloc(layout) } }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Failing = Failing;

#[test]
fn making_one_needs_no_memory() {
    let mut lua = limited();
    let fill: Function = lua.load("local s = ('x'):rep(3e6) return #s").into_function().unwrap();
    FAILS.set(true);
    let result = fill.call::<usize>(&mut lua, ());
    let own = MemoryError::new(64);
    let collected = lua.gc_collect();
    FAILS.set(false);
    let error = short(result);
    assert_eq!((error.limit(), error.needed()), (None, 0));
    assert!(error.to_string().starts_with("not enough memory: the VM could not grow"));
    assert_eq!(own.clone(), own);
    collected.unwrap();
    check(&mut lua);
}
