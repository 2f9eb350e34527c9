//! Memory and the collector: what keeps a value, what lets it go.

use std::sync::Arc;

use perilune::{Error, Function, Handle, Lua, State, Table, UserData, Weak};

use crate::common::{settled, with};

struct Tracked(#[expect(dead_code, reason = "it is held")] Arc<()>);

impl UserData for Tracked {}

#[test]
fn a_handle_keeps_its_value_and_nothing_more() {
    with(|lua| {
        let tracked = Arc::new(());
        let handle = lua.create_userdata(Tracked(Arc::clone(&tracked)))?;
        lua.gc_collect()?;
        assert_eq!(Arc::strong_count(&tracked), 2);
        drop(handle);
        lua.gc_collect()?;
        assert_eq!(Arc::strong_count(&tracked), 1);
        Ok(())
    });
}

#[test]
fn a_value_is_kept_by_the_last_who_holds_it() {
    with(|lua| {
        let tracked = Arc::new(());
        lua.set("kept", Tracked(Arc::clone(&tracked)))?;
        lua.gc_collect()?;
        assert_eq!(Arc::strong_count(&tracked), 2);
        lua.run("kept = nil collectgarbage()")?;
        assert_eq!(Arc::strong_count(&tracked), 1, "a script may ask for a collection");
        Ok(())
    });
}

#[test]
fn what_scripts_use_is_counted() {
    with(|lua| {
        let before = settled(lua);
        lua.run("big = ('x'):rep(1000000)")?;
        assert!(lua.memory().used > before + 1_000_000);
        assert!(lua.memory().peak >= lua.memory().used);
        lua.run("big = nil")?;
        assert!(settled(lua) < before + 500_000);
        Ok(())
    });
}

#[test]
fn a_weak_reference_is_a_cache_that_holds_nothing() {
    with(|lua| {
        let table = lua.create_table_from([("hp", 7)])?;
        let weak: Weak<Table> = table.downgrade(lua)?;
        let again = weak.upgrade(lua)?.unwrap();
        assert!(again.equals(lua, &table)?);
        drop((table, again));
        lua.gc_collect()?;
        assert!(weak.upgrade(lua)?.is_none());
        Ok(())
    });
}

#[test]
fn the_collector_is_stopped_for_a_while() {
    with(|lua| {
        lua.gc_stop()?;
        let tracked = Arc::new(());
        drop(lua.create_userdata(Tracked(Arc::clone(&tracked)))?);
        lua.run("for i = 1, 10000 do local t = { i } end")?;
        assert_eq!(Arc::strong_count(&tracked), 2);
        lua.gc_restart()?;
        lua.gc_collect()?;
        assert_eq!(Arc::strong_count(&tracked), 1);
        Ok(())
    });
}

#[test]
fn everything_goes_with_the_vm() {
    let tracked = Arc::new(());
    let mut lua = Lua::new().unwrap();
    lua.set("kept", Tracked(Arc::clone(&tracked))).unwrap();
    let captured = Arc::clone(&tracked);
    lua.register("count", move |_: &mut State, (): ()| Ok(Arc::strong_count(&captured))).unwrap();
    lua.set_app_data(Arc::clone(&tracked));
    assert_eq!(lua.call::<usize>("count", ()).unwrap(), 4);
    let function: Function = lua.get("count").unwrap();
    drop(lua);
    assert_eq!(Arc::strong_count(&tracked), 1);
    let mut other = Lua::new().unwrap();
    assert!(matches!(function.call::<usize>(&mut other, ()), Err(Error::Closed)), "a handle does not keep a VM");
}
