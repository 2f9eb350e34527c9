//! The Lua installed on this system: pkg-config, directories that the user names, and a trial link.

use super::advice;
use super::compiler::{self, Verdict};
use super::env::Env;
use super::find::{Library, Link, Lua, Miss, System};
use super::request::{Backend, Dirs};
use std::fs;
use std::path::{Path, PathBuf};

/// The real system.
pub struct Installed<'e> {
    env: &'e Env,
}

impl<'e> Installed<'e> {
    pub fn new(env: &'e Env) -> Installed<'e> {
        Installed { env }
    }

    /// pkg-config's own switches, under a name that a shell can export for either backend: `LUAJIT_STATIC`,
    /// `LUA54_STATIC`, `LUA54_NO_PKG_CONFIG`.
    fn switch(&self, backend: Backend, what: &str) -> Option<String> {
        let name = format!("{}_{what}", backend.word().to_uppercase());
        self.env.user(&name).map(|_| name)
    }
}

impl System for Installed<'_> {
    fn package(&mut self, name: &str, backend: Backend) -> Result<Lua, Miss> {
        if let Some(switch) = self.switch(backend, "NO_PKG_CONFIG") {
            return Err(Miss::CannotAsk(format!("{switch} is set")));
        }
        let wants_archive = self.switch(backend, "STATIC").is_some();
        let found = pkg_config::Config::new().cargo_metadata(false).statik(wants_archive).probe(name).map_err(why_not)?;
        if !right_version(backend, &found.version) {
            return Err(Miss::WrongVersion(found.version));
        }
        // The first is Lua itself; what `--static` adds behind it (m, dl) belongs to the C library.
        let libraries = found
            .libs
            .iter()
            .enumerate()
            .map(|(place, lib)| Library { name: lib.clone(), archive: place == 0 && wants_archive && has_archive(&found.link_paths, lib) });
        Ok(Lua {
            backend,
            vendored: false,
            link: Link { libraries: libraries.collect(), dirs: found.link_paths },
            include: found.include_paths,
            origin: format!("pkg-config's `{name}`"),
        })
    }

    fn directories(&mut self, dirs: &Dirs, backend: Option<Backend>) -> Result<Lua, String> {
        let place = format!("the directory {}", dirs.include.display());
        let luajit = dirs.include.join("luajit.h").is_file();
        let backend = backend.unwrap_or(if luajit { Backend::LuaJit } else { Backend::Lua54 });
        if !dirs.include.join("lua.h").is_file() {
            return Err(advice::wrong_headers(&place, "are not there: it has no lua.h", backend));
        }
        let wants_archive = self.switch(backend, "STATIC").is_some();
        let mut libraries = vec![library_in(&dirs.lib, backend, wants_archive)?];
        // A shared library names what it needs; an archive leaves it to us. musl has all of it in one.
        let unix = self.env.cargo("CARGO_CFG_TARGET_FAMILY").is_some_and(|all| all.contains("unix"));
        let musl = self.env.cargo("CARGO_CFG_TARGET_ENV").is_some_and(|env| env == "musl");
        if libraries[0].archive && unix && !musl {
            libraries.extend(["m", "dl"].map(Library::shared));
        }
        Ok(Lua {
            backend,
            vendored: false,
            include: vec![dirs.include.clone()],
            link: Link { dirs: vec![dirs.lib.clone()], libraries },
            origin: place,
        })
    }
}

fn why_not(error: pkg_config::Error) -> Miss {
    use pkg_config::Error;
    match error {
        Error::Failure { .. } | Error::ProbeFailure { .. } => Miss::NotInstalled,
        Error::EnvNoPkgConfig(variable) => Miss::CannotAsk(format!("{variable} is set")),
        Error::Command { cause, .. } => Miss::CannotAsk(format!("it could not be run ({cause})")),
        Error::CrossCompilation => Miss::CannotAsk(
            "it knows only the system that builds, and this is a cross build (PKG_CONFIG_SYSROOT_DIR, \
             PKG_CONFIG_ALLOW_CROSS=1)"
                .to_owned(),
        ),
        other => Miss::CannotAsk(other.to_string().lines().next().unwrap_or_default().to_owned()),
    }
}

/// Whether pkg-config's version text is one that perilune runs on.
fn right_version(backend: Backend, version: &str) -> bool {
    let mut parts = version.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    match backend {
        Backend::LuaJit => found.0 == 2 && found.1 >= 1,
        Backend::Lua54 => found == (5, 4),
    }
}

fn has_archive(dirs: &[PathBuf], lib: &str) -> bool {
    dirs.iter().any(|dir| dir.join(format!("lib{lib}.a")).is_file())
}

/// The library in a directory that the user named, under any of the names it goes by; shared before static unless asked.
fn library_in(dir: &Path, backend: Backend, wants_archive: bool) -> Result<Library, String> {
    let names: &[&str] = match backend {
        Backend::LuaJit => &["luajit-5.1", "luajit", "lua51"],
        Backend::Lua54 => &["lua5.4", "lua-5.4", "lua54", "lua"],
    };
    let has = |file: String| dir.join(file).is_file();
    let archive = names.iter().find(|name| has(format!("lib{name}.a"))).map(|name| Library::archive(name));
    let shared = names.iter().find(|name| {
        has(format!("lib{name}.so")) || has(format!("lib{name}.dylib")) || has(format!("{name}.lib")) || has(format!("lib{name}.dll.a"))
    });
    let shared = shared.map(|name| Library::shared(name));
    let found = if wants_archive { archive.or(shared) } else { shared.or(archive) };
    found.ok_or_else(|| advice::no_library(dir, backend, names))
}

/// Links a small C program: a package can be half installed, and a file can be another Lua than its name says. The
/// program calls what only the right one has.
pub fn try_link(lua: &Lua, env: &Env) -> Result<(), String> {
    if lua.vendored {
        return Ok(());
    }
    let text = match lua.backend {
        Backend::LuaJit => {
            "#include <lua.h>\n#include <luajit.h>\n\
             int main(void) { return luaJIT_setmode((lua_State *)0, 0, 0); }\n"
        }
        Backend::Lua54 => {
            "#include <lua.h>\n\
             int main(void) { lua_toclose((lua_State *)0, 0); return lua_setiuservalue((lua_State *)0, 0, 0); }\n"
        }
    };
    let file = env.out_dir().join("try_link.c");
    fs::write(&file, text).map_err(|error| format!("{} could not be written: {error}", file.display()))?;
    match compiler::link(&file, &env.out_dir().join("try_link"), lua)? {
        Verdict::Accepted => Ok(()),
        Verdict::Refused(said) => {
            let tells = |line: &&str| line.contains("undefined") || line.contains("cannot find") || line.contains("not found");
            let line = said.lines().find(tells).or(said.lines().last()).unwrap_or("the linker did not say why");
            Err(advice::does_not_link(&lua.origin, lua.backend, line.trim()))
        }
    }
}
