//! The programs of the sides: building them and running them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bench_peer::{Failure, Report};

use crate::catalog::{Backend, Entrant, Side, Work};

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../peers")
}

/// Where the programs for one backend are built.
fn target(backend: Backend) -> PathBuf {
    let base = match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("target"),
    };
    base.join(format!("peers-{}", backend.name()))
}

fn program(side: Side, backend: Backend) -> PathBuf {
    let name = format!("peer-{}{}", side.folder(), std::env::consts::EXE_SUFFIX);
    target(backend).join("release").join(name)
}

/// Builds the program of every side that takes part in `works`.
pub fn build(backend: Backend, works: &[&Work]) -> Result<(), Failure> {
    let mut sides: Vec<Side> = works.iter().flat_map(|work| work.entrants(backend)).map(|(side, _)| side).collect();
    sides.sort();
    sides.dedup();
    for side in sides {
        eprintln!("building {} for {}", side.name(), backend.name());
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--release", "--quiet", "--no-default-features", "--features", backend.name()]);
        cargo.arg("--manifest-path").arg(peers().join(side.folder()).join("Cargo.toml"));
        cargo.arg("--target-dir").arg(target(backend));
        // A choice of Lua made for other builds is not one for these.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("PERILUNE_")) {
                cargo.env_remove(name);
            }
        }
        cargo.stdin(Stdio::null()).stdout(Stdio::null());
        let status = cargo.status().map_err(|e| format!("cannot start cargo: {e}"))?;
        if !status.success() {
            return Err(format!(
                "the peer benches/peers/{} did not build for {}; its compiler's messages are above, the command was\n  {cargo:?}",
                side.folder(),
                backend.name()
            )
            .into());
        }
    }
    Ok(())
}

/// Runs one case in a fresh process.
pub fn run((side, case): Entrant, backend: Backend, iters: u64, samples: usize) -> Result<Report, Failure> {
    let who = format!("{} on {}, {case}", side.name(), backend.name());
    let out = Command::new(program(side, backend))
        .args(["--work", case, "--iters", &iters.to_string(), "--samples", &samples.to_string()])
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("{who}: cannot start: {e}"))?;
    if !out.status.success() {
        let said = String::from_utf8_lossy(&out.stderr);
        return Err(format!("{who}: {}: {}", out.status, said.trim()).into());
    }
    let report: Report =
        serde_json::from_slice(&out.stdout).map_err(|e| format!("{who}: {e} in {:?}", String::from_utf8_lossy(&out.stdout)))?;
    if report.samples.len() == samples { Ok(report) } else { Err(format!("{who}: samples are missing").into()) }
}
