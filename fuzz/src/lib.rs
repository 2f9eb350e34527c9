//! Random programs of view operations, run by a VM and by a model in plain Rust at once:
//! every result, every error and, at the end of every loan, the memory have to agree. [`untrusted`]: scripts by a grammar, which may not hurt the host.

mod grammar;
#[path = "../../tests/hostile/generate.rs"]
mod hostile;
mod loans;
mod model;
mod program;
mod run;
pub mod untrusted;
mod values;
mod world;

pub use program::Program;
pub use run::{Counts, run};
