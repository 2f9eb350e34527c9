//! The main job: a Rust host whose rules are Lua scripts.
//!
//! ```text
//! cargo run --release --example party -- --seed 7 --units 6
//! ```
//!
//! Rust makes a party of heroes, Lua equips them, lets them fight their way through a
//! scenario and gives them levels. The rules work on the host's own structs, by checked views.
//! The same seed gives the same story on both backends. Change the scripts and the scenario in `examples/party`, or
//! copy them elsewhere and say `--scripts`: nothing has to be compiled again.

#[path = "party/game.rs"]
mod game;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use perilune::Backend;

/// More would only make the table longer.
const MOST_HEROES: i64 = 1000;

/// Sends a party of heroes on an adventure whose rules are Lua scripts.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where the dice begin: the same seed tells the same story.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many heroes there are.
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=MOST_HEROES))]
    units: u32,
    /// The directory with the scripts and the scenario.
    #[arg(long, value_name = "DIR", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/party"))]
    scripts: PathBuf,
}

fn main() -> ExitCode {
    let Arguments { seed, units, scripts } = Arguments::parse();
    let start = Instant::now();
    match game::play(&game::Options { seed, heroes: units as usize, scripts }) {
        Ok(story) => {
            print!("{story}");
            println!("backend: {}", Backend::current());
            println!("wall time: {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("party: {error:#}");
            ExitCode::FAILURE
        }
    }
}
