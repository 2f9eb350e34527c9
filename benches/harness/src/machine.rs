//! What a reader has to know about where the figures come from.

use std::fs;
use std::process::Command;

pub struct Machine {
    pub date: String,
    pub commit: String,
    pub hardware: String,
    pub rustc: String,
    pub cc: String,
}

pub fn describe() -> Machine {
    let here = env!("CARGO_MANIFEST_DIR");
    let commit = match said("git", &["-C", here, "rev-parse", "--short", "HEAD"]) {
        Some(commit) => {
            // The library's own files: what else lies around does not change the figures.
            let dirty = said("git", &["-C", here, "status", "--porcelain", "--", ":/src", ":/build.rs", ":/build", ":/Cargo.toml"]);
            if dirty.is_some() { commit + " with changes" } else { commit }
        }
        None => "unknown".into(),
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = said("uname", &["-sr"]).unwrap_or_else(|| "an unknown system".into());
    Machine {
        date: said("date", &["-u", "+%F"]).unwrap_or_else(|| "on an unknown day".into()),
        commit,
        hardware: format!("{}, {cores} cores, {}, {kernel}{}", cpu(), std::env::consts::ARCH, load()),
        rustc: said("rustc", &["--version"]).unwrap_or_else(|| "an unknown rustc".into()),
        cc: said("cc", &["--version"]).unwrap_or_else(|| "an unknown cc".into()),
    }
}

fn cpu() -> String {
    let field = |text: &str| -> Option<String> {
        let line = text.lines().find(|line| line.to_lowercase().starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let lscpu = || Command::new("lscpu").output().ok().map(|out| String::from_utf8_lossy(&out.stdout).into_owned());
    fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| field(&text))
        .or_else(|| field(&lscpu()?))
        .unwrap_or_else(|| "an unknown CPU".into())
}

/// How busy the machine was with other things when the run began.
fn load() -> String {
    fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|text| Some(format!(", load {} at the start", text.split_whitespace().next()?)))
        .unwrap_or_default()
}

/// The first line that a command prints, if it ran and printed any.
pub fn said(program: &str, args: &[&str]) -> Option<String> {
    let out = Command::new(program).args(args).output().ok().filter(|out| out.status.success())?;
    let text = String::from_utf8(out.stdout).ok()?;
    text.lines().next().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
}
