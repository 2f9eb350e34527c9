//! Conversions: what becomes what, and where that differs.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use perilune::{Either, Error, FromLua, Function, IntoLua, Lua, Result, State, Table, Value};

use crate::common::with;

#[test]
fn either_takes_the_first_that_fits() {
    with(|lua| {
        type Id = Either<u32, String>;
        assert_eq!(lua.load("return 7").eval::<Id>()?, Either::Left(7));
        assert_eq!(lua.load("return 'seven'").eval::<Id>()?, Either::Right("seven".to_owned()));
        // A text that is a number is one in Lua.
        assert_eq!(lua.load("return '7'").eval::<Id>()?, Either::Left(7));
        assert_eq!(lua.load("return -7").eval::<Id>()?, Either::Right("-7".to_owned()));
        assert_eq!(Id::from_lua(Value::Integer(3), lua)?, Either::Left(3));
        let same: Function = lua.load("return function(v) return v end").eval()?;
        assert_eq!(same.call::<i32>(lua, Either::<i32, &str>::Left(4))?, 4);
        assert_eq!(same.call::<String>(lua, Either::<i32, &str>::Right("four"))?, "four");
        assert!(matches!(Either::<i32, bool>::Right(true).into_lua(lua)?, Value::Boolean(true)));
        Ok(())
    });
}

#[test]
fn either_nests_and_names_everything_that_it_would_take() {
    with(|lua| {
        type Any = Either<bool, Either<u8, Vec<i32>>>;
        assert_eq!(lua.load("return { 1, 2 }").eval::<Any>()?, Either::Right(Either::Right(vec![1, 2])));
        let error = lua.load("return 'x'").eval::<Any>().unwrap_err();
        assert_eq!(error.to_string(), r#"expected a boolean or an integer from 0 to 255 or a table, got string "x""#);
        // What is wrong inside says where.
        let error = lua.load("return { 1, {} }").eval::<Any>().unwrap_err();
        assert!(error.to_string().starts_with("element 2: expected an integer"), "{error}");
        Ok(())
    });
}

/// A conversion that fails for reasons of its own.
#[derive(Debug, PartialEq)]
struct Picky;

impl FromLua for Picky {
    fn from_lua(_: Value, _: &mut State) -> Result<Self> {
        Err(Error::runtime("never good enough"))
    }
}

#[test]
fn either_goes_on_after_any_refusal_but_not_after_a_broken_handle() {
    with(|lua| {
        assert_eq!(lua.load("return 1").eval::<Either<Picky, i32>>()?, Either::Right(1));
        assert_eq!(lua.load("return 1").eval::<Either<bool, Picky>>().unwrap_err().to_string(), "never good enough");
        let theirs = Value::Table(Lua::new()?.create_table()?);
        assert!(matches!(Either::<i32, Value>::from_lua(theirs, lua), Err(Error::Closed)));
        Ok(())
    });
}

#[test]
fn paths_and_system_texts_travel_as_strings() {
    with(|lua| {
        lua.set("path", Path::new("scripts/rules.lua"))?;
        lua.set("name", OsStr::new("rules"))?;
        lua.run("assert(path == 'scripts/rules.lua' and name == 'rules')")?;
        assert_eq!(lua.get::<PathBuf>("path")?, Path::new("scripts/rules.lua"));
        assert_eq!(lua.get::<OsString>("name")?, "rules");
        let joined: Function = lua.create_function(|_: &mut State, (a, b): (PathBuf, PathBuf)| Ok(a.join(b)))?;
        assert_eq!(joined.call::<PathBuf>(lua, (PathBuf::from("a"), OsString::from("b")))?, Path::new("a").join("b"));
        assert!(matches!(lua.load("return {}").eval::<PathBuf>(), Err(Error::Type(_))));
        Ok(())
    });
}

#[cfg(unix)]
#[test]
fn paths_that_are_no_text_survive() {
    use std::os::unix::ffi::OsStrExt;
    with(|lua| {
        let odd = Path::new(OsStr::from_bytes(b"caf\xe9"));
        lua.set("odd", odd)?;
        assert_eq!(lua.load("return #odd").eval::<usize>()?, 4);
        assert_eq!(lua.get::<PathBuf>("odd")?, odd);
        Ok(())
    });
}

#[test]
fn truth_is_asked_for_and_not_assumed() {
    with(|lua| {
        // Every value is true or false in Lua; here only booleans are booleans.
        assert!(matches!(lua.load("return 1").eval::<bool>(), Err(Error::Type(_))));
        let truth: Value = lua.load("return 1").eval()?;
        assert!(!matches!(truth, Value::Nil | Value::Boolean(false)));
        assert!(lua.load("return not not 1").eval::<bool>()?);
        assert_eq!(lua.load("return nil").eval::<Option<bool>>()?, None);
        Ok(())
    });
}

#[test]
fn floats_are_integers_where_they_are_whole() {
    with(|lua| {
        assert_eq!(lua.load("return 3.0").eval::<i32>()?, 3);
        assert_eq!(lua.load("return 6 / 2").eval::<u8>()?, 3);
        assert!(lua.load("return 3.5").eval::<i32>().is_err());
        assert_eq!(lua.load("return 3").eval::<f64>()?, 3.0);
        Ok(())
    });
}

#[test]
fn sets_are_lists_of_their_members() {
    with(|lua| {
        let set: HashSet<String> = lua.load("return { 'ash', 'rowan', 'ash' }").eval()?;
        assert_eq!(set, HashSet::from(["ash".to_owned(), "rowan".to_owned()]));
        lua.set("set", HashSet::from([7]))?;
        lua.run("assert(#set == 1 and set[1] == 7)")?;
        // A set as Lua writes it is a map.
        let lua_set: HashMap<String, bool> = lua.load("return { ash = true, rowan = true }").eval()?;
        assert_eq!(lua_set.into_keys().collect::<HashSet<_>>(), set);
        Ok(())
    });
}

#[test]
fn maps_read_lists_by_their_positions() {
    with(|lua| {
        let map: BTreeMap<usize, String> = lua.load("return { 'a', 'b', [5] = 'e' }").eval()?;
        assert_eq!(map, BTreeMap::from([(1, "a".to_owned()), (2, "b".to_owned()), (5, "e".to_owned())]));
        Ok(())
    });
}

#[test]
fn slices_become_lists_by_iteration() {
    with(|lua| {
        let turns = ["Rowan", "Ash"];
        let list = lua.create_sequence(turns[..1].iter().map(|name| name.to_uppercase()))?;
        assert_eq!(list.to_vec::<String>(lua)?, ["ROWAN"]);
        let list = lua.create_sequence(turns.iter().copied())?;
        assert_eq!(list.raw_len(lua)?, 2);
        Ok(())
    });
}

#[test]
fn values_are_converted_by_hand_in_both_directions() {
    with(|lua| {
        let value = vec![1, 2].into_lua(lua)?;
        assert_eq!(value.to::<Vec<i32>>(lua)?, [1, 2]);
        assert_eq!(Vec::<i32>::from_lua(value.clone(), lua)?, [1, 2]);
        assert_eq!(value.to::<Table>(lua)?.raw_len(lua)?, 2);
        // What Lua would coerce.
        assert_eq!("0x10".into_lua(lua)?.to::<i64>(lua)?, 16);
        assert_eq!(2.5.into_lua(lua)?.to::<String>(lua)?, "2.5");
        Ok(())
    });
}
