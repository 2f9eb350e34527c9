//! Buildings.

use std::ffi::{c_char, c_int};
use std::ptr;

use crate::game::layout::{twin, view};

/// A building: `Building` in `ffi_defs/building.h`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Building {
    /// A C string that it does not own, or null.
    pub name: *mut c_char,
    /// The kind of building: `type` in C.
    pub type_: c_int,
}

twin!(Building, "building.h", uses [], fields { name, type_ as "type" });
view!(Building, vouched, { name => text(256), type_ as "type" });

impl Default for Building {
    /// Without a name, of kind 0.
    fn default() -> Self {
        Self { name: ptr::null_mut(), type_: 0 }
    }
}
