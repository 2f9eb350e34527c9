//! P1, P2, P7, P9 and coroutines with criterion, perilune alone: to watch one's own changes. The comparison with the peers is
//! `benches/harness`.

use std::error::Error;

use criterion::{Criterion, criterion_group, criterion_main};
use perilune::{Function, Lua, Result as LuaResult, Slice, State, Table, Yield, YieldThen};

fn call_lua(c: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let mut lua = Lua::new()?;
    let add: Function = lua.load(include_str!("../scripts/add.lua")).eval()?;
    let mut s = 0.0;
    c.bench_function("P1 call a Lua add(f64, f64)", |b| {
        b.iter(|| {
            s = add.call::<f64>(&mut lua, (s, 1.0)).expect("add fails");
            s
        });
    });
    Ok(())
}

fn call_host(c: &mut Criterion) -> Result<(), Box<dyn Error>> {
    const CALLS: u64 = 10_000;
    let mut lua = Lua::new()?;
    lua.register("add", |_: &mut State, (a, b): (f64, f64)| Ok(a + b))?;
    let count: Function = lua.load(include_str!("../scripts/loop.lua")).eval()?;
    let mut group = c.benchmark_group("P2 Lua calls a host function");
    group.throughput(criterion::Throughput::Elements(CALLS));
    group.bench_function("10,000 calls", |b| {
        b.iter(|| count.call::<f64>(&mut lua, CALLS as f64).expect("the loop fails"));
    });
    group.finish();
    Ok(())
}

fn table(c: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let mut lua = Lua::new()?;
    let table: Table = lua.create_table()?;
    let mut group = c.benchmark_group("P7 table field set + get");
    let mut i = 0;
    group.bench_function("raw", |b| {
        b.iter(|| {
            i += 1;
            table.raw_set(&mut lua, "k", i).expect("raw_set fails");
            table.raw_get::<i64>(&mut lua, "k").expect("raw_get fails")
        });
    });
    group.bench_function("with metamethods", |b| {
        b.iter(|| {
            i += 1;
            table.set(&mut lua, "k", i).expect("set fails");
            table.get::<i64>(&mut lua, "k").expect("get fails")
        });
    });
    group.finish();
    Ok(())
}

fn run(c: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let mut lua = Lua::new()?;
    c.bench_function("P9 run `return 1+1`", |b| {
        b.iter(|| lua.run(include_str!("../scripts/run.lua")).expect("the chunk fails"));
    });
    Ok(())
}

/// Once back and forth: resumed, up to the next yield.
fn resume(c: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let mut lua = Lua::new()?;
    lua.register("pause", |_: &mut State, n: f64| -> LuaResult<Yield<f64>> { Ok(Yield(n)) })?;
    lua.register("pause_then", |_: &mut State, n: f64| -> LuaResult<YieldThen<f64>> { Ok(Yield(n).then(|_: &mut State, n: f64| Ok(n))) })?;
    let mut group = c.benchmark_group("resume");
    for name in ["coroutine.yield", "pause", "pause_then"] {
        let body: Function = lua.load(&format!("local yield = {name} return function(n) while true do n = yield(n) end end")).eval()?;
        let coroutine = lua.create_coroutine(&body)?;
        group.bench_function(name, |b| b.iter(|| coroutine.resume::<f64>(&mut lua, 1.0).expect("it yields")));
    }
    let body: Function = lua.load("return function() while true do coroutine.yield() end end").eval()?;
    let mut task = lua.create_task(&body, ())?;
    for (name, slice) in [("task", Slice::UNLIMITED), ("task with a slice", Slice::instructions(1000))] {
        group.bench_function(name, |b| b.iter(|| task.run(&mut lua, slice).expect("it yields")));
    }
    let counting: Function = lua.load("return function() local n = 0 while true do n = n + 1 end end").eval()?;
    let mut task = lua.create_task(&counting, ())?;
    group.bench_function("100,000 instructions of a task", |b| {
        b.iter(|| task.run(&mut lua, Slice::instructions(100_000)).expect("its slice is up"));
    });
    group.finish();
    Ok(())
}

fn doors(c: &mut Criterion) {
    for bench in [call_lua, call_host, table, run, resume] {
        bench(c).expect("the VM opens");
    }
}

criterion_group!(benches, doors);
criterion_main!(benches);
