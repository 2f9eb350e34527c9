//! Tables of any depth, read raw from Rust: entry by entry, and one level within another.
//!
//! What walks here runs no Lua and changes no table, so that stepping through one cannot
//! fail, and needs no protected call for each entry.

use std::ffi::{c_int, c_void};

use crate::error::Result;
use crate::lang::convert::INTERNAL;
use crate::lang::{FromLua, Value};
use crate::sys;
use crate::vm::protect::{self, Body};
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;

/// Slots that a level needs: a key, a value, one to look at, one to spare.
const SLOTS: c_int = 4;

/// The tables that are being read, outermost first.
#[derive(Debug, Default)]
pub(crate) struct Ancestors(Vec<*const c_void>);

impl Ancestors {
    /// How many tables there are.
    pub(crate) fn depth(&self) -> usize {
        self.0.len()
    }

    /// Begins to read the table at `index`; `false` if that is already being read.
    pub(crate) fn enter(&mut self, state: &State, index: c_int) -> bool {
        // SAFETY: reads only (I2); the address is compared and nothing else.
        let table = unsafe { sys::lua_topointer(state.raw(), index) };
        let new = !self.0.contains(&table);
        if new {
            self.0.push(table);
        }
        new
    }

    /// Ends reading the innermost table.
    pub(crate) fn leave(&mut self) {
        self.0.pop();
    }
}

/// Does `work` with the value at `index` in a frame that has room for a level more. It is
/// given the value's index there. `[-0, +0, e]`
pub(crate) fn deeper<T>(state: &mut State, index: c_int, work: impl FnOnce(&mut State, c_int) -> Result<T>) -> Result<T> {
    let (vm, l) = (state.vm(), state.raw());
    // SAFETY: the doors' own room holds the body and its argument (I4), which go with the
    // call or the guard (I5).
    unsafe {
        let balance = StackGuard::new(l);
        if stack::has_room(&vm, balance.top, SLOTS) {
            return work(state, index);
        }
        protect::push_body(&vm, l, Body::Job);
        sys::lua_pushvalue(l, index);
        protect::run_job(state, 1, SLOTS, 0, |state| work(state, 1))
    }
}

/// Gives every entry of the table at `table` to `visit`, as the indices of its key and its
/// value, until it says `false`. Room for a level is the caller's. `[-0, +0, -]`
///
/// # Safety
/// A table is at `table`. `visit` changes no table, runs no Lua, leaves the stack balanced
/// and the key as it is.
pub(crate) unsafe fn for_each_entry(
    state: &mut State,
    table: c_int,
    mut visit: impl FnMut(&mut State, c_int, c_int) -> Result<bool>,
) -> Result<()> {
    let l = state.raw();
    // SAFETY: there is room (I4); balanced (I5). `lua_next` raises only for a key that is
    // not in the table, and this one was found there a moment ago (I2).
    unsafe {
        let balance = StackGuard::new(l);
        let key = balance.top + 1;
        sys::lua_pushnil(l);
        while sys::lua_next(l, table) != 0 {
            if !visit(state, key, key + 1)? {
                break;
            }
            sys::lua_settop(l, key);
        }
    }
    Ok(())
}

/// Replaces the key on top with the value that the table at `table` has for it. `[-1, +1, -]`
///
/// # Safety
/// A table is at `table`.
pub(crate) unsafe fn look_up(state: &mut State, table: c_int) {
    // SAFETY: a raw read raises nothing (I2).
    unsafe { sys::lua_rawget(state.raw(), table) };
}

/// The value at `index`.
pub(crate) fn value_at(state: &mut State, index: c_int) -> Result<Value> {
    Value::from_stack(state, index, INTERNAL)
}
