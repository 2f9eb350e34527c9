//! Times perilune beside its peers and prints one markdown table of ratios.
//!
//! Every side is a program of its own (their symbols clash). They run in turn, each round in fresh processes and in
//! another order, and only numbers of one round are compared with each other: a figure is the median, over the rounds,
//! of ours divided by the peer's. Progress goes to stderr, the table to stdout.
//!
//! To add a work: one entry in [`catalog`], and one `Case` in each peer that can do it.

mod catalog;
mod machine;
mod report;
mod rounds;
mod sides;
mod stats;

use std::path::PathBuf;
use std::process::ExitCode;

use bench_peer::Failure;
use clap::Parser;

use crate::catalog::{Backend, WORKS, Work};
use crate::rounds::Effort;

/// Times perilune beside its peers and prints one markdown table of ratios
#[derive(Parser)]
#[command(name = "harness")]
struct Args {
    /// Fewer and shorter rounds: within 60 seconds once everything is built
    #[arg(long)]
    quick: bool,
    /// Only these works, such as P5,P6
    #[arg(long, value_delimiter = ',', ignore_case = true, value_parser = work_ids())]
    only: Vec<String>,
    /// Only this backend (both, unless given)
    #[arg(long)]
    backend: Option<Backend>,
    /// Write the figures to this file too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn work_ids() -> clap::builder::PossibleValuesParser {
    WORKS.iter().map(|work| work.id).collect::<Vec<_>>().into()
}

fn main() -> ExitCode {
    match bench(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn bench(args: &Args) -> Result<(), Failure> {
    let wanted = |work: &&Work| args.only.is_empty() || args.only.iter().any(|id| id.eq_ignore_ascii_case(work.id));
    let works: Vec<&Work> = WORKS.iter().filter(wanted).collect();
    let backends: Vec<Backend> = match args.backend {
        Some(backend) => vec![backend],
        None => Backend::ALL.to_vec(),
    };
    for &backend in &backends {
        sides::build(backend, &works)?;
    }
    let effort = if args.quick { Effort::quick(works.len() * backends.len()) } else { Effort::full() };
    let machine = machine::describe();
    let mut figures = Vec::new();
    let mut facts = Vec::new();
    for &backend in &backends {
        for work in works.iter().filter(|work| work.rows_on(backend).next().is_some()) {
            let measured = rounds::measure(work, backend, &effort)?;
            figures.extend(report::figures(work, backend, &measured));
            facts.extend(measured.facts.into_values().map(|facts| (backend, facts)));
        }
    }
    print!("{}", report::markdown(&machine, &effort, &facts, &figures));
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&figures)? + "\n";
        std::fs::write(path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}
