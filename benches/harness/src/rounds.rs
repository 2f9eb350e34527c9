//! The rounds of one work: all entrants in turn, in fresh processes, in an order that changes.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use bench_peer::{Facts, Failure};

use crate::catalog::{Backend, Entrant, Side, Work};
use crate::{sides, stats};

/// The first samples of a process, not counted: caches fill, the JIT compiles.
const WARM_UP: usize = 10;
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

    fn done(&self, work: &Work, rounds: usize, since: Instant) -> bool {
        let least = if self.quick { work.min_rounds } else { work.min_rounds.max(11) };
        rounds >= self.rounds || (rounds >= least && since.elapsed() >= self.budget)
    }
}

/// What the rounds of a work gave.
pub struct Measured {
    /// For every entrant, the nanoseconds an operation in each round: the median of the process's samples.
    pub ns: BTreeMap<Entrant, Vec<f64>>,
    /// What is inside each side.
    pub facts: BTreeMap<Side, Facts>,
}

pub fn measure(work: &Work, backend: Backend, effort: &Effort) -> Result<Measured, Failure> {
    let entrants = work.entrants(backend);
    let mut measured = Measured { ns: BTreeMap::new(), facts: BTreeMap::new() };
    let since = Instant::now();
    let mut rounds = 0;
    while !effort.done(work, rounds, since) {
        if std::io::stderr().is_terminal() || rounds == 0 {
            let back = if rounds == 0 { "" } else { "\r" };
            eprint!("{back}{} on {}: round {} of {}", work.id, backend.name(), rounds + 1, effort.rounds);
        }
        let mut order = entrants.clone();
        order.rotate_left(rounds / 2 % entrants.len());
        if rounds % 2 == 1 {
            order.reverse();
        }
        let mut first: Option<(Entrant, f64)> = None;
        for entrant in order {
            let report = sides::run(entrant, backend, work.iters, WARM_UP + effort.samples)?;
            match first {
                None => first = Some((entrant, report.checksum)),
                Some((other, checksum)) if checksum != report.checksum => {
                    return Err(format!("{}: {entrant:?} computed {}, but {other:?} computed {checksum}", work.id, report.checksum).into());
                }
                Some(_) => {}
            }
            measured.ns.entry(entrant).or_default().push(stats::median(&report.samples[WARM_UP..]));
            measured.facts.insert(entrant.0, report.facts);
        }
        rounds += 1;
    }
    eprintln!(", done after {rounds} in {:.1} s", since.elapsed().as_secs_f64());
    Ok(measured)
}
