//! P1, P2, P7 and P9 with criterion, perilune alone: to watch one's own changes. The comparison with the peers is
//! `benches/harness`.

use std::error::Error;

use criterion::{Criterion, criterion_group, criterion_main};
use perilune::{Function, Lua, State, Table};

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

fn doors(c: &mut Criterion) {
    for bench in [call_lua, call_host, table, run] {
        bench(c).expect("the VM opens");
    }
}

criterion_group!(benches, doors);
criterion_main!(benches);
