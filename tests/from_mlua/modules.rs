//! Modules: made by the host, found by it, loaded once.

use perilune::{Error, Function, Libs, Lua, Result, Search, State, Table, Value};

use crate::common::with;

#[test]
fn a_module_of_the_hosts_is_what_it_gave() {
    with(|lua| {
        let module = lua.create_table()?;
        let roll = lua.create_function(|_: &mut State, sides: u32| Ok(sides / 2))?;
        module.set(lua, "roll", roll)?;
        lua.register_module("dice", &module)?;
        lua.run("local dice = require 'dice' assert(dice.roll(6) == 3 and require('dice') == dice)")?;
        assert!(lua.get::<Option<Table>>("dice")?.is_none(), "it is no global");
        // Anything but nil is a module.
        lua.register_module("answer", 42)?;
        assert_eq!(lua.load("return require('answer')").eval::<i32>()?, 42);
        Ok(())
    });
}

#[test]
fn a_module_is_made_when_it_is_first_required() {
    with(|lua| {
        lua.set_app_data(0_u32);
        lua.add_loader(|state: &mut State, name: &str| -> Result<Option<Function>> {
            if name != "lazy" {
                return Ok(None);
            }
            let chunk = state.create_function(|state: &mut State, name: String| -> Result<Table> {
                *state.app_data_mut::<u32>().ok_or_else(|| Error::runtime("nobody counts"))? += 1;
                state.create_table_from([("name", name)])
            })?;
            Ok(Some(chunk))
        })?;
        assert_eq!(lua.app_data::<u32>(), Some(&0));
        lua.run("assert(require('lazy').name == 'lazy' and require('lazy') == require('lazy'))")?;
        assert_eq!(lua.app_data::<u32>(), Some(&1));
        Ok(())
    });
}

#[test]
fn a_module_is_replaced_for_those_who_require_it_later() {
    with(|lua| {
        lua.register_module("rules", "the old ones")?;
        lua.run("old = require 'rules'")?;
        lua.register_module("rules", "the new ones")?;
        lua.run("assert(old == 'the old ones' and require('rules') == 'the new ones')").map(drop)
    });
}

#[test]
fn what_nobody_has_is_an_error_that_says_where_it_was_looked_for() {
    with(|lua| {
        lua.add_loader(|_: &mut State, name: &str| -> Result<Search> { Ok(Search::Missing(format!("no mod '{name}'"))) })?;
        let error = lua.run("require 'nothing'").unwrap_err().to_string();
        assert!(error.contains("module 'nothing' not found:") && error.contains("no mod 'nothing'"), "{error}");
        Ok(())
    });
}

#[test]
fn with_the_package_library_modules_are_where_lua_keeps_them() {
    // SAFETY: the only scripts are those below.
    let mut lua = unsafe { Lua::builder().unsafe_libs(Libs::PACKAGE) }.build().unwrap();
    lua.register_module("rules", 7).unwrap();
    lua.run("assert(require('rules') == 7 and package.loaded.rules == 7) package.loaded.rules = nil").unwrap();
    assert!(lua.run("require 'rules'").is_err());
    let preload: Table = lua.get("package.preload").unwrap();
    let chunk = lua.load("return { name = ... }").into_function().unwrap();
    preload.set(&mut lua, "made", chunk).unwrap();
    assert_eq!(lua.load("return require('made').name").eval::<String>().unwrap(), "made");
    assert!(lua.get::<Value>("package.loaded.made").unwrap().as_table().is_some());
}
