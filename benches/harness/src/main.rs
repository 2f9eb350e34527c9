//! Times perilune beside its peers and prints one markdown table of ratios.
//!
//! Every side is a program of its own (their symbols clash). They run in turn, each round in fresh processes and in
//! another order, and only numbers of one round are compared with each other: a figure is the median, over the rounds,
//! of ours divided by the peer's. Progress goes to stderr, the table to stdout.
//!
//! To add a work: one entry in [`catalog`], and one `Case` in each peer that can do it.

mod catalog;
mod chart;
mod curves;
mod instructions;
mod machine;
mod memory;
mod programs;
mod report;
mod rounds;
mod sides;
mod stats;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bench_peer::Failure;
use clap::{Parser, Subcommand};
use serde::Serialize;

use crate::catalog::{Backend, WORKS, Work};
use crate::curves::{CURVES, Curve};
use crate::programs::{SUITES, Suite};
use crate::report::Figure;
use crate::rounds::Effort;

/// Times perilune beside its peers and prints one markdown table of ratios
#[derive(Parser)]
#[command(name = "harness", args_conflicts_with_subcommands = true)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Fewer and shorter rounds: within 60 seconds once everything is built
    #[arg(long)]
    quick: bool,
    /// Only these works, such as P5,P6; `programs`, P14 and P14.nojit are those of benches/programs, which a quick run leaves
    /// out else, and `memory` is what a limit of memory costs, which every run leaves out else
    #[arg(long, value_delimiter = ',', ignore_case = true, value_parser = work_ids())]
    only: Vec<String>,
    /// Only this backend (both, unless given)
    #[arg(long)]
    backend: Option<Backend>,
    /// Write the figures to this file too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw a chart for each backend into this folder too
    #[arg(long, value_name = "DIR")]
    svg: Option<PathBuf>,
    /// Measure nothing: draw the charts of figures that --json wrote
    #[arg(long, value_name = "FILE", requires = "svg", conflicts_with_all = ["quick", "only", "backend", "json"])]
    from_json: Option<PathBuf>,
}

/// What else the harness does.
#[derive(Subcommand)]
enum Command {
    /// How figures change with how much there is
    Curves(CurveArgs),
    Instructions(instructions::Options),
}

#[derive(clap::Args)]
struct CurveArgs {
    /// Fewer rounds, and nothing that takes gigabytes
    #[arg(long)]
    quick: bool,
    /// Only these curves, such as structs,handles
    #[arg(long, value_delimiter = ',', ignore_case = true, value_parser = curve_names())]
    only: Vec<String>,
    /// Another backend
    #[arg(long, default_value = "luajit")]
    backend: Backend,
    /// Write the figures to this file too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn curve_names() -> clap::builder::PossibleValuesParser {
    CURVES.iter().map(|curve| curve.name).collect::<Vec<_>>().into()
}

fn work_ids() -> clap::builder::PossibleValuesParser {
    WORKS.iter().map(|work| work.id).chain(SUITES.iter().map(|suite| suite.id)).chain([memory::ID]).collect::<Vec<_>>().into()
}

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match (&args.command, &args.from_json) {
        (Some(Command::Curves(args)), _) => show_curves(args),
        (Some(Command::Instructions(options)), _) => instructions::main(options),
        (None, Some(file)) => draw_again(file, args.svg.as_deref()),
        (None, None) => bench(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// The works to do: those asked for, or all that compare; a quick run has no time for the programs.
fn wanted(args: &Args) -> Vec<&'static Work> {
    let is_wanted = |work: &&Work| match args.only.as_slice() {
        [] => !(args.quick && programs::is_one(work) || memory::is_one(work)),
        ids => ids.iter().any(|id| id.eq_ignore_ascii_case(work.id)),
    };
    WORKS.iter().chain(SUITES.iter().flat_map(Suite::works)).chain(memory::works()).filter(is_wanted).collect()
}

fn bench(args: &Args) -> Result<(), Failure> {
    let works = wanted(args);
    let backends: Vec<Backend> = match args.backend {
        Some(backend) => vec![backend],
        None => Backend::ALL.to_vec(),
    };
    for &backend in &backends {
        sides::build(backend, works.iter().flat_map(|work| work.entrants(backend)).map(|(side, _)| side).collect())?;
    }
    let effort = if args.quick { Effort::quick(works.len() * backends.len()) } else { Effort::full() };
    let machine = machine::describe();
    let mut figures = Vec::new();
    let mut facts = Vec::new();
    for &backend in &backends {
        let mut programs = Vec::new();
        for &work in works.iter().filter(|work| work.rows_on(backend).next().is_some()) {
            let run = |entrant, samples| sides::run(entrant, backend, work.iters, samples, None);
            let measured = rounds::measure(work, backend, &effort, run)?;
            figures.extend(report::figures(work, backend, &measured));
            facts.extend(measured.facts.values().map(|facts| (backend, facts.clone())));
            if programs::is_one(work) {
                programs.push((work, measured));
            }
        }
        figures.extend(SUITES.iter().flat_map(|suite| suite.means(backend, &programs)));
    }
    print!("{}", report::markdown(&machine, &effort, &facts, &figures));
    write_json(args.json.as_deref(), &figures)?;
    match &args.svg {
        Some(folder) => draw(&figures, folder),
        None => Ok(()),
    }
}

fn show_curves(args: &CurveArgs) -> Result<(), Failure> {
    let wanted = |curve: &&Curve| args.only.is_empty() || args.only.iter().any(|name| name.eq_ignore_ascii_case(curve.name));
    let curves: Vec<&Curve> = CURVES.iter().filter(wanted).filter(|curve| curve.is_on(args.backend)).collect();
    sides::build(args.backend, curves::sides_of(&curves))?;
    let machine = machine::describe();
    println!("Measured {} at commit {} on {}.", machine.date, machine.commit, machine.hardware);
    println!("In parentheses: the smallest and the largest of the rounds.");
    let mut points = Vec::new();
    for curve in curves {
        let measured = curves::measure(curve, args.backend, args.quick)?;
        print!("\n{}", curves::markdown(curve, args.backend, &measured));
        points.extend(measured);
    }
    write_json(args.json.as_deref(), &points)
}

fn write_json(path: Option<&Path>, figures: &impl Serialize) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    let text = serde_json::to_string_pretty(figures)? + "\n";
    std::fs::write(path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    eprintln!("wrote {}", path.display());
    Ok(())
}

fn draw_again(file: &Path, folder: Option<&Path>) -> Result<(), Failure> {
    let text = std::fs::read_to_string(file).map_err(|e| format!("cannot read {}: {e}", file.display()))?;
    let figures: Vec<Figure> = serde_json::from_str(&text).map_err(|e| format!("{}: not what --json writes: {e}", file.display()))?;
    draw(&figures, folder.ok_or("--from-json needs --svg, the folder to draw into")?)
}

/// A chart for each backend that has figures; of the programs it has the mean.
fn draw(figures: &[Figure], folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|e| format!("cannot make the folder {}: {e}", folder.display()))?;
    for backend in Backend::ALL {
        let is_drawn = |figure: &&Figure| figure.backend == backend && !programs::is_single(figure) && figure.id != memory::ID;
        let own: Vec<&Figure> = figures.iter().filter(is_drawn).collect();
        if own.is_empty() {
            continue;
        }
        let path = folder.join(format!("benchmarks-{}.svg", backend.name()));
        let text = chart::svg(backend, &own)?;
        std::fs::write(&path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}
