//! Promise: `require` asks the host's loaders, loads each module once, and says what went
//! wrong; where scripts have `package`, the host's loaders are a part of it.

mod common;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{check, height, is_luajit, quietly, with};
use perilune::{Error, Function, Libs, Lua, Result, Search, State, Table, Value};

/// Lets `lua` require these modules, and counts how often one was looked for.
fn offer(lua: &mut Lua, modules: &[(&'static str, &'static str)]) -> Arc<AtomicUsize> {
    let texts: HashMap<&str, &str> = modules.iter().copied().collect();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    lua.add_loader(move |state: &mut State, name: &str| -> Result<Option<Function>> {
        count.fetch_add(1, Ordering::Relaxed);
        texts.get(name).map(|text| state.load(text).name(name).into_function()).transpose()
    })
    .unwrap();
    asked
}

/// VMs with a `require` of ours, and with `package`.
fn both() -> [Lua; 2] {
    // SAFETY: only the tests' own scripts run there.
    [Lua::new().unwrap(), unsafe { Lua::builder().unsafe_libs(Libs::PACKAGE) }.build().unwrap()]
}

#[test]
fn without_loaders_a_safe_vm_has_no_require() {
    with(|lua| lua.run("assert(require == nil and package == nil)").map(drop));
}

#[test]
fn a_module_is_loaded_once_and_knows_its_name() {
    for mut lua in both() {
        let top = height(&mut lua);
        let asked = offer(
            &mut lua,
            &[("rules", "loads = (loads or 0) + 1 return { name = ... }"), ("units.orc", "return { base = require 'rules' }")],
        );
        lua.run(
            "local rules = require 'rules'
             assert(rules.name == 'rules' and require 'rules' == rules and require('units.orc').base == rules)
             assert(loads == 1)
             assert(select('#', require 'rules') >= 1)",
        )
        .unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        assert_eq!(height(&mut lua), top);
        check(&mut lua);
        lua.close().unwrap();
    }
}

#[test]
fn a_module_that_returns_nothing_is_true() {
    for mut lua in both() {
        offer(&mut lua, &[("none", "ran = (ran or 0) + 1"), ("no", "return false, 'x'"), ("odd", "return 7")]);
        lua.run("assert(require 'none' == true and require 'none' == true and ran == 1 and require 'odd' == 7)").unwrap();
        lua.run("assert(require 'no' == false)").unwrap();
        check(&mut lua);
    }
}

#[test]
fn loaders_are_asked_in_turn_and_all_reasons_told() {
    for mut lua in both() {
        lua.add_loader(|_: &mut State, name: &str| -> Result<Search> { Ok(Search::Missing(format!("no file '{name}.lua'"))) }).unwrap();
        offer(&mut lua, &[("here", "return 'found'")]);
        lua.add_loader(|_: &mut State, name: &str| -> Result<Search> { Ok(Search::Missing(format!("no mod '{name}'"))) }).unwrap();
        assert_eq!(lua.load("return require 'here'").eval::<String>().unwrap(), "found");
        let error = lua.run("local function f() require 'there' end f()").unwrap_err();
        let message = error.to_string();
        assert!(message.contains("module 'there' not found:"), "{message}");
        let (file, other) = (message.find("\n\tno file 'there.lua'").unwrap(), message.find("\n\tno mod 'there'").unwrap());
        assert!(file < other, "{message}");
        assert!(error.traceback().unwrap().contains("in function 'f'") || error.traceback().unwrap().contains("in local 'f'"), "{error:#}");
        check(&mut lua);
    }
    let mut lua = Lua::new().unwrap();
    offer(&mut lua, &[]);
    assert_eq!(lua.run("require 'x'").unwrap_err().to_string(), "module 'x' not found: no loader has it");
    lua.add_loader(|_: &mut State, _: &str| -> Result<Search> { Ok(Search::Missing("looked in:".to_owned())) }).unwrap();
    assert_eq!(lua.run("require 'x'").unwrap_err().to_string(), "module 'x' not found:\n\tlooked in:");
}

#[test]
fn modules_that_require_each_other_are_an_error_that_shows_the_circle() {
    let mut lua = Lua::new().unwrap();
    offer(&mut lua, &[("a", "return require 'b'"), ("b", "return require 'c'"), ("c", "return require 'a'"), ("d", "return 4")]);
    let error = lua.run("require 'a'").unwrap_err();
    assert!(error.to_string().contains("module 'a' requires itself: a -> b -> c -> a"), "{error}");
    // Nothing is left half-way.
    let error = lua.run("require 'c'").unwrap_err();
    assert!(error.to_string().contains("c -> a -> b -> c"), "{error}");
    assert_eq!(lua.load("return require 'd'").eval::<i32>().unwrap(), 4);
    check(&mut lua);
    // With `package` it is no endless loop either.
    let mut lua = both().into_iter().nth(1).unwrap();
    offer(&mut lua, &[("a", "return require 'b'"), ("b", "return require 'a'")]);
    assert!(lua.run("require 'a'").is_err());
    check(&mut lua);
}

#[test]
fn a_module_that_fails_tells_where_and_can_be_tried_again() {
    for mut lua in both() {
        offer(
            &mut lua,
            &[("bad", "local t = nil\nreturn t.x"), ("late", "if not ready then error('not yet') end return 1"), ("typo", "return = 1")],
        );
        let error = lua.run("require 'bad'").unwrap_err();
        assert!(error.to_string().contains("bad:2: attempt to index"), "{error}");
        assert!(error.traceback().unwrap().contains("bad:2:"), "{error:#}");
        assert!(lua.run("require 'late'").unwrap_err().to_string().contains("not yet"));
        // LuaJIT's own `require` wants to be told first.
        lua.run("ready = true if package then package.loaded.late = nil end assert(require 'late' == 1)").unwrap();
        let error = lua.run("require 'typo'").unwrap_err();
        assert!(error.to_string().contains("typo:1: unexpected symbol near '='"), "{error}");
        check(&mut lua);
    }
}

#[test]
fn a_loaders_error_and_panic_come_through() {
    quietly(|| {
        for mut lua in both() {
            lua.add_loader(|_: &mut State, name: &str| -> Result<Option<Function>> {
                match name {
                    "error" => Err(Error::external(std::fmt::Error)),
                    "panic" => panic!("a loader's panic"),
                    _ => Ok(None),
                }
            })
            .unwrap();
            offer(&mut lua, &[("fine", "return 1")]);
            assert!(lua.run("require 'error'").unwrap_err().downcast_ref::<std::fmt::Error>().is_some());
            let Err(Error::Panic(panic)) = lua.run("require 'panic'") else { panic!("no panic") };
            assert_eq!(panic.message(), "a loader's panic");
            lua.run("assert(not pcall(require, 'panic') and not pcall(require, 'error') and require 'fine' == 1)").unwrap();
            check(&mut lua);
        }
    });
}

#[test]
fn names_are_checked() {
    for name in ["''", "'a\\nb'", "'a\\0b'", "'\\27[2J'", "'\\127'"] {
        let mut lua = Lua::new().unwrap();
        offer(&mut lua, &[]);
        let error = lua.run(&format!("require({name})")).unwrap_err();
        assert!(error.to_string().contains("a module's name without control characters"), "{name}: {error}");
    }
    let mut lua = Lua::new().unwrap();
    offer(&mut lua, &[]);
    for (script, expected) in [
        ("require()", "bad argument #1 to 'require': expected a string, got nil"),
        ("require {}", "bad argument #1 to 'require': expected a string, got table"),
        ("require '\\255'", "bad argument #1 to 'require': expected a UTF-8 string"),
    ] {
        let error = lua.run(script).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    for mut lua in both() {
        assert!(matches!(lua.register_module("a\nb", 1), Err(Error::Type(_))));
        assert!(matches!(lua.register_module("", 1), Err(Error::Type(_))));
        assert!(matches!(lua.register_module("nil", Value::Nil), Err(Error::Type(_))));
    }
}

#[test]
fn the_hosts_own_modules() {
    for mut lua in both() {
        let rules = lua.create_table_from([("speed", 42)]).unwrap();
        lua.register_module("rules", &rules).unwrap();
        lua.register_module("answer", 42).unwrap();
        let found: Table = lua.load("assert(require 'answer' == 42) return require 'rules'").eval().unwrap();
        assert!(found.equals(&mut lua, &rules).unwrap());
        // A later one takes the place of an earlier one; others stay.
        lua.register_module("answer", "another").unwrap();
        offer(&mut lua, &[("answer", "return 'never'"), ("new", "return 'loaded'")]);
        lua.run("assert(require 'answer' == 'another' and require 'new' == 'loaded')").unwrap();
        check(&mut lua);
    }
}

#[test]
fn a_script_that_replaces_everything_changes_nothing_about_require() {
    let mut lua = Lua::new().unwrap();
    offer(&mut lua, &[("m", "return 1")]);
    lua.run(
        "local G, require, kept, next, assert = _G, require, {}, next, assert
         for name, value in next, G do kept[name] = value end
         for name in next, kept do G[name] = nil end
         package = { loaded = { m = 'false' }, loaders = {}, searchers = {}, preload = {} }
         local found = require 'm'
         package = nil
         for name, value in next, kept do G[name] = value end
         assert(found == 1)",
    )
    .unwrap();
    // Nor does a table that looks like `package` get the host's loaders.
    lua.run("package = { loaded = {}, loaders = {}, searchers = {} }").unwrap();
    offer(&mut lua, &[("n", "return 2")]);
    lua.run("assert(require 'n' == 2 and next(package.loaders) == nil and next(package.searchers) == nil)").unwrap();
    check(&mut lua);
}

#[test]
fn deep_chains_of_modules_end_well() {
    let mut lua = Lua::new().unwrap();
    lua.add_loader(|state: &mut State, name: &str| -> Result<Option<Function>> {
        state.load("local n = tonumber((...)) return n == 0 and 0 or require(tostring(n - 1)) + 1").name(name).into_function().map(Some)
    })
    .unwrap();
    assert_eq!(lua.load("return require '20'").eval::<i32>().unwrap(), 20);
    let error = lua.run("require '100000'").unwrap_err();
    assert!(error.to_string().contains("overflow"), "{error}");
    check(&mut lua);
    assert_eq!(lua.load("return require '30'").eval::<i32>().unwrap(), 30);
}

#[test]
fn with_package_the_hosts_loaders_come_after_preload_and_before_files() {
    let mut lua = both().into_iter().nth(1).unwrap();
    lua.add_loader(|_: &mut State, name: &str| -> Result<Search> { Ok(Search::Missing(format!("first: no {name}"))) }).unwrap();
    lua.add_loader(|_: &mut State, name: &str| -> Result<Search> { Ok(Search::Missing(format!("second: no {name}"))) }).unwrap();
    let message = lua.run("require 'nowhere'").unwrap_err().to_string();
    let place = |text: &str| message.find(text).unwrap_or_else(|| panic!("{text} in {message}"));
    assert!(place("package.preload['nowhere']") < place("\n\tfirst: no nowhere"));
    assert!(place("first: no nowhere") < place("\n\tsecond: no nowhere") && place("second:") < place("nowhere.lua"), "{message}");
    offer(&mut lua, &[("m", "return 'ours'")]);
    lua.run("package.preload.p = function() return 'preloaded' end assert(require 'p' == 'preloaded' and require 'm' == 'ours')").unwrap();
    lua.run("assert(package.loaded.m == 'ours') package.loaded.m = nil assert(require 'm' == 'ours')").unwrap();
    assert_eq!(lua.load(if is_luajit() { "return #package.loaders" } else { "return #package.searchers" }).eval::<i32>().unwrap(), 7);
    check(&mut lua);
    // What a script has broken is an error with a sentence.
    lua.run("package.loaders, package.searchers = 1, 1").unwrap();
    let error = lua.add_loader(|_: &mut State, _: &str| -> Result<Option<Function>> { Ok(None) }).unwrap_err();
    assert!(error.to_string().contains("expected a table, got number"), "{error}");
}
