//! Weak references: handles that do not keep what they refer to.
//!
//! Each is a small table of Lua's with weak values and one entry, so that the collector
//! itself clears it.

use std::marker::PhantomData;

use crate::error::Result;
use crate::lang::convert::INTERNAL;
use crate::lang::value::push_slot;
use crate::lang::{AnyUserData, Coroutine, FromLua, Function, IntoLua, Table};
use crate::sys;
use crate::vm::registry::Slot;
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;
use crate::vm::{backend, trampoline};

mod sealed {
    /// What only this crate's handles are.
    pub trait Sealed {}
}

/// A handle to something that the collector may take once nobody holds it.
///
/// Only this crate's types are handles.
///
/// ```compile_fail,E0277
/// # use perilune::{FromLua, Handle, IntoLua, Result, State, Value};
/// #[derive(Clone)]
/// struct Mine;
/// # impl FromLua for Mine { fn from_lua(_: Value, _: &mut State) -> Result<Self> { Ok(Self) } }
/// # impl IntoLua for Mine { fn into_lua(self, _: &mut State) -> Result<Value> { Ok(Value::Nil) } }
/// impl Handle for Mine {} // a number is not kept by anybody
/// ```
pub trait Handle: FromLua + IntoLua + Clone + sealed::Sealed {
    /// A reference that does not keep the value.
    ///
    /// ```
    /// use perilune::{Handle, Lua, Table, Weak};
    ///
    /// let mut lua = Lua::new()?;
    /// let table = lua.create_table()?;
    /// let weak: Weak<Table> = table.downgrade(&mut lua)?;
    /// assert!(weak.upgrade(&mut lua)?.is_some());
    ///
    /// drop(table);
    /// lua.gc_collect()?;
    /// assert!(weak.upgrade(&mut lua)?.is_none());
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Memory`](crate::Error::Memory).
    fn downgrade(&self, state: &mut State) -> Result<Weak<Self>> {
        let slot = state.anchor_pushed(4, |state| push_weak(state, self.clone()))?;
        Ok(Weak { slot, handle: PhantomData })
    }
}

macro_rules! handles {
    ($($Handle:ident)*) => {$(
        impl sealed::Sealed for $Handle {}
        impl Handle for $Handle {}
    )*};
}

handles! { AnyUserData Coroutine Function Table }

/// A reference to a table, a function, a coroutine or a userdata that does not keep it
/// from being collected. Made by [`Handle::downgrade`].
#[derive(Debug)]
pub struct Weak<T> {
    slot: Slot,
    handle: PhantomData<fn() -> T>,
}

impl<T> Clone for Weak<T> {
    fn clone(&self) -> Self {
        Self { slot: self.slot.clone(), handle: PhantomData }
    }
}

impl<T: Handle> Weak<T> {
    /// A handle to the value, if it is still there.
    ///
    /// # Errors
    /// [`Error::Memory`](crate::Error::Memory),
    /// [`Error::ForeignHandle`](crate::Error::ForeignHandle) or
    /// [`Error::Closed`](crate::Error::Closed).
    pub fn upgrade(&self, state: &mut State) -> Result<Option<T>> {
        let vm = state.vm();
        vm.begin(state)?;
        stack::with_room(state, 2, |state| {
            // SAFETY: there is room (I4); balanced (I5); a raw read (I2).
            let value = unsafe {
                let balance = StackGuard::new(state.raw());
                push_slot(state, &self.slot)?;
                backend::raw_get_index(state.raw(), balance.top + 1, 1);
                let gone = sys::lua_type(state.raw(), balance.top + 2) == sys::LUA_TNIL;
                if gone { None } else { Some(T::from_stack(state, balance.top + 2, INTERNAL)?) }
            };
            vm.settle()?;
            Ok(value)
        })
    }
}

/// Pushes the table of a weak reference. `[-0, +1, m]` Needs room for four values.
fn push_weak(state: &mut State, handle: impl Handle) -> Result<()> {
    let l = state.raw();
    // SAFETY: new tables, raw (I2), want only memory (I3); room is the caller's (I4); on
    // failure what was pushed is popped (I5).
    unsafe {
        let balance = StackGuard::new(l);
        let table = balance.top + 1;
        sys::lua_createtable(l, 1, 0);
        sys::lua_pushnumber(l, 1.0);
        handle.push_into(state, INTERNAL)?;
        sys::lua_rawset(l, table);
        push_metatable(state);
        sys::lua_setmetatable(l, table);
        balance.keep();
    }
    Ok(())
}

/// Pushes the metatable that all weak references of a VM share. `[-0, +1, m]`
///
/// # Safety
/// Room for three values.
unsafe fn push_metatable(state: &mut State) {
    let (vm, l) = (state.vm(), state.raw());
    // SAFETY: the caller's; filling a new table only wants memory (I3).
    unsafe {
        if vm.weak.get() == 0 {
            sys::lua_createtable(l, 0, 1);
            trampoline::set_text(l, c"__mode", c"v");
            vm.weak.set(sys::luaL_ref(l, sys::LUA_REGISTRYINDEX));
        }
        backend::registry_get(l, vm.weak.get());
    }
}
