//! Floor 1: the raw C API, and nothing above it.
//!
//! [`lua_sys`] is what bindgen (or the shipped copy) makes of Lua's headers, with the C macros as functions. `unit_defs` is the
//! same for the structs in `ffi_defs`. Both are checked against the C compiler's view when the crate is built. Only this
//! floor and `vm::backend` know which Lua is linked.

pub mod lua_sys;
pub(crate) mod unit_defs;

/// Inside the crate the raw names are `sys::lua_…`.
#[allow(unused_imports)]
pub(crate) use lua_sys::*;

mod macros;
#[cfg(lua_backend = "lua54")]
mod macros_lua54;
#[cfg(lua_backend = "luajit")]
mod macros_luajit;
