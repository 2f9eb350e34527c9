//! The second command: how figures change with how much there is.
//!
//! A point of a curve is the median, over the rounds, of a process's figure. The lines of a curve take turns, as the
//! sides of a comparison do.

use std::fmt::Write;

use bench_peer::Failure;
use serde::Serialize;

use crate::catalog::{Backend, Entrant, Side};
use crate::{sides, stats};

/// One table: a row for each size, a column for each line.
pub struct Curve {
    pub name: &'static str,
    pub title: &'static str,
    /// What a size counts.
    sizes_of: &'static str,
    sizes: &'static [usize],
    lines: &'static [(&'static str, Entrant)],
    kind: Kind,
}

enum Kind {
    /// Nanoseconds an operation, of which a sample has at least this many.
    Time { iters: u64 },
    /// A number that the work gives, once a process.
    Given,
}

pub const CURVES: &[Curve] = &[
    Curve {
        name: "structs",
        title: "Update loop (P5) over so many structs of 276 bytes: ns a struct",
        sizes_of: "structs",
        sizes: &[1_000, 10_000, 100_000, 1_000_000, 10_000_000],
        lines: &[
            ("C", (Side::C, "structs")),
            ("raw pointers", (Side::Ffi, "structs.raw")),
            ("checked view", (Side::Ours, "structs")),
            ("view by columns", (Side::Ours, "structs.columns")),
        ],
        kind: Kind::Time { iters: 100_000 },
    },
    Curve {
        name: "handles",
        title: "A handle to a table made and dropped while so many others live: ns for both",
        sizes_of: "handles",
        sizes: &[1, 10, 100, 1_000, 10_000, 100_000, 1_000_000],
        lines: &[("perilune", (Side::Ours, "handles"))],
        kind: Kind::Time { iters: 10_000 },
    },
    Curve {
        name: "vms",
        title: "So many VMs with the safe libraries in a process, each of which ran one script: KiB of memory a VM",
        sizes_of: "VMs",
        sizes: &[1, 10, 100, 1_000, 2_000],
        lines: &[("perilune", (Side::Ours, "vms"))],
        kind: Kind::Given,
    },
    Curve {
        name: "threads",
        title: "Threads with a VM each, all of which do the same update loop at once: ns a struct of one thread's",
        sizes_of: "threads",
        sizes: &[1, 2],
        lines: &[("C", (Side::C, "threads")), ("perilune", (Side::Ours, "threads"))],
        kind: Kind::Time { iters: 200_000 },
    },
];

/// One point, and one entry of the JSON.
#[derive(Serialize)]
pub struct Point {
    curve: &'static str,
    backend: Backend,
    size: usize,
    line: &'static str,
    /// `ns` or what the curve's title says.
    value: f64,
    /// The smallest and the largest of the rounds.
    range: (f64, f64),
}

impl Curve {
    /// Raw pointers are LuaJIT's, and with them what they are compared with.
    pub fn is_on(&self, backend: Backend) -> bool {
        backend == Backend::Luajit || !self.lines.iter().any(|(_, (side, _))| *side == Side::Ffi)
    }
}

pub fn measure(curve: &Curve, backend: Backend, quick: bool) -> Result<Vec<Point>, Failure> {
    let rounds = if quick { 3 } else { 11 };
    let mut points = Vec::new();
    for &size in curve.sizes.iter().filter(|&&size| !quick || size <= 1_000_000) {
        eprintln!("curve {} on {}: {size} {}", curve.name, backend.name(), curve.sizes_of);
        let mut found = vec![Vec::new(); curve.lines.len()];
        for _ in 0..rounds {
            for (line, values) in curve.lines.iter().zip(&mut found) {
                values.push(figure(curve, backend, size, line.1)?);
            }
        }
        points.extend(curve.lines.iter().zip(&found).map(|((line, _), values)| Point {
            curve: curve.name,
            backend,
            size,
            line,
            value: stats::median(values),
            range: (stats::least(values), stats::most(values)),
        }));
    }
    Ok(points)
}

/// What one process gives.
fn figure(curve: &Curve, backend: Backend, size: usize, entrant: Entrant) -> Result<f64, Failure> {
    const WARM_UP: usize = 3;
    let Kind::Time { iters } = curve.kind else {
        return Ok(sides::run(entrant, backend, 1, 1, Some(size))?.checksum);
    };
    // Whole passes; of very many structs each takes long.
    let iters = if curve.name == "structs" { iters.max(size as u64) } else { iters };
    let samples = if iters > 1_000_000 { 3 } else { 41 };
    let report = sides::run(entrant, backend, iters, WARM_UP + samples, Some(size))?;
    Ok(stats::median(&report.samples[WARM_UP..]))
}

pub fn markdown(curve: &Curve, backend: Backend, points: &[Point]) -> String {
    let mut out = format!("{}, on {}:\n\n| {} |", curve.title, backend.name(), curve.sizes_of);
    for (line, _) in curve.lines {
        let _ = write!(out, " {line} |");
    }
    let _ = write!(out, "\n|--:|{}\n", "--:|".repeat(curve.lines.len()));
    for row in points.chunks(curve.lines.len()) {
        let _ = write!(out, "| {} |", row[0].size);
        for Point { value, range: (least, most), .. } in row {
            let _ = write!(out, " {value:.1} ({least:.1}–{most:.1}) |");
        }
        out.push('\n');
    }
    out
}

/// The sides that take part.
pub fn sides_of(curves: &[&Curve]) -> Vec<Side> {
    curves.iter().flat_map(|curve| curve.lines).map(|(_, (side, _))| *side).collect()
}
