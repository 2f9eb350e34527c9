//! The benchmark works written against mlua, the way its documentation shows.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use bench_peer::{Case, Facts, Failure, MOTTOES, Program, Run};
use mlua::{Function, Lua, Table, UserData, UserDataFields, UserDataMethods};

const ADD: &str = include_str!("../../../scripts/add.lua");
const LOOP: &str = include_str!("../../../scripts/loop.lua");
const RUN: &str = include_str!("../../../scripts/run.lua");
const METHOD: &str = include_str!("../../../scripts/method.lua");
const FIELD: &str = include_str!("../../../scripts/field.lua");
const STRUCT: &str = include_str!("../../../scripts/struct.lua");
const CHECKHOOK: &str = include_str!("../../../scripts/checkhook.lua");

fn main() -> ExitCode {
    bench_peer::main(
        facts,
        &[
            Case { name: "P1", open: call_lua },
            Case { name: "P2", open: || call_host(false) },
            Case { name: "P2.nojit", open: || call_host(true) },
            Case { name: "P4", open: || one_struct(false) },
            Case { name: "P4.nojit", open: || one_struct(true) },
            Case { name: "P7.raw", open: table_raw },
            Case { name: "P7.meta", open: table_meta },
            Case { name: "P8", open: global_string },
            Case { name: "P8.held", open: global_string_held },
            Case { name: "P9", open: run_call },
            Case { name: "P9.eval", open: run_eval },
            Case { name: "UD.method", open: || with_counter(METHOD) },
            Case { name: "UD.field", open: || with_counter(FIELD) },
            Case { name: "P13", open: open_and_close },
        ],
        program,
    )
}

fn facts() -> Result<Facts, Failure> {
    // SAFETY: only a script of our own runs here; it wants `jit.util`.
    let lua = unsafe { Lua::unsafe_new() };
    let (engine, checkhook) = lua.load(CHECKHOOK).eval()?;
    Ok(Facts { peer: "mlua 0.12.2".into(), engine, checkhook })
}

fn call_lua() -> Result<Run, Failure> {
    let lua = Lua::new();
    let add: Function = lua.load(ADD).eval()?;
    Ok(Box::new(move |n| {
        let _lua = &lua;
        let mut s = 0.0;
        for _ in 0..n {
            s = add.call::<f64>((s, 1.0))?;
        }
        Ok(s)
    }))
}

fn call_host(jit_off: bool) -> Result<Run, Failure> {
    let lua = Lua::new();
    if jit_off {
        lua.load("jit.off() jit.flush()").exec()?;
    }
    lua.globals().set("add", lua.create_function(|_, (a, b): (f64, f64)| Ok(a + b))?)?;
    let count: Function = lua.load(LOOP).eval()?;
    Ok(Box::new(move |n| {
        let _lua = &lua;
        Ok(count.call::<f64>(n as f64)?)
    }))
}

fn table_raw() -> Result<Run, Failure> {
    let lua = Lua::new();
    let table: Table = lua.create_table()?;
    Ok(Box::new(move |n| {
        let _lua = &lua;
        let mut sum = 0;
        for i in 0..n as i64 {
            table.raw_set("k", i)?;
            sum += table.raw_get::<i64>("k")?;
        }
        Ok(sum as f64)
    }))
}

fn table_meta() -> Result<Run, Failure> {
    let lua = Lua::new();
    let table: Table = lua.create_table()?;
    Ok(Box::new(move |n| {
        let _lua = &lua;
        let mut sum = 0;
        for i in 0..n as i64 {
            table.set("k", i)?;
            sum += table.get::<i64>("k")?;
        }
        Ok(sum as f64)
    }))
}

fn global_string() -> Result<Run, Failure> {
    let lua = Lua::new();
    Ok(Box::new(move |n| {
        let mut sum = 0;
        for i in 0..n as usize {
            lua.globals().set("motto", MOTTOES[i % 2])?;
            sum += lua.globals().get::<String>("motto")?.len();
        }
        Ok(sum as f64)
    }))
}

fn global_string_held() -> Result<Run, Failure> {
    let lua = Lua::new();
    Ok(Box::new(move |n| {
        let globals = lua.globals();
        let mut sum = 0;
        for i in 0..n as usize {
            globals.set("motto", MOTTOES[i % 2])?;
            sum += globals.get::<String>("motto")?.len();
        }
        Ok(sum as f64)
    }))
}

/// `Lua::new` opens the libraries that mlua takes for safe.
fn open_and_close() -> Result<Run, Failure> {
    Ok(Box::new(|n| {
        let mut sum = 0;
        for _ in 0..n {
            let lua = Lua::new();
            sum += lua.used_memory().min(1);
        }
        Ok(sum as f64)
    }))
}

/// The quickest way to load and call a chunk that mlua offers.
fn run_call() -> Result<Run, Failure> {
    let lua = Lua::new();
    Ok(Box::new(move |n| {
        let mut sum = 0.0;
        for _ in 0..n {
            let start = Instant::now();
            sum += lua.load(RUN).call::<f64>(())?;
            black_box(start.elapsed());
        }
        Ok(sum)
    }))
}

/// The way of mlua's own examples: `eval` tries the text as an expression first.
fn run_eval() -> Result<Run, Failure> {
    let lua = Lua::new();
    Ok(Box::new(move |n| {
        let mut sum = 0.0;
        for _ in 0..n {
            let start = Instant::now();
            sum += lua.load(RUN).eval::<f64>()?;
            black_box(start.elapsed());
        }
        Ok(sum)
    }))
}

/// A type with one field and one method.
struct Counter {
    x: f64,
    calls: u64,
}

impl UserData for Counter {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("x", |_, this| Ok(this.x));
        fields.add_field_method_set("x", |_, this, x| {
            this.x = x;
            Ok(())
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method_mut("add", |_, this, (a, b): (f64, f64)| {
            this.calls += 1;
            Ok(a + b)
        });
    }
}

fn with_counter(script: &str) -> Result<Run, Failure> {
    let lua = Lua::new();
    let counter = lua.create_userdata(Counter { x: 0.0, calls: 0 })?;
    let count: Function = lua.load(script).eval()?;
    Ok(Box::new(move |n| {
        let _lua = &lua;
        let sum = count.call::<f64>((&counter, n as f64))?;
        black_box(counter.borrow::<Counter>()?.calls);
        Ok(sum)
    }))
}

/// A struct of the host's; the one field that is used.
struct Unit {
    hp: i32,
}

impl UserData for Unit {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("hp", |_, this| Ok(this.hp));
        fields.add_field_method_set("hp", |_, this, hp| {
            this.hp = hp;
            Ok(())
        });
    }
}

fn one_struct(jit_off: bool) -> Result<Run, Failure> {
    let lua = Lua::new();
    if jit_off {
        lua.load("jit.off() jit.flush()").exec()?;
    }
    let units = lua.create_table()?;
    units.set(0, lua.create_userdata(Unit { hp: 0 })?)?;
    let count: Function = lua.load(STRUCT).eval()?;
    Ok(Box::new(move |n| {
        let _lua = &lua;
        Ok(count.call::<f64>((&units, n as f64))?)
    }))
}

/// The libraries that mlua takes for safe, and all of them for the one program that is about the FFI.
fn program(program: &'static Program) -> Result<Run, Failure> {
    let luajit = cfg!(feature = "luajit");
    let lua = if luajit && program.wants_ffi() {
        // SAFETY: the program stays within the arrays that it makes.
        unsafe { Lua::unsafe_new() }
    } else {
        Lua::new()
    };
    let work: Function = lua.load(program.text).set_name(program.name).eval()?;
    let size = i64::try_from(program.size(luajit))?;
    Ok(Box::new(move |n| {
        let _lua = &lua;
        (0..n).try_fold(0.0, |sum, _| Ok(sum + work.call::<f64>(size)?))
    }))
}
