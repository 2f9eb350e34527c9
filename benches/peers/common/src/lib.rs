//! What every benchmark peer shares: its command line, its clock and its one line of JSON.
//!
//! A peer is a program that offers a list of [`Case`]s. `peer --work P1 --iters N --samples K` opens
//! one of them, runs it `K` times with `N` operations each, and prints the nanoseconds an operation
//! took in every sample, a checksum of the results, and the facts of the engine inside.

mod programs;

use std::error::Error;
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::Parser;
use serde::{Deserialize, Serialize};

pub use programs::{PROGRAMS, Program};

/// Whatever went wrong; a peer that fails prints it and exits with 1.
pub type Failure = Box<dyn Error>;

/// Does `n` operations and returns a number computed from all their results.
pub type Run = Box<dyn FnMut(u64) -> Result<f64, Failure>>;

/// The texts that P8 sets and reads in turn.
pub const MOTTOES: [&str; 2] = ["Fortune favours the bold", "Slow and steady wins"];

/// A struct of the host's, about as large as a game's unit, as C has it too: `Agent` in
/// `peers/c/src/peer.c`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Agent {
    pub name: [u8; 32],
    pub hp: i32,
    pub target: i32,
    pub stats: [i32; 7],
    pub gear: [i32; 20],
    pub gear_count: [i32; 20],
    pub near: [i32; 8],
    pub x: f32,
    pub y: f32,
    pub vx: f32,
    pub vy: f32,
}

/// How many of them P5 and P6 work on.
pub const AGENTS: usize = 100_000;

/// How many where a step takes long.
pub const FEW: usize = 1_000;

/// The time that P5 lets pass in a step.
pub const STEP: f64 = 0.25;

/// The same agents for every side, each of which knows some others, wherever they are.
pub fn agents(count: usize) -> Vec<Agent> {
    let mut state = 0x2545_f491_u32;
    let mut random = move |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    };
    (0..count)
        .map(|_| Agent {
            x: random(1000) as f32,
            y: random(1000) as f32,
            vx: random(9) as f32 - 4.0,
            vy: random(9) as f32 - 4.0,
            name: [0; 32],
            hp: 0,
            target: -1,
            stats: [10; 7],
            gear: [0; 20],
            gear_count: [0; 20],
            near: [(); 8].map(|()| random(count as u32) as i32),
        })
        .collect()
}

/// What is made of the results: of where agents are, and whom they have in mind. Of one in
/// a hundred, so that it takes no time beside the work.
pub fn agents_sum(agents: impl Iterator<Item = (f32, f32, i32)>) -> f64 {
    agents.step_by(101).map(|(x, y, target)| f64::from(x) + f64::from(y) + f64::from(target)).sum()
}

/// One thing that a peer can be timed at.
pub struct Case {
    /// The name that the harness asks for, such as `P7.raw`.
    pub name: &'static str,
    /// Opens a fresh VM and makes everything ready, outside the timed part.
    pub open: fn() -> Result<Run, Failure>,
}

/// Opens a program in a fresh VM; an operation is one run of it, with the size for this engine.
pub type OpenProgram = fn(&'static Program) -> Result<Run, Failure>;

/// What is inside a peer.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Facts {
    /// The library and its version: `mlua 0.12.2`.
    pub peer: String,
    /// The engine and its version: `LuaJIT 2.1.1234567890`.
    pub engine: String,
    /// Whether LuaJIT was built with `LUAJIT_ENABLE_CHECKHOOK`; no engine without a JIT has it.
    pub checkhook: bool,
}

/// The line that a peer prints.
#[derive(Serialize, Deserialize, Debug)]
pub struct Report {
    /// The case that ran.
    pub work: String,
    /// Operations in each sample.
    pub iters: u64,
    /// Nanoseconds an operation, one a sample, in the order they were taken.
    pub samples: Vec<f64>,
    /// The sum of what the samples computed.
    pub checksum: f64,
    /// What is inside this peer.
    pub facts: Facts,
}

#[derive(Parser)]
struct Args {
    /// The case to run
    #[arg(long)]
    work: String,
    /// Operations a sample
    #[arg(long)]
    iters: u64,
    /// Samples to take
    #[arg(long)]
    samples: usize,
    /// How much of it there is, for the works that are measured as a curve
    #[arg(long)]
    size: Option<usize>,
}

static SIZE: OnceLock<usize> = OnceLock::new();
static MODE: OnceLock<Mode> = OnceLock::new();

/// Under what a case runs. It is the first part of its name, as in `time:program:nbody`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing that would change it.
    Plain,
    /// A limit of time that is never over.
    Time,
    /// A limit of memory that is never reached.
    Memory,
    /// The JIT is off.
    NoJit,
}

impl Mode {
    const NAMES: [(&str, Mode); 3] = [("time:", Mode::Time), ("memory:", Mode::Memory), ("nojit:", Mode::NoJit)];

    /// The mode that a name begins with, and the case in it.
    pub fn split(name: &str) -> (Mode, &str) {
        let split = |(prefix, mode)| Some((mode, name.strip_prefix(prefix)?));
        Mode::NAMES.into_iter().find_map(split).unwrap_or((Mode::Plain, name))
    }
}

/// Under what the case of this process runs; a VM is to be opened accordingly.
pub fn mode() -> Mode {
    *MODE.get().unwrap_or(&Mode::Plain)
}

/// How much of it there is, in a work that is measured as a curve.
pub fn size() -> usize {
    *SIZE.get().unwrap_or(&1)
}

/// The `main` of every peer. Its cases are those listed, and `program:` with the name of each of [`PROGRAMS`].
pub fn main(facts: fn() -> Result<Facts, Failure>, cases: &[Case], program: OpenProgram) -> ExitCode {
    end(serve(&Args::parse(), facts, cases, program))
}

/// The same for a peer that knows the [`Mode`]s: each case may have one before its name.
pub fn main_with_modes(facts: fn() -> Result<Facts, Failure>, cases: &[Case], program: OpenProgram) -> ExitCode {
    let mut args = Args::parse();
    let (mode, case) = Mode::split(&args.work);
    let _ = MODE.set(mode);
    args.work = case.to_owned();
    end(serve(&args, facts, cases, program))
}

fn end(served: Result<(), Failure>) -> ExitCode {
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn open(name: &str, cases: &[Case], program: OpenProgram) -> Result<Run, Failure> {
    if let Some(asked) = programs::of_case(name) {
        return program(asked);
    }
    if let Some(case) = cases.iter().find(|case| case.name == name) {
        return (case.open)();
    }
    let names = cases.iter().map(|case| case.name.to_owned()).chain(PROGRAMS.iter().map(|p| format!("program:{}", p.name)));
    Err(format!("no work {name:?} here; there are {}", names.collect::<Vec<_>>().join(", ")).into())
}

fn serve(args: &Args, facts: fn() -> Result<Facts, Failure>, cases: &[Case], program: OpenProgram) -> Result<(), Failure> {
    if let Some(size) = args.size {
        let _ = SIZE.set(size);
    }
    let mut run = open(&args.work, cases, program)?;
    let clock = if programs::of_case(&args.work).is_some() { Clock::Cpu } else { Clock::Wall };
    let (samples, checksum) = sample(&mut run, args.iters, args.samples, clock)?;
    drop(run);
    let report = Report { work: args.work.clone(), iters: args.iters, samples, checksum, facts: facts()? };
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

/// What is read before and after a sample.
#[derive(Clone, Copy)]
pub enum Clock {
    /// The time that passes: for samples so short that most run undisturbed.
    Wall,
    /// The time that this thread was running: for samples in which a busy machine would turn to others.
    Cpu,
}

impl Clock {
    /// Nanoseconds since some moment.
    fn read(self) -> f64 {
        let id = match self {
            Clock::Wall => libc::CLOCK_MONOTONIC,
            Clock::Cpu => libc::CLOCK_THREAD_CPUTIME_ID,
        };
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: it writes the struct, and both clocks are there on Linux, so that it cannot fail.
        unsafe { libc::clock_gettime(id, &mut time) };
        time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
    }
}

/// Runs it `count` times: the nanoseconds an operation in each, and the sum of what they computed.
pub fn sample(run: &mut Run, iters: u64, count: usize, clock: Clock) -> Result<(Vec<f64>, f64), Failure> {
    let mut samples = Vec::with_capacity(count);
    let mut checksum = 0.0;
    for _ in 0..count {
        let start = clock.read();
        let sum = run(iters)?;
        samples.push((clock.read() - start) / iters as f64);
        checksum += sum;
    }
    Ok((samples, checksum))
}
