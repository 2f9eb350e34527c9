//! A text becomes a chunk with a name, an environment and its own line numbers, and nothing but text does.

use std::fs;
use std::path::PathBuf;

use perilune::{Error, Function, Lua, Table};

/// A file that goes with its test.
fn file(name: &str, text: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()));
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_chunk_is_called_by_its_name_in_messages() {
    let mut lua = Lua::new().unwrap();
    let error = lua.load("\nerror('no')").name("rules").exec().unwrap_err();
    assert_eq!(error.to_string(), "rules:2: no");
    assert!(error.traceback().unwrap().contains("rules:2:"));
}

#[test]
fn a_chunk_keeps_to_its_environment() {
    let mut lua = Lua::new().unwrap();
    let environment = lua.create_table_from([("x", 20)]).unwrap();
    let double: Function = lua.load("y = x return function() y = y + x return y end").environment(&environment).eval().unwrap();
    assert_eq!(double.call::<i32>(&mut lua, ()).unwrap(), 40);
    assert_eq!(environment.get::<i32>(&mut lua, "y").unwrap(), 40);
    assert_eq!(lua.get::<Option<i32>>("y").unwrap(), None);
    let error = lua.load("print(1)").environment(&environment).exec().unwrap_err();
    assert!(error.to_string().contains("print"), "{error}");
}

#[test]
fn arguments_are_the_chunks_varargs() {
    let mut lua = Lua::new().unwrap();
    assert_eq!(lua.load("local a, b = ... return a - b").call::<i32>((9, 4)).unwrap(), 5);
}

#[test]
fn a_file_is_run_with_its_path_as_name() {
    let mut lua = Lua::new().unwrap();
    let path = file("answer.lua", b"\xef\xbb\xbf#!/usr/bin/env lua\nanswer = 42\nreturn answer, ...");
    assert_eq!(lua.run_file(&path).unwrap().first::<i32>(&mut lua).unwrap(), 42);
    let path = file("broken.lua", b"#!lua\nlocal x = 1\nerror('late')");
    let error = lua.run_file(&path).unwrap_err().to_string();
    assert!(error.contains("broken.lua:3: late"), "{error}");
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_reason() {
    let mut lua = Lua::new().unwrap();
    let error = lua.run_file("/nowhere/at/all.lua").unwrap_err();
    assert!(matches!(&error, Error::File(file) if file.path.ends_with("all.lua")));
    assert_eq!(error.code(), -4);
    assert!(error.to_string().starts_with("cannot read '/nowhere/at/all.lua': "), "{error}");
    assert!(matches!(lua.load_file("/").unwrap_err(), Error::File(_)));
}

#[test]
fn checking_the_syntax_runs_nothing() {
    let mut lua = Lua::new().unwrap();
    lua.load("ran = true").check().unwrap();
    assert_eq!(lua.get::<Option<bool>>("ran").unwrap(), None);
    let path = file("syntax.lua", b"local a = 1\nlocal b = = 2\n");
    let Err(Error::Syntax(error)) = lua.load_file(&path).unwrap().check() else { panic!("accepted") };
    assert_eq!((error.line, error.source_line.as_str(), error.column), (2, "local b = = 2", 10));
    assert!(error.to_string().ends_with("\n  2 | local b = = 2\n    |           ^"), "{error}");
}

#[test]
fn only_text_is_accepted() {
    let mut lua = Lua::new().unwrap();
    for text in ["\x1bLua", "\x1bLJ\x02", "\x1b"] {
        assert!(matches!(lua.load(text).exec().unwrap_err(), Error::Syntax(_)), "{text:?}");
    }
}

#[test]
fn bytecode_needs_both_unsafe_calls() {
    // SAFETY: the bytecode below is made by this very VM.
    let mut lua = unsafe { Lua::builder().unsafe_libs(perilune::Libs::UNCHECKED) }.build().unwrap();
    let bytecode: perilune::Bytes = lua.load("return string.dump(load('return 7'))").eval().unwrap();
    assert!(matches!(lua.load(&bytecode.0).eval::<i32>().unwrap_err(), Error::Syntax(_)));
    // SAFETY: as above.
    assert_eq!(unsafe { lua.load(&bytecode.0).allow_bytecode() }.eval::<i32>().unwrap(), 7);
}

#[test]
fn the_table_of_globals_is_the_scripts_own() {
    let mut lua = Lua::new().unwrap();
    let globals: Table = lua.globals().unwrap();
    globals.set(&mut lua, "from_rust", 1).unwrap();
    assert!(lua.load("return from_rust == 1 and _G.from_rust == 1").eval::<bool>().unwrap());
}
