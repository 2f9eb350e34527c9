//! The programs of the sides: building them and running them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bench_peer::{Failure, Report};

use crate::catalog::{Backend, Entrant, Side};

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

/// Its program, once it is built.
pub fn program(side: Side, backend: Backend) -> PathBuf {
    let name = format!("peer-{}{}", side.folder(), std::env::consts::EXE_SUFFIX);
    target(backend).join("release").join(name)
}

/// Builds the programs of these sides.
pub fn build(backend: Backend, mut sides: Vec<Side>) -> Result<(), Failure> {
    sides.sort_by_key(|side| side.folder());
    sides.dedup_by_key(|side| side.folder());
    sides.into_iter().try_for_each(|side| build_side(side, backend))
}

/// Builds the program of one side.
pub fn build_side(side: Side, backend: Backend) -> Result<(), Failure> {
    eprintln!("building {} for {}", side.folder(), backend.name());
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
    Ok(())
}

/// Runs one case in a fresh process, of a size if it is part of a curve.
pub fn run((side, case): Entrant, backend: Backend, iters: u64, samples: usize, size: Option<usize>) -> Result<Report, Failure> {
    let who = format!("{} on {}, {case}", side.name(), backend.name());
    let out = Command::new(program(side, backend))
        .args(["--work", case, "--iters", &iters.to_string(), "--samples", &samples.to_string()])
        .args(size.map(|size| format!("--size={size}")))
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
