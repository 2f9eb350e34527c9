//! Promise: a weak reference gives its value as long as somebody else keeps it, and then
//! nothing; it never keeps it, and never gives another one.

mod common;

use common::{measurable, settled, stops_growing, with};
use perilune::{Error, Function, Handle, Lua, Result, State, Table, Value, Weak};

#[test]
fn a_value_is_there_while_somebody_keeps_it() {
    with(|lua| {
        let table = lua.create_table_from([("name", "Rowan")])?;
        let weak = table.downgrade(lua)?;
        lua.gc_collect()?;
        assert_eq!(weak.upgrade(lua)?.unwrap().get::<String>(lua, "name")?, "Rowan");
        // A script keeps it as well as a handle.
        lua.set("kept", &table)?;
        drop(table);
        lua.gc_collect()?;
        assert!(weak.upgrade(lua)?.is_some());
        lua.set("kept", Value::Nil)?;
        lua.gc_collect()?;
        assert!(weak.upgrade(lua)?.is_none());
        assert!(weak.clone().upgrade(lua)?.is_none());
        Ok(())
    });
}

#[test]
fn an_upgraded_handle_keeps_the_value() {
    with(|lua| {
        let weak = lua.create_table_from([("n", 7)])?.downgrade(lua)?;
        let strong = weak.upgrade(lua)?.unwrap();
        lua.gc_collect()?;
        assert_eq!(strong.get::<i32>(lua, "n")?, 7);
        let other = weak.upgrade(lua)?.unwrap();
        assert!(strong.equals(lua, &other)?);
        drop((strong, other));
        lua.gc_collect()?;
        assert!(weak.upgrade(lua)?.is_none());
        Ok(())
    });
}

#[test]
fn functions_of_lua_and_of_the_host() {
    with(|lua| {
        let double: Function = lua.load("local k = 2 return function(n) return n * k end").eval()?;
        let host = lua.create_function(|_: &mut State, n: i32| -> Result<i32> { Ok(n + 1) })?;
        let (double_weak, host_weak): (Weak<Function>, Weak<Function>) = (double.downgrade(lua)?, host.downgrade(lua)?);
        lua.gc_collect()?;
        assert_eq!(double_weak.upgrade(lua)?.unwrap().call::<i32>(lua, 4)?, 8);
        assert_eq!(host_weak.upgrade(lua)?.unwrap().call::<i32>(lua, 4)?, 5);
        drop((double, host));
        lua.gc_collect()?;
        assert!(double_weak.upgrade(lua)?.is_none() && host_weak.upgrade(lua)?.is_none());
        Ok(())
    });
}

#[test]
fn cycles_through_rust_can_be_collected() {
    let mut lua = measurable();
    stops_growing(&mut lua, "objects that know their table weakly", |lua| {
        for _ in 0..100 {
            let object = lua.create_table().unwrap();
            let weak = object.downgrade(lua).unwrap();
            let method =
                lua.create_function(move |state: &mut State, (): ()| -> Result<bool> { Ok(weak.upgrade(state)?.is_some()) }).unwrap();
            object.set(lua, "is_there", method).unwrap();
            lua.set("object", object).unwrap();
            lua.run("assert(object.is_there())").unwrap();
        }
    });
}

#[test]
fn a_hundred_thousand_leave_nothing() {
    let mut lua = measurable();
    stops_growing(&mut lua, "weak references", |lua| {
        let table = lua.create_table().unwrap();
        let all: Vec<Weak<Table>> = (0..10_000).map(|_| table.downgrade(lua).unwrap()).collect();
        assert!(all.iter().all(|weak| weak.upgrade(lua).unwrap().is_some()));
        drop(table);
        lua.gc_collect().unwrap();
        assert!(all.iter().all(|weak| weak.upgrade(lua).unwrap().is_none()));
    });
    settled(&mut lua);
}

#[test]
fn another_vm_and_a_closed_one_are_errors() {
    let (mut ours, mut theirs) = (Lua::new().unwrap(), Lua::new().unwrap());
    let table = theirs.create_table().unwrap();
    let weak = table.downgrade(&mut theirs).unwrap();
    assert!(matches!(table.downgrade(&mut ours), Err(Error::ForeignHandle)));
    assert!(matches!(weak.upgrade(&mut ours), Err(Error::ForeignHandle)));
    theirs.close().unwrap();
    assert!(matches!(weak.upgrade(&mut ours), Err(Error::Closed)));
    common::check(&mut ours);
}

#[test]
fn they_go_to_other_threads_and_into_callbacks() {
    let mut lua = Lua::new().unwrap();
    let table = lua.create_table().unwrap();
    let weak = table.downgrade(&mut lua).unwrap();
    std::thread::spawn(move || {
        assert!(weak.upgrade(&mut lua).unwrap().is_some());
        let again = weak.clone();
        lua.register("is_there", move |state: &mut State, (): ()| -> Result<bool> { Ok(again.upgrade(state)?.is_some()) }).unwrap();
        lua.run("assert(is_there()) assert(coroutine.wrap(is_there)())").unwrap();
        drop(table);
        lua.gc_collect().unwrap();
        lua.run("assert(not is_there())").unwrap();
    })
    .join()
    .unwrap();
}
