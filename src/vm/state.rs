//! The token that proves that its holder may use the VM.

use std::cell::UnsafeCell;
use std::marker::{PhantomData, PhantomPinned};

use crate::sys::lua_State;
use crate::vm::owner::VmRef;

/// A VM that may be used right now.
///
/// [`Lua`](crate::Lua) dereferences to it, and callbacks are handed a `&mut State`.
/// Whatever can run Lua takes `&mut State`, what only reads takes `&State`, so the
/// borrow checker is the lock: no script runs while something of the VM is borrowed.
///
/// It is a zero-sized token: the reference itself is the running `lua_State`
/// pointer, so passing it on is free and swapping two of them moves nothing.
///
/// ```compile_fail
/// # use perilune::{Lua, State};
/// // A state cannot be sent to another thread; a whole `Lua` can.
/// fn send<T: Send>(_: T) {}
/// let mut lua = Lua::new().unwrap();
/// let state: &mut State = &mut lua;
/// send(state);
/// ```
#[repr(C)]
pub struct State {
    // Zero bytes that are never read: they keep the reference from claiming
    // anything about the memory behind the pointer.
    _data: [UnsafeCell<u8>; 0],
    _not_send: PhantomData<(*mut u8, PhantomPinned)>,
}

impl State {
    /// # Safety
    /// `l` is a live state of a perilune VM, and for `'a` nothing but this token uses it (I9).
    #[inline]
    pub(crate) unsafe fn from_raw<'a>(l: *mut lua_State) -> &'a mut Self {
        // SAFETY: a zero-sized type without validity requirements; `l` is not null (I9).
        unsafe { &mut *l.cast() }
    }

    #[inline]
    pub(crate) fn raw(&self) -> *mut lua_State {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    #[inline]
    pub(crate) fn vm(&self) -> VmRef {
        // SAFETY: I9: the token is a live state.
        unsafe { VmRef::of(self.raw()) }
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stands for a `lua_State`: what a token must let its VM change behind it.
    fn change(state: &mut State) -> u64 {
        let memory = state.raw().cast::<u64>();
        // SAFETY: the test's own number.
        unsafe {
            *memory += 1;
            *memory
        }
    }

    #[test]
    fn the_token_claims_nothing_of_the_memory_behind_it() {
        assert_eq!(size_of::<State>(), 0);
        let number: *mut u64 = Box::into_raw(Box::new(7));
        // SAFETY: nothing dereferences it as a state; the number is freed at the end.
        unsafe {
            let state = State::from_raw(number.cast());
            let outer = &mut *state;
            assert_eq!(change(outer), 8);
            // A callback gets a token of its own while the outer one exists.
            assert_eq!(change(State::from_raw(number.cast())), 9);
            assert_eq!(change(outer), 10);
            assert_eq!(outer.raw().cast::<u64>().read(), 10);
            drop(Box::from_raw(number));
        }
    }
}
