//! The programs of `benches/programs`: each one a work, and the geometric mean of all. They are compared with other
//! libraries, and under a limit of time or without the JIT with themselves.

use std::collections::BTreeMap;

use bench_peer::PROGRAMS;

use crate::catalog::{BOTH, Backend, JIT, Need, Row, Side, Work};
use crate::report::{self, Figure};
use crate::rounds::Measured;

/// All programs, compared in one way.
pub struct Suite {
    /// What `--only` calls it.
    pub id: &'static str,
    title: &'static str,
    /// Under what ours run: a mode of the peers.
    mode: &'static str,
    /// The peers, and what the mean of the ratios has to be.
    peers: &'static [(Side, Need)],
    on: &'static [Backend],
}

pub const SUITES: &[Suite] = &[
    Suite { id: "programs", title: "", mode: "", peers: &[(Side::C, Need::AtMost(1.03)), (Side::Mlua, Need::None)], on: BOTH },
    Suite { id: "P14", title: " (with a limit of time)", mode: "time:", peers: &[(Side::Unlimited, Need::AtMost(1.03))], on: BOTH },
    Suite { id: "P14.nojit", title: " (JIT off)", mode: "nojit:", peers: &[(Side::Unlimited, Need::None)], on: JIT },
];

impl Suite {
    /// The works of all programs. They live as long as the process.
    pub fn works(&self) -> impl Iterator<Item = &'static Work> {
        PROGRAMS.iter().map(|program| &*Box::leak(Box::new(self.work(program.name))))
    }

    fn work(&self, name: &str) -> Work {
        let case: &'static str = format!("program:{name}").leak();
        let ours: &'static str = format!("{}{case}", self.mode).leak();
        let row = |&(peer, _): &(Side, Need)| Row { note: "", ours, peer: (peer, case), need: Need::None, on: self.on };
        let rows: Vec<Row> = self.peers.iter().map(row).collect();
        Work { id: self.id, title: format!("{case}{}", self.title).leak(), iters: 1, min_rounds: 5, rows: rows.leak() }
    }

    /// The geometric means over the programs, against each peer: of the ratios in the first round of all, the second …
    pub fn means(&self, backend: Backend, measured: &[(&Work, Measured)]) -> Vec<Figure> {
        let programs: Vec<_> = measured.iter().filter(|(work, _)| work.id == self.id).collect();
        if programs.len() < 2 {
            return Vec::new();
        }
        let mean = |(i, &(peer, need)): (usize, &(Side, Need))| {
            let ours = means_by_round(programs.iter().map(|(work, measured)| measured.ns[&(Side::Ours, work.rows[i].ours)].as_slice()));
            let theirs = means_by_round(programs.iter().map(|(work, measured)| measured.ns[&work.rows[i].peer].as_slice()));
            let title = format!("geometric mean of {} programs{}", programs.len(), self.title);
            report::figure(self.id, title, backend, &ours, (peer, &theirs), need)
        };
        self.peers.iter().enumerate().map(mean).collect()
    }
}

pub fn is_one(work: &Work) -> bool {
    SUITES.iter().any(|suite| suite.id == work.id)
}

/// Whether this is about one of the programs.
pub fn is_single(figure: &Figure) -> bool {
    figure.work.starts_with("program:")
}

/// The geometric mean of each round that all have done.
fn means_by_round<'a>(all: impl Iterator<Item = &'a [f64]>) -> Vec<f64> {
    let mut rounds: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    let mut count = 0;
    for one in all {
        count += 1;
        one.iter().enumerate().for_each(|(round, ns)| rounds.entry(round).or_default().push(*ns));
    }
    rounds.into_values().filter(|ns| ns.len() == count).map(|ns| geometric_mean(&ns)).collect()
}

fn geometric_mean(values: &[f64]) -> f64 {
    (values.iter().map(|value| value.ln()).sum::<f64>() / values.len() as f64).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn geometric_means() {
        assert!((geometric_mean(&[2.0, 8.0]) - 4.0).abs() < 1e-12);
        assert!((geometric_mean(&[5.0]) - 5.0).abs() < 1e-12);
    }

    #[test]
    fn rounds_that_one_has_not_done_are_left_out() {
        let means = means_by_round([[2.0, 3.0].as_slice(), &[8.0, 27.0, 1.0]].into_iter());
        assert_eq!(means.len(), 2);
        assert!((means[0] - 4.0).abs() < 1e-12 && (means[1] - 9.0).abs() < 1e-12, "{means:?}");
    }

    /// What was measured of all programs: ours take twice the time in one, half of it in another.
    fn measured(suite: &Suite) -> Vec<(&'static Work, Measured)> {
        let one = |(i, work): (usize, &'static Work)| {
            let mut measured = Measured::default();
            let mut note = |entrant, factor| measured.ns.insert(entrant, (1..=6).map(|round| f64::from(round) * 1e6 * factor).collect());
            for row in work.rows {
                note((Side::Ours, row.ours), [2.0, 0.5].get(i).copied().unwrap_or(1.0));
                note(row.peer, if row.peer.0 == Side::Mlua { 1.25 } else { 1.0 });
            }
            (work, measured)
        };
        suite.works().enumerate().map(one).collect()
    }

    #[test]
    fn the_mean_of_the_ratios() {
        let suite = &SUITES[0];
        let measured = measured(suite);
        let means = suite.means(Backend::Luajit, &measured);
        assert!(report::figures(measured[0].0, Backend::Luajit, &measured[0].1).iter().all(is_single) && !means.iter().any(is_single));
        assert_eq!(means.iter().map(|mean| mean.peer.as_str()).collect::<Vec<_>>(), ["c", "mlua"]);
        assert!((means[0].ratio - 1.0).abs() < 1e-9 && means[0].pass);
        assert!((means[1].ratio - 0.8).abs() < 1e-9);
    }

    /// Each suite has its own mean, of its own works, also where all were measured.
    #[test]
    fn programs_under_a_limit_are_compared_with_themselves() {
        let all: Vec<_> = SUITES.iter().flat_map(measured).collect();
        let suite = &SUITES[1];
        let work = suite.works().next().unwrap();
        assert_eq!(work.entrants(Backend::Lua54), [(Side::Ours, "time:program:nbody"), (Side::Unlimited, "program:nbody")]);
        let means = suite.means(Backend::Luajit, &all);
        assert_eq!(means.len(), 1);
        assert_eq!((means[0].id.as_str(), means[0].peer.as_str(), means[0].need), ("P14", "unlimited", Some(1.03)));
        assert_eq!(means[0].work, "geometric mean of 12 programs (with a limit of time)");
        assert!(SUITES[2].works().all(|work| work.entrants(Backend::Lua54).is_empty()), "there is no JIT to be off");
    }
}
