//! Promise: the host reads and sets metatables of tables and environments of functions, as
//! scripts do with `setmetatable`, and lets no finalizer in.

mod common;

use common::{is_luajit, with};
use perilune::{Error, Function, Libs, Lua, Result, State, Table, Value};

#[test]
fn a_metatable_from_rust_works_in_scripts() {
    with(|lua| {
        let metatable = lua.create_table()?;
        let fields = lua.create_table_from([("hp", 20)])?;
        metatable.set(lua, "__index", fields)?;
        let call =
            lua.create_function(|state: &mut State, (this, n): (Table, i32)| -> Result<i32> { Ok(this.get::<i32>(state, "hp")? + n) })?;
        metatable.set(lua, "__call", call)?;
        let tostring = lua.create_function(|_: &mut State, _: Table| Ok("a unit"))?;
        metatable.set(lua, "__tostring", tostring)?;
        let unit = lua.create_table()?;
        unit.set_metatable(lua, Some(&metatable))?;
        lua.set("unit", &unit)?;
        let out = lua.run("return unit.hp, unit(2), tostring(unit), getmetatable(unit)")?;
        let [hp, sum, text, found] = out.values() else { panic!("{out:?}") };
        assert_eq!((hp.to::<i32>(lua)?, sum.to::<i32>(lua)?, text.to::<String>(lua)?), (20, 22, "a unit".to_owned()));
        assert!(found.raw_equals(lua, &Value::Table(metatable.clone()))?);
        assert!(unit.metatable(lua)?.unwrap().equals(lua, &metatable)?);
        unit.set_metatable(lua, None)?;
        assert!(unit.metatable(lua)?.is_none());
        lua.run("assert(unit.hp == nil and not pcall(unit, 1))").map(drop)
    });
}

#[test]
fn a_locked_metatable_is_locked_for_scripts_only() {
    with(|lua| {
        let table: Table = lua.load("locked = setmetatable({}, { __metatable = 'locked', __index = { x = 1 } }) return locked").eval()?;
        lua.run("assert(getmetatable(locked) == 'locked' and not pcall(setmetatable, locked, {}))")?;
        assert_eq!(table.metatable(lua)?.unwrap().get::<String>(lua, "__metatable")?, "locked");
        table.set_metatable(lua, None)?;
        lua.run("assert(getmetatable(locked) == nil and locked.x == nil)").map(drop)
    });
}

#[test]
fn finalizers_are_refused_where_there_are_any() {
    with(|lua| {
        let table = lua.create_table()?;
        let metatable: Table = lua.load("ran = false return { __gc = function() ran = true end, __index = { x = 1 } }").eval()?;
        let result = table.set_metatable(lua, Some(&metatable));
        if is_luajit() {
            result?;
            assert_eq!(table.get::<i32>(lua, "x")?, 1);
        } else {
            let error = result.unwrap_err();
            assert!(matches!(error, Error::Unsupported(_)), "{error:?}");
            assert!(error.to_string().contains("a metatable with `__gc` is not supported"), "{error}");
            assert!(table.metatable(lua)?.is_none());
        }
        // One that comes later is none.
        let metatable = lua.create_table()?;
        let table = lua.create_table()?;
        table.set_metatable(lua, Some(&metatable))?;
        let finalizer: Function = lua.load("return function() ran = true end").eval()?;
        metatable.set(lua, "__gc", finalizer)?;
        drop(table);
        lua.gc_collect()?;
        lua.gc_collect()?;
        assert!(!lua.get::<bool>("ran")?);
        Ok(())
    });
}

#[test]
fn cycles_of_metatables_do_no_harm() {
    with(|lua| {
        let table = lua.create_table()?;
        table.set(lua, "__index", &table)?;
        table.set_metatable(lua, Some(&table))?;
        assert!(table.get::<Value>(lua, "nothing").unwrap_err().to_string().contains("loop"));
        assert!(table.metatable(lua)?.unwrap().equals(lua, &table)?);
        Ok(())
    });
}

#[test]
fn another_vms_tables_are_refused() {
    let (mut ours, mut theirs) = (Lua::new().unwrap(), Lua::new().unwrap());
    let (a, b) = (ours.create_table().unwrap(), theirs.create_table().unwrap());
    assert!(matches!(a.set_metatable(&mut ours, Some(&b)), Err(Error::ForeignHandle)));
    assert!(matches!(b.set_metatable(&mut ours, None), Err(Error::ForeignHandle)));
    assert!(matches!(b.metatable(&mut ours), Err(Error::ForeignHandle)));
    assert!(a.metatable(&mut ours).unwrap().is_none());
    let f: Function = theirs.load("return function() return x end").eval().unwrap();
    assert!(matches!(f.environment(&mut ours), Err(Error::ForeignHandle)));
    assert!(matches!(f.set_environment(&mut ours, &a), Err(Error::ForeignHandle)));
    assert!(matches!(f.set_environment(&mut theirs, &a), Err(Error::ForeignHandle)));
    common::check(&mut ours);
    common::check(&mut theirs);
}

#[test]
fn an_environment_is_one_functions_own() {
    with(|lua| {
        let (get, set): (Function, Function) = lua.load("x = 'global' return function() return x end, function(v) x = v end").eval()?;
        let globals = lua.globals()?;
        assert!(get.environment(lua)?.unwrap().equals(lua, &globals)?);
        let own = lua.create_table_from([("x", "own")])?;
        assert!(get.set_environment(lua, &own)?);
        assert_eq!(get.call::<String>(lua, ())?, "own");
        assert!(get.environment(lua)?.unwrap().equals(lua, &own)?);
        // The other function, which was made by the same chunk, keeps the globals.
        set.call::<()>(lua, "changed")?;
        assert_eq!((lua.get::<String>("x")?.as_str(), get.call::<String>(lua, ())?.as_str()), ("changed", "own"));
        // Warm, too: compiled code follows.
        let run: Function =
            lua.load("local get = ... return function() local s for i = 1, 200 do s = get() end return s end").call(&get)?;
        assert_eq!(run.call::<String>(lua, ())?, "own");
        let other = lua.create_table_from([("x", "other")])?;
        assert!(get.set_environment(lua, &other)?);
        assert_eq!(run.call::<String>(lua, ())?, "other");
        Ok(())
    });
}

#[test]
fn what_has_no_environment_says_so() {
    with(|lua| {
        let table = lua.create_table()?;
        let host = lua.create_function(|_: &mut State, (): ()| Ok(()))?;
        let builtin: Function = lua.get("math.floor")?;
        for function in [host, builtin] {
            assert!(function.environment(lua)?.is_none());
            assert!(!function.set_environment(lua, &table)?);
        }
        let pure: Function = lua.load("return function(a) return a end").eval()?;
        assert_eq!(pure.environment(lua)?.is_some(), is_luajit());
        assert_eq!(pure.set_environment(lua, &table)?, is_luajit());
        let odd: Function = lua.load("local _ENV = 7 return function() return x end").eval()?;
        assert_eq!(odd.environment(lua)?.is_some(), is_luajit());
        Ok(())
    });
}

#[test]
fn an_environment_is_a_fence_only_as_high_as_what_is_in_it() {
    // SAFETY: only the line below runs there.
    let mut lua = unsafe { Lua::builder().unsafe_libs(Libs::UNCHECKED) }.build().unwrap();
    let chunk = lua.load("secret = 1 return type").into_function().unwrap();
    let fence = lua.create_table().unwrap();
    assert!(chunk.set_environment(&mut lua, &fence).unwrap());
    assert!(chunk.call::<Value>(&mut lua, ()).unwrap().is_nil());
    assert_eq!(fence.get::<i32>(&mut lua, "secret").unwrap(), 1);
    assert!(lua.get::<Value>("secret").unwrap().is_nil());
}
