//! Builds the Lua that comes with the crate (luajit-src, lua-src): optimised whatever the profile of the Rust code, with
//! the VM's own assertions off.

use super::advice;
use super::env::Env;
use super::find::{Library, Link, Lua};
use super::panics;
use super::request::Backend;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// With the check, an armed hook is seen by compiled code as well: a time limit stops a compiled loop.
const CHECK_HOOK: &str = "-DLUAJIT_ENABLE_CHECKHOOK";

/// What luajit-src and LuaJIT's makefile read from the environment, beside the compiler's own variables.
const LUAJIT_VARIABLES: [&str; 7] =
    ["HOST_CC", "STATIC_CC", "TARGET_LD", "TARGET_AR", "TARGET_STRIP", "TARGET_SYS", "MACOSX_DEPLOYMENT_TARGET"];

pub fn build(backend: Backend, env: &Env) -> Result<Lua, String> {
    let place = env.out_dir().join("vendored").join(backend.word());
    let recipe = recipe(backend, env);
    let stamp = place.join("built-with");
    if fs::read_to_string(&stamp).is_ok_and(|built| built == recipe) {
        return Ok(lua(backend, &place, env));
    }
    let _ = fs::remove_file(&stamp);
    make(backend, &place, env).map_err(|why| advice::vendored_failed(backend, &why))?;
    fs::write(&stamp, recipe).map_err(|error| format!("{} could not be written: {error}", stamp.display()))?;
    Ok(lua(backend, &place, env))
}

/// Both source crates put the headers into `include` and the library into `lib`.
fn lua(backend: Backend, place: &Path, env: &Env) -> Lua {
    let msvc = env.cargo("CARGO_CFG_TARGET_ENV").is_some_and(|env| env == "msvc");
    let library = match backend {
        Backend::LuaJit if msvc => "lua51",
        Backend::LuaJit => "luajit",
        Backend::Lua54 => "lua5.4",
    };
    Lua {
        backend,
        vendored: true,
        include: vec![place.join("include")],
        link: Link { dirs: vec![place.join("lib")], libraries: vec![Library::archive(library)] },
        origin: "the vendored sources".to_owned(),
    }
}

/// Where the source of a vendored LuaJIT is, with its own headers, and what was defined for it: its structs may depend on that.
pub fn luajit_sources(lua: &Lua, env: &Env) -> Option<(PathBuf, Vec<String>)> {
    let is_ours = lua.vendored && lua.backend == Backend::LuaJit;
    let sources = lua.include.first().filter(|_| is_ours)?.with_file_name("luajit-build").join("src");
    let defined = luajit_flags(env).split_whitespace().filter(|flag| flag.starts_with("-D")).map(str::to_owned).collect();
    Some((sources, defined))
}

/// Everything that shapes the library. The same recipe would make the same one again, so a change elsewhere in the crate
/// (in `src/vm/door.c`, say) does not build LuaJIT anew.
fn recipe(backend: Backend, env: &Env) -> String {
    let compiler = cc::Build::new().cargo_metadata(false).opt_level(2).debug(false).get_compiler();
    // This program changes with the source crates that are compiled into it.
    let program = std::env::current_exe().and_then(fs::metadata).and_then(|data| data.modified());
    let mut recipe = format!("{} {:?}\n{program:?}\n", compiler.path().display(), compiler.args());
    if backend == Backend::LuaJit {
        recipe += &format!("CCOPT={}\n", luajit_flags(env));
        for variable in LUAJIT_VARIABLES {
            recipe += &format!("{variable}={}\n", env.user(variable).unwrap_or_default());
        }
    }
    recipe
}

fn luajit_flags(env: &Env) -> String {
    let own = env.user("CCOPT").unwrap_or_else(|| "-O2 -fomit-frame-pointer".to_owned());
    format!("{own} {CHECK_HOOK}")
}

/// What LuaJIT's makefile, and the crate around it, take from the environment only.
fn luajit_environment(env: &Env) -> Vec<(&'static str, String)> {
    let mut variables = vec![
        ("CCOPT", luajit_flags(env)),
        // The source crate passes on Cargo's; the VM is optimised in every profile.
        ("OPT_LEVEL", "2".to_owned()),
        ("DEBUG", "false".to_owned()),
    ];
    if env.user("HOST_CC").is_none() {
        variables.extend(compiler_for_this_machine(env).map(|compiler| ("HOST_CC", compiler)));
    }
    // Cargo's job server: make takes as many cores as Cargo can spare.
    variables.extend(env.cargo("CARGO_MAKEFLAGS").map(|flags| ("MAKEFLAGS", flags)));
    // The program `luajit` is made as well, and not used: it need not be linked, for which a toolchain may lack something.
    if !cfg!(windows) && env.user("TARGET_LD").is_none() && env.user("TARGET_STRIP").is_none() {
        variables.extend(["TARGET_LD", "TARGET_STRIP"].map(|tool| (tool, "true".to_owned())));
    }
    variables
}

/// LuaJIT builds some tools of its own first, to run here. Its makefile would take `gcc`, or a cross compiler that was named
/// in `CC`. For a 32-bit target they need `-m32`: luajit-src knows that.
fn compiler_for_this_machine(env: &Env) -> Option<String> {
    if env.cargo("CARGO_CFG_TARGET_POINTER_WIDTH")? != "64" {
        return None;
    }
    let host = env.cargo("HOST")?;
    let quiet = || {
        let mut build = cc::Build::new();
        build.cargo_metadata(false);
        build
    };
    let native = quiet().target(&host).host(&host).try_get_compiler().ok()?;
    let target = quiet().try_get_compiler().ok()?;
    let confused = env.cargo("TARGET")? != host && native.path() == target.path();
    Some(if confused { "cc".to_owned() } else { native.path().display().to_string() })
}

fn make(backend: Backend, place: &Path, env: &Env) -> Result<(), String> {
    // The source crates panic about some missing tools.
    panics::as_errors(|| match backend {
        Backend::LuaJit => {
            let built = with_environment(luajit_environment(env), || luajit_src::Build::new().out_dir(place).debug(false).try_build());
            built.map(drop).map_err(|error| error.to_string())
        }
        Backend::Lua54 => {
            let mut build = lua_src::Build::new();
            let built = build.out_dir(place).debug(false).opt_level("2").try_build(lua_src::Lua54);
            built.map(drop).map_err(|error| error.to_string())
        }
    })
}

/// Runs `work` in a changed environment and puts the old one back: the crate's own C code is compiled in that.
fn with_environment<T>(variables: Vec<(&'static str, String)>, work: impl FnOnce() -> T) -> T {
    let set = |name: &str, value: Option<OsString>| match value {
        // SAFETY: this program has one thread.
        Some(value) => unsafe { std::env::set_var(name, value) },
        // SAFETY: as above.
        None => unsafe { std::env::remove_var(name) },
    };
    let mut before = Vec::new();
    for (name, value) in variables {
        before.push((name, std::env::var_os(name)));
        set(name, Some(value.into()));
    }
    let result = work();
    for (name, value) in before {
        set(name, value);
    }
    result
}
