//! How fields of userdata are read and written, where that is done in C.
//!
//! Lua 5.4 enters its interpreter anew for an `__index` in Lua: one in C, which goes
//! straight to the field's own Rust, is much quicker there. It looks a name up in one
//! table: members as they are, and for a field a light userdata with the address of its
//! callback. LuaJIT has the same in Lua, which it compiles (`lang/userdata/accessors.lua`).

use std::ffi::c_int;

use crate::error::Result;
use crate::sys::{self, lua_State};
use crate::vm::state::State;
use crate::vm::{stack, trampoline};

/// A C function for Lua.
pub(crate) type Accessor = unsafe extern "C-unwind" fn(*mut lua_State) -> c_int;

/// The C functions behind `__index` and `__newindex`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InC {
    pub index: Accessor,
    pub new_index: Accessor,
}

/// `members[name] = field`: members and the field's function are on top. `[-0, +0, m]`
///
/// Needs room for two values. Answers whether the function is the host's, as it must be.
///
/// # Safety
/// A table is on top, and above it a function.
pub(crate) unsafe fn add(state: &mut State, name: &str) -> Result<bool> {
    let l = state.raw();
    // SAFETY: reads, and a raw write with a string key, which only wants memory (I2, I3).
    unsafe {
        let Some(callback) = trampoline::callback_on_top(l) else { return Ok(false) };
        stack::push_text(state, name.as_bytes())?;
        sys::lua_pushlightuserdata(l, callback.cast());
        sys::lua_rawset(l, -4);
        Ok(true)
    }
}

/// Pushes `__index` or `__newindex`, made of three values on top: the members, the
/// function for other names, and what keeps the fields' functions alive. `[-3, +1, m]`
///
/// # Safety
/// The values are those, in grace.
pub(crate) unsafe fn push_closure(state: &mut State, function: Accessor) {
    // SAFETY: a closure only wants memory (I3).
    unsafe { sys::lua_pushcclosure(state.raw(), Some(function), 3) };
}
