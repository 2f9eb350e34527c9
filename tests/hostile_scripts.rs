//! Promise: no script that runs in a VM opened as `untrusted` hurts the host, whatever it tries; and one that keeps to its
//! limits is left in peace.
//!
//! Every script of `scripts/hostile/` runs in a process of its own, as do programs that are put together at random
//! (`hostile/generate.rs`) in processes for some of them. A watcher outside tells crashes and hangs; what a process can see
//! of itself it checks (`hostile/child.rs`). All of them also run while memory is refused. `PERILUNE_HOSTILE_PROGRAMS` says how many random programs there are,
//! `PERILUNE_SEED` which.
#![cfg(unix)]

#[path = "hostile/child.rs"]
mod child_process;
mod common;
#[path = "hostile/generate.rs"]
mod generate;
#[path = "hostile/script.rs"]
mod script;
#[path = "common/views.rs"]
mod world;

use std::fs::File;
use std::io::{Read, Seek};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use common::this_program;
use perilune::Backend;
use script::{Script, folder};

/// Whether library functions of C that take long can be stopped. Where not, the scripts whose only weapon they are
/// stay out, as do the random programs that would use them.
const LIBRARIES_ARE_BOUNDED: bool = true;

/// How long a process may take before it is taken for one that hangs: far longer than all its limits together.
const HANGS: Duration = Duration::from_secs(120);

/// Random programs to a process.
const TOGETHER: usize = 25;

/// How often a hostile script is refused memory in one VM.
const ROUNDS: usize = 6;

/// Runs one process to its end, and gives what it wrote if it did not end well.
fn watch(name: &str, value: &str) -> Result<String, String> {
    let mut log = tempfile(name);
    let mut command: Command = this_program();
    command.args(["--exact", "child", "--nocapture"]).env(name, value).env("RUST_BACKTRACE", "0");
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log.try_clone().unwrap());
    let mut process = command.spawn().unwrap();
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = process.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > HANGS {
            process.kill().unwrap();
            process.wait().unwrap();
            return Err(format!("{value}: it hangs\n{}", read(&mut log)));
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let text = read(&mut log);
    if status.success() && text.contains("1 passed") { Ok(text) } else { Err(format!("{value}: {status}\n{text}")) }
}

/// A file that is gone when it is closed.
fn tempfile(name: &str) -> File {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("{name}-{}-{number}", std::process::id()));
    let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    file
}

fn read(log: &mut File) -> String {
    let mut bytes = Vec::new();
    log.rewind().unwrap();
    log.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// In a child's line: by how many microseconds a limit was passed.
fn overrun(line: &str) -> Option<u64> {
    line.split_once("OVERRUN ")?.1.parse().ok()
}

/// Does the work on two threads, and puts together what comes of it.
fn work_twice<A: Send, B: Send>(work: impl Fn() -> (Vec<A>, Vec<B>) + Sync) -> (Vec<A>, Vec<B>) {
    std::thread::scope(|scope| {
        let other = scope.spawn(&work);
        let (mut first, mut second) = work();
        let (more_first, more_second) = other.join().unwrap();
        first.extend(more_first);
        second.extend(more_second);
        (first, second)
    })
}

/// Watches a process for each value, two at a time, and panics with all that went wrong.
fn watch_all(name: &str, values: &[String]) {
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut failures, mut overruns) = (Vec::new(), Vec::new());
        while let Some(value) = values.get(next.fetch_add(1, Ordering::Relaxed)) {
            match watch(name, value) {
                Ok(text) => overruns.extend(text.lines().filter_map(overrun).map(|micros| (micros, value))),
                Err(failure) => failures.push(failure),
            }
        }
        (failures, overruns)
    };
    let (mut failures, mut overruns) = work_twice(work);
    overruns.sort_unstable();
    println!("overruns, in microseconds: {:?}", overruns.iter().rev().take(10).collect::<Vec<_>>());
    failures.sort();
    assert!(failures.is_empty(), "{} of {} failed:\n{}", failures.len(), values.len(), failures.join("\n"));
}

fn scripts(of: &str) -> Vec<String> {
    let names = std::fs::read_dir(folder().join(of)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let only = std::env::var("PERILUNE_HOSTILE_ONLY").unwrap_or_default();
    let mut names: Vec<_> =
        names.filter(|name| name.ends_with(".lua") && name.contains(&only)).map(|name| format!("{of}/{name}")).collect();
    names.sort();
    names
}

fn two_numbers(text: &str) -> (u64, u64) {
    let mut numbers = text.split_whitespace().map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

/// That in `PERILUNE_SEED`, or another one each time.
fn seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let seed = std::env::var("PERILUNE_SEED").map_or(now % 1_000_000_007, |seed| seed.parse().unwrap());
    println!("PERILUNE_SEED={seed}");
    seed
}

/// The part in a process of its own: it does nothing unless it was called as that.
#[test]
fn child() {
    if let Ok(name) = std::env::var("PERILUNE_HOSTILE_SCRIPT") {
        child_process::run_hostile(&Script::read(&name));
    }
    if let Ok(name) = std::env::var("PERILUNE_WELL_BEHAVED") {
        child_process::run_well_behaved(&Script::read(&name));
    }
    if let Ok(numbers) = std::env::var("PERILUNE_HOSTILE_STARVED") {
        let (seed, first) = two_numbers(&numbers);
        run_starved(seed, scripts("hostile").into_iter().enumerate().skip(first as usize).take(TOGETHER));
    }
    if let Ok(numbers) = std::env::var("PERILUNE_HOSTILE_RANDOM") {
        let (seed, count) = two_numbers(&numbers);
        for seed in seed..seed + count {
            child_process::run_random(&generate::program(generate::choices(seed), LIBRARIES_ARE_BOUNDED));
        }
    }
}

/// Runs some of the hostile scripts, and as many random programs, a few times each.
fn run_starved(seed: u64, some: impl Iterator<Item = (usize, String)>) {
    for (at, name) in some {
        println!("---- {name}");
        let mut choose = generate::choices(seed + at as u64);
        let script = Script::read(&name).text;
        for _ in 0..2 {
            let program = |_| generate::program(&mut choose, LIBRARIES_ARE_BOUNDED);
            let programs: Vec<_> = (0..ROUNDS).map(program).flat_map(|program| [script.clone(), program]).collect();
            child_process::run_starved(&programs, &mut choose);
        }
    }
}

#[test]
fn hostile_scripts_are_stopped_and_leave_nothing_behind() {
    let all = scripts("hostile");
    let (run, left_out): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|name| LIBRARIES_ARE_BOUNDED || !Script::read(name).needs_bounded_libraries);
    if !left_out.is_empty() {
        println!("{} scripts are left out, which need bounded libraries: {}", left_out.len(), left_out.join(" "));
    }
    // That LuaJIT crashes by itself where it has not a byte left to load another text: SECURITY.md says so.
    let is_beta = Backend::current().version.contains("beta");
    let (crash, run): (Vec<_>, Vec<_>) = run.into_iter().partition(|name| is_beta && name.ends_with("resurrect_after_memory.lua"));
    if !crash.is_empty() {
        println!("left out, because LuaJIT 2.1.0-beta3 crashes: {}", crash.join(" "));
    }
    watch_all("PERILUNE_HOSTILE_SCRIPT", &run);
}

#[test]
fn well_behaved_scripts_are_left_in_peace() {
    watch_all("PERILUNE_WELL_BEHAVED", &scripts("well_behaved"));
}

#[test]
fn random_programs_do_no_harm() {
    let seed = seed();
    let count = std::env::var("PERILUNE_HOSTILE_PROGRAMS").map_or(300, |count| count.parse().unwrap());
    let first = (0..count).step_by(TOGETHER).map(|at| format!("{} {}", seed + at as u64, TOGETHER.min(count - at)));
    watch_all("PERILUNE_HOSTILE_RANDOM", &first.collect::<Vec<_>>());
}

#[test]
fn scripts_that_are_refused_memory_do_no_harm() {
    if perilune::Backend::current().version.contains("beta") {
        println!("left out: LuaJIT 2.1.0-beta3 crashes where compiled code runs out of memory, as SECURITY.md says");
        return;
    }
    let (seed, count) = (seed(), scripts("hostile").len());
    let firsts = (0..count).step_by(TOGETHER).map(|first| format!("{seed} {first}"));
    watch_all("PERILUNE_HOSTILE_STARVED", &firsts.collect::<Vec<_>>());
}
