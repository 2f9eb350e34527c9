//! One decision: which library is linked. The probing itself is behind [`System`], so that the decision can be tested
//! without a system.

use super::advice;
use super::request::{Backend, Dirs, Request, Source};
use std::path::PathBuf;

/// A Lua that can be linked: its headers, its libraries, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lua {
    pub backend: Backend,
    pub vendored: bool,
    pub include: Vec<PathBuf>,
    pub link: Link,
    /// How a message names it: "pkg-config's `luajit`", "the directory …".
    pub origin: String,
}

/// What the linker is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    pub dirs: Vec<PathBuf>,
    pub libraries: Vec<Library>,
}

/// One library. Lua's own comes first, then what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    pub name: String,
    pub archive: bool,
}

impl Library {
    pub fn archive(name: &str) -> Library {
        Library { name: name.to_owned(), archive: true }
    }

    pub fn shared(name: &str) -> Library {
        Library { name: name.to_owned(), archive: false }
    }
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Plan {
    Link(Lua),
    Vendor(Backend),
}

/// Why a package was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Miss {
    NotInstalled,
    /// It is there, in this version.
    WrongVersion(String),
    /// pkg-config itself cannot be run, or was told not to look.
    CannotAsk(String),
}

/// What the decision asks of the system.
pub trait System {
    /// Asks pkg-config for one package.
    fn package(&mut self, name: &str, backend: Backend) -> Result<Lua, Miss>;
    /// Looks into directories that the user named.
    fn directories(&mut self, dirs: &Dirs, backend: Option<Backend>) -> Result<Lua, String>;
}

/// The names under which distributions file each of them, in the order of asking.
pub fn package_names(backend: Backend) -> &'static [&'static str] {
    match backend {
        Backend::LuaJit => &["luajit"],
        Backend::Lua54 => &["lua5.4", "lua-5.4", "lua54", "lua"],
    }
}

/// Decides. Named directories come first, then packages unless forbidden, then the vendored sources unless forbidden.
pub fn decide(request: &Request, system: &mut dyn System) -> Result<Plan, String> {
    if let Some(dirs) = &request.dirs {
        return system.directories(dirs, request.backend).map(Plan::Link);
    }
    let vendor = Plan::Vendor(request.backend.unwrap_or(Backend::LuaJit));
    if request.source == Source::VendoredOnly {
        return Ok(vendor);
    }
    let wanted: &[Backend] = match request.backend {
        Some(Backend::LuaJit) => &[Backend::LuaJit],
        Some(Backend::Lua54) => &[Backend::Lua54],
        None => &[Backend::LuaJit, Backend::Lua54],
    };
    let mut misses = Vec::new();
    for &backend in wanted {
        for &name in package_names(backend) {
            match system.package(name, backend) {
                Ok(lua) => return Ok(Plan::Link(lua)),
                Err(miss) => misses.push((name, miss)),
            }
        }
    }
    match request.source {
        Source::SystemOnly => Err(advice::nothing_installed(wanted, &misses)),
        Source::Either | Source::VendoredOnly => Ok(vendor),
    }
}
