//! The Lua stack: room, balance, and the pushes and reads that everything else is made of.

use std::ffi::{CStr, c_char, c_int};
use std::ptr;

use crate::error::Result;
use crate::sys::{self, lua_State};
use crate::vm::backend;
use crate::vm::owner::Vm;
use crate::vm::protect::{self, Body, Source};
use crate::vm::state::State;

/// Texts from this length on are taken in by a protected body: a system that has
/// no memory for them is then an error, not the end of the process, and so is a
/// length beyond the VM's own limit.
const LONG_TEXT: usize = 64 << 10;

/// A VM that uses this much memory grows tables in a protected body only, because
/// smaller ones cannot hold a table near the VM's own size limits.
const LARGE_VM: usize = 256 << 20;

/// Puts the top of a Lua stack back where it was, whatever happens (I5).
///
/// ```
/// use perilune::{Lua, StackGuard, lua_sys};
///
/// let mut lua = Lua::new()?;
/// // SAFETY: the guard pops what is pushed.
/// unsafe {
///     lua.with_raw(|l| {
///         let _guard = StackGuard::new(l);
///         lua_sys::lua_pushnil(l);
///     })?;
/// }
/// # Ok::<(), perilune::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "the stack is put back when the guard is dropped"]
pub struct StackGuard {
    pub(crate) l: *mut lua_State,
    pub(crate) top: c_int,
}

impl StackGuard {
    /// Remembers the present top.
    ///
    /// # Safety
    /// `l` outlives the guard; when it is dropped, the values above the present top
    /// are not needed any more, and none of them is a Lua 5.4 variable to be closed.
    #[inline]
    pub unsafe fn new(l: *mut lua_State) -> Self {
        // SAFETY: raises nothing (I2).
        Self { l, top: unsafe { sys::lua_gettop(l) } }
    }

    /// The top that will be put back.
    #[must_use]
    pub fn top(&self) -> c_int {
        self.top
    }

    /// Leaves what was pushed on the stack.
    #[inline]
    pub fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for StackGuard {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: lowering the top raises nothing, as `new` demands (I2).
        unsafe { sys::lua_settop(self.l, self.top) };
    }
}

/// Whether the running frame has room for `slots` more values above `top` (I4).
#[inline]
pub(crate) fn has_room(vm: &Vm, top: c_int, slots: c_int) -> bool {
    top + slots <= vm.frame.get().ceiling
}

/// Runs `work`, which needs `slots` free slots and leaves the stack balanced, in a
/// frame that has them.
#[inline]
pub(crate) fn with_room<T>(state: &mut State, slots: c_int, work: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
    // SAFETY: raises nothing (I2).
    let top = unsafe { sys::lua_gettop(state.raw()) };
    if has_room(&state.vm(), top, slots) { work(state) } else { protect::in_fresh_frame(state, slots, 0, work) }
}

/// As [`with_room`], for work that pushes one value. `[-0, +1, m]`
#[inline]
pub(crate) fn push_with_room(state: &mut State, slots: c_int, work: impl FnOnce(&mut State) -> Result<()>) -> Result<()> {
    // SAFETY: raises nothing (I2).
    let top = unsafe { sys::lua_gettop(state.raw()) };
    if has_room(&state.vm(), top, slots) { work(state) } else { protect::in_fresh_frame(state, slots, 1, work) }
}

/// Pushes a string. `[-0, +1, m]`
#[inline]
pub(crate) fn push_text(state: &mut State, text: &[u8]) -> Result<()> {
    if text.len() >= LONG_TEXT {
        return push_long_text(state, text);
    }
    // SAFETY: short enough to raise nothing but for memory (I2, I3); room is the caller's (I4).
    unsafe { sys::lua_pushlstring(state.raw(), text.as_ptr().cast(), text.len()) };
    Ok(())
}

/// Pushes a text that ends in NUL. `[-0, +1, m]`
#[inline]
pub(crate) fn push_c_text(state: &mut State, text: &CStr) -> Result<()> {
    if text.count_bytes() >= LONG_TEXT {
        return push_long_text(state, text.to_bytes());
    }
    // SAFETY: short enough; room is the caller's (I4).
    unsafe { backend::push_c_text(state.raw(), text) };
    Ok(())
}

#[cold]
fn push_long_text(state: &mut State, text: &[u8]) -> Result<()> {
    let vm = state.vm();
    let mut source = Source {
        text: text.as_ptr().cast::<c_char>(),
        length: text.len(),
        name: ptr::null(),
        mode: ptr::null(),
        environment: 0,
        status: 0,
    };
    // SAFETY: the body takes no argument but the source, which outlives the call (I2).
    unsafe {
        protect::push_body(&vm, state.raw(), Body::Text);
        vm.gate.source.set(&raw mut source);
        protect::call_body(state, 0, 1)
    }
}

/// Pushes an empty table with room for `array` and `hash` entries. `[-0, +1, m]`
pub(crate) fn push_table(state: &mut State, array: usize, hash: usize) -> Result<()> {
    let l = state.raw();
    // SAFETY: a small table only wants memory (I2, I3); a large one goes through a body.
    unsafe {
        if array.saturating_add(hash) < LONG_TEXT {
            sys::lua_createtable(l, super::alloc::to_c_int(array), super::alloc::to_c_int(hash));
            return Ok(());
        }
        protect::push_body(&state.vm(), l, Body::Table);
        sys::lua_pushnumber(l, super::alloc::to_c_int(array).into());
        sys::lua_pushnumber(l, super::alloc::to_c_int(hash).into());
        protect::call_body(state, 2, 1)
    }
}

/// `table[key] = value`, raw: key and value on top, the table at `table`. `[-2, +0, m]`
///
/// # Safety
/// The value at `table` is a table, and the key is neither nil nor NaN.
#[inline]
pub(crate) unsafe fn raw_set(state: &mut State, table: c_int) -> Result<()> {
    let vm = state.vm();
    // SAFETY: the caller's.
    unsafe { raw_set_in(&vm, state, table) }
}

/// As [`raw_set`], for who has the VM at hand.
///
/// # Safety
/// As for [`raw_set`]; `vm` is the state's.
#[inline]
pub(crate) unsafe fn raw_set_in(vm: &Vm, state: &mut State, table: c_int) -> Result<()> {
    // What the host charged is none of the VM's; the first look is mostly enough.
    if vm.memory.used.get() < LARGE_VM || vm.memory.used.get() - vm.memory.charged.get() < LARGE_VM {
        // SAFETY: a valid key into a table far below the VM's limits only wants memory (I2, I3).
        unsafe { sys::lua_rawset(state.raw(), table) };
        return Ok(());
    }
    // SAFETY: as above, in a protected body.
    unsafe {
        let l = state.raw();
        sys::lua_pushvalue(l, table);
        sys::lua_insert(l, -3);
        protect::push_body(vm, l, Body::RawSet);
        sys::lua_insert(l, -4);
        protect::call_body(state, 3, 0)
    }
}

/// The string at `index`, which must hold one. `[-0, +0, -]`
///
/// # Safety
/// The value is a string and stays where it is for `'a` (I6).
#[inline]
pub(crate) unsafe fn text_at<'a>(l: *mut lua_State, index: c_int) -> &'a [u8] {
    let mut length = 0;
    // SAFETY: on a string nothing is converted, so nothing is allocated (I2).
    unsafe {
        let text = sys::lua_tolstring(l, index, &raw mut length);
        std::slice::from_raw_parts(text.cast(), length)
    }
}

/// The name of the type of the value at `index`, as Lua prints it. `[-0, +0, -]`
///
/// # Safety
/// `index` is acceptable.
pub(crate) unsafe fn type_name(l: *mut lua_State, index: c_int) -> &'static str {
    // SAFETY: type names are static ASCII text; raises nothing (I2).
    unsafe { std::ffi::CStr::from_ptr(sys::lua_typename(l, sys::lua_type(l, index))) }.to_str().unwrap_or("value")
}
