//! The rounds of one work: all entrants in turn, in fresh processes, in an order that changes.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use bench_peer::{Facts, Failure, Report};

use crate::catalog::{Backend, Entrant, Side, Work};
use crate::{memory, programs, stats};

/// The first samples of a process, not counted: caches fill, the JIT compiles.
const WARM_UP: usize = 10;
/// The same for a program, one run of which is a sample, and the samples that are.
const PROGRAM: (usize, usize) = (1, 3);
/// The same for a work of so many operations a sample that a quick run has no time for more.
const LONG: (usize, usize) = (3, 11);
/// The processes of a round, of which only the very first sample is of interest.
const COLD: usize = 5;
/// A quick run must end within a minute; this much of it is for measuring.
const QUICK: Duration = Duration::from_secs(45);

/// How much to measure.
pub struct Effort {
    pub rounds: usize,
    pub samples: usize,
    /// A work stops here, once its least number of rounds is done.
    budget: Duration,
    quick: bool,
}

impl Effort {
    pub fn full() -> Effort {
        Effort { rounds: 41, samples: 81, budget: Duration::from_secs(120), quick: false }
    }

    pub fn quick(works: usize) -> Effort {
        Effort { rounds: 15, samples: 41, budget: QUICK / works.max(1) as u32, quick: true }
    }

    /// How many samples a process takes, and how many before them that are not counted.
    fn samples_of(&self, work: &Work) -> (usize, usize) {
        match (programs::is_one(work), self.quick) {
            (false, true) if work.iters >= 100_000 => LONG,
            (false, _) => (WARM_UP, self.samples),
            (true, true) => (PROGRAM.0, 1),
            (true, false) => PROGRAM,
        }
    }

    fn done(&self, work: &Work, rounds: usize, since: Instant) -> bool {
        let least = if self.quick { work.min_rounds } else { work.min_rounds.max(11) };
        // There are many programs, each of which is one of a mean's parts.
        let budget = if programs::is_one(work) { self.budget / 4 } else { self.budget };
        rounds >= self.rounds || (rounds >= least && since.elapsed() >= budget)
    }
}

/// What the rounds of a work gave.
#[derive(Default)]
pub struct Measured {
    /// For every entrant, the nanoseconds an operation in each round: the median of the process's samples.
    pub ns: BTreeMap<Entrant, Vec<f64>>,
    /// What is inside each side.
    pub facts: BTreeMap<Side, Facts>,
}

/// Does the rounds of a work; `run` takes so many samples of an entrant, in a fresh process.
pub fn measure(
    work: &Work,
    backend: Backend,
    effort: &Effort,
    mut run: impl FnMut(Entrant, usize) -> Result<Report, Failure>,
) -> Result<Measured, Failure> {
    let entrants = work.entrants(backend);
    let name = if programs::is_one(work) || memory::is_one(work) { work.title } else { work.id };
    let mut measured = Measured::default();
    let since = Instant::now();
    let mut rounds = 0;
    while !effort.done(work, rounds, since) {
        if std::io::stderr().is_terminal() || rounds == 0 {
            let back = if rounds == 0 { "" } else { "\r" };
            eprint!("{back}{name} on {}: round {} of {}", backend.name(), rounds + 1, effort.rounds);
        }
        let mut order = entrants.clone();
        order.rotate_left(rounds / 2 % entrants.len());
        if rounds % 2 == 1 {
            order.reverse();
        }
        let mut first: Option<(Entrant, f64)> = None;
        for entrant in order {
            let report = one_round(work, effort, |samples| run(entrant, samples))?;
            match first {
                None => first = Some((entrant, report.checksum)),
                Some((other, checksum)) if checksum != report.checksum => {
                    return Err(format!("{}: {entrant:?} computed {}, but {other:?} computed {checksum}", work.id, report.checksum).into());
                }
                Some(_) => {}
            }
            measured.ns.entry(entrant).or_default().push(stats::median(&report.samples));
            measured.facts.insert(entrant.0, report.facts);
        }
        rounds += 1;
    }
    eprintln!(", done after {rounds} in {:.1} s", since.elapsed().as_secs_f64());
    Ok(measured)
}

/// What an entrant does in one round: the figure that it gives, the samples of a process that has got going, or the first ones of several processes.
fn one_round(work: &Work, effort: &Effort, mut run: impl FnMut(usize) -> Result<Report, Failure>) -> Result<Report, Failure> {
    if work.is_given() {
        let report = run(1)?;
        return Ok(Report { samples: vec![report.checksum], checksum: 0.0, ..report });
    }
    if !work.is_cold() {
        let (warm_up, samples) = effort.samples_of(work);
        let mut report = run(warm_up + samples)?;
        report.samples.drain(..warm_up);
        return Ok(report);
    }
    let mut report = run(1)?;
    for _ in 1..COLD {
        report.samples.extend(run(1)?.samples);
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use bench_peer::{Clock, sample};

    use super::*;
    use crate::catalog::{Need, Row};
    use crate::report::{self, Figure};

    const STEPS: u64 = 1000;

    /// A work whose time is known beside another's: as many steps as it is told, each of which waits for the last.
    fn steps(count: u64) -> bench_peer::Run {
        Box::new(move |n| {
            let mut x = 1_u64;
            for _ in 0..n * count {
                x = black_box(x).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            }
            black_box(x);
            Ok(n as f64)
        })
    }

    /// Ours takes so many per cent more steps than the peer; at most a tenth more is allowed.
    static WORK: Work = Work {
        id: "planted",
        title: "a slow-down that was planted",
        iters: 20,
        min_rounds: 5,
        rows: &[Row { note: "", ours: "ours", peer: (Side::C, "peer"), need: Need::AtMost(1.1), on: &Backend::ALL }],
    };

    /// Times both as the harness does, in more and more rounds until the interval leaves no doubt.
    fn compare(more: u64) -> Figure {
        for rounds in [11, 41, 161, 641] {
            let effort = Effort { rounds, samples: 11, budget: Duration::MAX, quick: true };
            let run = |(side, case): Entrant, count: usize| {
                let mut run = steps(if side == Side::Ours { STEPS + STEPS * more / 100 } else { STEPS });
                let (samples, checksum) = sample(&mut run, WORK.iters, count, Clock::Cpu)?;
                let facts = Facts { peer: case.into(), engine: "none".into(), checkhook: false };
                Ok(Report { work: case.into(), iters: WORK.iters, samples, checksum, facts })
            };
            let measured = measure(&WORK, Backend::Luajit, &effort, run).unwrap();
            let figure = report::figures(&WORK, Backend::Luajit, &measured).remove(0);
            if !figure.is_open() {
                return figure;
            }
        }
        panic!("after 641 rounds it is still open whether {more} % more work takes a tenth longer");
    }

    #[test]
    fn a_planted_slow_down_of_20_per_cent_is_caught() {
        let figure = compare(20);
        assert!(!figure.pass, "{figure:?}");
    }

    #[test]
    fn the_same_work_is_as_fast() {
        let figure = compare(0);
        assert!(figure.pass, "{figure:?}");
    }

    #[test]
    fn a_cold_work_takes_the_first_sample_of_several_processes() {
        let effort = Effort { rounds: 1, samples: 11, budget: Duration::MAX, quick: true };
        let work = Work { id: "planted.cold", min_rounds: 1, ..WORK };
        let mut processes = 0;
        let run = |(_, case): Entrant, count: usize| {
            assert_eq!(count, 1);
            processes += 1;
            let facts = Facts { peer: case.into(), engine: "none".into(), checkhook: false };
            Ok(Report { work: case.into(), iters: 1, samples: vec![f64::from(processes)], checksum: 0.0, facts })
        };
        let measured = measure(&work, Backend::Luajit, &effort, run).unwrap();
        assert_eq!(measured.ns[&(Side::Ours, "ours")], [3.0], "the median of five");
        assert_eq!(measured.ns[&(Side::C, "peer")], [8.0], "the median of the next five");
    }

    #[test]
    fn a_work_may_give_its_figure_itself() {
        let effort = Effort { rounds: 2, samples: 11, budget: Duration::MAX, quick: true };
        let work = Work { id: "P15", min_rounds: 1, ..WORK };
        let run = |(_, case): Entrant, count: usize| {
            assert_eq!(count, 1);
            let facts = Facts { peer: case.into(), engine: "none".into(), checkhook: false };
            let given = if case == "ours" { 7.0 } else { 9.0 };
            Ok(Report { work: case.into(), iters: 100, samples: vec![1e9], checksum: given, facts })
        };
        let measured = measure(&work, Backend::Luajit, &effort, run).unwrap();
        assert_eq!(measured.ns[&(Side::Ours, "ours")], [7.0, 7.0]);
        assert_eq!(measured.ns[&(Side::C, "peer")], [9.0, 9.0]);
    }

    #[test]
    fn sides_that_compute_something_else_are_an_error() {
        let effort = Effort { rounds: 5, samples: 1, budget: Duration::MAX, quick: true };
        let mut checksum = 0.0;
        let run = |(_, case): Entrant, count: usize| {
            checksum += 1.0;
            let facts = Facts { peer: case.into(), engine: "none".into(), checkhook: false };
            Ok(Report { work: case.into(), iters: 1, samples: vec![1.0; count], checksum, facts })
        };
        let error = measure(&WORK, Backend::Luajit, &effort, run).err().expect("two results").to_string();
        assert!(error.starts_with("planted: ") && error.contains("computed"), "{error}");
    }
}
