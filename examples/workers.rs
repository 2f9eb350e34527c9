//! VMs in worker threads: one on each core, sharing nothing, and one that goes from
//! thread to thread.
//!
//! A `Lua` is `Send`: whoever owns it may use it, on whatever thread. Two VMs have nothing
//! in common, no lock either, so that two cores do twice the work of one.
//!
//! `cargo run --release --example workers -- [JOBS]`

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use perilune::{Function, Lua, Output, Result, State};

/// What every worker's VM is set up with: a battle that its seed decides alone.
const BATTLE: &str = r"
    local floor = math.floor
    return function(seed)
        local function roll(sides)
            seed = (seed * 16807) % 2147483647
            return floor(seed / 2147483647 * sides) + 1
        end
        local a, b, rounds = 40000, 40000, 0
        while a > 0 and b > 0 do
            b = b - roll(6) - bonus(rounds)
            a = a - roll(6) - bonus(rounds + 1)
            rounds = rounds + 1
        end
        return a > b and 'attackers' or 'defenders', rounds
    end
";

/// The outcome of one battle.
type Battle = (String, u32);

/// A VM and the function that it was opened for.
struct Worker {
    lua: Lua,
    battle: Function,
}

impl Worker {
    fn open() -> Result<Self> {
        let mut lua = Lua::builder().output(Output::discard()).build()?;
        lua.register("bonus", |_: &mut State, round: u32| -> Result<u32> { Ok(1 + round % 2) })?;
        let battle = lua.load(BATTLE).name("battle").eval()?;
        Ok(Self { lua, battle })
    }

    fn fight(&mut self, seed: u64) -> Result<Battle> {
        // Seeds of the generator are from 1 on.
        self.battle.call(&mut self.lua, seed % 1_000_000 + 1)
    }
}

/// Fights battles number 0 to `jobs` in `workers` threads, each of which takes the next
/// one when it is done, and gives the results in the order of the battles.
fn fight_all(jobs: u64, workers: usize) -> Result<(Vec<Battle>, Duration)> {
    let mut vms = (0..workers).map(|_| Worker::open()).collect::<Result<Vec<_>>>()?;
    let next = AtomicU64::new(0);
    let start = Instant::now();
    let parts = thread::scope(|scope| {
        let threads: Vec<_> = vms
            .iter_mut()
            .map(|worker| {
                scope.spawn(|| -> Result<Vec<(u64, Battle)>> {
                    let mut done = Vec::new();
                    loop {
                        let job = next.fetch_add(1, Ordering::Relaxed);
                        if job >= jobs {
                            return Ok(done);
                        }
                        done.push((job, worker.fight(job)?));
                    }
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no worker panics")).collect::<Result<Vec<_>>>()
    })?;
    let took = start.elapsed();
    let mut all: Vec<_> = parts.into_iter().flatten().collect();
    all.sort_by_key(|(job, _)| *job);
    Ok((all.into_iter().map(|(_, battle)| battle).collect(), took))
}

/// One VM that is handed on from thread to thread, as a message; it remembers everything.
fn hand_around(threads: usize) -> Result<u32> {
    let (send, receive) = mpsc::channel::<Lua>();
    let receive = Mutex::new(receive);
    let mut lua = Lua::new()?;
    lua.run("visits = {} function visit(who) visits[#visits + 1] = who return #visits end")?;
    for turn in 0..threads {
        send.send(lua).expect("the receiver is there");
        lua = thread::scope(|scope| {
            let visit = scope.spawn(|| -> Result<Lua> {
                let mut lua = receive.lock().expect("nobody panics").recv().expect("the sender is there");
                lua.call::<u32>("visit", format!("thread {turn}"))?;
                Ok(lua)
            });
            visit.join().expect("no visitor panics")
        })?;
    }
    lua.load("return #visits").eval()
}

fn run(jobs: u64) -> Result<bool> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let (alone, one) = fight_all(jobs, 1)?;
    let (together, all) = fight_all(jobs, cores)?;
    let same = alone == together;
    let attackers = alone.iter().filter(|(winner, _)| winner == "attackers").count();
    let rounds: u32 = alone.iter().map(|(_, rounds)| rounds).sum();
    println!("{jobs} battles, {rounds} rounds: the attackers won {attackers}");
    println!("whatever the number of workers, the results are {}", if same { "the same" } else { "DIFFERENT" });
    println!("wall time: {one:.1?} with one worker, {all:.1?} with {cores}: {:.2} times as fast", one.as_secs_f64() / all.as_secs_f64());
    let visits = hand_around(8)?;
    println!("one VM went through 8 threads and counted {visits} visits");
    Ok(same && visits == 8 && alone.len() as u64 == jobs)
}

fn main() -> ExitCode {
    let jobs = std::env::args().nth(1).and_then(|jobs| jobs.parse().ok()).unwrap_or(400);
    match run(jobs) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
