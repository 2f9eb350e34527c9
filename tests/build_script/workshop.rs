//! A place to run the whole build script: a stand-in package with perilune's own manifest, build script and `src/sys`, but
//! nothing above, so that a run takes a second; and a program that depends on it and tells what it was built with.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// Whether the runs were asked for. If not, says so.
pub fn asked_for() -> bool {
    let asked = std::env::var_os("PERILUNE_TEST_BUILD_SCRIPT").is_some_and(|value| value == "1");
    if !asked {
        println!("not run: it takes packages of the system; set PERILUNE_TEST_BUILD_SCRIPT=1");
    }
    asked
}

/// One build at a time: they share a target directory and the program in it.
static TURN: LazyLock<Mutex<PathBuf>> = LazyLock::new(|| Mutex::new(set_up()));

/// A build to come: its features and its environment.
pub struct Build {
    arguments: Vec<String>,
    variables: BTreeMap<String, String>,
}

/// How it ended.
pub struct Outcome {
    succeeded: bool,
    said: String,
    told: String,
}

impl Build {
    pub fn new() -> Build {
        Build { arguments: Vec::new(), variables: BTreeMap::new() }
    }

    /// `--features …`, `--all-features`, `--no-default-features`.
    pub fn arguments(mut self, arguments: &[&str]) -> Build {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    pub fn set(mut self, name: &str, value: impl AsRef<Path>) -> Build {
        self.variables.insert(name.to_owned(), value.as_ref().to_str().expect("a path in UTF-8").to_owned());
        self
    }

    /// Only these packages are known to pkg-config: the directory of their `.pc` files.
    pub fn packages(self, dir: &Path) -> Build {
        self.set("PKG_CONFIG_LIBDIR", dir).set("PKG_CONFIG_PATH", dir)
    }

    /// Builds the program and runs it.
    pub fn run(self) -> Outcome {
        let place = turn();
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.current_dir(place.join("program")).arg("run").args(self.arguments);
        // What the person who runs the tests has set must not decide them.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let decides = ["PERILUNE_", "LUAJIT_", "LUA54_", "PKG_CONFIG", "CARGO_FEATURE_", "CARGO_PROFILE_"];
            if decides.iter().any(|prefix| text.starts_with(prefix)) || ["LIBCLANG_PATH", "CC", "CFLAGS", "RUSTFLAGS"].contains(&&*text) {
                command.env_remove(&name);
            }
        }
        let output = command
            .env("CARGO_TARGET_DIR", place.join("target"))
            .env("CARGO_TERM_COLOR", "never")
            .env("LC_ALL", "C")
            .envs(self.variables)
            .output()
            .expect("cargo can be run");
        Outcome::of(&output)
    }
}

impl Outcome {
    fn of(output: &Output) -> Outcome {
        Outcome {
            succeeded: output.status.success(),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
            told: String::from_utf8_lossy(&output.stdout).into_owned(),
        }
    }

    /// It was built and ran, and told each of these lines.
    #[track_caller]
    pub fn tells(self, lines: &[&str]) -> Outcome {
        assert!(self.succeeded, "the build failed:\n{}", self.said);
        for line in lines {
            assert!(self.told.lines().any(|told| told == *line), "{line} is missing in:\n{}", self.told);
        }
        self
    }

    /// The value of a line `name=value`.
    #[track_caller]
    pub fn value(&self, name: &str) -> &str {
        let value = self.told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_else(|| panic!("{name} is missing in:\n{}{}", self.told, self.said))
    }

    /// It was not built, and the sentence has all these parts.
    #[track_caller]
    pub fn fails_with(self, parts: &[&str]) {
        assert!(!self.succeeded, "the build did not fail:\n{}", self.told);
        let sentence = self.sentence();
        assert!(!sentence.is_empty(), "no sentence, but:\n{}", self.said);
        for part in parts {
            assert!(sentence.contains(part), "`{part}` is missing in:\n{sentence}\n\nin all of:\n{}", self.said);
        }
        assert!(!self.said.contains("panicked at"), "a panic:\n{}", self.said);
    }

    /// What the build script warned of.
    pub fn warns(&self) -> Vec<&str> {
        self.said.lines().filter(|line| line.starts_with("warning: perilune@")).collect()
    }

    fn sentence(&self) -> String {
        let lines = self.said.lines().filter_map(|line| line.strip_prefix("error: perilune@"));
        lines.filter_map(|line| line.split_once(": ")).map(|(_, text)| text).collect::<Vec<_>>().join("\n")
    }
}

/// An empty directory for what a test makes.
pub fn directory(name: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("build-script").join(name);
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(&place).expect("the directory can be made");
    place
}

/// A directory with the `.pc` files of some packages, each a copy of an installed one under another name, or changed.
pub fn packages(name: &str, copies: &[(&str, &str)]) -> PathBuf {
    let place = directory(name);
    for (from, to) in copies {
        fs::copy(installed(from), place.join(format!("{to}.pc"))).expect("the package's file can be copied");
    }
    place
}

/// The `.pc` file of an installed package.
#[track_caller]
pub fn installed(package: &str) -> PathBuf {
    let answer = Command::new("pkg-config").args(["--variable=pcfiledir", package]).output();
    let answer = answer.expect("pkg-config is installed (apt-get install pkg-config)");
    let debian = match package {
        "luajit" => "libluajit-5.1-dev",
        "lua5.3" => "liblua5.3-dev",
        _ => "liblua5.4-dev",
    };
    assert!(answer.status.success(), "the package {package} is not installed (apt-get install {debian})");
    Path::new(String::from_utf8_lossy(&answer.stdout).trim()).join(format!("{package}.pc"))
}

/// A variable of an installed package: `includedir`, `libdir`.
#[track_caller]
pub fn variable(package: &str, name: &str) -> PathBuf {
    installed(package);
    let answer = Command::new("pkg-config").args([&format!("--variable={name}"), package]).output().expect("pkg-config runs");
    PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim())
}

/// The directory of a package's headers.
#[track_caller]
pub fn headers(package: &str) -> PathBuf {
    installed(package);
    let answer = Command::new("pkg-config").args(["--cflags-only-I", package]).env("PKG_CONFIG_ALLOW_SYSTEM_CFLAGS", "1").output();
    let answer = answer.expect("pkg-config runs").stdout;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    PathBuf::from(answer.split_whitespace().next().and_then(|word| word.strip_prefix("-I")).expect("a directory of headers"))
}

/// A copy of a package's headers in which one piece of text is replaced.
pub fn changed_headers(package: &str, name: &str, file: &str, from: &str, to: &str) -> PathBuf {
    let place = directory(name);
    for entry in fs::read_dir(headers(package)).expect("the headers can be listed").flatten() {
        fs::copy(entry.path(), place.join(entry.file_name())).expect("a header can be copied");
    }
    let text = fs::read_to_string(place.join(file)).expect("the header can be read");
    assert!(text.contains(from), "{file} of {package} has no `{from}`");
    fs::write(place.join(file), text.replace(from, to)).expect("the header can be written");
    place
}

/// A PATH with every program of this system but some.
pub fn path_without(name: &str, hidden: &[&str]) -> PathBuf {
    let place = directory(name);
    let path = std::env::var_os("PATH").expect("there is a PATH");
    for dir in std::env::split_paths(&path) {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            if !hidden.iter().any(|hidden| entry.file_name() == *hidden) {
                // The first one on the PATH is the one that counts.
                let _ = symlink(entry.path(), place.join(entry.file_name()));
            }
        }
    }
    place
}

fn turn() -> MutexGuard<'static, PathBuf> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn set_up() -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("build-script").join("workshop");
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let stand_in = place.join("perilune");
    let program = place.join("program");
    // The target directory stays: the crates that build are built once.
    for dir in [&stand_in, &program] {
        let _ = fs::remove_dir_all(dir);
        fs::create_dir_all(dir.join("src")).expect("the workshop can be made");
    }
    for shared in ["build.rs", "build", "wrapper.h", "ffi_defs", "src/sys", "src/vm", "src/build_info.rs", "README.md"] {
        let _ = symlink(crate_root.join(shared), stand_in.join(shared));
    }
    write(&stand_in.join("Cargo.toml"), &stand_in_manifest(&read(&crate_root.join("Cargo.toml"))));
    write(&stand_in.join("src/lib.rs"), STAND_IN);
    write(&place.join("Cargo.toml"), "[workspace]\nmembers = [\"perilune\", \"program\"]\nresolver = \"3\"\n");
    let _ = fs::copy(crate_root.join("Cargo.lock"), place.join("Cargo.lock"));
    write(&program.join("Cargo.toml"), PROGRAM_MANIFEST);
    write(&program.join("build.rs"), PROGRAM_BUILD);
    write(&program.join("src/main.rs"), PROGRAM);
    place
}

/// perilune's manifest without what belongs to its tests, benches and workspace.
fn stand_in_manifest(manifest: &str) -> String {
    let mut kept = String::new();
    let mut keep = true;
    for line in manifest.lines() {
        if line.starts_with('[') {
            let dropped = ["[workspace", "[dev-dependencies", "[[bench", "[[test", "[[example", "[[bin", "[profile", "[lints"];
            keep = !dropped.iter().any(|section| line.starts_with(section));
        }
        if keep {
            kept += line;
            kept.push('\n');
        }
    }
    kept
}

const STAND_IN: &str = "#![allow(dead_code, unused_imports, missing_docs)]
mod build_info;
mod sys;
pub use sys::lua_sys;
pub fn facts() -> String {
    let buffer = lua_sys::LUAL_BUFFERSIZE;
    format!(
        \"linkage={:?}\\nbindings={:?}\\nheaders={}\\nbuffer={buffer}\",
        build_info::LINKAGE, build_info::BINDINGS, build_info::HEADERS,
    )
}
";

const PROGRAM_MANIFEST: &str = "[package]
name = \"program\"
version = \"0.0.0\"
edition = \"2024\"
build = \"build.rs\"
[features]
default = [\"bindgen\"]
vendored = [\"perilune/vendored\"]
lua54 = [\"perilune/lua54\"]
bindgen = [\"perilune/bindgen\"]
[dependencies]
perilune = { path = \"../perilune\", default-features = false }
";

const PROGRAM_BUILD: &str = "fn main() {
    for key in [\"BACKEND\", \"VERSION\", \"LINKAGE\", \"BINDINGS\", \"INCLUDE\"] {
        println!(\"cargo::rustc-env=DEP_{key}={}\", std::env::var(format!(\"DEP_LUA_{key}\")).unwrap());
    }
}
";

/// Tells what the build says of itself and what the running library says: `_VERSION`, and `jit.version` where there is one.
const PROGRAM: &str = "use perilune::lua_sys::*;
use std::ffi::CStr;
fn main() {
    println!(\"dep-backend={}\", env!(\"DEP_BACKEND\"));
    println!(\"dep-version={}\", env!(\"DEP_VERSION\"));
    println!(\"dep-linkage={}\", env!(\"DEP_LINKAGE\"));
    println!(\"dep-bindings={}\", env!(\"DEP_BINDINGS\"));
    println!(\"dep-include={}\", env!(\"DEP_INCLUDE\"));
    println!(\"{}\", perilune::facts());
    let maps = std::fs::read_to_string(\"/proc/self/maps\").unwrap_or_default();
    println!(\"shared={}\", maps.contains(\"/liblua\"));
    unsafe {
        let state = luaL_newstate();
        luaL_openlibs(state);
        luaL_dostring(state, c\"return type(jit) == 'table' and jit.version or _VERSION\".as_ptr());
        println!(\"running={}\", CStr::from_ptr(lua_tostring(state, -1)).to_str().unwrap());
        lua_close(state);
    }
}
";

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
