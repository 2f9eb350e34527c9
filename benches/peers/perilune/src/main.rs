//! The benchmark works written against perilune, the way its documentation shows.

use std::ffi::c_char;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bench_peer::{AGENTS, Case, FEW, Facts, Failure, MOTTOES, Mode, Program, Run, STEP, agents, agents_sum, mode, size};
use perilune::{
    Backend, Builder, Error, Function, IntoLua, Libs, Lua, State, Table, UserData, UserDataFields, UserDataMethods, Value, c_struct,
};

const ADD: &str = include_str!("../../../scripts/add.lua");
const LOOP: &str = include_str!("../../../scripts/loop.lua");
const RUN: &str = include_str!("../../../scripts/run.lua");
const METHOD: &str = include_str!("../../../scripts/method.lua");
const FIELD: &str = include_str!("../../../scripts/field.lua");
const STRUCT: &str = include_str!("../../../scripts/struct.lua");
const GETTER: &str = include_str!("../../../scripts/getter.lua");
const COLUMN: &str = include_str!("../../../scripts/column.lua");
const UPDATE: &str = include_str!("../../../scripts/update.lua");
const COLUMNS: &str = include_str!("../../../scripts/columns.lua");
const SEVERAL: &str = include_str!("../../../scripts/several.lua");
const NEAREST: &str = include_str!("../../../scripts/nearest.lua");
const NEAREST_PLAIN: &str = include_str!("../../../scripts/nearest_plain.lua");

fn main() -> ExitCode {
    bench_peer::main_with_modes(
        facts,
        &[
            Case { name: "P1", open: call_lua },
            Case { name: "P2", open: || call_host(false) },
            Case { name: "P2.nojit", open: || call_host(true) },
            Case { name: "P3", open: call_exported },
            Case { name: "P4", open: || one_struct(STRUCT, false) },
            Case { name: "P4.nojit", open: || one_struct(STRUCT, true) },
            Case { name: "P4.column", open: || one_struct(COLUMN, false) },
            Case { name: "P4.column.nojit", open: || one_struct(COLUMN, true) },
            Case { name: "P4.getter", open: || one_struct(GETTER, false) },
            Case { name: "P4.getter.nojit", open: || one_struct(GETTER, true) },
            Case { name: "P5", open: || update(UPDATE, AGENTS, false) },
            Case { name: "P5.raw", open: || passes_raw(UPDATE, AGENTS) },
            Case { name: "P5.columns", open: || update(COLUMNS, AGENTS, false) },
            Case { name: "P5.several", open: || update(SEVERAL, AGENTS, false) },
            Case { name: "P5.few", open: || update(UPDATE, FEW, false) },
            Case { name: "P5.few.columns", open: || update(COLUMNS, FEW, false) },
            Case { name: "P5.few.several", open: || update(SEVERAL, FEW, false) },
            Case { name: "P5.few.nojit", open: || update(UPDATE, FEW, true) },
            Case { name: "P5.few.columns.nojit", open: || update(COLUMNS, FEW, true) },
            Case { name: "P5.few.several.nojit", open: || update(SEVERAL, FEW, true) },
            Case { name: "P5.cold", open: first_pass },
            Case { name: "P5.cold.all", open: || first_of_all(false) },
            Case { name: "P5.cold.all.raw", open: || first_of_all(true) },
            Case { name: "structs", open: || update(UPDATE, size(), false) },
            Case { name: "structs.columns", open: || update(COLUMNS, size(), false) },
            Case { name: "structs.raw", open: || passes_raw(UPDATE, size()) },
            Case { name: "handles", open: handles },
            Case { name: "vms", open: memory_of_vms },
            Case { name: "threads", open: threads },
            Case { name: "P6", open: || update(NEAREST, AGENTS, false) },
            Case { name: "P6.raw", open: || passes_raw(NEAREST, AGENTS) },
            Case { name: "P6.plain", open: || update(NEAREST_PLAIN, AGENTS, false) },
            Case { name: "P6.plain.raw", open: || passes_raw(NEAREST_PLAIN, AGENTS) },
            Case { name: "P7.raw", open: table_raw },
            Case { name: "P7.raw.literal", open: table_raw_literal },
            Case { name: "P7.meta", open: table_meta },
            Case { name: "P7.meta.literal", open: table_meta_literal },
            Case { name: "P8", open: global_string },
            Case { name: "P9", open: run },
            Case { name: "UD.method", open: || with_counter(METHOD) },
            Case { name: "UD.field", open: || with_counter(FIELD) },
            Case { name: "P13", open: open_and_close },
            Case { name: "P15.overrun", open: overrun },
            Case { name: "P15.enter", open: entering },
        ],
        program,
    )
}

fn facts() -> Result<Facts, Failure> {
    let backend = Backend::current();
    Ok(Facts {
        peer: concat!("perilune ", env!("CARGO_PKG_VERSION")).into(),
        engine: backend.version.into(),
        checkhook: backend.has_jit && backend.interruptible_compiled_code,
    })
}

/// How a VM is opened for the case of this process.
fn builder() -> Builder {
    match mode() {
        Mode::Plain | Mode::NoJit => Lua::builder(),
        Mode::Time => Lua::builder().time_limit(Duration::from_secs(600)),
        Mode::Memory => Lua::builder().memory_limit(64 << 20),
    }
}

fn open(builder: Builder, jit_off: bool) -> Result<Lua, Failure> {
    let mut lua = builder.build()?;
    if jit_off || mode() == Mode::NoJit {
        stop_jit(&mut lua)?;
    }
    Ok(lua)
}

fn vm(jit_off: bool) -> Result<Lua, Failure> {
    open(builder(), jit_off)
}

fn call_lua() -> Result<Run, Failure> {
    let mut lua = vm(false)?;
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
    let mut lua = vm(jit_off)?;
    lua.register("add", |_: &mut State, (a, b): (f64, f64)| Ok(a + b))?;
    let count: Function = lua.load(LOOP).eval()?;
    Ok(Box::new(move |n| Ok(count.call::<f64>(&mut lua, n as f64)?)))
}

fn call_exported() -> Result<Run, Failure> {
    let mut lua = vm(false)?;
    lua.export("add", |a: f64, b: f64| -> f64 { a + b })?;
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
    raw_fields(|| "k")
}

fn table_raw_literal() -> Result<Run, Failure> {
    raw_fields(|| c"k")
}

fn raw_fields<K: IntoLua>(key: impl Fn() -> K + 'static) -> Result<Run, Failure> {
    let mut lua = vm(false)?;
    let table: Table = lua.create_table()?;
    Ok(Box::new(move |n| {
        let mut sum = 0;
        for i in 0..n as i64 {
            table.raw_set(&mut lua, key(), i)?;
            sum += table.raw_get::<i64>(&mut lua, key())?;
        }
        Ok(sum as f64)
    }))
}

fn table_meta() -> Result<Run, Failure> {
    fields(|| "k")
}

fn table_meta_literal() -> Result<Run, Failure> {
    fields(|| c"k")
}

fn fields<K: IntoLua>(key: impl Fn() -> K + 'static) -> Result<Run, Failure> {
    let mut lua = vm(false)?;
    let table: Table = lua.create_table()?;
    Ok(Box::new(move |n| {
        let mut sum = 0;
        for i in 0..n as i64 {
            table.set(&mut lua, key(), i)?;
            sum += table.get::<i64>(&mut lua, key())?;
        }
        Ok(sum as f64)
    }))
}

fn global_string() -> Result<Run, Failure> {
    let mut lua = vm(false)?;
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
            let lua = vm(false)?;
            sum += lua.memory().used.min(1);
            lua.close()?;
        }
        Ok(sum as f64)
    }))
}

/// `run` gives the values, the printed output and how long it took: it reads the clock itself.
fn run() -> Result<Run, Failure> {
    let mut lua = vm(false)?;
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
    let mut lua = vm(false)?;
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

/// What is made of the agents' state.
fn sum_of(agents: &[Agent]) -> f64 {
    agents_sum(agents.iter().map(|agent| (agent.x, agent.y, agent.target)))
}

/// Passes over all agents, one operation for each of them.
fn passes(mut lua: Lua, work: Function, count: usize) -> Result<Run, Failure> {
    let mut agents = own_agents(count);
    Ok(Box::new(move |n| {
        some_passes(&mut lua, &work, &mut agents, n)?;
        Ok(sum_of(&agents))
    }))
}

fn update(script: &str, count: usize, jit_off: bool) -> Result<Run, Failure> {
    let mut lua = vm(jit_off)?;
    let work = lua.load(script).eval()?;
    passes(lua, work, count)
}

/// The agents as LuaJIT's own pointer, which checks nothing.
fn exposed(lua: &mut Lua, agents: &mut [Agent]) -> Result<Value, Failure> {
    // SAFETY: the agents outlive the scripts' runs, nobody has a reference meanwhile, and the scripts stay within them.
    unsafe { lua.expose_raw("units", agents.as_mut_ptr(), agents.len())? };
    Ok(lua.get("units")?)
}

/// The same passes by way of LuaJIT's own pointers.
fn passes_raw(script: &str, count: usize) -> Result<Run, Failure> {
    let mut lua = vm(false)?;
    let work: Function = lua.load(script).eval()?;
    let mut agents = own_agents(count);
    let units = exposed(&mut lua, &mut agents)?;
    Ok(Box::new(move |n| {
        for _ in 0..n / count as u64 {
            work.call::<()>(&mut lua, (&units, STEP, count))?;
        }
        Ok(sum_of(&agents))
    }))
}

/// A handle is made and dropped while there are as many others as the curve says.
fn handles() -> Result<Run, Failure> {
    let mut lua = vm(false)?;
    let table = lua.create_table()?;
    lua.set("t", table)?;
    let mut others = Vec::new();
    for _ in 0..size() {
        others.push(lua.get::<Table>("t")?);
    }
    Ok(Box::new(move |n| {
        for _ in 0..n {
            black_box(lua.get::<Table>("t")?);
        }
        Ok(others.len() as f64)
    }))
}

/// Not a time: gives the KiB of this process that each of many VMs takes, each with the safe libraries and one script run.
fn memory_of_vms() -> Result<Run, Failure> {
    let mut all = Vec::new();
    Ok(Box::new(move |_| {
        let before = resident()?;
        for _ in 0..size() {
            let mut lua = vm(false)?;
            lua.run(RUN)?;
            all.push(lua);
        }
        Ok((resident()? - before) / size() as f64)
    }))
}

/// The KiB that this process has in memory.
fn resident() -> Result<f64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS in /proc/self/status")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

/// Every thread has a VM and does all of the work, so that more threads take as long as one.
fn threads() -> Result<Run, Failure> {
    let mut vms = Vec::new();
    for _ in 0..size() {
        let mut lua = vm(false)?;
        let work: Function = lua.load(UPDATE).eval()?;
        vms.push((lua, work, own_agents(FEW)));
    }
    Ok(Box::new(move |n| {
        std::thread::scope(|scope| {
            let all: Vec<_> = vms.iter_mut().map(|(lua, work, agents)| scope.spawn(|| some_passes(lua, work, agents, n))).collect();
            all.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?.map_err(Failure::from))
        })?;
        Ok(vms.iter().map(|(_, _, agents)| sum_of(agents)).sum::<f64>() / vms.len() as f64)
    }))
}

fn some_passes(lua: &mut Lua, work: &Function, agents: &mut [Agent], n: u64) -> perilune::Result<()> {
    let passes = n / agents.len() as u64;
    lua.lend("units", agents, |state| {
        let units: Value = state.get("units")?;
        (0..passes).try_for_each(|_| work.call::<()>(state, (&units, STEP)))
    })
}

/// Passes of which the first is of interest: the struct is known to the VM, and nothing compiled yet.
fn first_pass() -> Result<Run, Failure> {
    let mut lua = vm(false)?;
    let work = lua.load(UPDATE).eval()?;
    lua.lend("units", &mut own_agents(1), |_| Ok(()))?;
    passes(lua, work, AGENTS)
}

/// All that it takes to a first pass: a VM, in which the struct becomes known.
fn first_of_all(raw: bool) -> Result<Run, Failure> {
    let mut agents = own_agents(AGENTS);
    Ok(Box::new(move |_| {
        let mut lua = vm(false)?;
        let work: Function = lua.load(UPDATE).eval()?;
        if raw {
            let units = exposed(&mut lua, &mut agents)?;
            work.call::<()>(&mut lua, (&units, STEP, AGENTS))?;
        } else {
            lua.lend("units", &mut agents, |state| {
                let units: Value = state.get("units")?;
                work.call::<()>(state, (&units, STEP))
            })?;
        }
        Ok(sum_of(&agents))
    }))
}

/// The safe libraries, and the FFI for the one program that is about it.
fn program(program: &'static Program) -> Result<Run, Failure> {
    let luajit = Backend::current().has_jit;
    let builder = builder();
    let builder = if luajit && program.wants_ffi() {
        // SAFETY: the program stays within the arrays that it makes.
        unsafe { builder.unsafe_libs(Libs::FFI) }
    } else {
        builder
    };
    let mut lua = open(builder, false)?;
    let work: Function = lua.load(program.text).name(program.name).eval()?;
    let size = i64::try_from(program.size(luajit))?;
    Ok(Box::new(move |n| (0..n).try_fold(0.0, |sum, _| Ok(sum + work.call::<f64>(&mut lua, size)?))))
}

/// Not a time of the harness's: by how many nanoseconds an endless loop passes its limit, in 99 of 100 cases.
fn overrun() -> Result<Run, Failure> {
    let mut lua = Lua::builder().untrusted().build()?;
    let endless: Function = lua.load("return function() local x = 0 while true do x = x + 1 end end").eval()?;
    Ok(Box::new(move |n| {
        let mut over = Vec::new();
        for i in 0..n {
            let limit = Duration::from_micros(1000 + i * 997 % 4000);
            let begun = Instant::now();
            let ended = lua.limit(limit, |state| endless.call::<()>(state, ()));
            let took = begun.elapsed();
            if !matches!(ended, Err(Error::Timeout(_))) {
                return Err(format!("an endless loop ended by {ended:?}").into());
            }
            over.push((took - limit).as_nanos() as f64);
        }
        Ok(quantile(over, 0.99))
    }))
}

/// As many of a hundred as `part` says are below it.
fn quantile(mut values: Vec<f64>, part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() as f64 * part).ceil() as usize).max(1) - 1]
}

/// Not a time of the harness's: by how many nanoseconds a call under a limit takes longer than one without, the median of
/// many, each beside its neighbour.
fn entering() -> Result<Run, Failure> {
    let (mut plain, mut limited) = (Lua::new()?, Lua::builder().untrusted().build()?);
    let (f, g): (Function, Function) = (plain.load(ADD).eval()?, limited.load(ADD).eval()?);
    Ok(Box::new(move |n| {
        let mut more = Vec::new();
        for _ in 0..n {
            let without = time_calls(&mut plain, &f)?;
            more.push(time_calls(&mut limited, &g)? - without);
        }
        Ok(quantile(more, 0.5))
    }))
}

/// Nanoseconds of one call of `add`, from many. Of a whole number, so that P1's call is the only one of its kind in this program, as
/// it was when the counts of `instructions.json` were made: then it is inlined.
fn time_calls(lua: &mut Lua, add: &Function) -> Result<f64, Failure> {
    const CALLS: u32 = 2000;
    let begun = Instant::now();
    for i in 0..CALLS {
        black_box(add.call::<f64>(lua, (i, 1.0))?);
    }
    Ok(begun.elapsed().as_nanos() as f64 / f64::from(CALLS))
}
