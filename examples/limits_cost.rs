//! What limits cost where there are many: a thousand VMs with limits in one process. What they cost one VM is measured by the
//! harness of the benchmarks (P14, P15).
//!
//! ```text
//! cargo run --release --example limits_cost -- [--vms 1000] [--seconds 5]
//! ```

use std::hint::black_box;
use std::time::{Duration, Instant};

use clap::Parser;
use perilune::{Function, Limit, Lua, Result};

/// Measures what many VMs with limits cost
#[derive(Parser)]
#[command(name = "limits_cost")]
struct Args {
    /// VMs in the process
    #[arg(long, default_value_t = 1000)]
    vms: usize,
    /// How long they run in turn
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

/// KiB that the process has, where the system tells.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0.0)
}

/// Nanoseconds of processor time that the watchdog has used, where the system tells.
fn watchdog() -> f64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return 0.0 };
    let of_watchdog =
        |task: &std::path::PathBuf| std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name.starts_with("perilune-watch"));
    let Some(task) = tasks.flatten().map(|entry| entry.path()).find(of_watchdog) else { return 0.0 };
    let schedule = std::fs::read_to_string(task.join("schedstat")).unwrap_or_default();
    schedule.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0.0)
}

fn open(count: usize, limit: bool) -> Result<(Vec<(Lua, Function)>, f64)> {
    let before = resident();
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        let mut lua = if limit { Lua::builder().untrusted().build()? } else { Lua::new()? };
        let f = lua.load("return function(n) local x = 0 for i = 1, n do x = x + i % 7 end return x end").eval()?;
        all.push((lua, f));
    }
    Ok((all, (resident() - before) / count as f64))
}

fn many(count: usize, seconds: u64) -> Result<()> {
    let (mut vms, limited) = open(count, true)?;
    let (others, plain) = open(count, false)?;
    drop(others);
    println!("{count} VMs: {limited:.1} KiB each with limits, {plain:.1} KiB without");
    let (begun, before) = (Instant::now(), watchdog());
    std::thread::sleep(Duration::from_secs(seconds) / 4);
    println!(
        "the watchdog's share of a processor while nothing runs: {:.4} %",
        (watchdog() - before) / begun.elapsed().as_nanos() as f64 * 100.0
    );
    for (what, limit) in [
        ("1 s of the wall's clock", Limit::time(Duration::from_secs(1))),
        ("1 s of processor time", Limit::cpu_time(Duration::from_secs(1))),
    ] {
        vms.iter_mut().try_for_each(|(lua, _)| lua.set_limit(limit))?;
        let (begun, before, mut runs) = (Instant::now(), watchdog(), 0u64);
        while begun.elapsed() < Duration::from_secs(seconds) {
            for (lua, f) in &mut vms {
                black_box(f.call::<f64>(lua, 1000)?);
                runs += 1;
            }
        }
        let share = (watchdog() - before) / begun.elapsed().as_nanos() as f64 * 100.0;
        println!("{runs} calls in turn under {what}: the watchdog's share {share:.4} %");
    }
    Ok(())
}

fn main() -> Result<()> {
    let args = Args::parse();
    println!("{}", perilune::Backend::current().version);
    many(args.vms, args.seconds)
}
