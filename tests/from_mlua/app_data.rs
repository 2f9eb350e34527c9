//! The host's data: kept by type, and handles kept with it, which elsewhere are in a registry.

use std::collections::HashMap;

use perilune::{Error, Function, Lua, Result, State, Table, Value};

use crate::common::with;

#[test]
fn one_value_of_each_type_is_kept() {
    with(|lua| {
        assert_eq!(lua.set_app_data(7_u8), None);
        assert_eq!(lua.set_app_data("seven".to_owned()), None);
        assert_eq!(lua.set_app_data(8_u8), Some(7));
        assert_eq!(lua.app_data::<u8>(), Some(&8));
        *lua.app_data_mut::<u8>().unwrap() += 1;
        assert_eq!(lua.remove_app_data::<u8>(), Some(9));
        assert_eq!(lua.remove_app_data::<u8>(), None);
        assert_eq!(lua.app_data::<String>().map(String::as_str), Some("seven"));
        Ok(())
    });
}

/// What a registry of named values is elsewhere.
#[derive(Default)]
struct Handlers(HashMap<String, Vec<Function>>);

#[test]
fn handles_are_kept_by_the_host_for_as_long_as_it_likes() {
    with(|lua| {
        lua.set_app_data(Handlers::default());
        lua.register("on", |state: &mut State, (event, handler): (String, Function)| -> Result<()> {
            let handlers = state.app_data_mut::<Handlers>().ok_or_else(|| Error::runtime("no events here"))?;
            handlers.0.entry(event).or_default().push(handler);
            Ok(())
        })?;
        lua.run(
            "log = {} on('dawn', function(who) log[#log + 1] = who .. ' wakes' end) on('dawn', function() log[#log + 1] = 'crow' end)",
        )?;
        lua.gc_collect()?;
        let handlers = lua.app_data::<Handlers>().and_then(|handlers| handlers.0.get("dawn").cloned()).unwrap_or_default();
        for handler in &handlers {
            handler.call::<()>(lua, "Rowan")?;
        }
        assert_eq!(lua.get::<Vec<String>>("log")?, ["Rowan wakes", "crow"]);
        Ok(())
    });
}

#[test]
fn a_value_of_any_type_is_kept_out_of_scripts_sight() {
    with(|lua| {
        let secret: Table = lua.load("return { code = 1234 }").eval()?;
        lua.set_app_data(Value::Table(secret));
        lua.gc_collect()?;
        let kept = lua.app_data::<Value>().cloned().unwrap_or_default();
        assert_eq!(kept.to::<HashMap<String, i32>>(lua)?["code"], 1234);
        // It is replaced and removed like any other.
        let old = lua.set_app_data(Value::Integer(1)).and_then(|value| value.as_table().cloned());
        assert!(old.is_some());
        Ok(())
    });
}

#[test]
fn a_callback_uses_it_while_it_runs_scripts() {
    with(|lua| {
        lua.set_app_data(vec![1]);
        lua.register("push_after", |state: &mut State, (n, work): (i32, Function)| -> Result<usize> {
            work.call::<()>(state, ())?;
            let all = state.app_data_mut::<Vec<i32>>().ok_or_else(|| Error::runtime("gone"))?;
            all.push(n);
            Ok(all.len())
        })?;
        assert_eq!(lua.load("return push_after(2, function() push_after(3, function() end) end)").eval::<usize>()?, 3);
        assert_eq!(lua.app_data::<Vec<i32>>().unwrap(), &[1, 3, 2]);
        Ok(())
    });
}

#[test]
fn each_vm_has_its_own() {
    let mut lua = Lua::new().unwrap();
    let mut other = Lua::new().unwrap();
    lua.set_app_data(1);
    assert_eq!(other.app_data::<i32>(), None);
    other.set_app_data(2);
    assert_eq!(lua.app_data::<i32>(), Some(&1));
}
