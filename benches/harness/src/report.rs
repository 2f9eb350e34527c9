//! The table and the JSON.

use std::fmt::Write;

use bench_peer::Facts;
use serde::Serialize;

use crate::catalog::{Backend, Need, Side, Work};
use crate::machine::Machine;
use crate::rounds::{Effort, Measured};
use crate::stats;

/// One line of the table, and one entry of the JSON.
#[derive(Serialize)]
pub struct Figure {
    id: &'static str,
    work: String,
    backend: Backend,
    ours_ns: f64,
    peer: &'static str,
    peer_ns: f64,
    /// Ours / peer: the median over the rounds.
    ratio: f64,
    /// The 95 % confidence interval of the ratio.
    ci: (f64, f64),
    rounds: usize,
    /// The largest ratio that passes; null where nothing is promised.
    need: Option<f64>,
    pass: bool,
    #[serde(skip)]
    promise: Need,
}

/// Compares the rounds of ours with those of each peer.
pub fn figures(work: &Work, backend: Backend, measured: &Measured) -> Vec<Figure> {
    work.rows_on(backend)
        .map(|row| {
            let ours = &measured.ns[&(Side::Ours, row.ours)];
            let peer = &measured.ns[&row.peer];
            let ratios: Vec<f64> = ours.iter().zip(peer).map(|(ours, peer)| ours / peer).collect();
            let ratio = stats::median(&ratios);
            let note = if row.note.is_empty() { String::new() } else { format!(" ({})", row.note) };
            Figure {
                id: work.id,
                work: format!("{}{note}", work.title),
                backend,
                ours_ns: stats::median(ours),
                peer: row.peer.0.name(),
                peer_ns: stats::median(peer),
                ratio,
                ci: stats::interval(&ratios),
                rounds: ratios.len(),
                need: row.need.limit(),
                pass: row.need.limit().is_none_or(|limit| ratio <= limit),
                promise: row.need,
            }
        })
        .collect()
}

pub fn markdown(machine: &Machine, effort: &Effort, facts: &[(Backend, Facts)], figures: &[Figure]) -> String {
    let mut out = String::new();
    let mut line = |text: String| writeln!(out, "{text}").expect("a String takes all");
    line(format!("Measured {} at commit {} on {}.", machine.date, machine.commit, machine.hardware));
    line(format!(
        "Built with {} and {}, cargo's release profile on every side. Up to {} rounds a work, {} samples a process.",
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
        Need::AtMost(times) => format!("≤ {times:.1}"),
        Need::Faster(times) => format!("≤ {:.3} ({times} × faster; is {:.1} ×)", 1.0 / times, 1.0 / figure.ratio),
        Need::None => "–".into(),
    }
}

fn verdict(figure: &Figure) -> &'static str {
    let Some(limit) = figure.need else { return "" };
    match (figure.pass, figure.ci.0 <= limit && limit < figure.ci.1) {
        (true, false) => "pass",
        (true, true) => "pass ~",
        (false, false) => "**short**",
        (false, true) => "**short** ~",
    }
}

fn ns(value: f64) -> String {
    if value < 100.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}
