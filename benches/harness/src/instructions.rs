//! Counts instructions, which noise cannot change, and compares them with those of a committed baseline.
//!
//! Each row runs our program under valgrind's callgrind with so many samples, and with twice as many; the difference,
//! divided by the operations, is what one operation takes: opening a VM, and the JIT's compiling, drop out.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bench_peer::Failure;
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::catalog::{Backend, Side};
use crate::{machine, memory, sides, stats};

/// How far a count may be from the baseline's, with the toolchain that made it and with another.
const SAME_TOOLS: f64 = 0.02;
const OTHER_TOOLS: f64 = 0.10;

/// How many more a limit of memory may take.
const MEMORY: f64 = 0.03;

/// A count beyond the bound is taken again, so that the median decides.
const TRIES: usize = 3;

/// What glibc would choose by the CPU at hand, so that every machine runs the same code.
const TUNABLES: &str = "glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-AVX512BW,-BMI1,-BMI2,-LZCNT,-MOVBE,-ERMS,-FSRM,-RTM";

/// Count instructions and compare them with benches/instructions.json
#[derive(Args)]
pub struct Options {
    /// Write the baseline anew rather than compare with it
    #[arg(long)]
    update: bool,
    /// Leave the baseline alone: compare our cases of P1 to P9 in a VM with a limit of memory with the same without
    #[arg(long, conflicts_with = "update")]
    memory: bool,
    /// Only this backend (both, unless given)
    #[arg(long, conflicts_with = "update")]
    backend: Option<Backend>,
}

/// A case of our program and its operations a sample.
struct Row {
    case: &'static str,
    iters: u64,
    on: &'static [Backend],
}

const BOTH: &[Backend] = &Backend::ALL;
const JIT: &[Backend] = &[Backend::Luajit];
const PLAIN: &[Backend] = &[Backend::Lua54];

/// Only what takes the same count every time: where strings fall into the VM's tables by its random seed, some rows
/// (P8, P7 on LuaJIT, P4 on Lua 5.4) are up to 5 % apart from one process to the next.
const ROWS: &[Row] = &[
    Row { case: "P1", iters: 5_000, on: BOTH },
    Row { case: "P2", iters: 5_000, on: BOTH },
    Row { case: "P3", iters: 50_000, on: JIT },
    Row { case: "P3", iters: 5_000, on: PLAIN },
    Row { case: "P4.nojit", iters: 5_000, on: JIT },
    Row { case: "P4.getter", iters: 5_000, on: PLAIN },
    Row { case: "P5", iters: 400_000, on: JIT },
    Row { case: "P5.few.columns.nojit", iters: 4_000, on: JIT },
    Row { case: "P5.few.columns", iters: 4_000, on: PLAIN },
    Row { case: "P7.raw", iters: 5_000, on: PLAIN },
    Row { case: "P7.meta", iters: 5_000, on: PLAIN },
    Row { case: "P9", iters: 500, on: BOTH },
];

/// What the counts depend on besides the source.
#[derive(Serialize, Deserialize, PartialEq, Clone)]
struct Tools {
    arch: String,
    rustc: String,
    cc: String,
    libc: String,
    valgrind: String,
}

impl Tools {
    fn here() -> Tools {
        let said = |program, args: &[&str]| machine::said(program, args).unwrap_or_else(|| "unknown".into());
        Tools {
            arch: std::env::consts::ARCH.into(),
            rustc: said("rustc", &["--version"]),
            cc: said("cc", &["--version"]),
            libc: said("getconf", &["GNU_LIBC_VERSION"]),
            valgrind: said("valgrind", &["--version"]),
        }
    }

    fn list(&self) -> String {
        [&self.arch, &self.rustc, &self.cc, &self.libc, &self.valgrind].map(String::as_str).join(", ")
    }
}

/// The committed counts: instructions an operation, by backend and case.
#[derive(Serialize, Deserialize)]
struct Baseline {
    made_with: Tools,
    instructions: BTreeMap<Backend, BTreeMap<String, f64>>,
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../instructions.json")
}

pub fn main(options: &Options) -> Result<(), Failure> {
    let tools = Tools::here();
    if tools.valgrind == "unknown" {
        return Err("valgrind is missing: apt-get install valgrind".into());
    }
    let backends: Vec<Backend> = options.backend.map_or(Backend::ALL.to_vec(), |backend| vec![backend]);
    for &backend in &backends {
        sides::build_side(Side::Ours, backend)?;
    }
    match options {
        Options { update: true, .. } => update(tools),
        Options { memory: true, .. } => compare_memory(&backends),
        _ => compare(&tools, &backends),
    }
}

fn update(tools: Tools) -> Result<(), Failure> {
    let mut instructions: BTreeMap<Backend, BTreeMap<String, f64>> = BTreeMap::new();
    for (backend, row) in rows(&Backend::ALL) {
        let counts = (0..TRIES).map(|_| count_row(row, backend)).collect::<Result<Vec<f64>, Failure>>()?;
        let count = stats::median(&counts);
        println!("{} {}: {}", backend.name(), row.case, spread(&counts));
        instructions.entry(backend).or_default().insert(row.case.into(), (count * 100.0).round() / 100.0);
    }
    let text = serde_json::to_string_pretty(&Baseline { made_with: tools, instructions })? + "\n";
    std::fs::write(file(), text).map_err(|e| format!("cannot write {}: {e}", file().display()))?;
    println!("wrote {}", file().display());
    Ok(())
}

fn spread(counts: &[f64]) -> String {
    let (low, high) = counts.iter().fold((f64::MAX, f64::MIN), |(low, high), &count| (low.min(count), high.max(count)));
    format!("{:.2} instructions ({low:.2}–{high:.2})", stats::median(counts))
}

fn compare(tools: &Tools, backends: &[Backend]) -> Result<(), Failure> {
    let text = std::fs::read_to_string(file()).map_err(|e| format!("cannot read {}: {e}", file().display()))?;
    let baseline: Baseline = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", file().display()))?;
    let made_with = &baseline.made_with;
    if made_with.arch != tools.arch {
        println!("The baseline is of {}, and this is {}: there is nothing to compare.", made_with.arch, tools.arch);
        return Ok(());
    }
    let mut bound = SAME_TOOLS;
    if made_with != tools {
        bound = OTHER_TOOLS;
        println!("The baseline was made with other tools, so that {} % are allowed.", bound * 100.0);
        println!("  there: {}\n  here:  {}", made_with.list(), tools.list());
    }
    let mut beyond = Vec::new();
    for (backend, row) in rows(backends) {
        let who = format!("{} {}", backend.name(), row.case);
        let before = baseline.instructions.get(&backend).and_then(|counts| counts.get(row.case));
        let before = *before.ok_or_else(|| format!("{who} is not in {}: make it anew, {AGAIN}", file().display()))?;
        let verdict = judge(&who, before, -bound..=bound, || count_row(row, backend))?;
        println!("{}{}", verdict.text, if verdict.within { "" } else { "  <-- beyond" });
        if !verdict.within {
            beyond.push(verdict.text);
        }
    }
    if beyond.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the instructions of an operation changed by more than {} %:\n  {}\nIf that is meant, make the baseline anew: {AGAIN}",
        bound * 100.0,
        beyond.join("\n  ")
    )
    .into())
}

/// With a limit of memory beside without, case by case.
fn compare_memory(backends: &[Backend]) -> Result<(), Failure> {
    let mut beyond = Vec::new();
    for &backend in backends {
        for (work, row) in memory::works().into_iter().flat_map(|work| work.rows_on(backend).map(move |row| (work, row))) {
            let count = |case| count_case(case, work.iters, backend);
            let verdict = judge(&format!("{} {}", backend.name(), row.ours), count(row.peer.1)?, f64::MIN..=MEMORY, || count(row.ours))?;
            println!("{}{}", verdict.text, if verdict.within { "" } else { "  <-- beyond" });
            if !verdict.within {
                beyond.push(verdict.text);
            }
        }
    }
    if beyond.is_empty() {
        return Ok(());
    }
    Err(format!("with a limit of memory more than {} % above what it is without:\n  {}", MEMORY * 100.0, beyond.join("\n  ")).into())
}

const AGAIN: &str = "bash .ci/steps/instructions.sh --update";

fn rows(backends: &[Backend]) -> impl Iterator<Item = (Backend, &'static Row)> {
    backends.iter().flat_map(|&backend| ROWS.iter().filter(move |row| row.on.contains(&backend)).map(move |row| (backend, row)))
}

struct Verdict {
    within: bool,
    text: String,
}

/// Counts once, and if that is beyond the bound, some more times: then the median decides.
fn judge(who: &str, before: f64, bounds: RangeInclusive<f64>, mut count: impl FnMut() -> Result<f64, Failure>) -> Result<Verdict, Failure> {
    let change = |now: f64| now / before - 1.0;
    let mut counts = vec![count()?];
    while !bounds.contains(&change(counts[0])) && counts.len() < TRIES {
        counts.push(count()?);
    }
    let now = stats::median(&counts);
    let change = change(now);
    let text = format!("{who}: {before:.2} before, {now:.2} now, {:+.2} %", change * 100.0);
    Ok(Verdict { within: bounds.contains(&change), text })
}

fn count_row(row: &Row, backend: Backend) -> Result<f64, Failure> {
    count_case(row.case, row.iters, backend)
}

/// The instructions of one operation.
fn count_case(case: &str, iters: u64, backend: Backend) -> Result<f64, Failure> {
    const SAMPLES: u64 = 2;
    let count = |samples: u64| {
        let mut command = under_callgrind(&sides::program(Side::Ours, backend));
        command.args(["--work", case, "--iters", &iters.to_string(), "--samples", &samples.to_string()]);
        collected(command)
    };
    Ok((count(2 * SAMPLES)? - count(SAMPLES)?) / (SAMPLES * iters) as f64)
}

/// A command that counts the instructions of a program, in an environment that is the same everywhere.
fn under_callgrind(program: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command.env_clear().env("GLIBC_TUNABLES", TUNABLES);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--smc-check=all-non-file"]);
    command.arg(program).stdin(Stdio::null());
    command
}

/// What callgrind says at the end: `Collected : 4711`.
fn collected(mut command: Command) -> Result<f64, Failure> {
    let out = command.output().map_err(|e| format!("cannot start valgrind: {e}"))?;
    let said = String::from_utf8_lossy(&out.stderr);
    if !out.status.success() {
        return Err(format!("{command:?}: {}: {}", out.status, said.trim()).into());
    }
    said.lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
        .ok_or_else(|| format!("{command:?} told no count: {}", said.trim()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_the_bound_one_count_is_enough() {
        let mut taken = 0;
        let verdict = judge("P1", 100.0, -0.02..=0.02, || {
            taken += 1;
            Ok(101.9)
        });
        assert!(verdict.unwrap().within);
        assert_eq!(taken, 1);
    }

    #[test]
    fn beyond_it_the_median_decides() {
        let mut counts = [110.0, 99.0, 100.5].into_iter();
        let verdict = judge("P1", 100.0, -0.02..=0.02, || Ok(counts.next().unwrap())).unwrap();
        assert!(verdict.within, "{}", verdict.text);
    }

    #[test]
    fn a_limit_may_make_it_quicker() {
        let verdict = |now: f64| judge("P4", 100.0, f64::MIN..=MEMORY, || Ok(now)).unwrap();
        assert!(verdict(80.0).within && verdict(102.9).within && !verdict(103.1).within);
    }

    #[test]
    fn fewer_are_told_as_well() {
        let verdict = judge("luajit P1", 200.0, -0.02..=0.02, || Ok(190.0)).unwrap();
        assert!(!verdict.within);
        assert_eq!(verdict.text, "luajit P1: 200.00 before, 190.00 now, -5.00 %");
    }

    /// A shell that counts: so many turns of a loop, by the same way as the rows are counted.
    fn turns(count: u32) -> Result<f64, Failure> {
        let collect = |times: u32| {
            let mut command = under_callgrind(Path::new("/bin/sh"));
            let end = 100_000 + times * count;
            command.args(["-c", &format!("i=100000; while [ $i -lt {end} ]; do i=$((i+1)); done")]);
            collected(command)
        };
        Ok(collect(2)? - collect(1)?)
    }

    #[test]
    fn a_planted_change_of_5_per_cent_is_caught() {
        let before = turns(2000).unwrap();
        let same = judge("turns", before, -SAME_TOOLS..=SAME_TOOLS, || turns(2000)).unwrap();
        assert!(same.within, "{}", same.text);
        let more = judge("turns", before, -SAME_TOOLS..=SAME_TOOLS, || turns(2100)).unwrap();
        assert!(!more.within, "{}", more.text);
    }
}
