//! The Lua installed on this system: pkg-config, directories that the user names, and a trial link.

use super::advice;
use super::env::Env;
use super::find::{Lua, Miss, System};
use super::request::{Backend, Dirs};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// The real system.
pub struct Installed<'e> {
    env: &'e Env,
}

impl<'e> Installed<'e> {
    pub fn new(env: &'e Env) -> Installed<'e> {
        Installed { env }
    }

    /// pkg-config's own switches, under a name that a shell can export for either backend: `LUAJIT_STATIC`, `LUA54_STATIC`, …
    fn switch(&self, backend: Backend, what: &str) -> bool {
        self.env
            .user(&format!("{}_{what}", backend.word().to_uppercase()))
            .is_some()
    }
}

impl System for Installed<'_> {
    fn package(&mut self, name: &str, backend: Backend) -> Result<Lua, Miss> {
        if self.switch(backend, "NO_PKG_CONFIG") {
            return Err(Miss::CannotAsk(format!(
                "{}_NO_PKG_CONFIG is set",
                backend.word().to_uppercase()
            )));
        }
        let wants_static = self.switch(backend, "STATIC");
        let library = pkg_config::Config::new()
            .cargo_metadata(false)
            .statik(wants_static)
            .probe(name)
            .map_err(|error| match error {
                pkg_config::Error::Failure { .. } | pkg_config::Error::ProbeFailure { .. } => {
                    Miss::NotInstalled
                }
                pkg_config::Error::Command { cause, .. } => {
                    Miss::CannotAsk(format!("it could not be run ({cause})"))
                }
                pkg_config::Error::EnvNoPkgConfig(variable) => {
                    Miss::CannotAsk(format!("{variable} is set"))
                }
                pkg_config::Error::CrossCompilation => Miss::CannotAsk(
                    "this is a cross build; see PKG_CONFIG_ALLOW_CROSS and PKG_CONFIG_SYSROOT_DIR"
                        .to_owned(),
                ),
                other => Miss::CannotAsk(
                    other
                        .to_string()
                        .lines()
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                ),
            })?;
        if !right_version(backend, &library.version) {
            return Err(Miss::WrongVersion(library.version));
        }
        let mut link: Vec<String> = library
            .link_paths
            .iter()
            .map(|dir| format!("rustc-link-search=native={}", dir.display()))
            .collect();
        for (position, lib) in library.libs.iter().enumerate() {
            // The first is Lua itself; what `--static` adds behind it (m, dl) comes from the C library.
            let is_static =
                wants_static && position == 0 && archive_exists(&library.link_paths, lib);
            link.push(format!(
                "rustc-link-lib={}{lib}",
                if is_static { "static=" } else { "" }
            ));
        }
        Ok(Lua {
            backend,
            vendored: false,
            include: library.include_paths,
            link,
            origin: format!("pkg-config's `{name}`"),
        })
    }

    fn directories(&mut self, dirs: &Dirs, backend: Option<Backend>) -> Result<Lua, String> {
        let has_luajit = dirs.include.join("luajit.h").is_file();
        let backend = backend.unwrap_or(if has_luajit {
            Backend::LuaJit
        } else {
            Backend::Lua54
        });
        let place = format!("the directory {}", dirs.include.display());
        if !dirs.include.join("lua.h").is_file() {
            return Err(advice::wrong_headers(
                &place,
                backend.name(),
                "cannot be read: there is no lua.h",
                backend,
            ));
        }
        let file = library_in(&dirs.lib, backend, self.switch(backend, "STATIC"))?;
        let mut link = vec![format!("rustc-link-search=native={}", dirs.lib.display())];
        link.push(format!(
            "rustc-link-lib={}{}",
            if file.archive { "static=" } else { "dylib=" },
            file.name
        ));
        let unix = self
            .env
            .cargo("CARGO_CFG_TARGET_FAMILY")
            .is_some_and(|family| family.contains("unix"));
        if file.archive && unix {
            link.extend(["m", "dl"].map(|lib| format!("rustc-link-lib={lib}")));
        }
        Ok(Lua {
            backend,
            vendored: false,
            include: vec![dirs.include.clone()],
            link,
            origin: place,
        })
    }
}

fn right_version(backend: Backend, version: &str) -> bool {
    let mut parts = version
        .split(['.', '-'])
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    match backend {
        Backend::LuaJit => found.0 == 2 && found.1 >= 1,
        Backend::Lua54 => found == (5, 4),
    }
}

fn archive_exists(dirs: &[PathBuf], lib: &str) -> bool {
    dirs.iter()
        .any(|dir| dir.join(format!("lib{lib}.a")).is_file())
}

struct LibraryFile {
    name: String,
    archive: bool,
}

/// The library in a directory that the user named, under any of the names it goes by; shared before static unless asked.
fn library_in(dir: &Path, backend: Backend, wants_static: bool) -> Result<LibraryFile, String> {
    let names: &[&str] = match backend {
        Backend::LuaJit => &["luajit-5.1", "luajit", "lua51"],
        Backend::Lua54 => &["lua5.4", "lua-5.4", "lua54", "lua"],
    };
    let shared: &[(&str, &str)] = &[
        ("lib", ".so"),
        ("lib", ".dylib"),
        ("", ".lib"),
        ("lib", ".dll.a"),
    ];
    let archive: &[(&str, &str)] = &[("lib", ".a")];
    let order: [(&[(&str, &str)], bool); 2] = if wants_static {
        [(archive, true), (shared, false)]
    } else {
        [(shared, false), (archive, true)]
    };
    let mut tried = Vec::new();
    for (shapes, archive) in order {
        for name in names {
            for (prefix, suffix) in shapes {
                let file = format!("{prefix}{name}{suffix}");
                if dir.join(&file).is_file() {
                    return Ok(LibraryFile {
                        name: (*name).to_owned(),
                        archive,
                    });
                }
                tried.push(file);
            }
        }
    }
    tried.retain(|file| file.ends_with(".so") || file.ends_with(".a") && !file.ends_with(".dll.a"));
    Err(advice::no_library(dir, backend, &tried))
}

/// Links a small C program with the library: a package can be half installed, and a name can hide another Lua. The program
/// calls what only the right one has.
pub fn try_link(lua: &Lua, env: &Env) -> Result<(), String> {
    let compiler = cc::Build::new()
        .cargo_metadata(false)
        .includes(&lua.include)
        .get_compiler();
    if lua.vendored || compiler.is_like_msvc() {
        return Ok(());
    }
    let source = env.out_dir().join("try_link.c");
    let text = match lua.backend {
        Backend::LuaJit => {
            "#include <lua.h>\n#include <luajit.h>\nint main(void) { return luaJIT_setmode((lua_State *)0, 0, 0); }\n"
        }
        Backend::Lua54 => {
            "#include <lua.h>\nint main(void) { lua_toclose((lua_State *)0, 0); return lua_setiuservalue((lua_State *)0, 0, 0); }\n"
        }
    };
    fs::write(&source, text)
        .map_err(|error| format!("{} could not be written: {error}", source.display()))?;
    let mut command = compiler.to_command();
    command
        .arg(&source)
        .arg("-o")
        .arg(env.out_dir().join("try_link"));
    for line in &lua.link {
        if let Some(dir) = line.strip_prefix("rustc-link-search=native=") {
            command.arg(format!("-L{dir}"));
        } else if let Some(lib) = line.strip_prefix("rustc-link-lib=") {
            command.arg(format!("-l{}", lib.rsplit('=').next().unwrap_or(lib)));
        }
    }
    let output = command
        .arg("-lm")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| advice::no_compiler(&error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let telling = said
        .lines()
        .find(|line| line.contains("undefined reference") || line.contains("cannot find"));
    let telling = telling
        .or(said.lines().last())
        .unwrap_or("the linker did not say why");
    Err(advice::does_not_link(
        &lua.origin,
        lua.backend,
        telling.trim(),
    ))
}
