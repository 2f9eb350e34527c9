//! Lua scripts that test from inside: every file of `scripts/` is a test of the same name. It is called with the
//! table that `scripts/harness.lua` makes; what it needs of the host is in its field `host`.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::is_luajit;
use perilune::{
    Bytes, Error, Function, Libs, Lua, MultiValue, Result, State, Table, UserData, UserDataFields, UserDataMethods, Value, Yield, YieldThen,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts")
}

/// Bytecode as this very VM makes it, and the same without debug information.
fn bytecode() -> [Bytes; 2] {
    // SAFETY: only the line below runs there.
    let mut trusted = unsafe { Lua::builder().unsafe_libs(Libs::UNCHECKED) }.build().unwrap();
    ["return string.dump(loadstring and loadstring('return 1') or load('return 1'))", "return string.dump(load('return 1'), true)"]
        .map(|text| trusted.load(text).eval().unwrap())
}

/// A userdata for the scripts.
struct Counter(i64);

impl UserData for Counter {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("n", |_, this| Ok(this.0));
        fields.add_field_method_set("n", |_, this, n| {
            this.0 = n;
            Ok(())
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_function("new", |_: &mut State, n: i64| Ok(Self(n)));
        methods.add_method_mut("add", |_: &mut State, this: &mut Self, n: i64| -> Result<i64> {
            this.0 += n;
            Ok(this.0)
        });
        methods.add_method_mut("call", |state: &mut State, _: &mut Self, function: Function| function.call::<Value>(state, "called"));
    }
}

/// What the scripts are given of the host.
fn host(lua: &mut Lua) -> Result<Table> {
    let host = lua.create_table()?;
    let [code, stripped] = bytecode();
    host.set(lua, "bytecode", code)?;
    host.set(lua, "stripped", stripped)?;
    let counter = lua.create_proxy::<Counter>()?;
    host.set(lua, "Counter", counter)?;
    let functions = [
        ("fail", lua.create_function(|_: &mut State, message: &str| -> Result<()> { Err(Error::runtime(message)) })?),
        ("echo", lua.create_function(|_: &mut State, value: Value| -> Result<Value> { Ok(value) })?),
        ("number", lua.create_function(|_: &mut State, number: f64| -> Result<f64> { Ok(number) })?),
        ("text", lua.create_function(|_: &mut State, text: &str| -> Result<String> { Ok(text.to_owned()) })?),
        ("text_of", lua.create_function(|state: &mut State, value: Value| -> Result<String> { value.to_text(state) })?),
        ("call", lua.create_function(|state: &mut State, function: Function| -> Result<Value> { function.call(state, ()) })?),
        ("collect", lua.create_function(|state: &mut State, (): ()| -> Result<()> { state.gc_collect() })?),
        ("collector_runs", lua.create_function(|state: &mut State, (): ()| -> Result<bool> { state.gc_is_running() })?),
        ("pause", lua.create_function(|_: &mut State, values: MultiValue| -> Result<Yield<MultiValue>> { Ok(Yield(values)) })?),
        (
            "pause_twice",
            lua.create_function(|_: &mut State, first: MultiValue| -> Result<YieldThen<MultiValue>> {
                Ok(Yield(first).then(|_: &mut State, second: MultiValue| Ok(Yield(second))))
            })?,
        ),
        (
            "message_of",
            lua.create_function(|state: &mut State, function: Function| -> Result<String> {
                Ok(function.call::<()>(state, ()).map_or_else(|error| error.to_string(), |()| String::new()))
            })?,
        ),
    ];
    for (name, function) in functions {
        host.set(lua, name, function)?;
    }
    Ok(host)
}

fn run(name: &str) {
    // The bounded functions show no more than what they replace.
    for builder in [Lua::builder(), Lua::builder().bounded()] {
        run_in(builder.build().unwrap(), name);
    }
}

fn run_in(mut lua: Lua, name: &str) {
    let host = host(&mut lua).unwrap();
    let backend = if is_luajit() { "luajit" } else { "lua54" };
    let harness: Table = lua.load_file(folder().join("harness.lua")).unwrap().call((backend, &host)).unwrap();
    let outcome = lua.load_file(folder().join(format!("{name}.lua"))).unwrap().call::<()>(&harness);
    if let Err(error) = outcome {
        panic!("{error:#}");
    }
    common::check(&mut lua);
    lua.close().unwrap();
}

macro_rules! scripts {
    ($($name:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        $(
            #[test]
            fn $name() {
                run(stringify!($name));
            }
        )*
    };
}

scripts! {
    sandbox_collectgarbage
    sandbox_errors
    sandbox_finalizers
    sandbox_literals
    sandbox_overrides
    sandbox_reachable_names
    sandbox_strings
    sandbox_text_only
    sandbox_wrapped_globals
    userdata_hostile
    wrappers_are_transparent
    yielding_functions
}

#[test]
fn every_script_has_its_test() {
    let mut found: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".lua").map(str::to_owned))
        .filter(|name| name != "harness" && !name.starts_with("views_")) // those are `views.rs`'s
        .collect();
    found.sort();
    assert_eq!(found, NAMES);
}
