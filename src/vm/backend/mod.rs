//! Where the two backends differ, and nowhere else: one contract, kept by
//! `luajit.rs` and `lua54.rs`. Above this folder no code asks which one is linked.
//!
//! The contract is what both of them export, each item documented in both.

use std::ffi::{c_int, c_void};
use std::fmt;

use crate::build_info;
use crate::sys::lua_State;

#[cfg(lua_backend = "lua54")]
mod lua54;
#[cfg(lua_backend = "luajit")]
mod luajit;

#[cfg(lua_backend = "lua54")]
pub(crate) use lua54::*;
#[cfg(lua_backend = "luajit")]
pub(crate) use luajit::*;

/// What takes the pieces of bytecode.
pub(crate) type Writer = unsafe extern "C-unwind" fn(*mut lua_State, *const c_void, usize, *mut c_void) -> c_int;

/// A Lua number as the backend sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Integer(i64),
    Float(f64),
}

/// Which Lua this program runs, and what it can do.
///
/// ```
/// let backend = perilune::Backend::current();
/// println!("{backend}");
/// if !backend.has_jit {
///     assert_eq!(backend.kind, perilune::BackendKind::Lua54);
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backend {
    /// LuaJIT or Lua 5.4.
    pub kind: BackendKind,
    /// What the linked library calls itself in its headers.
    pub version: &'static str,
    /// Whether it was built with the crate or comes from the system.
    pub linkage: Linkage,
    /// Where the declarations of its C API came from.
    pub bindings: BindingsOrigin,
    /// Scripts can be compiled to machine code.
    pub has_jit: bool,
    /// Scripts can work on C memory through LuaJIT's FFI.
    pub has_ffi: bool,
    /// A running script can be stopped also inside compiled code, as in the vendored LuaJIT. The system's interprets under limits,
    /// which then cost much of its speed, and while a [`Slice`](crate::Slice) runs: it is hardly ever built with `LUAJIT_ENABLE_CHECKHOOK`, and
    /// where it is, nobody can tell when its compiler must not be disturbed. That is said once as a warning where the features `log` or
    /// `tracing` are on.
    pub interruptible_compiled_code: bool,
    /// The VM has a sampling profiler of its own.
    pub has_profiler: bool,
}

/// The two kinds of Lua.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BackendKind {
    /// LuaJIT 2.1.
    LuaJit,
    /// Lua 5.4.
    Lua54,
}

/// Where the linked Lua comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Linkage {
    /// Built from source with the crate.
    Vendored,
    /// The system's own library.
    System,
}

/// Where the declarations of the C API come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BindingsOrigin {
    /// Made at build time from the headers of the linked library.
    Bindgen,
    /// The copy that ships with the crate, checked against those headers.
    Shipped,
}

impl Backend {
    /// The facts of this build.
    #[must_use]
    pub fn current() -> Self {
        Self {
            kind: KIND,
            version: build_info::HEADERS,
            linkage: match build_info::LINKAGE {
                build_info::Linkage::Vendored => Linkage::Vendored,
                build_info::Linkage::System => Linkage::System,
            },
            bindings: match build_info::BINDINGS {
                build_info::Bindings::Bindgen => BindingsOrigin::Bindgen,
                build_info::Bindings::Shipped => BindingsOrigin::Shipped,
            },
            has_jit: KIND == BackendKind::LuaJit,
            has_ffi: KIND == BackendKind::LuaJit,
            interruptible_compiled_code: hooks_reach_everything(),
            has_profiler: KIND == BackendKind::LuaJit,
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let linkage = match self.linkage {
            Linkage::Vendored => "vendored",
            Linkage::System => "system",
        };
        let bindings = match self.bindings {
            BindingsOrigin::Bindgen => "bindgen",
            BindingsOrigin::Shipped => "shipped",
        };
        let limits = if self.interruptible_compiled_code { "" } else { ", interprets under limits" };
        write!(f, "{} ({linkage}, {bindings} bindings{limits})", self.version)
    }
}
