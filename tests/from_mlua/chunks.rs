//! Chunks: evaluated, executed, called, compiled; as statements and as expressions.

use perilune::{Error, Function, MultiValue, Value};

use crate::common::with;

#[test]
fn a_chunk_returns_as_many_values_as_are_asked_for() {
    with(|lua| {
        assert_eq!(lua.load("return 1, 'two', nil").eval::<(i32, String, Option<bool>)>()?, (1, "two".to_owned(), None));
        assert_eq!(lua.load("return 1, 2, 3").eval::<MultiValue>()?.len(), 3);
        lua.load("return 1, 2, 3").exec()?;
        assert!(lua.load("local a = 1").eval::<Value>()?.is_nil());
        Ok(())
    });
}

#[test]
fn an_expression_is_one_only_where_it_was_asked_for() {
    with(|lua| {
        assert!(matches!(lua.load("1 + 2").eval::<i32>(), Err(Error::Syntax(_))));
        assert_eq!(lua.load("1 + 2").expression().eval::<i32>()?, 3);
        assert_eq!(lua.load("1, 'two'").expression().eval::<(i32, String)>()?, (1, "two".to_owned()));
        assert_eq!(lua.load("...").expression().call::<i32>(7)?, 7);
        assert_eq!(lua.load("2 * 3 -- two times three").expression().eval::<i32>()?, 6);
        Ok(())
    });
}

#[test]
fn statements_are_statements_at_a_prompt_too() {
    with(|lua| {
        lua.load("x = 1; y = 2").expression().exec()?;
        assert_eq!(lua.load("return x + y").expression().eval::<i32>()?, 3);
        lua.load("").expression().exec()?;
        assert_eq!(lua.load("# a line for the shell\nx").expression().eval::<i32>()?, 1);
        Ok(())
    });
}

#[test]
fn a_call_at_a_prompt_runs_once_and_gives_its_results() {
    with(|lua| {
        lua.run("calls = 0 function f() calls = calls + 1 return calls end")?;
        assert_eq!(lua.load("f()").expression().eval::<i32>()?, 1);
        assert_eq!(lua.load("f()").expression().eval::<i32>()?, 2);
        // Without it, a call is a statement without results.
        assert!(lua.load("f()").eval::<Value>()?.is_nil());
        assert_eq!(lua.get::<i32>("calls")?, 3);
        Ok(())
    });
}

#[test]
fn what_is_neither_is_explained_as_a_statement() {
    with(|lua| {
        let Err(Error::Syntax(error)) = lua.load("x = = 1").name("prompt").expression().exec() else { panic!("accepted") };
        assert_eq!((error.chunk.as_str(), error.line, error.source_line.as_str(), error.column), ("prompt", 1, "x = = 1", 4));
        let Err(Error::Syntax(error)) = lua.load("for i = 1, 3 do").expression().check() else { panic!("accepted") };
        assert!(error.incomplete, "a prompt should read on");
        Ok(())
    });
}

#[test]
fn an_expression_fails_at_run_time_in_its_own_line_and_is_not_run_again() {
    with(|lua| {
        lua.run("calls = 0 function fail() calls = calls + 1 error('no', 2) end")?;
        let error = lua.load("1 +\nfail()").name("prompt").expression().exec().unwrap_err();
        assert!(error.to_string().starts_with("prompt:"), "{error}");
        assert_eq!(lua.get::<i32>("calls")?, 1);
        let nested = lua.load("load('return +', '=inner')()").expression().exec().unwrap_err();
        assert!(matches!(nested, Error::Runtime(_)), "{nested:?}");
        Ok(())
    });
}

#[test]
fn a_compiled_chunk_is_called_again_and_again() {
    with(|lua| {
        let next: Function = lua.load("n = (n or 0) + (...) return n").name("next").into_function()?;
        assert_eq!(next.call::<i32>(lua, 1)?, 1);
        assert_eq!(next.call::<i32>(lua, 10)?, 11);
        Ok(())
    });
}

#[test]
fn a_chunk_is_made_of_whatever_holds_bytes() {
    with(|lua| {
        assert_eq!(lua.load(&String::from("return 1")).eval::<i32>()?, 1);
        assert_eq!(lua.load(b"return 2").eval::<i32>()?, 2);
        assert_eq!(lua.load(&vec![b'r', b'e', b't', b'u', b'r', b'n', b' ', b'3']).eval::<i32>()?, 3);
        Ok(())
    });
}

#[test]
fn names_of_chunks_need_no_mark() {
    with(|lua| {
        for name in ["rules", "a/b.lua", "with spaces", "=marked", "@marked"] {
            let error = lua.load("error('no')").name(name).exec().unwrap_err();
            assert_eq!(error.to_string(), format!("{name}:1: no"));
        }
        Ok(())
    });
}
