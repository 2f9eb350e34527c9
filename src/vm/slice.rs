//! Slices: how a task is made to stop after some instructions or some time.
//!
//! While a task runs, its slice is in the gate, and the hook (`hook.c`) ends it: when it has counted so many instructions,
//! or when the watchdog says that time is over. Then the task's coroutine yields. This file sets that up, takes it
//! away again, and puts back the slice of a task inside which this one ran.

use std::cell::Cell;
use std::ffi::c_int;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI32, Ordering};

use crate::error::{Error, Result};
use crate::limit::Limit;
use crate::sys::{self, lua_State};
use crate::vm::owner::VmRef;
use crate::vm::state::State;
use crate::vm::{backend, hook, watch};

/// `Slice` in `door.h`.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Slice {
    co: *mut lua_State,
    length: u64,
    end: Cell<u64>,
    up: AtomicI32,
    begun: Cell<c_int>,
    cut: Cell<c_int>,
}

/// What ends a slice.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    Instructions(u64),
    Time(Limit),
}

impl Slice {
    fn new(co: NonNull<lua_State>, end: End) -> Self {
        let length = match end {
            End::Instructions(count) => count,
            End::Time(_) => hook::NEVER,
        };
        Self { co: co.as_ptr(), length, end: Cell::new(hook::NEVER), up: AtomicI32::new(0), begun: Cell::new(0), cut: Cell::new(0) }
    }

    /// Notes that its time is over; the hook ends it when the task's coroutine runs, or goes on. Async-signal-safe.
    ///
    /// # Safety
    /// Its coroutine is alive, and of a VM that this thread runs.
    pub(crate) unsafe fn set_up(&self) {
        self.up.store(1, Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { hook::arm(self.co) };
    }
}

/// A slice in the gate; it is taken out when this is dropped.
struct Armed<'a> {
    vm: VmRef,
    slice: &'a Slice,
    /// The slice of the task inside which this one runs.
    outer: *const Slice,
}

impl<'a> Armed<'a> {
    fn new(vm: VmRef, slice: &'a Slice) -> Self {
        let outer = vm.gate.slice.replace(slice);
        // SAFETY: the coroutine is the caller's of `within`.
        unsafe { hook::set(slice.co) };
        Self { vm, slice, outer }
    }
}

impl Drop for Armed<'_> {
    fn drop(&mut self) {
        self.vm.gate.slice.set(self.outer);
        // SAFETY: the outer slice is further up the stack, and its coroutine alive, as is this one's.
        unsafe {
            hook::set(self.slice.co);
            if let Some(outer) = self.outer.as_ref() {
                hook::set(outer.co);
            }
        }
    }
}

/// Runs `work`, which resumes the coroutine `co`, and says whether that was cut short.
pub(crate) fn within<T>(
    state: &mut State,
    co: NonNull<lua_State>,
    end: End,
    work: impl FnOnce(&mut State) -> Result<T>,
) -> Result<(T, bool)> {
    refuse_other_hooks(co)?;
    let slice = Slice::new(co, end);
    let result = hook::interpreting(state, Limit::NONE, |state| {
        let _armed = Armed::new(state.vm(), &slice);
        match end {
            End::Instructions(_) => work(state),
            End::Time(limit) => watch::until(state, limit, &slice, work).and_then(|result| result),
        }
    })?;
    result.map(|result| (result, slice.cut.get() != 0))
}

/// A hook of raw code's own would be lost.
fn refuse_other_hooks(co: NonNull<lua_State>) -> Result<()> {
    // SAFETY: of a live coroutine.
    if unsafe { hook::is_others(co.as_ptr()) } == 0 {
        return Ok(());
    }
    Err(Error::runtime(
        "a task cannot be run in slices while a debug hook is set (by raw code or the debug library): clear the hook, or use Slice::UNLIMITED",
    ))
}

/// Says by which globals the functions are known that no slice may end in: those by which
/// scripts reach the host's memory. They are in a registry slot, for good.
///
/// # Safety
/// The slot holds a table; one slot of the doors' room is free.
pub(crate) unsafe fn mark_views(state: &mut State, globals: c_int) {
    let l = state.raw();
    // SAFETY: reads only (I2), balanced (I5).
    unsafe {
        backend::registry_get(l, globals);
        state.vm().gate.views.set(sys::lua_topointer(l, -1));
        sys::lua_settop(l, -2);
    }
}
