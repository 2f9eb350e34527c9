//! Promise: an error is of the kind that its caller can act on, says what and where,
//! and carries what was raised: any Lua value, any error of the host's.

mod common;

use std::error::Error as StdError;
use std::fmt;

use common::{check, height, is_luajit};
use perilune::{
    Error, Function, Libs, Lua, MemoryError, MultiValue, Result, RuntimeError, State, StopReason, Table, TimeoutError, TypeError, Value,
    lua_sys,
};

fn timeout() -> Error {
    TimeoutError::new(StopReason::Time).into()
}

/// An error of the host's own.
#[derive(Debug, PartialEq)]
struct Locked {
    door: u32,
}

impl fmt::Display for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "door {} is locked", self.door)
    }
}

impl StdError for Locked {}

/// A VM with `fail(n)`, which fails with [`Locked`], and `call(f, ...)`, which calls
/// and passes on what comes, errors too.
fn rigged() -> Lua {
    // SAFETY: io is for a userdata that a script can raise.
    let mut lua = unsafe { Lua::builder().unsafe_libs(Libs::IO) }.build().unwrap();
    lua.register("fail", |_: &mut State, door: u32| -> Result<()> { Err(Error::external(Locked { door })) }).unwrap();
    let call = |state: &mut State, (f, rest): (Function, MultiValue)| -> Result<MultiValue> { f.call(state, rest) };
    lua.register("call", call).unwrap();
    lua
}

fn error_of(lua: &mut Lua, script: &str) -> Error {
    let top = height(lua);
    let error = lua.load(script).exec().expect_err(script);
    assert_eq!(height(lua), top, "{script}");
    error
}

#[test]
fn every_kind_has_its_code() {
    let mut lua = rigged();
    let code = |lua: &mut Lua, script: &str| error_of(lua, script).code();
    assert_eq!(code(&mut lua, "x = = 1"), -1);
    assert_eq!(code(&mut lua, "error('x')"), -2);
    assert_eq!(code(&mut lua, "fail(1)"), -2);
    assert_eq!(Error::from(MemoryError::new(64)).code(), -3);
    assert_eq!(lua.run_file("no such file").unwrap_err().code(), -4);
    assert_eq!(timeout().code(), -5);
    assert_eq!(lua.get::<i32>("print").unwrap_err().code(), -6);
    assert_eq!(Error::ForeignHandle.code(), -6);
    assert_eq!(Error::Closed.code(), -6);
    assert_eq!(Lua::builder().libs(Libs::IO).build().unwrap_err().code(), -6);
}

/// The kinds that mean something to the outer caller stay what they are on their way
/// through Lua; the others are the cause of a runtime error.
#[test]
fn kinds_on_their_way_through_lua() {
    let through = |error: Error| {
        let mut lua = rigged();
        lua.register("raise", move |_: &mut State, (): ()| -> Result<()> { Err(error.clone()) }).unwrap();
        error_of(&mut lua, "call(call, function() call(raise) end)")
    };
    assert!(matches!(through(MemoryError::new(64).into()), Error::Memory(short) if short.needed() == 64));
    assert!(matches!(through(timeout()), Error::Timeout(_)));
    for error in [Error::ForeignHandle, Error::Closed, Error::type_mismatch("a door", "a wall")] {
        let message = error.to_string();
        let outer = through(error);
        assert_eq!(outer.to_string(), message);
        assert!(matches!(&outer, Error::Runtime(inner) if inner.cause.is_some() && inner.value.is_none()));
        assert!(outer.traceback().is_some());
    }
    let outer = through(Error::type_mismatch("a door", "a wall"));
    assert_eq!(outer.downcast_ref::<TypeError>().expect("the cause is there").expected, "a door");
    assert!(matches!(outer.source().unwrap().downcast_ref(), Some(Error::Type(_))));
}

#[test]
fn a_script_sees_the_hosts_errors_as_text() {
    let mut lua = rigged();
    let script = r"
        local ok, e = pcall(fail, 3)
        assert(not ok and tostring(e) == 'door 3 is locked', tostring(e))
        assert(type(e) == 'userdata' and getmetatable(e) == false)
        ok, e = pcall(fail, 'x')
        assert(tostring(e) == [[bad argument #1 to 'fail': expected an integer from 0 to 4294967295, got string ]] .. '\034x\034', tostring(e))
        assert(not pcall(function() return e .. '' end) and not pcall(function() return e.x end))
    ";
    lua.run(script).unwrap();
}

#[test]
fn the_hosts_error_is_found_again_through_any_number_of_levels() {
    let mut lua = rigged();
    let scripts = [
        "fail(4)",
        "call(fail, 4)",
        "call(call, call, function() fail(4) end)",
        "local ok, e = pcall(fail, 4) error(e)",
        "local ok, e = pcall(call, fail, 4) call(error, e, 0)",
        "coroutine.wrap(function() fail(4) end)()",
        "call(coroutine.wrap(function() coroutine.yield(fail(4)) end))",
        "return setmetatable({}, { __index = function() call(fail, 4) end }).x",
        "table.sort({ 1, 2, 3 }, function() fail(4) end)",
        "local ok, e = xpcall(fail, function(e) return e end, 4) error(e)",
    ];
    for script in scripts {
        let error = lua.load(script).exec().unwrap_err();
        assert_eq!(error.downcast_ref::<Locked>(), Some(&Locked { door: 4 }), "{script}: {error:#?}");
        assert_eq!(error.to_string(), "door 4 is locked", "{script}");
        assert!(error.traceback().unwrap().starts_with("stack traceback:"), "{script}");
        assert!(error.value().is_none());
    }
    assert!(lua.run("error('x')").unwrap_err().downcast_ref::<Locked>().is_none());
}

/// Scripts that make a value of each type; the message that raising it gives.
fn values() -> Vec<(&'static str, &'static str, Option<&'static str>)> {
    let mut all = vec![
        ("nil", "nil", Some("nil")),
        ("true", "boolean", Some("true")),
        ("false", "boolean", Some("false")),
        ("42", "number", Some("42")),
        ("4.5", "number", Some("4.5")),
        ("0/0", "number", None),
        ("'text'", "string", Some("text")),
        ("''", "string", Some("")),
        (r"'a\0b'", "string", Some("a\0b")),
        (r"'\255'", "string", Some("\u{fffd}")),
        ("('x'):rep(100000)", "string", None),
        ("{ 1, 2 }", "table", None),
        ("function() end", "function", None),
        ("print", "function", None),
        ("coroutine.create(print)", "thread", None),
        ("io.stdout", "userdata", None),
        ("setmetatable({}, { __tostring = function() return 'described' end })", "table", Some("described")),
        ("setmetatable({}, { __tostring = function() error('no words') end })", "table", Some("(error object is a table value)")),
        ("setmetatable({}, { __tostring = function() return {} end })", "table", Some("(error object is a table value)")),
        ("setmetatable({}, { __tostring = fail })", "table", Some("(error object is a table value)")),
        ("setmetatable({}, { __tostring = function(t) return tostring(t) .. '' end })", "table", None),
        ("setmetatable({}, { __tostring = coroutine.yield })", "table", Some("(error object is a table value)")),
    ];
    if is_luajit() {
        all.push(("5LL", "cdata", Some("5LL")));
    } else {
        all.extend([("1 << 62", "number", Some("4611686018427387904")), ("2^53", "number", None)]);
    }
    all
}

/// However many levels it passes, the very same value arrives.
#[test]
fn values_of_every_type_survive() {
    let ways = [
        "raise(...)",
        "call(raise, ...)",
        "call(call, call, raise, ...)",
        "local ok, e = pcall(raise, ...) error(e, 0)",
        "local ok, e = pcall(call, raise, ...) call(error, e, 0)",
        "local ok, e = coroutine.resume(coroutine.create(raise), ...) error(e, 0)",
    ];
    for (expression, kind, message) in values() {
        for way in ways {
            let mut lua = rigged();
            let value: Value = lua.load(&format!("thrown = {expression} return thrown")).eval().unwrap();
            // Without level 0, Lua puts a position before what can be text.
            lua.run("function raise(e) error(e, 0) end").unwrap();
            let error = lua.load(way).call::<()>(&value).unwrap_err();
            let survivor = error.value().unwrap_or_else(|| panic!("{expression} by {way}: {error:#?}"));
            assert_eq!(survivor.type_name(), kind);
            let same: bool = lua.load("local e = ... return rawequal(e, thrown) or e ~= e").call(survivor).unwrap();
            assert!(same, "{expression} by {way}");
            if let Some(message) = message {
                assert_eq!(error.to_string(), message, "{expression} by {way}");
            }
            check(&mut lua);
        }
    }
}

#[test]
fn a_raised_table_is_the_same_table() {
    let mut lua = rigged();
    let thrown: Table = lua.load("thrown = { code = 7 } return thrown").eval().unwrap();
    let error = error_of(&mut lua, "call(call, error, thrown)");
    let Some(Value::Table(caught)) = error.value() else { panic!("{error:#?}") };
    assert!(caught.equals(&mut lua, &thrown).unwrap());
    assert_eq!(caught.get::<i32>(&mut lua, "code").unwrap(), 7);
    // It stays with the error, even when Lua has forgotten it.
    lua.run("thrown = nil collectgarbage()").unwrap();
    assert_eq!(caught.get::<i32>(&mut lua, "code").unwrap(), 7);
}

#[test]
fn a_message_is_kept_whole() {
    let mut lua = rigged();
    let long = "long ".repeat(200_000);
    lua.set("long", &long).unwrap();
    assert_eq!(error_of(&mut lua, "error(long, 0)").to_string(), long);
    lua.register("say", |_: &mut State, text: String| -> Result<()> { Err(Error::runtime(text)) }).unwrap();
    assert_eq!(error_of(&mut lua, "say(long)").to_string(), long);
    // A script sees the beginning of such a text.
    lua.run("local _, e = pcall(say, long) e = tostring(e) assert(#e >= 60000 and long:sub(1, #e) == e)").unwrap();
    let mut text = "ä".repeat(40_000);
    text.insert(0, '.');
    assert_eq!(
        lua.load("local _, e = pcall(say, ...) return tostring(e)").call::<String>(&text).map(|cut| text.starts_with(&cut)).ok(),
        Some(true)
    );
}

#[test]
fn the_traceback_names_functions_and_lines_of_both_languages() {
    let mut lua = rigged();
    let script = "local function inner()\n  error('deep')\nend\nfunction outer()\n  call(inner)\nend\nouter()";
    let error = lua.load(script).name("story").exec().unwrap_err();
    assert_eq!(error.to_string(), "story:2: deep");
    let traceback = error.traceback().unwrap();
    for part in ["story:5: in function 'outer'", "story:7: in main chunk", "[C]: in function 'call'"] {
        assert!(traceback.contains(part), "{part} in {traceback}");
    }
    assert_eq!(format!("{error:#}"), format!("story:2: deep\n{traceback}"));
    assert_eq!(format!("{error}"), "story:2: deep");
}

/// Each traceback is its own error's.
#[test]
fn an_error_has_no_traceback_of_an_earlier_one() {
    let mut lua = rigged();
    assert!(error_of(&mut lua, "error('first')").traceback().is_some());
    let table: Table = lua.load("return setmetatable({}, { __len = function() return 'many' end })").eval().unwrap();
    for error in [lua.get::<i32>("print").unwrap_err(), table.len(&mut lua).unwrap_err(), lua.run_file("nowhere").unwrap_err()] {
        assert!(!error.traceback().is_some_and(|traceback| traceback.contains("chunk:1")), "{error:#}");
    }
}

#[test]
fn running_out_of_stack_is_an_error_with_a_traceback() {
    let mut lua = rigged();
    let scripts = [
        "local function f() return 1 + f() end f()",
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] .. '' end return t.x",
        "local function f() call(f) end f()",
        "local function f() return pcall(f) or error('x') end f()",
        "local t = {} t = setmetatable(t, { __tostring = function() return 'x' .. tostring(t) end }) error(t)",
        "local function f() coroutine.wrap(f)() end f()",
        "local function f() ('x'):gsub('.', f) end f()",
        "local function f() table.sort({ 1, 2, 3 }, f) end f()",
    ];
    for script in scripts {
        let error = lua.run(script).unwrap_err();
        assert!(matches!(error, Error::Runtime(_)), "{script}: {error}");
        check(&mut lua);
    }
    // The stack itself may grow to a million slots. But an error adds its position at
    // each level of coroutines: of thousands, that makes gigabytes.
    assert!(lua.memory().peak < 200 << 20, "{:?}", lua.memory());
    let error = lua.run(scripts[0]).unwrap_err();
    assert!(error.to_string().contains("stack overflow"), "{error}");
    assert!(error.traceback().unwrap().contains("chunk:1"), "{error:#}");
    assert!(lua.run(scripts[2]).unwrap_err().to_string().contains("stack overflow"));
}

#[test]
fn a_file_error_leads_to_the_systems() {
    let mut lua = Lua::new().unwrap();
    let error = lua.run_file("no/such/file.lua").unwrap_err();
    let io = error.downcast_ref::<std::io::Error>().expect("the system's error is there");
    assert_eq!(io.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn a_type_error_says_where_what_was_expected_and_what_came() {
    let mut lua = rigged();
    let of = |error: Error| error.to_string();
    assert_eq!(
        of(lua.get::<i32>("print").unwrap_err()),
        "global 'print': expected an integer from -2147483648 to 2147483647, got function"
    );
    assert_eq!(of(lua.call::<()>("nowhere", ()).unwrap_err()), "global 'nowhere': expected a function, got nil");
    assert_eq!(of(lua.call::<()>("math.pi", ()).unwrap_err()), "global 'math.pi': expected a function, got number 3.141592653589793");
    assert_eq!(of(lua.set("math.pi.digits", 3).unwrap_err()), "'pi' in global 'math.pi.digits': expected a table, got number");
    for name in ["", ".", "a.", ".a", "a..b"] {
        assert!(matches!(lua.get::<Value>(name), Err(Error::Type(_))), "{name:?}");
        assert!(matches!(lua.set(name, 1), Err(Error::Type(_))), "{name:?}");
    }
    let out = lua.run("return 'x'").unwrap();
    assert_eq!(of(out.first::<bool>(&mut lua).unwrap_err()), "the first result: expected a boolean, got string");
    let table = lua.create_table().unwrap();
    for key in [Value::Nil, Value::Number(f64::NAN)] {
        assert!(matches!(table.set(&mut lua, &key, 1), Err(Error::Type(_))));
        assert!(matches!(table.raw_set(&mut lua, &key, 1), Err(Error::Type(_))));
        assert!(table.raw_get::<Value>(&mut lua, &key).unwrap().is_nil());
    }
    check(&mut lua);
}

/// Every way of handing in a handle, with one of another VM.
fn uses_of_a_handle(lua: &mut Lua, function: &Function, table: &Table) -> Vec<Error> {
    let own = lua.create_table().unwrap();
    let echo: Function = lua.load("return function(...) return ... end").eval().unwrap();
    let environment = lua.load("return 1").environment(table).eval::<i32>();
    vec![
        function.call::<()>(lua, ()).unwrap_err(),
        table.get::<Value>(lua, 1).unwrap_err(),
        table.set(lua, 1, 1).unwrap_err(),
        table.len(lua).unwrap_err(),
        table.pairs::<Value, Value>(lua).map(drop).unwrap_err(),
        table.equals(lua, &own).unwrap_err(),
        own.equals(lua, table).unwrap_err(),
        own.set(lua, "key", table).unwrap_err(),
        own.set(lua, table, "value").unwrap_err(),
        own.push(lua, function).unwrap_err(),
        echo.call::<()>(lua, (1, table)).unwrap_err(),
        echo.call::<()>(lua, Value::Function(function.clone())).unwrap_err(),
        lua.set("global", table).unwrap_err(),
        lua.create_sequence([table]).unwrap_err(),
        Value::Table(table.clone()).to_text(lua).unwrap_err(),
        environment.unwrap_err(),
    ]
}

#[test]
fn a_handle_of_another_vm_is_refused_everywhere() {
    let (mut ours, mut theirs) = (rigged(), rigged());
    let function: Function = theirs.get("print").unwrap();
    let table: Table = theirs.get("math").unwrap();
    for error in uses_of_a_handle(&mut ours, &function, &table) {
        assert!(matches!(error, Error::ForeignHandle), "{error:#?}");
    }
    check(&mut ours);
    check(&mut theirs);
    theirs.close().unwrap();
    for error in uses_of_a_handle(&mut ours, &function, &table) {
        assert!(matches!(error, Error::Closed), "{error:#?}");
    }
    check(&mut ours);
}

#[test]
fn a_callback_that_returns_or_raises_what_is_anothers_fails_in_lua() {
    let (mut ours, mut theirs) = (rigged(), rigged());
    let table: Table = theirs.get("math").unwrap();
    ours.register("give", move |_: &mut State, (): ()| Ok((1, table.clone()))).unwrap();
    let error = error_of(&mut ours, "give()");
    assert!(matches!(error.source().and_then(|cause| cause.downcast_ref()), Some(Error::ForeignHandle)), "{error:#?}");
    // An error value of the other VM arrives as its message.
    let raised = theirs.run("error(setmetatable({}, { __tostring = function() return 'from afar' end }))").unwrap_err();
    ours.register("raise", move |_: &mut State, (): ()| -> Result<()> { Err(raised.clone()) }).unwrap();
    assert_eq!(error_of(&mut ours, "raise()").to_string(), "from afar");
    check(&mut ours);
}

/// What goes wrong in a conversion's metamethods is the script's error.
#[test]
fn metamethods_that_fail_fail_the_operation() {
    let mut lua = rigged();
    let table: Table = lua
        .load(
            "local function no() error('no access', 0) end
             return setmetatable({}, { __index = no, __newindex = no, __len = no, __eq = no, __tostring = no })",
        )
        .eval()
        .unwrap();
    let other: Table = lua.load("return setmetatable({}, getmetatable(...))").call(&table).unwrap();
    lua.set("magic", &table).unwrap();
    let errors = [
        table.get::<Value>(&mut lua, 1).unwrap_err(),
        table.set(&mut lua, 1, 1).unwrap_err(),
        table.contains_key(&mut lua, 1).unwrap_err(),
        table.len(&mut lua).unwrap_err(),
        lua.get::<Value>("magic.x").unwrap_err(),
        lua.set("magic.x", 1).unwrap_err(),
        lua.set("magic.x.y", 1).unwrap_err(),
        Value::Table(table).to_text(&mut lua).unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(&error, Error::Runtime(inner) if matches!(**inner, RuntimeError { value: Some(Value::String(_)), .. })));
        assert_eq!(error.to_string(), "no access");
    }
    check(&mut lua);
    if !is_luajit() {
        // LuaJIT asks `__eq` of either only if both have the same.
        assert_eq!(lua.get::<Table>("magic").unwrap().equals(&mut lua, &other).unwrap_err().to_string(), "no access");
    }
}

/// It is not read as if it were an error of the host's: valgrind sees to that.
#[test]
fn a_userdata_without_content_can_be_raised() {
    let mut lua = rigged();
    // SAFETY: a userdata of no bytes, with an empty metatable, becomes a global; nothing
    // here raises, and there is room for three values.
    unsafe {
        lua.with_raw(|l| {
            lua_sys::lua_newuserdata(l, 0);
            lua_sys::lua_createtable(l, 0, 0);
            lua_sys::lua_setmetatable(l, -2);
            lua_sys::lua_setglobal(l, c"empty".as_ptr());
        })
        .unwrap();
    }
    let error = error_of(&mut lua, "error(empty)");
    assert!(matches!(&error, Error::Runtime(inner) if matches!(inner.value, Some(Value::UserData(_)))), "{error:#?}");
}

/// In the loop lie all the leftovers that an error could leave.
#[test]
fn ten_thousand_errors_later_the_vm_works() {
    let mut lua = rigged();
    let top = height(&mut lua);
    for i in 0..10_000 {
        let script = ["error({})", "fail(1)", "call(call, fail, 2)", "x = = 1", "nil_ = nil + 1"][i % 5];
        lua.run(script).unwrap_err();
    }
    assert_eq!(height(&mut lua), top);
    check(&mut lua);
}
