//! Builds the Lua that comes with the crate (luajit-src, lua-src), optimised whatever the profile of the Rust code, with the
//! VM's own assertions off.

use super::advice;
use super::env::Env;
use super::find::Lua;
use super::request::Backend;
use std::fs;
use std::path::Path;

/// With the check, an armed hook is seen by compiled code as well: a time limit stops a compiled loop.
const CHECK_HOOK: &str = "-DLUAJIT_ENABLE_CHECKHOOK";

pub fn build(backend: Backend, env: &Env) -> Result<Lua, String> {
    let place = env.out_dir().join("vendored").join(backend.word());
    let recipe = recipe(backend, env);
    let stamp = place.join("built-with");
    if fs::read_to_string(&stamp).is_ok_and(|built| built == recipe) {
        return Ok(lua(backend, &place));
    }
    let _ = fs::remove_file(&stamp);
    make(backend, &place, env).map_err(|why| advice::vendored_failed(backend, &why))?;
    fs::write(&stamp, recipe)
        .map_err(|error| format!("{} could not be written: {error}", stamp.display()))?;
    Ok(lua(backend, &place))
}

/// Both source crates put the headers into `include` and the library into `lib`.
fn lua(backend: Backend, place: &Path) -> Lua {
    let windows_name = cfg!(windows) && backend == Backend::LuaJit;
    let library = match backend {
        Backend::LuaJit if windows_name => "lua51",
        Backend::LuaJit => "luajit",
        Backend::Lua54 => "lua5.4",
    };
    Lua {
        backend,
        vendored: true,
        include: vec![place.join("include")],
        link: vec![
            format!("rustc-link-search=native={}", place.join("lib").display()),
            format!("rustc-link-lib=static={library}"),
        ],
        origin: "the vendored sources".to_owned(),
    }
}

/// Everything that shapes the library. A build with the same recipe would make the same one, so a change elsewhere in the crate
/// (in `src/vm/door.c`, say) does not build LuaJIT again.
fn recipe(backend: Backend, env: &Env) -> String {
    let compiler = cc::Build::new()
        .cargo_metadata(false)
        .opt_level(2)
        .debug(false)
        .get_compiler();
    let program = std::env::current_exe()
        .and_then(fs::metadata)
        .and_then(|data| data.modified());
    let mut recipe = format!(
        "{} {:?}\n{:?}\n",
        compiler.path().display(),
        compiler.args(),
        program
    );
    if backend == Backend::LuaJit {
        recipe += &format!("CCOPT={}\n", luajit_flags(env));
        for variable in LUAJIT_VARIABLES {
            recipe += &format!("{variable}={}\n", env.user(variable).unwrap_or_default());
        }
    }
    recipe
}

/// What luajit-src and LuaJIT's makefile read from the environment.
const LUAJIT_VARIABLES: [&str; 7] = [
    "HOST_CC",
    "STATIC_CC",
    "TARGET_LD",
    "TARGET_AR",
    "TARGET_STRIP",
    "TARGET_SYS",
    "MACOSX_DEPLOYMENT_TARGET",
];

fn luajit_flags(env: &Env) -> String {
    let own = env
        .user("CCOPT")
        .unwrap_or_else(|| "-O2 -fomit-frame-pointer".to_owned());
    format!("{own} {CHECK_HOOK}")
}

fn make(backend: Backend, place: &Path, env: &Env) -> Result<(), String> {
    match backend {
        Backend::LuaJit => {
            // LuaJIT's makefile and the crate around it take these from the environment only.
            // SAFETY: this program has one thread.
            unsafe {
                std::env::set_var("CCOPT", luajit_flags(env));
                std::env::set_var("OPT_LEVEL", "2");
                std::env::set_var("DEBUG", "false");
            }
            let built = luajit_src::Build::new()
                .out_dir(place)
                .debug(false)
                .try_build();
            built.map(drop).map_err(|error| error.to_string())
        }
        Backend::Lua54 => {
            let built = lua_src::Build::new()
                .out_dir(place)
                .debug(false)
                .opt_level("2")
                .try_build(lua_src::Lua54);
            built.map(drop).map_err(|error| error.to_string())
        }
    }
}
