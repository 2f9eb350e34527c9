//! A traceback shows where an error began, however many times it crossed between Rust and Lua on its way.

use perilune::{Error, Function, Lua, Result, State};

/// A VM in which `relay(f)` calls `f` from Rust and passes its error on.
fn lua() -> Lua {
    let mut lua = Lua::new().unwrap();
    lua.register("relay", |state: &mut State, f: Function| -> Result<()> { f.call(state, ()) }).unwrap();
    lua.register("refuse", |_: &mut State, (): ()| -> Result<()> { Err(Error::runtime("refused")) }).unwrap();
    lua
}

#[test]
fn an_error_of_the_host_keeps_the_traceback_of_its_origin() {
    let error = lua().load("local function deep() refuse() end relay(function() relay(deep) end)").name("story").exec().unwrap_err();
    assert_eq!(error.to_string(), "refused");
    let traceback = error.traceback().unwrap();
    assert!(traceback.contains("deep") || traceback.contains("story:1:"), "{traceback}");
    assert!(traceback.matches("story:1:").count() >= 3, "{traceback}");
}

#[test]
fn an_error_of_a_script_does_too() {
    for raised in ["'text'", "{ code = 7 }", "nil"] {
        let script = format!("local function deep()\nerror({raised})\nend\nrelay(function() relay(deep) end)");
        let error = lua().load(&script).name("story").exec().unwrap_err();
        assert!(error.traceback().unwrap().contains("story:2:"), "{raised}: {error:#}");
    }
}

#[test]
fn an_error_that_was_caught_lends_its_traceback_to_no_other() {
    let mut lua = lua();
    let error = lua.load("pcall(relay, function()\nerror('first', 0) end)\n\n\nerror('second', 0)").name("story").exec().unwrap_err();
    let traceback = error.traceback().unwrap();
    assert!(traceback.contains("story:5:") && !traceback.contains("story:2:"), "{traceback}");
}

/// A stack may be so deep that looking for its other end takes longer than a limit of time allows.
#[test]
fn a_deep_stack_shows_its_newest_levels() {
    let script = "local function deep(n)\nif n == 0 then error('here') end\nreturn 1 + deep(n - 1) end\ndeep(10500)";
    let error = lua().load(script).name("story").exec().unwrap_err();
    let traceback = error.traceback().unwrap();
    assert!(traceback.starts_with("stack traceback:\n\t"), "{traceback}");
    assert!(traceback.contains("story:2: in deep") && traceback.contains("story:3: in deep"), "{traceback}");
    assert!(traceback.ends_with("\n\t...\t(more than 10000 levels)"), "{traceback}");
    assert_eq!(traceback.lines().count(), 12);
}
