//! What was asked for, by features and by the environment. Nothing is looked for yet.
//!
//! Features are additive (Cargo joins those of every crate in the tree), so the environment, which belongs to the one
//! person who runs this build, wins over them.

use super::advice;
use super::env::Env;
use std::path::PathBuf;

/// Which Lua.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    LuaJit,
    Lua54,
}

impl Backend {
    /// The word for it in `PERILUNE_LUA` and in `cfg(lua_backend = …)`.
    pub fn word(self) -> &'static str {
        match self {
            Backend::LuaJit => "luajit",
            Backend::Lua54 => "lua54",
        }
    }

    /// The name people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Backend::LuaJit => "LuaJIT 2.1",
            Backend::Lua54 => "Lua 5.4",
        }
    }

    /// The macro that tells C files which one they see.
    pub fn define(self) -> &'static str {
        match self {
            Backend::LuaJit => "PERILUNE_LUAJIT",
            Backend::Lua54 => "PERILUNE_LUA54",
        }
    }
}

/// Where the library may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The system's where there is one, else the one that comes with the crate.
    Either,
    /// `PERILUNE_LINK=system`: fail rather than build one.
    SystemOnly,
    /// `PERILUNE_LINK=vendored` or the feature `vendored`: do not even look.
    VendoredOnly,
}

/// Where the Rust declarations are to come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// bindgen if it can run, else the shipped copy.
    Best,
    Bindgen,
    Shipped,
}

/// `PERILUNE_LIB_DIR` and `PERILUNE_INCLUDE_DIR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirs {
    pub lib: PathBuf,
    pub include: PathBuf,
}

/// All of it together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `None`: LuaJIT, or an installed Lua 5.4 where no LuaJIT is installed.
    pub backend: Option<Backend>,
    pub source: Source,
    pub dirs: Option<Dirs>,
    pub bindings: Wish,
}

/// Reads the request. An unknown value is an error: a typing mistake must not quietly build something else.
pub fn read(env: &Env) -> Result<Request, String> {
    let backend = match env.user("PERILUNE_LUA").as_deref() {
        Some("luajit") => Some(Backend::LuaJit),
        Some("lua54") => Some(Backend::Lua54),
        Some(other) => {
            return Err(advice::unknown_value("PERILUNE_LUA", other, &["luajit", "lua54"]));
        }
        None if env.feature("lua54") => Some(Backend::Lua54),
        None => None,
    };
    let link = env.user("PERILUNE_LINK");
    let dirs = match (env.user("PERILUNE_LIB_DIR"), env.user("PERILUNE_INCLUDE_DIR")) {
        (Some(lib), Some(include)) => Some(Dirs { lib: lib.into(), include: include.into() }),
        (None, None) => None,
        (Some(_), None) => {
            return Err(advice::half_a_pair("PERILUNE_LIB_DIR", "PERILUNE_INCLUDE_DIR"));
        }
        (None, Some(_)) => {
            return Err(advice::half_a_pair("PERILUNE_INCLUDE_DIR", "PERILUNE_LIB_DIR"));
        }
    };
    let source = match link.as_deref() {
        Some("system") => Source::SystemOnly,
        Some("vendored") if dirs.is_some() => return Err(advice::dirs_against_vendored()),
        Some("vendored") => Source::VendoredOnly,
        Some(other) => {
            return Err(advice::unknown_value("PERILUNE_LINK", other, &["system", "vendored"]));
        }
        None if dirs.is_some() => Source::SystemOnly,
        None if env.feature("vendored") => Source::VendoredOnly,
        None => Source::Either,
    };
    let bindings = match env.user("PERILUNE_BINDINGS").as_deref() {
        Some("bindgen") if env.feature("bindgen") => Wish::Bindgen,
        Some("bindgen") => return Err(advice::bindgen_feature_is_off()),
        Some("shipped") => Wish::Shipped,
        Some(other) => {
            return Err(advice::unknown_value("PERILUNE_BINDINGS", other, &["bindgen", "shipped"]));
        }
        None if env.feature("bindgen") => Wish::Best,
        None => Wish::Shipped,
    };
    Ok(Request { backend, source, dirs, bindings })
}
