//! Running out of memory at every allocation of what a host does most.

use perilune::{Error, Function, Lua, Result, State, Table, Value, Variadic};

use crate::{Outcome, Test, check, ensure, why};

pub const TESTS: &[(&str, Test)] = &[
    ("out of memory in a call", || fails_cleanly(call)),
    ("out of memory in a callback", || fails_cleanly(callback)),
    ("out of memory in conversions", || fails_cleanly(conversions)),
    ("out of memory while an error is raised", || fails_cleanly(raising)),
    ("out of memory in a script's pcall", || fails_cleanly(caught)),
    ("out of memory in a syntax error", || fails_cleanly(syntax)),
    ("out of memory in opening a VM", opening),
];

/// Lets each allocation of `work` fail, and all from each on.
fn fails_cleanly(work: fn(&mut Lua) -> Result<()>) -> Outcome {
    let mut lua = Lua::new().map_err(why)?;
    let fail = |state: &mut State, n: u32| -> Result<Table> {
        let table = state.create_table()?;
        table.set(state, format!("key {n}"), vec!["a", "list"])?;
        if n == 0 { Err(Error::external(std::fmt::Error)) } else { Ok(table) }
    };
    lua.register("fail", fail).map_err(why)?;
    lua.register("call", |state: &mut State, f: Function| -> Result<Value> { f.call(state, ()) }).map_err(why)?;
    for n in 1..10_000 {
        let mut made = 0;
        for range in [n..n + 1, n..n + 2, n..u64::MAX] {
            let before = lua.memory().allocations;
            lua.fail_allocations(range.clone());
            let result = work(&mut lua);
            lua.fail_allocation(0);
            made = lua.memory().allocations - before;
            ensure!(matches!(result, Ok(()) | Err(Error::Memory(_))), "allocations {range:?}: {result:?}");
            check(&mut lua)?;
        }
        if made < n {
            return Ok(());
        }
    }
    Err("it never comes to an end".to_owned())
}

fn call(lua: &mut Lua) -> Result<()> {
    let function: Function = lua.load("return function(...) return { ... }, ... end").name("call").eval()?;
    let list: Variadic<Value> = (0..300).map(Value::Integer).collect();
    function.call::<(Table, Variadic<String>)>(lua, list).map(drop)
}

fn callback(lua: &mut Lua) -> Result<()> {
    lua.run("return call(function() return call(function() return fail(1) end) end)").map(drop)
}

fn conversions(lua: &mut Lua) -> Result<()> {
    lua.set("lists.of.lists", vec![vec!["a".to_owned()], vec!["b".to_owned(), "c".to_owned()]])?;
    lua.get::<Vec<Vec<String>>>("lists.of.lists").map(drop)
}

/// An error of another kind than memory is what is expected.
fn expect(result: Result<()>, text: &str) -> Result<()> {
    match result {
        Err(error @ Error::Memory(_)) => Err(error),
        Err(error) if error.to_string().contains(text) => Ok(()),
        Err(error) => Err(error),
        Ok(()) => Err(Error::runtime("no error")),
    }
}

fn raising(lua: &mut Lua) -> Result<()> {
    expect(lua.run("call(function() fail(0) end)").map(drop), "an error occurred when formatting")?;
    expect(lua.run("call(function() error('a text') end)").map(drop), "a text")?;
    expect(lua.run("error(setmetatable({}, { __tostring = function() return 'made ' .. 1 end }))").map(drop), "made 1")
}

fn caught(lua: &mut Lua) -> Result<()> {
    lua.run("for i = 0, 3 do pcall(fail, i) pcall(call, fail) pcall(string.rep, 'x', 1000) end").map(drop)
}

fn syntax(lua: &mut Lua) -> Result<()> {
    expect(lua.load("x = y y y").name("rules").check(), "near 'y'")
}

fn opening() -> Outcome {
    for n in 1..10_000 {
        match Lua::builder().fail_allocation(n).build() {
            Ok(lua) if lua.memory().allocations < n => return Ok(()),
            Ok(_) | Err(Error::Memory(_)) => {}
            Err(error) => return Err(format!("allocation {n}: {error}")),
        }
    }
    Err("it never comes to an end".to_owned())
}
