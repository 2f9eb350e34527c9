//! The whole public C API of the linked Lua, under its own names.
//!
//! Functions, types and constants are bindgen's, made from the headers being linked (or the copy that ships with this crate, where
//! there was no libclang); the macros of the manual are inline functions. Every function and callback type is
//! `extern "C-unwind"`. A library of an older release may lack a function that is declared here (`lua_closethread` came
//! with Lua 5.4.6): the linker says so if it is used.
//!
//! # Safety
//!
//! The manual's rules are the contract of every function here: `L` is a live state that this thread may use, indices are
//! acceptable, and there is room on the stack for what is pushed. The documentation of the macros gives their effect on it as
//! the manual does: `[-o, +p, x]` for `o` values popped, `p` pushed, and `x` telling what may be raised: `-` nothing, `m` a
//! memory error, `e` any error, `v` an error on purpose.
//!
//! **What raises must be called from C, or inside a protected call made from C.** An error leaves the function by unwinding or by
//! `longjmp`, depending on the Lua; either way a Rust frame it crosses must own nothing, and it must not be a frame of a
//! program built with `panic = "abort"`. The rest of this crate never lets one cross Rust, and is the better way in for all that it
//! covers.

use std::ffi::{c_char, c_void};

#[allow(missing_docs, non_camel_case_types, non_snake_case, non_upper_case_globals, clippy::all, clippy::undocumented_unsafe_blocks)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/lua_sys.rs"));
}

/// What the headers say about their version, read by the preprocessor in every build.
mod facts {
    include!(concat!(env!("OUT_DIR"), "/facts.rs"));
}

pub use facts::*;
pub use generated::*;

pub use super::macros::*;
#[cfg(lua_backend = "lua54")]
pub use super::macros_lua54::*;
#[cfg(lua_backend = "luajit")]
pub use super::macros_luajit::*;

/// C's `va_list`, as [`lua_pushvfstring`] takes it: on every supported target it is passed as one pointer. Rust can hand
/// one on but not make one.
#[allow(non_camel_case_types)]
pub type va_list = *mut c_void;

unsafe extern "C-unwind" {
    /// Like [`lua_pushfstring`], with the arguments as a `va_list`. `[-0, +1, v]`
    #[allow(non_snake_case)]
    pub fn lua_pushvfstring(L: *mut lua_State, fmt: *const c_char, argp: va_list) -> *const c_char;
}
