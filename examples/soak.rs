//! Minutes of hostile scripts over many VMs on a few threads: timeouts, want of memory, panics, interrupts from outside,
//! VMs that are closed and opened. Says how much memory the process and its VMs have, and by how much that drifts.
//!
//! ```text
//! cargo run --release --example soak -- [--minutes 3] [--vms 64] [--threads 2] [--seed 1]
//! ```
//!
//! It ends with an error if a VM gives a wrong result after all that.

use std::cell::Cell;
use std::panic;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant};

use clap::Parser;
use perilune::{
    Error, Function, InterruptHandle, Limit, Lua, MultiValue, Output, Result, State, UserData, UserDataMethods, Value, c_struct,
};

#[path = "../tests/hostile/generate.rs"]
mod generate;

c_struct! {
    /// What scripts may write to.
    #[derive(Debug, Default)]
    struct Unit {
        hp: [i32; 2],
    }
}

/// Runs random hostile scripts and says what becomes of the memory
#[derive(Parser, Debug, Clone, Copy)]
#[command(name = "soak")]
struct Args {
    /// How long
    #[arg(long, default_value_t = 3.0)]
    minutes: f64,
    /// VMs over all threads
    #[arg(long, default_value_t = 64)]
    vms: usize,
    /// Threads that run VMs
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// What is tried, and in which order
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Milliseconds for a run
    #[arg(long, default_value_t = 5)]
    limit: u64,
    /// MiB for a VM
    #[arg(long, default_value_t = 4)]
    memory: usize,
    /// How often memory is looked at
    #[arg(long, default_value_t = 12)]
    reports: usize,
}

/// How runs ended.
#[derive(Default)]
struct Counts {
    runs: AtomicU64,
    timeouts: AtomicU64,
    interrupted: AtomicU64,
    memory: AtomicU64,
    panics: AtomicU64,
    errors: AtomicU64,
    opened: AtomicU64,
}

/// What the threads share.
struct World {
    args: Args,
    counts: Counts,
    stop: AtomicBool,
    /// All come together when memory is looked at.
    look: AtomicBool,
    meeting: Barrier,
    /// Bytes in use in all VMs.
    used: AtomicUsize,
    handles: Mutex<Vec<Option<InterruptHandle>>>,
    /// Handles of VMs that another thread drops.
    lost: Mutex<Vec<Function>>,
}

struct Object;

impl UserData for Object {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("add", |_: &mut State, _: &Self, n: i64| Ok(n + 1));
    }
}

thread_local! {
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

fn count(counter: &AtomicU64) -> u64 {
    counter.fetch_add(1, Ordering::Relaxed)
}

fn open(world: &World, place: usize) -> Result<Lua> {
    let mut lua = Lua::builder().untrusted().memory_limit(world.args.memory << 20).output(Output::discard()).build()?;
    lua.register("host.call", |state: &mut State, (f, rest): (Function, MultiValue)| -> Result<Value> { f.call(state, rest) })?;
    lua.register("host.swallow", |state: &mut State, f: Function| -> Result<bool> { Ok(f.call::<()>(state, ()).is_ok()) })?;
    lua.register("host.fail", |_: &mut State, (): ()| -> Result<()> { Err(Error::runtime("the host says no")) })?;
    lua.register("host.panic", |_: &mut State, (): ()| -> Result<()> { panic!("on purpose") })?;
    lua.set("host.object", Object)?;
    lua.share("units", (0..10).map(|_| Unit::default()).collect())?;
    world.handles.lock().unwrap()[place] = Some(lua.interrupt_handle()?);
    count(&world.counts.opened);
    Ok(lua)
}

/// One run of a script that means no good.
fn attack(world: &World, lua: &mut Lua, choose: &mut impl FnMut(usize) -> usize) {
    let text = generate::program(&mut *choose, true);
    if choose(8) == 0 {
        lua.fail_allocation(choose(2000) as u64 + 1);
    }
    let length = Duration::from_micros(choose(world.args.limit as usize * 1000) as u64 + 100);
    let limit = if choose(4) == 0 { Limit::cpu_time(length) } else { Limit::time(length) };
    EXPECTED.set(true);
    let result = lua.limit(limit, |state| state.run(&text));
    EXPECTED.set(false);
    lua.fail_allocation(0);
    let counts = &world.counts;
    count(&counts.runs);
    match result {
        Ok(_) => 0,
        Err(Error::Timeout(stopped)) if stopped.limit.is_none() => count(&counts.interrupted),
        Err(Error::Timeout(_)) => count(&counts.timeouts),
        Err(Error::Memory(_)) => count(&counts.memory),
        Err(Error::Panic(_)) => count(&counts.panics),
        Err(_) => count(&counts.errors),
    };
}

/// The VM still does what it has to; unless somebody interrupts just that.
fn check(world: &World, lua: &mut Lua) -> Result<()> {
    let text = "local t = {} for i = 1, 100 do t[i] = i end local f = function() return #t end return f, ('x'):rep(f())";
    match lua.limit(Duration::from_secs(600), |state| state.load(text).eval::<(Function, String)>()) {
        Ok((f, text)) if text.len() == 100 => {
            world.lost.lock().unwrap().push(f);
            Ok(())
        }
        Ok((_, text)) => Err(Error::runtime(format!("a wrong result: {text:?}"))),
        // It may be full of what a script keeps alive, or interrupted.
        Err(Error::Timeout(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

fn collect(lua: &mut Lua) -> Result<usize> {
    lua.set_limit(Limit::NONE)?;
    // An interrupt may come in between: again, then.
    while let Err(error) = lua.gc_collect() {
        if !matches!(error, Error::Timeout(_)) {
            return Err(error);
        }
    }
    Ok(lua.memory().used)
}

/// The life of a thread.
fn work(world: &World, thread: usize) -> Result<()> {
    let mut choose = generate::choices(world.args.seed.wrapping_mul(1000) + thread as u64);
    let places: Vec<usize> = (thread..world.args.vms).step_by(world.args.threads).collect();
    let mut vms = places.iter().map(|&place| open(world, place)).collect::<Result<Vec<Lua>>>()?;
    while !world.stop.load(Ordering::Relaxed) {
        if world.look.load(Ordering::Acquire) {
            for lua in &mut vms {
                world.used.fetch_add(collect(lua)?, Ordering::Relaxed);
            }
            world.meeting.wait();
            world.meeting.wait();
        }
        let at = choose(vms.len());
        for _ in 0..choose(10) {
            attack(world, &mut vms[at], &mut choose);
        }
        collect(&mut vms[at])?;
        check(world, &mut vms[at])?;
        if choose(50) == 0 {
            // Of the other threads', mostly.
            world.lost.lock().unwrap().clear();
            let new = open(world, places[at])?;
            std::mem::replace(&mut vms[at], new).close()?;
        }
    }
    Ok(())
}

/// KiB that the process has, where the system tells.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

/// Stops whatever runs in one of the VMs, at any time.
fn interrupt(world: &World, choose: &mut impl FnMut(usize) -> usize) {
    let place = choose(world.args.vms);
    let handle = world.handles.lock().unwrap()[place].clone();
    if let Some(handle) = handle {
        handle.interrupt("the soak's interrupt");
    }
    std::thread::sleep(Duration::from_micros(choose(4000) as u64));
}

fn report(world: &World, begun: Instant) -> (usize, usize) {
    world.used.store(0, Ordering::Relaxed);
    world.look.store(true, Ordering::Release);
    world.meeting.wait();
    let (resident, used) = (resident(), world.used.load(Ordering::Relaxed) >> 10);
    world.look.store(false, Ordering::Release);
    world.meeting.wait();
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let counts = &world.counts;
    println!(
        "{:5} s  {:8} KiB resident  {:6} KiB in VMs  {:8} runs: {} timeouts, {} interrupted, {} memory, {} panics, {} errors; {} VMs opened",
        begun.elapsed().as_secs(),
        resident,
        used,
        read(&counts.runs),
        read(&counts.timeouts),
        read(&counts.interrupted),
        read(&counts.memory),
        read(&counts.panics),
        read(&counts.errors),
        read(&counts.opened),
    );
    (resident, used)
}

/// Has the threads at work for the time that was asked for; what memory there was at each report.
fn watch(world: &World) -> Vec<(usize, usize)> {
    let mut choose = generate::choices(world.args.seed);
    let begun = Instant::now();
    let all = Duration::from_secs_f64(world.args.minutes * 60.0);
    let mut reports = Vec::new();
    for n in 1..=world.args.reports as u32 {
        while begun.elapsed() < all * n / world.args.reports as u32 {
            interrupt(world, &mut choose);
        }
        reports.push(report(world, begun));
    }
    world.stop.store(true, Ordering::Relaxed);
    reports
}

fn main() -> Result<()> {
    let args = Args::parse();
    let loud = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !EXPECTED.get() {
            loud(info);
            // The others would wait for this thread for ever.
            std::process::abort();
        }
    }));
    let world = World {
        args,
        counts: Counts::default(),
        stop: false.into(),
        look: false.into(),
        meeting: Barrier::new(args.threads + 1),
        used: 0.into(),
        handles: Mutex::new(vec![None; args.vms]),
        lost: Mutex::default(),
    };
    let reports = std::thread::scope(|scope| {
        for thread in 0..args.threads {
            let world = &world;
            scope.spawn(move || work(world, thread).unwrap_or_else(|error| panic!("{error:#}")));
        }
        watch(&world)
    });
    let drift = |figure: fn(&(usize, usize)) -> usize| {
        // The first report is the measure: until then the allocator finds its size.
        let (first, last) = (figure(&reports[0]) as f64, figure(&reports[reports.len() - 1]) as f64);
        format!("{:+.1} % ({first} KiB, {last} KiB)", (last / first - 1.0) * 100.0)
    };
    println!("from the first report to the last: resident {}, in VMs {}", drift(|report| report.0), drift(|report| report.1));
    Ok(())
}
