//! Dotted names of globals: `rules.speed` is the field `speed` of the global `rules`.

use std::ffi::c_int;

use crate::error::{Error, Result};
use crate::lang::{FromLua, INTERNAL};
use crate::sys;
use crate::vm::protect::{self, Body, Call};
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;
use crate::vm::{Vm, backend};

/// Slots for a table, what it is indexed with, and a protected call.
const SLOTS: c_int = 7;

/// Reads the global `name`.
#[inline]
pub(crate) fn get<T: FromLua>(state: &mut State, name: &str) -> Result<T> {
    enter(state, |state, _, globals| {
        let mut place = globals;
        if is_plain(state, globals, name) {
            stack::push_text(state, name.as_bytes())?;
            // SAFETY: a table, read raw (I2).
            unsafe { sys::lua_rawget(state.raw(), globals) };
            place += 1;
        } else {
            for key in keys(name)? {
                index(state, place, key, name)?;
            }
        }
        T::from_stack(state, place, INTERNAL).map_err(|error| error.at(|| format!("global '{name}'")))
    })
}

/// Sets the global `name` to what `push` pushes.
#[inline]
pub(crate) fn set(state: &mut State, name: &str, push: impl FnOnce(&mut State) -> Result<()>) -> Result<()> {
    enter(state, |state, vm, globals| {
        if is_plain(state, globals, name) {
            stack::push_text(state, name.as_bytes())?;
            push(state)?;
            // SAFETY: a table, and a string as the key.
            return unsafe { stack::raw_set_in(vm, state, globals) };
        }
        let mut rest = keys(name)?.peekable();
        let mut last = name;
        while let Some(key) = rest.next() {
            last = key;
            if rest.peek().is_some() {
                descend(state, globals, key, name)?;
            }
        }
        assign(state, globals, last, name, push)
    })
}

/// Does `work` with the table of globals on top of the stack, at the index it is given.
#[inline]
fn enter<T>(state: &mut State, work: impl FnOnce(&mut State, &Vm, c_int) -> Result<T>) -> Result<T> {
    let vm = state.vm();
    vm.begin(state)?;
    // SAFETY: balanced whatever happens (I5).
    let guard = unsafe { StackGuard::new(state.raw()) };
    if !stack::has_room(&vm, guard.top, SLOTS) {
        return protect::in_fresh_frame(state, SLOTS, 0, |state| enter(state, work));
    }
    // SAFETY: there is room (I4).
    unsafe { backend::push_globals(state.raw()) };
    match work(state, &vm, guard.top + 1) {
        Ok(result) if !vm.memory.over.get() => Ok(result),
        other => vm.settle().and(other),
    }
}

/// Whether the name has one part, and the table of globals at `table`, on top, no
/// metatable: the usual case, and the quick one. `[-0, +0, -]`
#[inline]
fn is_plain(state: &State, table: c_int, name: &str) -> bool {
    if name.is_empty() || name.as_bytes().contains(&b'.') {
        return false;
    }
    // SAFETY: reads of a valid index (I2); what was pushed is popped (I5).
    unsafe {
        if sys::lua_getmetatable(state.raw(), table) == 0 {
            return true;
        }
        sys::lua_settop(state.raw(), table);
    }
    false
}

/// The parts of a name, none of them empty.
fn keys(name: &str) -> Result<std::str::Split<'_, char>> {
    if name.split('.').any(str::is_empty) {
        return Err(Error::type_mismatch("a name such as 'speed' or 'rules.speed'", format!("{name:?}")));
    }
    Ok(name.split('.'))
}

/// Replaces the value at `place`, the top one, with its field `key`; nil stays nil. `[-0, +0, e]`
fn index(state: &mut State, place: c_int, key: &str, name: &str) -> Result<()> {
    let l = state.raw();
    // SAFETY: there is room (I4); what may raise runs in a body (I2).
    unsafe {
        match sys::lua_type(l, place) {
            sys::LUA_TNIL => return Ok(()),
            sys::LUA_TTABLE if sys::lua_getmetatable(l, place) == 0 => {
                stack::push_text(state, key.as_bytes())?;
                sys::lua_rawget(l, place);
            }
            sys::LUA_TTABLE | sys::LUA_TUSERDATA => {
                sys::lua_settop(l, place);
                let call = Call::begin(state.vm(), l, place);
                call.push_body(Body::Index);
                sys::lua_pushvalue(l, place);
                stack::push_text(state, key.as_bytes())?;
                call.finish(2, 1)?;
            }
            _ => return Err(not_a_table(state, place, key, name)),
        }
        sys::lua_replace(l, place);
        sys::lua_settop(l, place);
    }
    Ok(())
}

/// As [`index`], making a table where there is nil.
fn descend(state: &mut State, place: c_int, key: &str, name: &str) -> Result<()> {
    let l = state.raw();
    // SAFETY: there is room (I4).
    unsafe {
        sys::lua_pushvalue(l, place);
        index(state, place + 1, key, name)?;
        if sys::lua_type(l, place + 1) == sys::LUA_TNIL {
            sys::lua_settop(l, place);
            stack::push_table(state, 0, 0)?;
            assign(state, place, key, name, |state| {
                sys::lua_pushvalue(state.raw(), place + 1);
                Ok(())
            })?;
        }
        sys::lua_replace(l, place);
    }
    Ok(())
}

/// `value at place [key] = what push pushes`. `[-0, +0, e]`
fn assign(state: &mut State, place: c_int, key: &str, name: &str, push: impl FnOnce(&mut State) -> Result<()>) -> Result<()> {
    let l = state.raw();
    // SAFETY: there is room (I4); what may raise runs in a body (I2); balanced (I5).
    unsafe {
        let guard = StackGuard::new(l);
        match sys::lua_type(l, place) {
            sys::LUA_TTABLE if sys::lua_getmetatable(l, place) == 0 => {
                stack::push_text(state, key.as_bytes())?;
                push(state)?;
                stack::raw_set(state, place)
            }
            sys::LUA_TTABLE | sys::LUA_TUSERDATA => {
                sys::lua_settop(l, guard.top);
                let call = Call::begin(state.vm(), l, guard.top);
                call.push_body(Body::SetIndex);
                sys::lua_pushvalue(l, place);
                stack::push_text(state, key.as_bytes())?;
                push(state)?;
                call.finish(3, 0)
            }
            _ => Err(not_a_table(state, place, key, name)),
        }
    }
}

#[cold]
fn not_a_table(state: &State, place: c_int, key: &str, name: &str) -> Error {
    // SAFETY: reads of a valid index (I2).
    let kind = unsafe { stack::type_name(state.raw(), place) };
    let what = name.split('.').take_while(|part| *part != key).last().unwrap_or(name);
    Error::type_mismatch("a table", kind).at(|| format!("'{what}' in global '{name}'"))
}
