//! The benchmark works written against perilune, the way its documentation shows.

use std::hint::black_box;
use std::process::ExitCode;

use bench_peer::{Case, Facts, Failure, Run};
use perilune::{Backend, Function, Lua, State, Table};

const ADD: &str = include_str!("../../../scripts/add.lua");
const LOOP: &str = include_str!("../../../scripts/loop.lua");
const RUN: &str = include_str!("../../../scripts/run.lua");

fn main() -> ExitCode {
    bench_peer::main(
        facts,
        &[
            Case {
                name: "P1",
                open: call_lua,
            },
            Case {
                name: "P2",
                open: || call_host(false),
            },
            Case {
                name: "P2.nojit",
                open: || call_host(true),
            },
            Case {
                name: "P7.raw",
                open: table_raw,
            },
            Case {
                name: "P7.meta",
                open: table_meta,
            },
            Case {
                name: "P9",
                open: run,
            },
        ],
    )
}

fn facts() -> Result<Facts, Failure> {
    let backend = Backend::current();
    Ok(Facts {
        peer: concat!("perilune ", env!("CARGO_PKG_VERSION")).into(),
        engine: backend.version.to_string(),
        checkhook: backend.has_jit && backend.interruptible,
    })
}

fn call_lua() -> Result<Run, Failure> {
    let mut lua = Lua::new()?;
    let add: Function = lua.load(ADD).eval()?;
    Ok(Box::new(move |n| {
        let mut s = 0.0;
        for _ in 0..n {
            s = add.call::<f64>(&mut lua, (s, 1.0))?;
        }
        Ok(s)
    }))
}

fn call_host(jit_off: bool) -> Result<Run, Failure> {
    let mut lua = Lua::new()?;
    if jit_off {
        lua.run("jit.off() jit.flush()")?;
    }
    lua.register("add", |_: &mut State, (a, b): (f64, f64)| Ok(a + b))?;
    let count: Function = lua.load(LOOP).eval()?;
    Ok(Box::new(
        move |n| Ok(count.call::<f64>(&mut lua, n as f64)?),
    ))
}

fn table_raw() -> Result<Run, Failure> {
    let mut lua = Lua::new()?;
    let table: Table = lua.create_table()?;
    Ok(Box::new(move |n| {
        let mut sum = 0;
        for i in 0..n as i64 {
            table.raw_set(&mut lua, "k", i)?;
            sum += table.raw_get::<i64>(&mut lua, "k")?;
        }
        Ok(sum as f64)
    }))
}

fn table_meta() -> Result<Run, Failure> {
    let mut lua = Lua::new()?;
    let table: Table = lua.create_table()?;
    Ok(Box::new(move |n| {
        let mut sum = 0;
        for i in 0..n as i64 {
            table.set(&mut lua, "k", i)?;
            sum += table.get::<i64>(&mut lua, "k")?;
        }
        Ok(sum as f64)
    }))
}

/// `run` gives the values, the printed output and how long it took: it reads the clock itself.
fn run() -> Result<Run, Failure> {
    let mut lua = Lua::new()?;
    Ok(Box::new(move |n| {
        let mut sum = 0.0;
        for _ in 0..n {
            let outcome = lua.run(RUN)?;
            sum += outcome.values[0].as_f64().ok_or("not a number")?;
            black_box(&outcome);
        }
        Ok(sum)
    }))
}
