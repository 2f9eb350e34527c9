//! Every operation of the public API, each as a function that can be repeated.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ffi::CString;
#[cfg(feature = "async")]
use std::task::{Context, Poll, Waker};

use perilune::game::{Character, Party};
use perilune::{
    Bytes, Coroutine, CoroutineStatus, Either, Error, ErrorContext, FromLua, Function, Handle, Inspect, IntoLua, LuaString, MultiValue,
    Output, Progress, Result, Search, Slice, State, Table, Value, Variadic, Yield, YieldThen, lua_sys,
};

use crate::charges::CHARGES;
use crate::common::quietly;
use crate::world::{Gauge, World};

pub type Op = fn(&mut State, &World) -> Result<()>;

/// An operation that has to fail in its own way, or for want of memory.
fn must_fail<T: std::fmt::Debug>(result: Result<T>, expected: impl Fn(&Error) -> bool) -> Result<()> {
    match result {
        Err(error @ Error::Memory(_)) => Err(error),
        Err(error) if expected(&error) => Ok(()),
        other => panic!("{other:#?}"),
    }
}

pub const MAKING_VALUES: &[(&str, Op)] = &[
    ("create_string", |lua, _| lua.create_string("a new string, never seen before").map(drop)),
    ("create_string, long", |lua, _| lua.create_string(vec![b'x'; 100_000]).map(drop)),
    ("create_table", |lua, _| lua.create_table().map(drop)),
    ("create_table_with_capacity", |lua, _| lua.create_table_with_capacity(20, 20).map(drop)),
    ("create_table_with_capacity, large", |lua, _| lua.create_table_with_capacity(70_000, 10).map(drop)),
    ("create_sequence", |lua, _| lua.create_sequence((0..50).map(|i| format!("element {i}"))).map(drop)),
    ("create_table_from", |lua, _| lua.create_table_from((0..20).map(|i| (format!("key {i}"), vec![i]))).map(drop)),
    ("create_function", |lua, _| lua.create_function(|_: &mut State, (): ()| Ok(())).map(drop)),
    ("create_function_mut", |lua, _| {
        let mut calls = 0;
        let function = lua.create_function_mut(move |_: &mut State, (): ()| {
            calls += 1;
            Ok(format!("call number {calls}"))
        })?;
        function.call::<String>(lua, ()).map(drop)
    }),
    ("create_c_function", |lua, _| {
        // SAFETY: it only pushes a number.
        let seven = unsafe { lua.create_c_function(seven) }?;
        seven.call::<i32>(lua, ()).map(|n| assert_eq!(n, 7))
    }),
    ("globals", |lua, _| lua.globals().map(drop)),
    ("100 handles at once", |lua, _| (0..100).map(|_| lua.create_table()).collect::<Result<Vec<_>>>().map(drop)),
];

/// A function in C, as it were.
unsafe extern "C-unwind" fn seven(l: *mut lua_sys::lua_State) -> std::ffi::c_int {
    // SAFETY: Lua gives a function room for 20 values.
    unsafe { lua_sys::lua_pushnumber(l, 7.0) };
    1
}

pub const GLOBALS_BY_NAME: &[(&str, Op)] = &[
    ("set", |lua, _| lua.set("a_new_global", "with a new value")),
    ("set, dotted and new", |lua, _| {
        lua.set("brand", Value::Nil)?;
        lua.set("brand.new.and.deep", "a value")
    }),
    ("set, through __newindex", |lua, world| {
        lua.set("proxy", &world.magic)?;
        lua.set("proxy.key", "value")
    }),
    ("get", |lua, _| lua.get::<Function>("math.floor").map(drop)),
    ("get, through __index", |lua, world| {
        lua.set("proxy", &world.magic)?;
        assert_eq!(lua.get::<String>("proxy.key")?, "key!");
        Ok(())
    }),
    ("call", |lua, _| lua.call::<String>("string.upper", "a text of its own").map(drop)),
    ("register", |lua, _| lua.register("deep.down.here", |_: &mut State, (): ()| Ok(()))),
    ("register_mut", |lua, _| lua.register_mut("deep.down.there", |_: &mut State, (): ()| Ok(()))),
    ("app data", |lua, _| {
        lua.set_app_data(7_u8);
        assert_eq!(lua.app_data::<u8>(), Some(&7));
        Ok(())
    }),
];

pub const RUNNING_TEXT: &[(&str, Op)] = &[
    ("run", |lua, _| lua.run("local t = { 'of its own' } return t, t[1] .. '!', 3").map(drop)),
    ("run, first", |lua, _| {
        let out = lua.run("return { 'a', 'b' }")?;
        out.first::<Vec<String>>(lua).map(drop)
    }),
    ("run_file", |lua, world| lua.run_file(&world.file).map(drop)),
    ("load_file", |lua, world| lua.load_file(&world.file)?.call::<(Table, String)>(("x", 1)).map(drop)),
    ("environment", |lua, world| lua.load("own = 'x' .. 1").name("own").environment(&world.table).exec()),
    ("chunk with arguments", |lua, _| lua.load("return ..., select('#', ...)").call::<MultiValue>((1, "two", vec![3])).map(drop)),
    ("into_function", |lua, _| lua.load("return function() return function() end end").into_function().map(drop)),
    ("check", |lua, _| lua.load("local function f() return 1 end").check()),
    ("an expression", |lua, _| {
        assert_eq!(lua.load("'a' .. 1").expression().eval::<String>()?, "a1");
        lua.load("local a = { 'no expression' }").expression().exec()
    }),
    ("a syntax error with context", |lua, _| {
        let checked = lua.load("return +").name("rules").check().with_context(|_| "loading the rules");
        must_fail(checked, |error| error.to_string().starts_with("loading the rules: rules:1:"))
    }),
    ("a long text", |lua, _| lua.load(&format!("return '{}'", "y".repeat(70_000))).eval::<LuaString>().map(drop)),
    ("bytecode", |lua, world| {
        // SAFETY: this very version has made it.
        let chunk = unsafe { lua.load(&world.bytecode).allow_bytecode() };
        chunk.eval::<(Table, String)>().map(drop)
    }),
    ("syntax error", |lua, _| {
        must_fail(lua.load("local a = 1\nlocal b = = 2").name("rules").check(), |error| {
            error.to_string() == "rules:2: unexpected symbol near '='\n  2 | local b = = 2\n    |           ^"
        })
    }),
    ("runtime error", |lua, _| {
        must_fail(lua.run("local t = {} t.x.y = 1"), |error| error.to_string().contains("attempt to index") && error.code() == -2)
    }),
    ("error value", |lua, _| must_fail(lua.run("error({ 'a table' })"), |error| matches!(error.value(), Some(Value::Table(_))))),
    ("error with __tostring", |lua, world| {
        lua.set("magic", &world.magic)?;
        must_fail(lua.run("error(magic)"), |error| error.to_string().starts_with("magic table: "))
    }),
    ("error with a deep traceback", |lua, _| {
        let script = "local function f(self, n) if n == 0 then error('deep') end return (self(self, n - 1)) end f(f, 30)";
        must_fail(lua.run(script), |error| error.to_string().ends_with("deep"))
    }),
    ("scripts that build", |lua, _| {
        lua.run(
            "local t = {} for i = 1, 30 do t[i] = { i, name = 'n' .. i } end
                 local s = {} for i = 1, 30 do s[#s + 1] = t[i].name:upper():rep(3) end
                 return table.concat(s)",
        )
        .map(drop)
    }),
    ("a script's pcall", |lua, _| {
        let out = lua.run(
            "local ok, e = pcall(function()
                    local t = {} for i = 1, 50 do t[i] = ('x'):rep(i) .. tostring({}) end return #t end)
                 return ok, tostring(e)",
        )?;
        let [Value::Boolean(ok), message] = out.values() else { panic!("{out:?}") };
        let message = message.to::<String>(lua)?;
        assert!(*ok || message == "not enough memory", "{message}");
        Ok(())
    }),
    ("coroutines", |lua, _| {
        lua.run(
            "local made = {}
             for i = 1, 5 do
                local co = coroutine.create(function(t, a) t[a] = coroutine.yield({ a }) return 'x' .. a end)
                local ok, e = coroutine.resume(co, made, i)
                if ok then ok, e = coroutine.resume(co, i) end
                if not ok then error(e, 0) end
             end",
        )
        .map(drop)
    }),
    ("load in a script", |lua, _| lua.run("local f = assert(load('local a = 1 return { a }', '=own')) return f()").map(drop)),
];

pub const CALLS: &[(&str, Op)] = &[
    ("one argument", |lua, world| world.identity.call::<String>(lua, "an argument").map(drop)),
    ("tuples", |lua, world| {
        world.identity.call::<(String, Table, Option<i32>, f64)>(lua, ("text", vec![1, 2], None::<i32>, 2.5)).map(drop)
    }),
    ("twelve arguments", |lua, world| {
        let arguments = ("a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", "a12");
        world.identity.call::<(Value, Value, Value)>(lua, arguments).map(drop)
    }),
    ("300 arguments and results", |lua, world| {
        let arguments: Variadic<Value> = (0..300).map(Value::Integer).collect();
        let results: Variadic<i32> = world.identity.call(lua, arguments)?;
        assert_eq!(results.len(), 300);
        Ok(())
    }),
    ("300 through Rust", |lua, world| {
        let arguments: Variadic<i32> = (0..300).collect();
        let results: MultiValue = world.echo.call(lua, arguments)?;
        assert_eq!(results.len(), 300);
        Ok(())
    }),
    ("60 new strings", |lua, world| {
        let arguments: Variadic<String> = (0..60).map(|i| format!("argument {i}")).collect();
        world.echo.call::<MultiValue>(lua, arguments).map(|all| assert_eq!(all.len(), 60))
    }),
    ("400 results", |lua, world| world.many.call::<MultiValue>(lua, ()).map(|all| assert_eq!(all.len(), 400))),
    ("nested calls", |lua, world| {
        let script = "local f, g = ... return host.rethrow(function(a) return host.rethrow(function(b) return b .. 1, {} end) end)";
        lua.load(script).call::<(String, Table)>((&world.identity, 1)).map(drop)
    }),
    ("info", |lua, world| world.identity.info(lua).map(|info| assert_eq!(info.chunk.as_deref(), Some("chunk")))),
    ("a table that is called", |lua, _| {
        let script =
            "return setmetatable({ name = function(self, n) return 'name ' .. n end }, { __call = function(_, n) return { n } end })";
        let object: Table = lua.load(script).eval()?;
        object.call_method::<String>(lua, "name", "of its own")?;
        object.call_function::<String>(lua, "name", (1, 2))?;
        object.call::<Vec<String>>(lua, "an argument").map(drop)
    }),
    ("errors as values", |lua, world| {
        let error: Error = world.echo.call(lua, Error::external(std::fmt::Error))?;
        assert!(error.downcast_ref::<std::fmt::Error>().is_some());
        let error: Error = world.echo.call(lua, "what a script may raise")?;
        assert_eq!(error.to_string(), "what a script may raise");
        let raised: Value = world.echo.call(lua, error)?;
        assert!(raised.as_string().is_some());
        Error::from_lua(Value::Table(world.magic.clone()), lua).map(|error| assert!(error.to_string().starts_with("magic table")))
    }),
    ("results as values", |lua, world| {
        let results = (1, Err::<(), _>("a reason of its own"));
        let (one, nil, why): (i32, Value, String) = world.identity.call(lua, results)?;
        assert!(one == 1 && nil.is_nil() && why == "a reason of its own");
        world.identity.call::<(String, i32)>(lua, Ok::<_, Error>(("fine", 7))).map(drop)
    }),
    ("a callback of many results", |lua, _| lua.load("return #{ host.strings(90) }").eval::<i32>().map(|n| assert_eq!(n, 90))),
    ("a callback that makes a map", |lua, _| lua.load("return host.map(20)[3][1]").eval::<String>().map(drop)),
    ("a callback's arguments", |lua, _| lua.load("return host.args('a' .. 1, 2, 'c' .. 3, {}, function() end)").eval::<String>().map(drop)),
    ("a number as text", |lua, _| lua.load("return host.args(1.5, 2.5)").eval::<String>().map(drop)),
    ("a callback that takes lists", |lua, _| {
        lua.load("return host.lists({ 'x', 'y', 1 }, { a = 'b' .. 1, c = 2 })").eval::<usize>().map(|n| assert_eq!(n, 5))
    }),
    ("a callback that changes", |lua, _| lua.load("return host.count('k')").eval::<Table>().map(drop)),
    ("a callback's error", |lua, _| must_fail(lua.run("host.fail()"), |error| error.to_string() == "a failure with a long message")),
    ("a callback's own error", |lua, _| must_fail(lua.run("host.external()"), |error| error.downcast_ref::<std::fmt::Error>().is_some())),
    ("a callback's error through two levels", |lua, _| {
        must_fail(lua.run("host.rethrow(function() host.rethrow(host.external) end)"), |error| {
            error.downcast_ref::<std::fmt::Error>().is_some()
        })
    }),
    ("a callback's error in a script's pcall", |lua, _| {
        let (ok, message): (bool, String) = lua.load("local ok, e = pcall(host.fail) return ok, tostring(e)").eval()?;
        assert!(!ok && (message.starts_with("a failure") || message.starts_with("not enough memory")), "{message}");
        Ok(())
    }),
    ("a wrong argument", |lua, _| {
        must_fail(lua.run("host.lists({ {} }, {})"), |error| error.to_string().contains("bad argument #1 to 'host.lists'"))
    }),
    ("a panic", |lua, _| quietly(|| must_fail(lua.run("host.panic()"), |error| matches!(error, Error::Panic(_))))),
    ("a panic in a script's pcall", |lua, _| {
        quietly(|| {
            let message: String = lua.load("local _, e = pcall(host.panic) return tostring(e)").eval()?;
            assert!(message.contains("a panic") || message.starts_with("not enough memory"), "{message}");
            Ok(())
        })
    }),
];

pub const TABLES: &[(&str, Op)] = &[
    ("set and get", |lua, world| {
        world.table.set(lua, "a key", "a value")?;
        world.table.get::<String>(lua, "a key").map(drop)
    }),
    ("through metamethods", |lua, world| {
        world.magic.set(lua, "a key", "a value")?;
        world.magic.get::<String>(lua, "key").map(|text| assert_eq!(text, "key!"))
    }),
    ("raw", |lua, world| {
        world.magic.raw_set(lua, "a raw key", vec!["a raw value"])?;
        world.magic.raw_get::<Vec<String>>(lua, "a raw key")?;
        world.magic.raw_set(lua, "a raw key", Value::Nil)
    }),
    ("growing", |lua, world| {
        world.table.clear(lua)?;
        (0..100).try_for_each(|i| world.table.set(lua, format!("key {i}"), i))
    }),
    ("contains_key", |lua, world| world.magic.contains_key(lua, "a key to look for").map(|found| assert!(found))),
    ("len", |lua, world| {
        assert_eq!(world.magic.len(lua)?, 12);
        assert_eq!(world.magic.raw_len(lua)?, 0);
        world.magic.is_empty(lua).map(drop)
    }),
    ("push and pop", |lua, _| {
        let list = lua.create_table()?;
        (0..20).try_for_each(|i| list.push(lua, format!("entry {i}")))?;
        assert_eq!(list.pop::<String>(lua)?, "entry 19");
        list.pop::<LuaString>(lua).map(drop)
    }),
    ("insert and remove", |lua, _| {
        let list = lua.create_table()?;
        (0..20).try_for_each(|i| list.insert(lua, 1, format!("entry {i}")))?;
        list.insert(lua, 10, vec!["in the midst"])?;
        assert_eq!(list.remove::<Vec<String>>(lua, 10)?, ["in the midst"]);
        assert_eq!(list.remove::<String>(lua, 20)?, "entry 0");
        must_fail(list.insert(lua, 30, "a text too far"), |error| error.to_string() == "expected a position from 1 to 20, got 30")
    }),
    ("clear", |lua, _| {
        let list = lua.create_sequence(["a", "b", "c"])?;
        list.clear(lua)?;
        list.is_empty(lua).map(|empty| assert!(empty))
    }),
    ("for_each", |lua, world| {
        let mut n = 0;
        world.map.for_each(lua, |state, key: LuaString, value: Value| {
            n += 1;
            state.create_table()?.set(state, key, value)
        })?;
        assert_eq!(n, 40);
        Ok(())
    }),
    ("pairs", |lua, world| {
        let all = world.map.pairs::<LuaString, Value>(lua)?.collect::<Result<Vec<_>>>()?;
        assert_eq!(all.len(), 40);
        Ok(())
    }),
    ("sequence", |lua, world| {
        let all = world.list.sequence::<Value>(lua)?.collect::<Result<Vec<_>>>()?;
        assert_eq!(all.len(), 40);
        Ok(())
    }),
    ("to_vec", |lua, world| world.nested.to_vec::<Vec<LuaString>>(lua).map(drop)),
    ("equals", |lua, world| {
        assert!(world.magic.equals(lua, &world.twin)?);
        assert!(!world.list.equals(lua, &world.map)?);
        Ok(())
    }),
];

pub const VALUES: &[(&str, Op)] = &[
    ("to_text", |lua, world| {
        let text = Value::Table(world.magic.clone()).to_text(lua)?;
        assert!(text.starts_with("magic table: "), "{text}");
        Value::Number(0.1).to_text(lua)?;
        Value::Table(world.list.clone()).to_text(lua).map(drop)
    }),
    ("to", |lua, world| {
        Value::Table(world.list.clone()).to::<Vec<String>>(lua)?;
        Value::Number(1.5).to::<String>(lua)?;
        Value::String(world.text.clone()).to::<Bytes>(lua).map(drop)
    }),
    ("into_lua", |lua, _| {
        "a text of its own".into_lua(lua)?;
        vec!["some", "texts"].into_lua(lua)?;
        Some(Bytes(vec![1, 2, 3])).into_lua(lua).map(drop)
    }),
    ("from_lua", |lua, world| {
        Vec::<LuaString>::from_lua(Value::Table(world.list.clone()), lua)?;
        HashMap::<String, Value>::from_lua(Value::Table(world.map.clone()), lua).map(drop)
    }),
    ("strings", |lua, world| {
        assert_eq!(world.text.to_str(lua)?, "a text in the VM");
        world.text.to_string_lossy(lua).map(drop)
    }),
    ("a coroutine", |lua, world| {
        let value: Value = world.echo.call(lua, &world.coroutine)?;
        assert_eq!(value.type_name(), "thread");
        value.to::<Coroutine>(lua).map(drop)
    }),
];

pub const METATABLES_AND_WEAK_REFERENCES: &[(&str, Op)] = &[
    ("downgrade and upgrade", |lua, world| {
        let weak = world.table.downgrade(lua)?;
        weak.upgrade(lua)?.expect("the table is held");
        let weak = world.identity.downgrade(lua)?;
        weak.upgrade(lua)?.expect("the function is held").call::<i32>(lua, 7).map(drop)
    }),
    ("upgrade of what is gone", |lua, _| {
        let weak = lua.create_table()?.downgrade(lua)?;
        lua.gc_collect()?;
        weak.upgrade(lua).map(|table| assert!(table.is_none()))
    }),
    ("metatables", |lua, world| {
        let table = lua.create_table()?;
        assert!(table.metatable(lua)?.is_none());
        let metatable = world.magic.metatable(lua)?.expect("it has one");
        table.set_metatable(lua, Some(&metatable))?;
        assert_eq!(table.get::<String>(lua, "a key of its own")?, "a key of its own!");
        table.set_metatable(lua, None)
    }),
    ("environments", |lua, world| {
        let function: Function = lua.load("return function() return own end").eval()?;
        function.environment(lua)?.expect("it has one");
        world.table.raw_set(lua, "own", "its own")?;
        assert!(function.set_environment(lua, &world.table)?);
        function.call::<String>(lua, ()).map(|own| assert_eq!(own, "its own"))
    }),
];

pub const COMPARING_AND_SHOWING: &[(&str, Op)] = &[
    ("equals", |lua, world| {
        let (magic, twin) = (Value::Table(world.magic.clone()), Value::Table(world.twin.clone()));
        assert!(magic.equals(lua, &twin)?);
        assert!(!magic.raw_equals(lua, &twin)?);
        assert_ne!(magic.identity(lua)?, twin.identity(lua)?);
        Value::String(world.text.clone()).identity(lua).map(drop)
    }),
    ("inspect", |lua, world| {
        let list = Value::Table(world.nested.clone()).inspect(lua, Inspect::default())?;
        assert_eq!(list, r#"{ { "a", "b" }, { "c" }, {} }"#);
        Value::Table(world.map.clone()).inspect(lua, Inspect::default()).map(drop)
    }),
    ("inspect, with metamethods", |lua, world| {
        let shown = Value::Table(world.magic.clone()).inspect(lua, Inspect { metamethods: true, ..Inspect::default() })?;
        assert!(shown.starts_with("magic table: "), "{shown}");
        Ok(())
    }),
    ("inspect, with tables as keys", |lua, _| {
        let table: Value = lua.load("return { [{}] = 1, [{ 2 }] = { { { { 3 } } } } }").eval()?;
        table.inspect(lua, Inspect { depth: 50, ..Inspect::default() }).map(drop)
    }),
    ("to_json", |lua, world| {
        assert_eq!(Value::Table(world.nested.clone()).to_json(lua)?, r#"[["a","b"],["c"],{}]"#);
        Value::Table(world.map.clone()).to_json(lua)?;
        let deep: Value = lua.load("local t = {} for i = 1, 30 do t = { t, key = nil } end return { deep = t }").eval()?;
        deep.to_json(lua).map(drop)
    }),
    ("an outcome's text", |lua, _| {
        assert_eq!(lua.run("return { 'a', { b = 1 } }")?.text(lua)?.as_deref(), Some(r#"["a",{"b":1}]"#));
        lua.run("return 0.5")?.text(lua).map(drop)
    }),
];

pub const OUTPUT: &[(&str, Op)] = &[
    ("print in a run", |lua, _| {
        lua.set_output(Output::default());
        let out = lua.run("print('a text', 1, 0.5, nil) print({}) return 1")?;
        assert!(out.output().starts_with("a text\t1\t0.5\tnil\ntable: "), "{out:?}");
        Ok(())
    }),
    ("print through __tostring", |lua, world| {
        lua.set_output(Output::capture());
        lua.set("magic", &world.magic)?;
        let result = lua.load("print(magic, magic)").exec();
        lua.take_output();
        result
    }),
    ("print, line by line", |lua, _| {
        lua.set_output(Output::lines(|_| {}));
        lua.load("print('a' .. 1 .. '\\n', 2)").exec()
    }),
    ("an error of the receiver", |lua, _| {
        lua.set_output(Output::try_lines(|_| Err(Error::external(std::fmt::Error))));
        must_fail(lua.run("print 'x'"), |error| error.downcast_ref::<std::fmt::Error>().is_some())
    }),
    ("a flood", |lua, _| {
        lua.set_output(Output::capture().limit(10));
        let result = lua.load("print 'more than ten bytes'").exec();
        lua.take_output();
        must_fail(result, |error| error.to_string().contains("more than the 10 bytes"))
    }),
];

pub const MODULES: &[(&str, Op)] = &[
    ("require", |lua, _| {
        lua.add_loader(|state: &mut State, name: &str| -> Result<Search> {
            match name {
                "found" => Ok(Search::Found(state.load("return { name = ... }").name(name).into_function()?)),
                _ => Ok(Search::Missing(format!("no module '{name}'"))),
            }
        })?;
        lua.load("return require('found').name").eval::<String>().map(|name| assert_eq!(name, "found"))
    }),
    ("require of what is not there", |lua, _| {
        lua.add_loader(|_: &mut State, _: &str| -> Result<Option<Function>> { Ok(None) })?;
        must_fail(lua.run("require 'nowhere'"), |error| error.to_string().starts_with("module 'nowhere' not found:"))
    }),
    ("require of what fails", |lua, _| {
        lua.add_loader(|state: &mut State, name: &str| -> Result<Option<Function>> {
            (name == "failing").then(|| state.load("error('on purpose')").into_function()).transpose()
        })?;
        must_fail(lua.run("require 'failing'"), |error| error.to_string().ends_with("on purpose"))
    }),
    ("register_module", |lua, _| {
        lua.register_module("registered", vec!["a", "module"])?;
        lua.load("return require('registered')[2]").eval::<String>().map(|text| assert_eq!(text, "module"))
    }),
];

/// Passes `value` through a script and back.
fn there_and_back<T: IntoLua + FromLua>(lua: &mut State, world: &World, value: T) -> Result<T> {
    world.identity.call(lua, value)
}

pub const CONVERSIONS: &[(&str, Op)] = &[
    ("Vec<String>", |lua, world| there_and_back(lua, world, vec!["a".to_owned(), "b".to_owned()]).map(drop)),
    ("Vec<Vec<Vec<i32>>>", |lua, world| there_and_back(lua, world, vec![vec![vec![1, 2], vec![]], vec![vec![3]]]).map(drop)),
    ("Vec of 9 levels", |lua, world| {
        there_and_back(lua, world, vec![vec![vec![vec![vec![vec![vec![vec![vec!["deep".to_owned()]]]]]]]]]).map(drop)
    }),
    ("VecDeque", |lua, world| there_and_back(lua, world, VecDeque::from([1.5, 2.5])).map(drop)),
    ("Box<[T]>", |lua, world| there_and_back(lua, world, Box::<[char]>::from(['a', 'ä'])).map(drop)),
    ("[T; N]", |lua, world| there_and_back(lua, world, [Some(1), Some(2), Some(3)]).map(drop)),
    ("HashMap", |lua, world| there_and_back(lua, world, HashMap::from([("k".to_owned(), vec![1]), ("l".to_owned(), vec![])])).map(drop)),
    ("BTreeMap", |lua, world| there_and_back(lua, world, BTreeMap::from([(1, "one".to_owned()), (5, "five".to_owned())])).map(drop)),
    ("HashSet", |lua, world| there_and_back(lua, world, HashSet::from(["a".to_owned(), "b".to_owned()])).map(drop)),
    ("BTreeSet", |lua, world| there_and_back(lua, world, BTreeSet::from([1_u8, 2, 3])).map(drop)),
    ("Either", |lua, world| {
        there_and_back(lua, world, Either::<Vec<i32>, String>::Right("a text".to_owned()))
            .map(|text| assert!(matches!(text, Either::Right(_))))
    }),
    ("PathBuf", |lua, world| there_and_back(lua, world, std::path::PathBuf::from("a/path")).map(drop)),
    ("CString", |lua, world| there_and_back(lua, world, CString::new("c").unwrap()).map(drop)),
    ("Box<str>", |lua, world| there_and_back(lua, world, Box::<str>::from("boxed text")).map(drop)),
    ("Bytes, long", |lua, world| there_and_back(lua, world, Bytes(vec![0; 70_000])).map(drop)),
    ("Value", |lua, world| there_and_back(lua, world, Value::Table(world.list.clone())).map(drop)),
    ("a user's type", |lua, world| there_and_back(lua, world, Point { x: 1.0, label: "home".to_owned() }).map(drop)),
    ("300 points", |lua, world| {
        let points: Vec<Point> = (0..60).map(|i| Point { x: f64::from(i), label: format!("point {i}") }).collect();
        there_and_back(lua, world, points).map(drop)
    }),
];

struct Point {
    x: f64,
    label: String,
}

impl IntoLua for Point {
    fn into_lua(self, state: &mut State) -> Result<Value> {
        let table = state.create_table()?;
        table.set(state, "x", self.x)?;
        table.set(state, "label", self.label)?;
        Ok(Value::Table(table))
    }
}

impl FromLua for Point {
    fn from_lua(value: Value, state: &mut State) -> Result<Self> {
        let table = Table::from_lua(value, state)?;
        Ok(Self { x: table.get(state, "x")?, label: table.get(state, "label")? })
    }
}

pub const COROUTINES: &[(&str, Op)] = &[
    ("create_coroutine", |lua, world| lua.create_coroutine(&world.identity).map(drop)),
    ("resume", |lua, world| {
        let co = lua.create_coroutine(&world.generator)?;
        assert_eq!(co.status(lua)?, CoroutineStatus::Resumable);
        co.resume::<(String, String)>(lua, ("a new", "text"))?;
        co.resume::<String>(lua, 7)?;
        co.resume::<(String, Table)>(lua, "the end of it").map(drop)
    }),
    ("resume, many values", |lua, world| {
        let co = lua.create_coroutine(&world.generator)?;
        let all: Variadic<String> = (0..300).map(|i| format!("value {i}")).collect();
        assert_eq!(co.resume::<Variadic<String>>(lua, all.clone())?, all);
        co.resume::<MultiValue>(lua, all).map(drop)
    }),
    ("resume, many results", |lua, world| {
        let co = lua.create_coroutine(&world.many)?;
        assert_eq!(co.resume::<MultiValue>(lua, ())?.len(), 400);
        Ok(())
    }),
    ("current_coroutine", |lua, _| {
        let note = lua.create_function(|state: &mut State, (): ()| state.current_coroutine())?;
        let co = lua.create_coroutine(&note)?;
        let noted: Value = co.resume(lua, ())?;
        assert!(noted.as_coroutine().is_some());
        lua.current_coroutine().map(drop)
    }),
    ("resume, failing", |lua, _| {
        let failing: Function = lua.load("return function(...) local function f(...) error(... .. '!') end f(...) end").name("f").eval()?;
        let co = lua.create_coroutine(&failing)?;
        must_fail(co.resume::<()>(lua, "on purpose"), |error| error.to_string().ends_with("on purpose!"))?;
        must_fail(co.resume::<()>(lua, ()), |error| error.to_string().contains("failed"))
    }),
    ("resume, panicking", |lua, _| {
        let panicking: Function = lua.get("host.panic")?;
        let co = lua.create_coroutine(&panicking)?;
        must_fail(quietly(|| co.resume::<()>(lua, ())), |error| matches!(error, Error::Panic(_)))
    }),
    ("values", |lua, world| {
        let co = lua.create_coroutine(&world.generator)?;
        co.values::<Option<String>>(lua).collect::<Result<Vec<_>>>().map(drop)
    }),
    ("close and reset", |lua, world| {
        let co = lua.create_coroutine(&world.identity)?;
        co.reset(lua, &world.identity)?;
        assert_eq!(co.resume::<String>(lua, "a text")?, "a text");
        co.reset(lua, &world.identity)?;
        co.close(lua)
    }),
    ("yielding in Rust", |lua, _| {
        let pause: Function = lua.get("host.pause")?;
        let co = lua.create_coroutine(&pause)?;
        let (text, _): (String, Vec<String>) = co.resume(lua, "a text to wait with")?;
        assert_eq!(co.resume::<String>(lua, &*text)?, text);
        Ok(())
    }),
    ("a task in slices", |lua, world| finish(lua, &world.long, Slice::instructions(100))),
    ("a task in slices of time", |lua, world| finish(lua, &world.long, Slice::time(std::time::Duration::ZERO))),
    ("a task with arguments", |lua, world| {
        let mut task = lua.create_task(&world.generator, ("some", "arguments"))?;
        task.run(lua, Slice::UNLIMITED)?;
        task.run_with(lua, Slice::instructions(1000), vec!["a list"]).map(drop)
    }),
];

fn finish(lua: &mut State, function: &Function, slice: Slice) -> Result<()> {
    let mut task = lua.create_task(function, ())?;
    while !matches!(task.run(lua, slice)?, Progress::Done(_)) {}
    Ok(())
}

pub const USERDATA: &[(&str, Op)] = &[
    ("create_userdata", |lua, _| lua.create_userdata(Gauge::new(2)).map(drop)),
    ("create_any_userdata", |lua, _| lua.create_any_userdata(vec![String::from("a text")]).map(drop)),
    ("create_proxy", |lua, _| {
        let gauge = lua.create_proxy::<Gauge>()?;
        let new: perilune::AnyUserData = gauge.call_function(lua, "new", 7)?;
        assert_eq!(new.borrow::<Gauge>(lua)?.text, "gauge 7");
        Ok(())
    }),
    ("userdata as values", |lua, _| {
        lua.set("gauge", Gauge::new(3))?;
        lua.create_sequence((0..10).map(Gauge::new)).map(drop)
    }),
    ("get and set", |lua, world| {
        world.gauge.set(lua, "text", "another text")?;
        assert_eq!(world.gauge.get::<String>(lua, "text")?, "another text.");
        assert_eq!(world.gauge.get::<Vec<String>>(lua, "UNITS")?.len(), 2);
        must_fail(world.gauge.get::<Value>(lua, "no such field"), |error| error.to_string().contains("no field or method"))?;
        must_fail(world.gauge.set(lua, "no such field", 1), |error| error.to_string().contains("cannot set field"))
    }),
    ("call_method", |lua, world| {
        assert_eq!(world.gauge.call_method::<Vec<String>>(lua, "texts", 30)?.len(), 30);
        world.gauge.call_method::<Value>(lua, "call", &world.identity)?;
        must_fail(world.gauge.call_method::<()>(lua, "texts", "many"), |error| error.to_string().contains("bad argument #1"))
    }),
    ("metamethods", |lua, world| {
        let concat: Function = lua.load("return function(a) return a .. a, tostring(a) end").eval()?;
        concat.call::<(String, String)>(lua, &world.gauge).map(drop)
    }),
    ("a borrow that is refused", |lua, world| {
        let gauge = world.gauge.clone();
        world.gauge.with_mut(lua, |lua, _: &mut Gauge| {
            must_fail(gauge.call_method::<Value>(lua, "texts", 1), |error| error.downcast_ref::<perilune::UserDataError>().is_some())
        })
    }),
    ("taking an argument out", |lua, _| {
        let read = lua.create_function(|_: &mut State, gauge: perilune::UserDataOwned<Gauge>| Ok(gauge.0.text))?;
        let gauge = lua.create_userdata(Gauge::new(9))?;
        assert_eq!(read.call::<String>(lua, &gauge)?, "gauge 9");
        must_fail(read.call::<String>(lua, &gauge), |error| error.to_string().contains("dropped"))
    }),
    ("take and destroy", |lua, _| {
        let gauge = lua.create_userdata(Gauge::new(4))?;
        assert_eq!(gauge.take::<Gauge>(lua)?.text, "gauge 4");
        gauge.destroy(lua)
    }),
    ("user values", |lua, world| {
        let gauge = lua.create_userdata(Gauge::new(5))?;
        gauge.set_user_value(lua, &world.table)?;
        gauge.set_nth_user_value(lua, 9, "a new user value")?;
        gauge.set_named_user_value(lua, "a name", &gauge)?;
        assert_eq!(gauge.nth_user_value::<String>(lua, 9)?, "a new user value");
        gauge.named_user_value::<perilune::AnyUserData>(lua, "a name").map(drop)
    }),
    ("a party and its values", |lua, _| {
        let mut party = Party::new();
        party.add_unit("Rowan");
        let party = lua.create_userdata(party)?;
        let script = "local party = ...
            local rowan, axe = party[0], party:add_item('axe', 'sharp')
            rowan.hp, axe.damage = { 3, 9 }, 6
            assert(rowan:give(axe) and rowan.gear[0].damage + rowan.hp[0] == 9 and rowan == party[0])
            return rowan:clone(), tostring(rowan)";
        lua.load(script).call::<(Character, String)>(&party).map(drop)
    }),
    ("a character by copy", |lua, _| {
        lua.set("hero", Character::new("Juniper"))?;
        lua.get::<Character>("hero").map(|hero| assert_eq!(hero.name(), "Juniper"))
    }),
    ("type_name and metatable", |lua, world| {
        assert_eq!(world.gauge.type_name(lua)?.as_deref(), Some("Gauge"));
        world.gauge.metatable(lua)?.get::<Function>(lua, "__concat").map(drop)
    }),
];

pub const SCOPES: &[(&str, Op)] = &[
    ("scope, functions", |lua, _| {
        let text = String::from("lent");
        let mut calls = 0;
        lua.scope(|lua, scope| {
            let read = scope.create_function(lua, |_: &mut State, (): ()| Ok(text.as_str().to_owned()))?;
            let count = scope.create_function_mut(lua, |_: &mut State, (): ()| -> Result<i32> {
                calls += 1;
                Ok(calls)
            })?;
            read.call::<String>(lua, ())?;
            count.call::<i32>(lua, ()).map(drop)
        })
    }),
    ("scope, userdata", |lua, _| {
        let (mut gauge, other) = (Gauge::new(6), Gauge::new(7));
        lua.scope(|lua, scope| {
            let lent = scope.create_userdata_ref_mut(lua, &mut gauge)?;
            lent.set(lua, "text", "changed")?;
            let read = scope.create_userdata_ref(lua, &other)?;
            read.call_method::<Vec<String>>(lua, "texts", 3)?;
            scope.create_userdata(lua, Gauge::new(8)).map(drop)
        })
    }),
];

/// What makes classes, and so closures of Lua.
pub const CLASSES: &[(&str, Op)] = &[("scope, a class of its own", |lua, _| {
    let mut lines = Vec::new();
    lua.scope(|lua, scope| {
        let lent = scope.create_any_userdata(lua, &mut lines, |registry| {
            perilune::UserDataFields::add_field_method_get(registry, "size", |_, this| Ok(this.len()));
            perilune::UserDataMethods::add_method_mut(
                registry,
                "add",
                |_: &mut State, this: &mut &mut Vec<String>, line: String| -> Result<()> {
                    this.push(line);
                    Ok(())
                },
            );
        })?;
        lent.call_method::<()>(lua, "add", "a line")?;
        assert_eq!(lent.get::<usize>(lua, "size")?, 1);
        Ok(())
    })
})];

pub const THE_COLLECTOR_AND_RAW_CODE: &[(&str, Op)] = &[
    ("gc_collect", |lua, _| {
        lua.create_function(|_: &mut State, (): ()| Ok(())).map(drop)?;
        lua.gc_collect()
    }),
    ("gc_step", |lua, _| lua.gc_step(1000).map(drop)),
    ("gc settings", |lua, _| {
        lua.gc_set_pause(200)?;
        lua.gc_set_step_multiplier(200)?;
        lua.gc_stop()?;
        assert!(!lua.gc_is_running()?);
        lua.gc_restart()
    }),
    ("with_raw", |lua, _| {
        // SAFETY: pushes and pops two values, which only want memory.
        unsafe {
            lua.with_raw(|l| {
                lua_sys::lua_createtable(l, 10, 10);
                lua_sys::lua_pushlstring(l, c"raw text".as_ptr(), 8);
                lua_sys::lua_settop(l, -3);
            })
        }
    }),
    ("unbalanced raw code", |lua, _| {
        // SAFETY: what is left on the stack is the error.
        let result = unsafe { lua.with_raw(|l| lua_sys::lua_createtable(l, 0, 0)) };
        must_fail(result, |error| error.to_string().contains("raw code left the stack"))
    }),
];

/// Closures with upvalues, apart from all others: LuaJIT frees one for whose upvalues
/// there was no memory as if it were smaller, so that its count of bytes drifts.
pub const CLOSURES: &[(&str, Op)] = &[
    ("closures", |lua, _| {
        lua.run("local a, b, c = 1, 2, 3 return function() return a, function() return a, b, function() return b, c end end end").map(drop)
    }),
    ("wrapped coroutines", |lua, _| {
        lua.run("local co = coroutine.wrap(function(a) local b = coroutine.yield({ a }) return 'x' .. b end) return co(1), co(2)").map(drop)
    }),
    ("xpcall with a handler", |lua, _| {
        let out = lua.run(
            "return (xpcall(function() local t = {} for i = 1, 20 do t[i] = { i } end error('x') end,
                                function(e) return { e .. '!' } end))",
        )?;
        assert_eq!(out.first::<bool>(lua).ok(), Some(false));
        Ok(())
    }),
    ("going on after a yield", |lua, _| {
        let pause = lua.create_function(|_: &mut State, text: String| -> Result<YieldThen<String>> {
            Ok(Yield(text).then(|_: &mut State, text: String| Ok(Yield(text + "!").then(|_: &mut State, text: String| Ok(vec![text])))))
        })?;
        let co = lua.create_coroutine(&pause)?;
        co.resume::<String>(lua, "a text to wait with")?;
        assert_eq!(co.resume::<String>(lua, "and on")?, "and on!");
        co.resume::<Vec<String>>(lua, "to the end").map(drop)
    }),
    #[cfg(feature = "async")]
    ("awaiting", |lua, _| {
        let function = lua.create_async_function(|cx: perilune::AsyncContext, text: String| async move {
            let mut waited = false;
            std::future::poll_fn(|_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
            cx.with(|state| state.create_string(&text))
        })?;
        let mut call = lua.start_async::<String>(&function, "a text to wait with")?;
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(result) = call.poll(lua, &mut context) {
                return result.map(drop);
            }
        }
    }),
    ("bind", |lua, world| {
        let bound = world.identity.bind(lua, ("a bound text", vec![1, 2]))?;
        let (text, list, last): (String, Vec<i32>, String) = bound.call(lua, "an argument")?;
        assert_eq!((text.as_str(), list.len(), last.as_str()), ("a bound text", 2, "an argument"));
        Ok(())
    }),
    ("closures through Rust", |lua, _| {
        let script = "local x = 'x' return host.rethrow(function(a) return host.rethrow(function(b) return x .. a .. b end) end)";
        lua.load(script).eval::<String>().map(drop)
    }),
];

perilune::c_struct! {
    #[derive(Debug, Default, PartialEq)]
    pub struct Spot {
        pub x: f32,
        pub y: f32,
    }

    /// What scripts work on where it is.
    #[derive(Debug, Default, PartialEq)]
    pub struct Body {
        pub at: Spot,
        pub name: [std::ffi::c_char; 16],
        pub hp: [i32; 2],
        pub id: i64,
    }
}

const WORKING_ON_A_VIEW: &str = "
    local bodies = ...
    for i, body in bodies:each() do
        body.name = 'body ' .. i
        body.at = { x = i, y = body.hp[1] }
        body.id = body.id
        body.hp[0] = body.hp[0] + 1
    end
    bodies[0] = bodies[1]
    local names, get, set = bodies:column('name'), bodies:getter('name', 'id', 'at.x'), bodies:setter('name', 'hp[1]')
    set(2, 'another name', 7)
    return tostring(bodies[0].at) .. names[2] .. get(1), bodies:totable(2)";

pub const VIEWS: &[(&str, Op)] = &[
    ("lend", |lua, _| {
        let mut bodies = vec![Body::default(); 3];
        let result = lua.lend("bodies", &mut bodies, |state| {
            let view: Value = state.get("bodies")?;
            state.load(WORKING_ON_A_VIEW).call::<(String, Table)>(view).map(drop)
        });
        if result.is_ok() {
            assert_eq!((bodies[1].at.x, bodies[2].hp), (1.0, [1, 7]));
        }
        must_fail(result.and_then(|()| lua.run("return #bodies")), |error| error.to_string().contains("view revoked"))
    }),
    ("lend_all, dotted and new", |lua, _| {
        lua.set("field", Value::Nil)?;
        let (mut bodies, points) = ([Body::default(); 2], [Spot { x: 5.0, y: 0.0 }]);
        lua.lend_all((("field.bodies", &mut bodies), ("field.points", &points)), |state| {
            state.run("field.bodies[1].at.x = field.points[0].x").map(drop)
        })?;
        assert_eq!(bodies[1].at.x, 5.0);
        Ok(())
    }),
    ("share", |lua, _| {
        let shared = lua.share("shared", vec![Body::default(); 2])?;
        let result = (|| {
            shared.push(lua, Body::default())?;
            let view = shared.view(lua)?;
            lua.load("local shared = ... shared[2].id = 7 return #shared").call::<usize>(view)
        })();
        let vector = shared.take(lua)?;
        result.map(|length| assert_eq!((length, vector[2].id), (3, 7)))
    }),
    ("an error about a view", |lua, _| {
        let points = vec![Spot::default(); 3];
        let result = lua.lend("points", &points, |state| state.run("points[1].x = 1"));
        must_fail(result, |error| error.to_string().ends_with("cannot change a Spot: this view can only be read"))
    }),
];

/// All but those, and those that add something for good.
pub const ALL: &[&[(&str, Op)]] = &[
    MAKING_VALUES,
    GLOBALS_BY_NAME,
    RUNNING_TEXT,
    CALLS,
    TABLES,
    VALUES,
    METATABLES_AND_WEAK_REFERENCES,
    COMPARING_AND_SHOWING,
    OUTPUT,
    CONVERSIONS,
    COROUTINES,
    USERDATA,
    SCOPES,
    VIEWS,
    CHARGES,
    THE_COLLECTOR_AND_RAW_CODE,
];
