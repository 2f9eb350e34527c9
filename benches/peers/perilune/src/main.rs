//! The benchmark works written against perilune, the way its documentation shows.

use std::ffi::c_char;
use std::hint::black_box;
use std::process::ExitCode;

use bench_peer::{AGENTS, Case, FEW, Facts, Failure, MOTTOES, Run, STEP, agents, agents_sum};
use perilune::{Backend, Function, Lua, State, Table, UserData, UserDataFields, UserDataMethods, Value, c_struct};

const ADD: &str = include_str!("../../../scripts/add.lua");
const LOOP: &str = include_str!("../../../scripts/loop.lua");
const RUN: &str = include_str!("../../../scripts/run.lua");
const METHOD: &str = include_str!("../../../scripts/method.lua");
const FIELD: &str = include_str!("../../../scripts/field.lua");
const STRUCT: &str = include_str!("../../../scripts/struct.lua");
const COLUMN: &str = include_str!("../../../scripts/column.lua");
const UPDATE: &str = include_str!("../../../scripts/update.lua");
const COLUMNS: &str = include_str!("../../../scripts/columns.lua");
const SEVERAL: &str = include_str!("../../../scripts/several.lua");
const NEAREST: &str = include_str!("../../../scripts/nearest.lua");

fn main() -> ExitCode {
    bench_peer::main(
        facts,
        &[
            Case { name: "P1", open: call_lua },
            Case { name: "P2", open: || call_host(false) },
            Case { name: "P2.nojit", open: || call_host(true) },
            Case { name: "P4", open: || one_struct(STRUCT, false) },
            Case { name: "P4.nojit", open: || one_struct(STRUCT, true) },
            Case { name: "P4.column", open: || one_struct(COLUMN, false) },
            Case { name: "P4.column.nojit", open: || one_struct(COLUMN, true) },
            Case { name: "P5", open: || update(UPDATE, AGENTS, false) },
            Case { name: "P5.columns", open: || update(COLUMNS, AGENTS, false) },
            Case { name: "P5.several", open: || update(SEVERAL, AGENTS, false) },
            Case { name: "P5.few", open: || update(UPDATE, FEW, false) },
            Case { name: "P5.few.columns", open: || update(COLUMNS, FEW, false) },
            Case { name: "P5.few.several", open: || update(SEVERAL, FEW, false) },
            Case { name: "P5.few.nojit", open: || update(UPDATE, FEW, true) },
            Case { name: "P5.few.columns.nojit", open: || update(COLUMNS, FEW, true) },
            Case { name: "P5.few.several.nojit", open: || update(SEVERAL, FEW, true) },
            Case { name: "P6", open: nearest },
            Case { name: "P7.raw", open: table_raw },
            Case { name: "P7.meta", open: table_meta },
            Case { name: "P8", open: global_string },
            Case { name: "P9", open: run },
            Case { name: "UD.method", open: || with_counter(METHOD) },
            Case { name: "UD.field", open: || with_counter(FIELD) },
            Case { name: "P13", open: open_and_close },
        ],
    )
}

fn facts() -> Result<Facts, Failure> {
    let backend = Backend::current();
    Ok(Facts {
        peer: concat!("perilune ", env!("CARGO_PKG_VERSION")).into(),
        engine: backend.version.into(),
        checkhook: backend.has_jit && backend.interruptible_compiled_code == Some(true),
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
        stop_jit(&mut lua)?;
    }
    lua.register("add", |_: &mut State, (a, b): (f64, f64)| Ok(a + b))?;
    let count: Function = lua.load(LOOP).eval()?;
    Ok(Box::new(move |n| Ok(count.call::<f64>(&mut lua, n as f64)?)))
}

/// What `jit.off() jit.flush()` does, which scripts cannot do here.
#[cfg(not(feature = "lua54"))]
fn stop_jit(lua: &mut Lua) -> Result<(), Failure> {
    use perilune::lua_sys::{LUAJIT_MODE_FLUSH, LUAJIT_MODE_OFF, luaJIT_setmode};
    for mode in [LUAJIT_MODE_OFF, LUAJIT_MODE_FLUSH] {
        // SAFETY: mode 0 is the whole engine; it raises nothing and leaves the stack alone.
        if unsafe { lua.with_raw(|l| luaJIT_setmode(l, 0, mode))? } == 0 {
            return Err("the JIT cannot be turned off".into());
        }
    }
    Ok(())
}

#[cfg(feature = "lua54")]
fn stop_jit(_: &mut Lua) -> Result<(), Failure> {
    Err("there is no JIT on Lua 5.4".into())
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

fn global_string() -> Result<Run, Failure> {
    let mut lua = Lua::new()?;
    Ok(Box::new(move |n| {
        let mut sum = 0;
        for i in 0..n as usize {
            lua.set("motto", MOTTOES[i % 2])?;
            sum += lua.get::<String>("motto")?.len();
        }
        Ok(sum as f64)
    }))
}

fn open_and_close() -> Result<Run, Failure> {
    Ok(Box::new(|n| {
        let mut sum = 0;
        for _ in 0..n {
            let lua = Lua::new()?;
            sum += lua.memory().used.min(1);
            lua.close()?;
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
            sum += outcome.first::<f64>(&mut lua)?;
            black_box(&outcome);
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
        methods.add_method_mut("add", |_: &mut State, this: &mut Self, (a, b): (f64, f64)| {
            this.calls += 1;
            Ok(a + b)
        });
    }
}

fn with_counter(script: &str) -> Result<Run, Failure> {
    let mut lua = Lua::new()?;
    let counter = lua.create_userdata(Counter { x: 0.0, calls: 0 })?;
    let count: Function = lua.load(script).eval()?;
    Ok(Box::new(move |n| {
        let sum = count.call::<f64>(&mut lua, (&counter, n as f64))?;
        black_box(counter.borrow::<Counter>(&lua)?.calls);
        Ok(sum)
    }))
}

c_struct! {
    /// `bench_peer::Agent`, for scripts.
    pub struct Agent {
        name: [c_char; 32],
        hp: i32,
        target: i32,
        stats: [i32; 7],
        gear: [i32; 20],
        gear_count: [i32; 20],
        near: [i32; 8],
        x: f32,
        y: f32,
        vx: f32,
        vy: f32,
    }
}

fn own_agents(count: usize) -> Vec<Agent> {
    let own = |bench_peer::Agent { name, hp, target, stats, gear, gear_count, near, x, y, vx, vy }| Agent {
        name: name.map(|byte| byte as c_char),
        hp,
        target,
        stats,
        gear,
        gear_count,
        near,
        x,
        y,
        vx,
        vy,
    };
    agents(count).into_iter().map(own).collect()
}

fn vm(jit_off: bool) -> Result<Lua, Failure> {
    let mut lua = Lua::new()?;
    if jit_off {
        stop_jit(&mut lua)?;
    }
    Ok(lua)
}

fn one_struct(script: &str, jit_off: bool) -> Result<Run, Failure> {
    let mut lua = vm(jit_off)?;
    let count: Function = lua.load(script).eval()?;
    let mut agents = own_agents(64);
    Ok(Box::new(move |n| {
        Ok(lua.lend("units", &mut agents, |state| {
            let units: Value = state.get("units")?;
            count.call::<f64>(state, (units, n as f64))
        })?)
    }))
}

/// Passes over all agents, one operation for each of them.
fn passes(mut lua: Lua, work: Function, count: usize) -> Result<Run, Failure> {
    let mut agents = own_agents(count);
    Ok(Box::new(move |n| {
        lua.lend("units", &mut agents, |state| {
            let units: Value = state.get("units")?;
            (0..n / count as u64).try_for_each(|_| work.call::<()>(state, (&units, STEP)))
        })?;
        Ok(agents_sum(agents.iter().map(|agent| (agent.x, agent.y, agent.target))))
    }))
}

fn update(script: &str, count: usize, jit_off: bool) -> Result<Run, Failure> {
    let mut lua = vm(jit_off)?;
    let work = lua.load(script).eval()?;
    passes(lua, work, count)
}

fn nearest() -> Result<Run, Failure> {
    let mut lua = Lua::new()?;
    let work = lua.load(NEAREST).eval()?;
    passes(lua, work, AGENTS)
}
