//! Promise: a run gives everything that came of it: the values, what was printed, the time
//! it took, and the first value as text.

mod common;

use std::time::{Duration, Instant};

use common::{is_luajit, with};
use perilune::{Error, Lua, Output, Result, State, Value};

#[test]
fn values_output_and_time() {
    with(|lua| {
        let out = lua.run("print('a', 1, nil, true) print() return 7, nil, 'x', nil")?;
        assert_eq!(out.output(), "a\t1\tnil\ttrue\n\n");
        assert!(matches!(out.values(), [Value::Integer(7), Value::Nil, Value::String(_), Value::Nil]));
        assert_eq!(out.into_values().len(), 4);
        let nap = Duration::from_millis(5);
        lua.register("nap", move |_: &mut State, (): ()| {
            std::thread::sleep(nap);
            Ok(())
        })?;
        let start = Instant::now();
        let out = lua.run("nap()")?;
        assert!(out.duration() >= nap && out.duration() <= start.elapsed(), "{:?}", out.duration());
        Ok(())
    });
}

#[test]
fn each_run_has_its_own_output() {
    with(|lua| {
        assert_eq!(lua.run("print 'first'")?.output(), "first\n");
        assert_eq!(lua.run("return 1")?.output(), "");
        assert_eq!(lua.run("print 'third'")?.output(), "third\n");
        assert_eq!(lua.take_output(), "");
        Ok(())
    });
}

#[test]
fn a_run_within_a_run_keeps_its_own() {
    with(|lua| {
        lua.register("inner", |state: &mut State, text: &str| -> Result<String> { Ok(state.run(text)?.output().into_owned()) })?;
        let out = lua.run("print 'before' local inside = inner('print \"within\"') print 'after' return inside")?;
        assert_eq!(out.output(), "before\nafter\n");
        assert_eq!(out.first::<String>(lua)?, "within\n");
        // One that fails leaves its output to the run around it.
        let out = lua.run("print 'before' pcall(inner, 'print \"within\" error()') print 'after'")?;
        assert_eq!(out.output(), "before\nwithin\nafter\n");
        Ok(())
    });
}

#[test]
fn a_failed_runs_output_is_not_lost() {
    with(|lua| {
        assert!(lua.run("print 'so far' error 'no'").is_err());
        assert_eq!(lua.take_output(), "so far\n");
        assert_eq!(lua.take_output(), "");
        // It waits until the next run begins, so that it cannot pile up.
        assert!(lua.run("print 'forgotten' error 'no'").is_err());
        assert_eq!(lua.run("print 'new'")?.output(), "new\n");
        assert_eq!(lua.take_output(), "");
        assert!(lua.run("print('never) ").is_err());
        assert!(lua.run_file("/no/such/file.lua").is_err());
        assert_eq!(lua.take_output(), "");
        Ok(())
    });
}

#[test]
fn output_that_is_no_text_stays_what_it_is() {
    with(|lua| {
        let out = lua.run(r"print('a\255b\0c')")?;
        assert_eq!(out.output_bytes(), b"a\xffb\0c\n");
        assert_eq!(out.output(), "a\u{fffd}b\0c\n");
        assert!(lua.run(r"print('\254') error()").is_err());
        assert_eq!(lua.take_output(), "\u{fffd}\n");
        Ok(())
    });
}

/// The first result of a script as text.
fn text(lua: &mut Lua, script: &str) -> Result<Option<String>> {
    lua.run(script)?.text(lua)
}

#[test]
fn the_first_value_as_text() {
    with(|lua| {
        let float = if is_luajit() { "3" } else { "3.0" };
        for (script, expected) in [
            ("return 'as is\\n\"x\"'", "as is\n\"x\""),
            ("return ''", ""),
            ("return 42", "42"),
            ("return 0.1", "0.1"),
            ("return 9 / 3", float),
            ("return 1e100", "1e+100"),
            ("return true, 'second'", "true"),
            ("return false", "false"),
            ("return {}", "{}"),
            ("return { 1, 'two', { three = true } }", r#"[1,"two",{"three":true}]"#),
            ("return setmetatable({ 1 }, { __tostring = function() return 'x' end })", "[1]"),
        ] {
            assert_eq!(text(lua, script)?.as_deref(), Some(expected), "{script}");
        }
        assert_eq!(text(lua, "return")?, None);
        assert_eq!(text(lua, "return nil, 1")?, None);
        assert!(text(lua, "return print")?.unwrap().starts_with("function: "));
        Ok(())
    });
}

#[test]
fn tables_are_json_that_is_the_same_every_time() {
    with(|lua| {
        for (script, expected) in [
            ("return { b = 1, a = 2, [''] = 3, ['ä'] = 4, B = 5 }", r#"{"":3,"B":5,"a":2,"b":1,"ä":4}"#),
            ("return { { { { {} } } } }", "[[[[{}]]]]"),
            ("return { '\\0\\1\\31\\127\"\\\\/\\n\\r\\t\\b' }", "[\"\\u0000\\u0001\\u001f\u{7f}\\\"\\\\/\\n\\r\\t\\u0008\"]"),
            ("return { -1, 0.5, 1e300, 1e-7, 123456789012 }", "[-1,0.5,1e300,1e-7,123456789012]"),
            ("local t = { 1 } return { t, t, a = nil }", "[[1],[1]]"),
            ("return setmetatable({ x = 1 }, { __index = { y = 2 }, __pairs = error, __len = error })", r#"{"x":1}"#),
            ("local t = {} for i = 1, 300 do t[i] = i end t[301] = nil return #t", "300"),
        ] {
            assert_eq!(text(lua, script)?.as_deref(), Some(expected), "{script}");
        }
        if !is_luajit() {
            assert_eq!(
                text(lua, "return { math.maxinteger, math.mininteger, 1.0, -0.0 }")?.unwrap(),
                "[9223372036854775807,-9223372036854775808,1.0,-0.0]"
            );
        }
        // 100 levels, which no single frame of the stack holds.
        let deep = text(lua, "local t = { 'end' } for _ = 1, 99 do t = { t } end return t")?.unwrap();
        assert_eq!(deep, format!("{}\"end\"{}", "[".repeat(100), "]".repeat(100)));
        Ok(())
    });
}

#[test]
fn what_json_cannot_say_is_an_error_with_its_place() {
    with(|lua| {
        for (script, expected) in [
            (
                "return { a = { 1, 2, { b = print } } }",
                "the first result: key 'a': element 3: key 'b': expected a value that JSON has, got function",
            ),
            ("return { 1, x = 2 }", "expected keys that are all strings, or 1, 2, 3, …, got "),
            ("return { [1] = 1, [2] = 2, [4] = 4 }", "expected keys that are all strings, or 1, 2, 3, …"),
            ("return { [1.5] = 1 }", "got number 1.5"),
            ("return { [0] = 1 }", "got number 0"),
            ("return { [true] = 1 }", "got boolean true"),
            ("return { [{}] = 1 }", "got table"),
            ("return { 0 / 0 }", "element 1: expected a number that JSON has, got NaN"),
            ("return { x = { 1 / 0 } }", "key 'x': element 1: expected a number that JSON has, got inf"),
            ("return { '\\255' }", "element 1: expected a UTF-8 string"),
            ("return { ['\\255'] = 1 }", "expected a UTF-8 string"),
            ("return '\\255'", "the first result: expected a UTF-8 string"),
            ("local t = {} t.x = { t } return t", "key 'x': element 1: expected a value that JSON has, got a table that is within itself"),
            ("return { coroutine.create(print) }", "element 1: expected a value that JSON has, got thread"),
            ("local t = {} for _ = 1, 128 do t = { t } end return t", "expected at most 128 tables within each other, got one more"),
        ] {
            let error = text(lua, script).unwrap_err();
            assert!(matches!(error, Error::Type(_)), "{error:?}");
            assert!(error.to_string().contains(expected), "{script}: {error}");
        }
        Ok(())
    });
}

#[test]
fn a_small_value_cannot_fill_the_hosts_memory_as_json() {
    with(|lua| {
        let script = "local t = { ('x'):rep(2 ^ 20) } for i = 1, 100 do t = { t, t } end return t";
        let error = text(lua, script).unwrap_err();
        assert!(error.to_string().ends_with("expected a value of at most 64 MiB as JSON, got a larger one"), "{error}");
        let outcome = lua.run("local t = ('x'):rep(2 ^ 20) return { t, t, t }")?;
        assert_eq!(outcome.text(lua)?.map(|text| text.len()), Some(3 * (1 << 20) + 10));
        Ok(())
    });
}

#[test]
fn other_ways_of_output_leave_the_outcome_without() {
    with(|lua| {
        lua.set_output(Output::discard());
        assert_eq!(lua.run("print 'x'")?.output(), "");
        lua.set_output(Output::lines(|_| {}));
        assert_eq!(lua.run("print 'x'")?.output(), "");
        lua.set_output(Output::capture());
        assert_eq!(lua.run("print 'x'")?.output(), "x\n");
        Ok(())
    });
}
