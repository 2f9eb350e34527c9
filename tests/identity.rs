//! Promise: values can be compared, hashed and shown from Rust, as Lua compares them, and
//! without running a script unless asked to.

mod common;

use std::collections::{HashMap, HashSet};

use common::{check, is_luajit, with};
use perilune::{Error, Function, Inspect, Lua, Result, State, Value};

fn eval(lua: &mut Lua, expression: &str) -> Value {
    lua.load(&format!("return {expression}")).eval().unwrap()
}

/// Values of every type, each different from all others.
const DIFFERENT: &[&str] = &[
    "nil",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "1.5",
    "2^53",
    "2^60",
    "1/0",
    "-1/0",
    "''",
    "'1'",
    "'a'",
    "'\\0'",
    "'\\255'",
    "('x'):rep(100)",
    "{}",
    "{}",
    "print",
    "math.floor",
    "function() end",
    "coroutine.create(print)",
    "_G",
];

#[test]
fn equality_is_luas_for_every_pair() {
    let mut lua = Lua::new().unwrap();
    let equal: Function = lua.load("return rawequal").eval().unwrap();
    let values: Vec<Value> = DIFFERENT.iter().map(|text| eval(&mut lua, text)).collect();
    for (a, x) in DIFFERENT.iter().zip(&values) {
        for (b, y) in DIFFERENT.iter().zip(&values) {
            let expected: bool = equal.call(&mut lua, (x, y)).unwrap();
            assert_eq!(std::ptr::eq(x, y), expected, "{a} and {b}");
            assert_eq!(x.raw_equals(&lua, y).unwrap(), expected, "{a} and {b}");
            assert_eq!(x.equals(&mut lua, y).unwrap(), expected, "{a} and {b}");
            assert_eq!(x.identity(&lua).unwrap() == y.identity(&lua).unwrap(), expected, "the identities of {a} and {b}");
        }
    }
    // The same by another way.
    for text in DIFFERENT.iter().filter(|text| !text.contains('{') && !text.starts_with("function") && !text.starts_with("coroutine")) {
        let (a, b) = (eval(&mut lua, text), eval(&mut lua, text));
        assert!(a.raw_equals(&lua, &b).unwrap() && a.equals(&mut lua, &b).unwrap(), "{text}");
        assert_eq!(a.identity(&lua).unwrap(), b.identity(&lua).unwrap(), "{text}");
    }
    check(&mut lua);
}

#[test]
fn numbers_are_what_they_are_worth() {
    let mut lua = Lua::new().unwrap();
    for (a, b) in [
        (Value::Integer(1), Value::Number(1.0)),
        (Value::Integer(0), Value::Number(-0.0)),
        (Value::Integer(1 << 53), Value::Number(9_007_199_254_740_992.0)),
        (Value::Integer(i64::MIN), Value::Number(-9_223_372_036_854_775_808.0)),
    ] {
        assert!(a.raw_equals(&lua, &b).unwrap() && b.equals(&mut lua, &a).unwrap(), "{a:?} and {b:?}");
        assert_eq!(a.identity(&lua).unwrap(), b.identity(&lua).unwrap());
    }
    for (a, b) in [
        (Value::Integer(i64::MAX), Value::Number(9_223_372_036_854_775_808.0)),
        (Value::Integer((1 << 53) + 1), Value::Number(9_007_199_254_740_992.0)),
        (Value::Integer(1), Value::Boolean(true)),
    ] {
        assert!(!a.raw_equals(&lua, &b).unwrap(), "{a:?} and {b:?}");
        assert_ne!(a.identity(&lua).unwrap(), b.identity(&lua).unwrap());
    }
    // NaN equals nothing, but has to be the same as itself to be a key.
    let nan = Value::Number(f64::NAN);
    assert!(!nan.raw_equals(&lua, &nan).unwrap());
    assert_eq!(nan.identity(&lua).unwrap(), nan.identity(&lua).unwrap());
}

#[test]
fn eq_is_asked_by_equals_alone() {
    let mut lua = Lua::new().unwrap();
    lua.run("asked = 0 mt = { __eq = function() asked = asked + 1 return true end } a, b = setmetatable({}, mt), setmetatable({}, mt)")
        .unwrap();
    let (a, b): (Value, Value) = (lua.get("a").unwrap(), lua.get("b").unwrap());
    assert!(!a.raw_equals(&lua, &b).unwrap());
    assert_ne!(a.identity(&lua).unwrap(), b.identity(&lua).unwrap());
    assert_eq!(lua.get::<i32>("asked").unwrap(), 0);
    assert!(a.equals(&mut lua, &b).unwrap());
    assert_eq!(lua.get::<i32>("asked").unwrap(), 1);
    assert!(!a.equals(&mut lua, &Value::Integer(1)).unwrap());
    lua.run("mt.__eq = function() error('on purpose') end").unwrap();
    assert!(a.equals(&mut lua, &b).unwrap_err().to_string().contains("on purpose"));
    check(&mut lua);
}

#[test]
fn identities_are_keys_and_keep_nothing() {
    let mut lua = common::measurable();
    let mut seen = HashMap::new();
    for (n, text) in DIFFERENT.iter().enumerate() {
        let value = eval(&mut lua, text);
        seen.insert(value.identity(&lua).unwrap(), (n, value));
    }
    assert_eq!(seen.len(), DIFFERENT.len());
    for (identity, (_, value)) in &seen {
        assert_eq!(value.identity(&lua).unwrap(), *identity);
    }
    let before = common::settled(&mut lua);
    let held: HashSet<_> =
        (0..1000).map(|_| Value::Table(lua.create_table_with_capacity(1000, 0).unwrap()).identity(&lua).unwrap()).collect();
    assert!(common::settled(&mut lua) < before + 100_000, "a thousand tables are held");
    drop(held);
}

#[test]
fn handles_of_other_vms_are_refused() {
    let (mut ours, mut theirs) = (Lua::new().unwrap(), Lua::new().unwrap());
    for text in ["{}", "'text'", "print"] {
        let (own, foreign) = (eval(&mut ours, text), eval(&mut theirs, text));
        assert!(matches!(foreign.identity(&ours), Err(Error::ForeignHandle)));
        assert!(matches!(own.raw_equals(&ours, &foreign), Err(Error::ForeignHandle)));
        assert!(matches!(own.equals(&mut ours, &foreign), Err(Error::ForeignHandle)));
        assert!(matches!(foreign.inspect(&mut ours, Inspect::default()), Err(Error::ForeignHandle)));
        assert!(matches!(foreign.to_json(&mut ours), Err(Error::ForeignHandle)));
    }
    check(&mut ours);
}

fn shown(lua: &mut Lua, expression: &str, options: Inspect) -> String {
    eval(lua, expression).inspect(lua, options).unwrap()
}

#[test]
fn values_are_shown_as_one_would_write_them() {
    with(|lua| {
        for (expression, expected) in [
            ("nil", "nil"),
            ("true", "true"),
            ("-7", "-7"),
            ("0.1", "0.1"),
            ("1e300", "1e300"),
            ("0/0", "NaN"),
            ("'a\\n\"b\"'", r#""a\n\"b\"""#),
            ("print", "<function>"),
            ("coroutine.create(print)", "<thread>"),
            ("{}", "{}"),
            ("{ 1, 2, { 3 } }", "{ 1, 2, { 3 } }"),
            (
                "{ b = 1, a = 2, [10] = 3, [1.5] = 4, [true] = 5, ['odd key'] = 6, [print] = 7 }",
                r#"{ [10] = 3, [1.5] = 4, a = 2, b = 1, ["odd key"] = 6, [true] = 5, [<function>] = 7 }"#,
            ),
            ("{ 'x', nil, 'z' }", r#"{ "x", [3] = "z" }"#),
            ("{ [0] = 0, 1 }", "{ [0] = 0, 1 }"),
            ("{ [{}] = {} }", "{ [<table>] = {} }"),
        ] {
            assert_eq!(shown(lua, expression, Inspect::default()), expected, "{expression}");
        }
        for (bytes, expected) in [("'\\255a'", "\"\u{fffd}a\""), ("'a\\255'", "\"a\u{fffd}\""), ("'\\255'", "\"\u{fffd}\"")] {
            assert_eq!(shown(lua, bytes, Inspect::default()), expected, "{bytes}");
        }
        Ok(())
    });
}

#[test]
fn what_is_shown_is_bounded() {
    with(|lua| {
        let (small, default) = (Inspect { depth: 2, entries: 3, text: 5, ..Inspect::default() }, Inspect::default());
        assert_eq!(shown(lua, "{ 1, { 2, { 3 } } }", small), "{ 1, { 2, {…} } }");
        assert_eq!(shown(lua, "{ 1, 2, 3, 4, 5, z = 6 }", small), "{ 1, 2, 3, … 3 more }");
        assert_eq!(shown(lua, "{ 1 }", Inspect { entries: 0, ..default }), "{ … 1 more }");
        assert_eq!(shown(lua, "{ 1 }", Inspect { depth: 0, ..default }), "{…}");
        assert_eq!(shown(lua, "'abcdefg'", small), "\"abcde\"…");
        assert_eq!(shown(lua, "'abcdäöü'", small), "\"abcd\"…");
        // Every level with many entries: 50 to the power of 4 without a limit.
        lua.run("function grow(n) local t = {} for i = 1, 60 do t[i] = n > 0 and grow(n - 1) or 'leaf' end return t end")?;
        let text = shown(lua, "grow(2)", default);
        assert!(text.len() < 20_000 && text.ends_with("… }"), "{}", text.len());
        assert!(shown(lua, "('x'):rep(1000000)", default).len() < 300);
        lua.run("big = {} for i = 1, 200000 do big[i] = i end")?;
        assert!(shown(lua, "big", default).ends_with("49, 50, … 199950 more }"));
        Ok(())
    });
}

#[test]
fn deep_and_circular_tables_end() {
    with(|lua| {
        lua.run("t = { name = 't' } t.self = t t.list = { t, { t } } both = {} both = { both, both }")?;
        assert_eq!(shown(lua, "t", Inspect::default()), r#"{ list = { <cycle>, { <cycle> } }, name = "t", self = <cycle> }"#);
        assert_eq!(shown(lua, "both", Inspect::default()), "{ {}, {} }");
        lua.run("deep = 'end' for _ = 1, 150 do deep = { deep } end")?;
        let text = shown(lua, "deep", Inspect { depth: 200, ..Inspect::default() });
        assert_eq!(text, format!("{}\"end\"{}", "{ ".repeat(150), " }".repeat(150)));
        // As deep as the C stack allows, and then an error, not a crash.
        lua.run("for _ = 1, 100000 do deep = { deep } end")?;
        match eval(lua, "deep").inspect(lua, Inspect { depth: usize::MAX, length: usize::MAX, ..Inspect::default() }) {
            Ok(text) => assert!(text.len() > 100_000),
            Err(error) => assert!(error.to_string().contains("overflow"), "{error}"),
        }
        Ok(())
    });
}

#[test]
fn metamethods_are_called_only_if_asked_for() {
    with(|lua| {
        lua.run(
            "local mt = {}
             for _, event in next, { '__index', '__len', '__pairs', '__eq', '__tostring', '__name' } do mt[event] = function() error(event) end end
             nasty = setmetatable({ x = 1 }, mt)
             nice = setmetatable({ x = 1 }, { __tostring = function(t) return 'nice ' .. t.x end })",
        )?;
        let (never, asked) = (Inspect::default(), Inspect { metamethods: true, ..Inspect::default() });
        assert_eq!(shown(lua, "{ nasty, nice }", never), "{ { x = 1 }, { x = 1 } }");
        assert_eq!(shown(lua, "{ nice, { 2 } }", asked), "{ nice 1, { 2 } }");
        assert!(eval(lua, "{ nasty }").inspect(lua, asked).unwrap_err().to_string().contains("__tostring"));
        // What a `__tostring` does to the table meanwhile.
        lua.run(
            "cruel = {} for i = 1, 20 do cruel[i] = setmetatable({}, { __tostring = function()
                for j = 1, 20 do cruel[j] = nil end for j = 1, 200 do cruel['new' .. j] = j end
                collectgarbage() return 'gone' end }) end",
        )?;
        let text = shown(lua, "cruel", asked);
        assert!(text.starts_with("{ gone, nil, nil"), "{text}");
        Ok(())
    });
}

#[test]
fn inside_callbacks_and_coroutines() {
    with(|lua| {
        lua.register("inspect", |state: &mut State, value: Value| -> Result<String> { value.inspect(state, Inspect::default()) })?;
        lua.register("json", |state: &mut State, value: Value| -> Result<String> { value.to_json(state) })?;
        lua.register("same", |state: &mut State, (a, b): (Value, Value)| -> Result<bool> {
            Ok(a.equals(state, &b)? && a.raw_equals(state, &b)? && a.identity(state)? == b.identity(state)?)
        })?;
        let script = "local t = { { { 'x' } } } for _ = 1, 30 do t = { t } end
            return inspect({ 1, { a = 2 } }), json({ t }), same(t, t), same(t, {})";
        for script in [script.to_owned(), format!("return coroutine.wrap(function() {script} end)()")] {
            let (shown, json, same, other): (String, String, bool, bool) = lua.load(&script).eval()?;
            assert_eq!((shown.as_str(), json.len(), same, other), ("{ 1, { a = 2 } }", 71, true, false));
        }
        assert_eq!(is_luajit(), eval(lua, "_VERSION").to::<String>(lua)? == "Lua 5.1");
        Ok(())
    });
}
