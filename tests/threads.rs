//! A VM belongs to one thread at a time, and may be another one every time; handles may be anywhere.

use perilune::{Error, Function, Lua, LuaString, Result, State, Table, Value};

fn is_send<T: Send + 'static>() {}
fn is_sync<T: Sync>() {}

#[test]
fn handles_and_errors_go_anywhere() {
    is_send::<Lua>();
    is_send::<Table>();
    is_send::<Function>();
    is_send::<LuaString>();
    is_send::<Value>();
    is_send::<Error>();
    is_sync::<Table>();
    is_sync::<Function>();
    is_sync::<Value>();
    is_sync::<Error>();
}

#[test]
fn a_vm_runs_on_one_thread_after_the_other() {
    let mut lua = Lua::new().unwrap();
    let count: Function = lua.load("local n = 0 return function() n = n + 1 return n end").eval().unwrap();
    for turn in 1..=8 {
        let counter = count.clone();
        lua = std::thread::spawn(move || {
            assert_eq!(counter.call::<i32>(&mut lua, ()).unwrap(), turn);
            lua
        })
        .join()
        .unwrap();
    }
}

#[test]
fn handles_dropped_elsewhere_are_collected_by_the_next_use() {
    let mut lua = Lua::new().unwrap();
    let settle = |lua: &mut Lua| {
        lua.create_table().unwrap();
        lua.gc_collect().unwrap();
        lua.gc_collect().unwrap();
        lua.memory().used
    };
    settle(&mut lua);
    let before = settle(&mut lua);
    for _ in 0..20 {
        let tables: Vec<Table> = (0..100).map(|_| lua.create_table_with_capacity(1000, 0).unwrap()).collect();
        std::thread::spawn(move || drop(tables)).join().unwrap();
    }
    // The slots stay for reuse; the hundred tables of 8,000 bytes and more are gone.
    assert!(settle(&mut lua) < before + 20_000);
}

#[test]
fn two_vms_run_at_the_same_time() {
    let work = |seed: i64| -> Result<i64> {
        let mut lua = Lua::new()?;
        lua.register("step", move |_: &mut State, n: i64| -> Result<i64> { Ok((n * 31 + seed) % 10_007) })?;
        lua.load("local n = 1 for i = 1, 20000 do n = step(n) end return n").eval()
    };
    let expected: Vec<i64> = (0..4).map(|seed| work(seed).unwrap()).collect();
    let threads: Vec<_> = (0..4).map(|seed| std::thread::spawn(move || work(seed).unwrap())).collect();
    let found: Vec<i64> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(found, expected);
}
