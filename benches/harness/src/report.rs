//! The table and the JSON.

use std::fmt::Write;

use bench_peer::Facts;
use serde::{Deserialize, Serialize};

use crate::catalog::{Backend, Need, Side, Work};
use crate::machine::Machine;
use crate::rounds::{Effort, Measured};
use crate::stats;

/// One line of the table, and one entry of the JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    pub id: String,
    pub work: String,
    pub backend: Backend,
    pub ours_ns: f64,
    pub peer: String,
    pub peer_ns: f64,
    /// Ours / peer: the median over the rounds.
    pub ratio: f64,
    /// The 95 % confidence interval of the ratio.
    pub ci: (f64, f64),
    pub rounds: usize,
    /// The largest ratio that passes; null where nothing is promised.
    pub need: Option<f64>,
    pub pass: bool,
    #[serde(skip)]
    promise: Need,
}

/// Compares the rounds of ours with those of each peer.
pub fn figures(work: &Work, backend: Backend, measured: &Measured) -> Vec<Figure> {
    work.rows_on(backend)
        .map(|row| {
            let note = if row.note.is_empty() { String::new() } else { format!(" ({})", row.note) };
            let ours = &measured.ns[&(Side::Ours, row.ours)];
            let peer = match row.need {
                Need::Within(ns) => vec![ns; ours.len()],
                _ => measured.ns[&row.peer].clone(),
            };
            figure(work.id, format!("{}{note}", work.title), backend, ours, (row.peer.0, &peer), row.need)
        })
        .collect()
}

/// Compares our times with a peer's, those of the same round with each other.
pub fn figure(id: &str, work: String, backend: Backend, ours: &[f64], (peer, theirs): (Side, &[f64]), need: Need) -> Figure {
    let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
    let ratio = stats::median(&ratios);
    Figure {
        id: id.to_owned(),
        work,
        backend,
        ours_ns: stats::median(ours),
        peer: peer.name().to_owned(),
        peer_ns: stats::median(theirs),
        ratio,
        ci: stats::interval(&ratios),
        rounds: ratios.len(),
        need: need.limit(),
        pass: need.limit().is_none_or(|limit| ratio <= limit),
        promise: need,
    }
}

impl Figure {
    /// Whether the interval leaves open on which side of the limit the ratio is.
    pub fn is_open(&self) -> bool {
        self.need.is_some_and(|limit| self.ci.0 <= limit && limit < self.ci.1)
    }
}

pub fn markdown(machine: &Machine, effort: &Effort, facts: &[(Backend, Facts)], figures: &[Figure]) -> String {
    let mut out = String::new();
    let mut line = |text: String| writeln!(out, "{text}").expect("a String takes all");
    line(format!("Measured {} at commit {} on {}.", machine.date, machine.commit, machine.hardware));
    line(format!(
        "Built with {} and {}, cargo's release profile on every side. Up to {} rounds a work and {} samples a process.",
        machine.rustc, machine.cc, effort.rounds, effort.samples
    ));
    line("All engines are vendored, without assertions, at -O2 (Lua 5.4 inside mlua: -O3).".into());
    line(String::new());
    let mut engines: Vec<String> = facts.iter().map(|(backend, facts)| format!("- {}: {}", backend.name(), engine(facts))).collect();
    engines.sort();
    engines.dedup();
    engines.into_iter().for_each(&mut line);
    line(String::new());
    line("| # | Backend | Work | Ours, ns | Peer | Peer, ns | Ours / peer (95 % interval) | Need | |".into());
    line("|---|---|---|--:|---|--:|---|---|---|".into());
    for figure in figures {
        line(format!(
            "| {} | {} | {} | {} | {} | {} | {:.3} ({:.3}–{:.3}) | {} | {} |",
            figure.id,
            figure.backend.name(),
            figure.work,
            ns(figure.ours_ns),
            figure.peer,
            ns(figure.peer_ns),
            figure.ratio,
            figure.ci.0,
            figure.ci.1,
            need(figure),
            verdict(figure),
        ));
    }
    line(String::new());
    line("A `~` says that the interval reaches to both sides of the limit: the difference is below the noise.".into());
    out
}

fn engine(facts: &Facts) -> String {
    let hook = match (facts.engine.starts_with("LuaJIT"), facts.checkhook) {
        (false, _) => "",
        (true, true) => ", with CHECKHOOK",
        (true, false) => ", without CHECKHOOK",
    };
    format!("{}: {}{hook}", facts.peer, facts.engine)
}

fn need(figure: &Figure) -> String {
    match figure.promise {
        Need::AtMost(times) => format!("≤ {times}"),
        Need::Faster(times) => format!("≤ {:.3} ({times} × faster; is {:.1} ×)", 1.0 / times, 1.0 / figure.ratio),
        Need::Within(limit) if limit >= 1e6 => format!("≤ {} ms", limit / 1e6),
        Need::Within(limit) => format!("≤ {limit} ns"),
        Need::None => "–".into(),
    }
}

fn verdict(figure: &Figure) -> &'static str {
    if figure.need.is_none() {
        return "";
    }
    match (figure.pass, figure.is_open()) {
        (true, false) => "pass",
        (true, true) => "pass ~",
        (false, false) => "**short**",
        (false, true) => "**short** ~",
    }
}

fn ns(value: f64) -> String {
    if value < 100.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Row;

    fn some() -> Vec<Figure> {
        vec![
            figure("P1", "a call".into(), Backend::Luajit, &[9.0, 11.0], (Side::C, &[10.0, 10.0]), Need::AtMost(1.03)),
            figure("P2", "another".into(), Backend::Lua54, &[30.0, 50.0], (Side::Mlua, &[20.0, 20.0]), Need::None),
            figure("P3", "a third".into(), Backend::Lua54, &[30.0, 30.0], (Side::Mlua, &[20.0, 20.0]), Need::Faster(2.0)),
        ]
    }

    /// What others read: a list with one entry a peer, under these names.
    #[test]
    fn the_json_has_its_promised_form() {
        let json: serde_json::Value = serde_json::to_value(some()).unwrap();
        assert_eq!(
            json[0],
            serde_json::json!({
                "id": "P1", "work": "a call", "backend": "luajit", "ours_ns": 10.0, "peer": "c", "peer_ns": 10.0, "ratio": 1.0,
                "ci": [0.9, 1.1], "rounds": 2, "need": 1.03, "pass": true,
            })
        );
        assert_eq!((&json[1]["need"], &json[1]["pass"]), (&serde_json::Value::Null, &true.into()));
        assert_eq!((&json[2]["need"], &json[2]["pass"]), (&0.5.into(), &false.into()));
    }

    #[test]
    fn the_json_is_read_as_it_was_written() {
        let mut figures = some();
        let read: Vec<Figure> = serde_json::from_str(&serde_json::to_string_pretty(&figures).unwrap()).unwrap();
        figures.iter_mut().for_each(|figure| figure.promise = Need::None);
        assert_eq!(read, figures);
    }

    /// What is promised as a time is compared with that time.
    #[test]
    fn a_promise_takes_the_place_of_a_peer() {
        let row = Row { note: "this", ours: "ours", peer: (Side::Promise, ""), need: Need::Within(300.0), on: &Backend::ALL };
        let work = Work { id: "P15", title: "a time", iters: 1, min_rounds: 5, rows: Vec::from([row]).leak() };
        assert_eq!(work.entrants(Backend::Luajit), [(Side::Ours, "ours")]);
        let mut measured = Measured::default();
        measured.ns.insert((Side::Ours, "ours"), vec![60.0, 75.0, 66.0]);
        let figure = figures(&work, Backend::Luajit, &measured).remove(0);
        assert_eq!((figure.work.as_str(), figure.peer.as_str()), ("a time (this)", "promise"));
        assert_eq!((figure.ours_ns, figure.peer_ns, figure.ratio, figure.need, figure.pass), (66.0, 300.0, 0.22, Some(1.0), true));
        assert_eq!((need(&figure).as_str(), verdict(&figure)), ("≤ 300 ns", "pass"));
    }

    #[test]
    fn verdicts() {
        assert_eq!(some().iter().map(verdict).collect::<Vec<_>>(), ["pass ~", "", "**short**"]);
        assert_eq!(some().iter().map(need).collect::<Vec<_>>(), ["≤ 1.03", "–", "≤ 0.500 (2 × faster; is 0.7 ×)"]);
    }
}
