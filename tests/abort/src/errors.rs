//! Errors from Rust and from Lua, through any number of levels of both.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use perilune::{Error, FromLua, Function, Lua, MultiValue, Result, State, Table, Value, Variadic};

use crate::{Outcome, Test, check, ensure, why};

pub const TESTS: &[(&str, Test)] = &[
    ("a callback's error is found again", hosts_errors),
    ("values of every type survive", values),
    ("what a callback holds is dropped when it fails", drops),
    ("arguments that do not convert", arguments),
    ("errors pass through every library function", library_functions),
    ("errors pass through metamethods", metamethods),
    ("errors in frames made for many values", many_values),
    ("errors out of compiled code", compiled_code),
    ("running out of stack", stack),
    ("running out of stack on a small thread", small_thread),
    ("syntax errors", syntax),
    ("handles of another VM", foreign),
    ("closing with errors inside", closing),
];

#[derive(Debug)]
struct Locked(u32);

impl fmt::Display for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "door {} is locked", self.0)
    }
}

impl std::error::Error for Locked {}

/// A VM with `fail(n)`, and `call(f, ...)`, which calls and passes on what comes.
fn rigged() -> Result<Lua> {
    let mut lua = Lua::new()?;
    lua.register("fail", |_: &mut State, door: u32| -> Result<()> { Err(Error::external(Locked(door))) })?;
    let call = |state: &mut State, (f, rest): (Function, MultiValue)| -> Result<MultiValue> { f.call(state, rest) };
    lua.register("call", call)?;
    Ok(lua)
}

fn error_of(lua: &mut Lua, script: &str) -> std::result::Result<Error, String> {
    lua.load(script).exec().err().ok_or_else(|| format!("no error: {script}"))
}

fn door(error: &Error) -> Option<u32> {
    error.downcast_ref::<Locked>().map(|locked| locked.0)
}

fn hosts_errors() -> Outcome {
    let mut lua = rigged().map_err(why)?;
    let deep = "local function down(n) if n == 0 then fail(4) end return (call(function() return (down(n - 1)) end)) end down(20)";
    let scripts =
        ["fail(4)", "call(call, fail, 4)", deep, "local ok, e = pcall(fail, 4) error(e)", "coroutine.wrap(function() fail(4) end)()"];
    for script in scripts {
        let error = error_of(&mut lua, script)?;
        ensure!(door(&error) == Some(4), "{script}: {error}");
        ensure!(error.traceback().is_some());
    }
    let caught: usize =
        lua.load("local n = 0 for i = 1, 1000 do if not pcall(fail, i) then n = n + 1 end end return n").eval().map_err(why)?;
    ensure!(caught == 1000);
    check(&mut lua)
}

fn values() -> Outcome {
    let mut lua = rigged().map_err(why)?;
    for expression in ["nil", "true", "{}", "print", "coroutine.create(print)", "'text'", "4.5", "setmetatable({}, { __tostring = fail })"]
    {
        lua.run(&format!("thrown = {expression} function raise() error(thrown, 0) end")).map_err(why)?;
        for script in ["raise()", "call(call, raise)", "local ok, e = pcall(call, raise) error(e, 0)"] {
            let error = error_of(&mut lua, script)?;
            let value = error.value().cloned().ok_or_else(|| format!("{expression}: no value"))?;
            let same: bool = lua.load("return rawequal(thrown, ...)").call(value).map_err(why)?;
            ensure!(same, "{expression} by {script}");
        }
    }
    check(&mut lua)
}

/// Counts its drops.
struct Held(Arc<AtomicUsize>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl FromLua for Held {
    fn from_lua(_: Value, state: &mut State) -> Result<Self> {
        Ok(Self(state.app_data().cloned().unwrap_or_default()))
    }
}

fn drops() -> Outcome {
    let mut lua = rigged().map_err(why)?;
    let count = Arc::new(AtomicUsize::new(0));
    lua.set_app_data(Arc::clone(&count));
    let hold = |state: &mut State, (_held, _other, f): (Held, Held, Function)| -> Result<()> {
        let _local = Held::from_lua(Value::Nil, state)?;
        f.call(state, 4)
    };
    lua.register("hold", hold).map_err(why)?;
    ensure!(door(&error_of(&mut lua, "hold(1, 2, fail)")?) == Some(4));
    ensure!(count.swap(0, Ordering::Relaxed) == 3);
    ensure!(error_of(&mut lua, "hold(1, 2, function() hold(3, 4, error) end)")?.code() == -2);
    ensure!(count.swap(0, Ordering::Relaxed) == 6);
    ensure!(error_of(&mut lua, "hold(1, 2, 3)")?.to_string().contains("bad argument #3"));
    ensure!(count.load(Ordering::Relaxed) == 2);
    check(&mut lua)
}

fn arguments() -> Outcome {
    let mut lua = rigged().map_err(why)?;
    let list = |_: &mut State, (list, text): (Vec<Vec<u8>>, &str)| -> Result<usize> { Ok(list.len() + text.len()) };
    lua.register("list", list).map_err(why)?;
    for script in ["list()", "list({}, {})", "list({ {}, { 'x' } }, '')", "list({ { 256 } }, '')", "list({}, '\\255')", "call(list, 1)"] {
        let error = error_of(&mut lua, script)?;
        ensure!(error.to_string().contains("bad argument #"), "{script}: {error}");
    }
    check(&mut lua)
}

fn library_functions() -> Outcome {
    let mut lua = rigged().map_err(why)?;
    let scripts = [
        "table.sort({ 3, 2, 1 }, function() fail(4) end)",
        "return (('x'):gsub('.', function() fail(4) end))",
        "for _ in function() fail(4) end do end",
        "local f = coroutine.wrap(function() coroutine.yield() fail(4) end) f() f()",
        "local ok, e = coroutine.resume(coroutine.create(fail), 4) error(e)",
        "local ok, e = xpcall(fail, function(e) return e end, 4) error(e)",
        "load(function() fail(4) end) fail(4)",
        "select(2, 1, fail(4))",
    ];
    for script in scripts {
        let error = error_of(&mut lua, script)?;
        ensure!(door(&error) == Some(4), "{script}: {error}");
    }
    check(&mut lua)
}

fn metamethods() -> Outcome {
    let mut lua = rigged().map_err(why)?;
    let script = "local function no() fail(4) end
                  return setmetatable({}, { __index = no, __newindex = no, __len = no, __tostring = no, __call = no })";
    let table: Table = lua.load(script).eval().map_err(why)?;
    lua.set("magic", &table).map_err(why)?;
    let results = [
        table.get::<Value>(&mut lua, 1).map(drop),
        table.set(&mut lua, 1, 1),
        table.len(&mut lua).map(drop),
        Value::Table(table).to_text(&mut lua).map(drop),
        lua.get::<Value>("magic.x").map(drop),
        lua.set("magic.x", 1),
        lua.run("magic()").map(drop),
    ];
    for (n, result) in results.into_iter().enumerate() {
        ensure!(result.as_ref().err().and_then(door) == Some(4), "{n}: {result:?}");
    }
    check(&mut lua)
}

fn many_values() -> Outcome {
    let mut lua = rigged().map_err(why)?;
    lua.register("sum", |_: &mut State, all: Variadic<f64>| -> Result<f64> { Ok(all.iter().sum()) }).map_err(why)?;
    lua.register("ints", |_: &mut State, n: i64| -> Result<Variadic<u8>> {
        if n > 200 { Err(Error::external(Locked(4))) } else { Ok((0..n).map(|n| n as u8).collect()) }
    })
    .map_err(why)?;
    let sum: Function = lua.get("sum").map_err(why)?;
    let numbers: Variadic<Value> = (0..500).map(Value::Integer).collect();
    ensure!(sum.call::<f64>(&mut lua, numbers.clone()).map_err(why)? == 124_750.0);
    let with_text: Variadic<Value> = numbers.into_iter().chain([Value::Boolean(true)]).collect();
    ensure!(sum.call::<f64>(&mut lua, with_text).is_err_and(|error| error.to_string().contains("bad argument #501")));
    ensure!(lua.load("return ints(200)").eval::<Variadic<u8>>().map_err(why)?.len() == 200);
    ensure!(door(&error_of(&mut lua, "ints(201)")?) == Some(4));
    ensure!(lua.load("return ints(200)").eval::<Variadic<String>>().is_ok());
    ensure!(lua.load("return 1, {}").eval::<Variadic<String>>().is_err_and(|error| error.code() == -6));
    check(&mut lua)
}

fn compiled_code() -> Outcome {
    let mut lua = rigged().map_err(why)?;
    let script = "local t, n = {}, 0
                  for i = 1, 2000 do t[i] = i end
                  t[1500] = 'x'
                  local function sum() local s = 0 for i = 1, 2000 do s = s + t[i] * 2 + (t[i] == 1999 and fail(4) or 0) end return s end
                  for i = 1, 200 do if not pcall(sum) then n = n + 1 end end
                  t[1500] = {}
                  local ok, e = pcall(sum)
                  assert(not ok and e:find('arithmetic', 1, true))
                  t[1500] = 1500
                  return n, select(2, pcall(sum))";
    let (failed, error): (usize, Value) = lua.load(script).eval().map_err(why)?;
    ensure!(failed == 200);
    ensure!(error.type_name() == "userdata");
    check(&mut lua)
}

/// Endless recursion of each kind, as far as the stacks go.
fn stack() -> Outcome {
    let mut lua = rigged().map_err(why)?;
    let scripts = [
        "local function f() return 1 + f() end f()",
        "local function f() call(f) end f()",
        "local function f() coroutine.wrap(f)() end f()",
        "local function f() ('x'):gsub('.', f) end f()",
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] .. '' end return t.x",
        "local t = setmetatable({}, {}) getmetatable(t).__tostring = function() return tostring(t) .. '' end error(t)",
    ];
    for script in scripts {
        let error = error_of(&mut lua, script)?;
        ensure!(error.code() == -2, "{script}: {error}");
        check(&mut lua)?;
    }
    Ok(())
}

fn small_thread() -> Outcome {
    let thread = std::thread::Builder::new().stack_size(512 << 10).spawn(stack).map_err(why)?;
    thread.join().map_err(|_| "the thread is gone".to_owned())?
}

fn syntax() -> Outcome {
    let mut lua = rigged().map_err(why)?;
    for text in ["x = = 1", "if", "return {", "x = 'a\nb'", "\u{1b}Lua", "goto nowhere", "x = y y y"] {
        ensure!(matches!(lua.load(text).check(), Err(Error::Syntax(_))), "{text:?}");
    }
    let nested = "(".repeat(100_000);
    ensure!(lua.load(&nested).check().is_err());
    let error = lua.load("local b = = 2").name("rules").check().err().map(|error| error.to_string());
    ensure!(error.as_deref() == Some("rules:1: unexpected symbol near '='\n  1 | local b = = 2\n    |           ^"), "{error:?}");
    check(&mut lua)
}

fn foreign() -> Outcome {
    let (mut ours, mut theirs) = (rigged().map_err(why)?, rigged().map_err(why)?);
    let table: Table = theirs.get("math").map_err(why)?;
    ensure!(matches!(ours.set("t", &table), Err(Error::ForeignHandle)));
    let given = table.clone();
    ours.register("give", move |_: &mut State, (): ()| Ok(given.clone())).map_err(why)?;
    ensure!(error_of(&mut ours, "give()")?.to_string().contains("another Lua VM"));
    theirs.close().map_err(why)?;
    ensure!(matches!(ours.set("t", &table), Err(Error::Closed)));
    check(&mut ours)
}

fn closing() -> Outcome {
    let mut lua = rigged().map_err(why)?;
    let count = Arc::new(AtomicUsize::new(0));
    let held = Held(Arc::clone(&count));
    lua.register("keep", move |_: &mut State, (): ()| -> Result<()> { Err(Error::external(Locked(Arc::strong_count(&held.0) as u32))) })
        .map_err(why)?;
    let error = error_of(&mut lua, "_, kept = pcall(keep) co = coroutine.create(function() keep() end) coroutine.resume(co) keep()")?;
    lua.close().map_err(why)?;
    ensure!(count.load(Ordering::Relaxed) == 1);
    ensure!(door(&error).is_some());
    Ok(())
}
