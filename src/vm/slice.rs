//! Slices: how a task is made to stop after some instructions or some time.
//!
//! While a task runs, a count hook (`perilune_slice_hook` in `slice.c`) looks whether its slice
//! is up and then yields from the task's coroutine. This file sets that hook, takes it away
//! again, and puts back the one of a task inside which this one ran. It is the only place that
//! knows by which means a slice ends.

use std::ffi::c_int;
use std::ptr::{self, NonNull};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::sys::{self, lua_Debug, lua_State};
use crate::vm::backend;
use crate::vm::owner::VmRef;
use crate::vm::protect::{self, Body};
use crate::vm::stack::StackGuard;
use crate::vm::state::State;

/// Instructions between two looks at a slice, at most.
const BETWEEN_LOOKS: c_int = 1000;

/// `Slice` in `door.h`, followed by what only Rust reads.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Slice {
    co: *mut lua_State,
    quantum: c_int,
    counting: c_int,
    cut: c_int,
    look: unsafe extern "C" fn(*mut Slice) -> c_int,
    left: Left,
}

/// What is left of a slice.
#[derive(Debug)]
enum Left {
    /// Instructions, those until the next look included.
    Instructions(c_int),
    /// The time until then; `None` is later than can be told.
    Until(Option<Instant>),
}

/// What ends a slice.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    Instructions(c_int),
    Time(Duration),
}

impl Slice {
    fn new(co: *mut lua_State, end: End) -> Self {
        let (quantum, left) = match end {
            End::Instructions(count) => (count.min(BETWEEN_LOOKS), Left::Instructions(count)),
            End::Time(length) => (BETWEEN_LOOKS, Left::Until(Instant::now().checked_add(length))),
        };
        Self { co, quantum, counting: 0, cut: 0, look, left }
    }

    /// Notes that the quantum is over, and gives the next one; 0 when the slice is up.
    fn look(&mut self) -> c_int {
        self.quantum = match &mut self.left {
            Left::Instructions(left) => {
                *left -= self.quantum;
                (*left).min(BETWEEN_LOOKS)
            }
            Left::Until(deadline) if deadline.is_some_and(|deadline| Instant::now() >= deadline) => 0,
            Left::Until(_) => BETWEEN_LOOKS,
        };
        self.quantum
    }
}

/// # Safety
/// The hook calls it with the slice that it found in the gate.
unsafe extern "C" fn look(slice: *mut Slice) -> c_int {
    // SAFETY: the caller's; nobody else uses the slice meanwhile.
    unsafe { (*slice).look() }
}

/// The hook while it is set; it goes when this is dropped.
struct Armed {
    vm: VmRef,
    slice: *mut Slice,
    /// The slice of the task inside which this one runs.
    outer: *mut Slice,
}

impl Armed {
    /// # Safety
    /// The slice outlives what is returned, as does its coroutine, of this VM.
    unsafe fn new(vm: VmRef, slice: *mut Slice) -> Self {
        let outer = vm.gate.slice.replace(slice);
        // It begins to count when the hook is first called: a coroutine that was cut takes
        // the first instruction without it.
        // SAFETY: the caller's; setting a hook raises nothing (I2).
        unsafe { sys::lua_sethook((*slice).co, Some(perilune_slice_hook), sys::LUA_MASKCOUNT, 1) };
        Self { vm, slice, outer }
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        self.vm.gate.slice.set(self.outer);
        // SAFETY: setting a hook raises nothing (I2); the outer slice is further up the stack.
        unsafe {
            sys::lua_sethook((*self.slice).co, None, 0, 0);
            if let Some(outer) = self.outer.as_mut() {
                go_on(outer);
            }
        }
    }
}

/// Sets the hook for a slice in which another one has ended. How far its quantum was, is
/// lost where the VM has one hook for all: it counts as over, so that a task that runs
/// others comes to its end, however short those are.
///
/// # Safety
/// The slice's coroutine is alive.
unsafe fn go_on(slice: &mut Slice) {
    slice.counting = 1;
    let quantum = slice.look().max(1);
    // SAFETY: the caller's; setting a hook raises nothing (I2).
    unsafe { sys::lua_sethook(slice.co, Some(perilune_slice_hook), sys::LUA_MASKCOUNT, quantum) };
}

/// Runs `work`, which resumes the coroutine `co`, and says whether that was cut short.
pub(crate) fn within<T>(
    state: &mut State,
    co: NonNull<lua_State>,
    end: End,
    work: impl FnOnce(&mut State) -> Result<T>,
) -> Result<(T, bool)> {
    refuse_other_hooks(co)?;
    let was_on = pause_compiler(state)?;
    let mut slice = Slice::new(co.as_ptr(), end);
    let slice = &raw mut slice;
    // SAFETY: the slice lives until the end of this function, the coroutine is the caller's.
    let armed = unsafe { Armed::new(state.vm(), slice) };
    let result = work(state);
    drop(armed);
    let switched = if was_on { switch_compiler(state, Some(true)).map(drop) } else { Ok(()) };
    let result = result?;
    // SAFETY: nobody else knows the slice any more.
    switched.map(|()| (result, unsafe { (*slice).cut } != 0))
}

/// A hook of raw code's own would be lost.
fn refuse_other_hooks(co: NonNull<lua_State>) -> Result<()> {
    // SAFETY: a read that raises nothing (I2), of a live coroutine.
    let hook = unsafe { sys::lua_gethook(co.as_ptr()) };
    let ours: unsafe extern "C-unwind" fn(*mut lua_State, *mut lua_Debug) = perilune_slice_hook;
    if hook.is_none_or(|hook| ptr::fn_addr_eq(hook, ours)) {
        return Ok(());
    }
    Err(Error::runtime(
        "a task cannot be run in slices while a debug hook is set (by raw code or the debug library): clear the hook, or use Slice::UNLIMITED",
    ))
}

/// Turns the compiler off where compiled code would not see the hook, and says whether it was on.
fn pause_compiler(state: &mut State) -> Result<bool> {
    if backend::hooks_reach_everything() { Ok(false) } else { switch_compiler(state, Some(false)) }
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

/// Whether scripts are compiled now.
pub(crate) fn is_compiling(state: &mut State) -> Result<bool> {
    switch_compiler(state, None)
}

fn switch_compiler(state: &mut State, on: Option<bool>) -> Result<bool> {
    let (vm, l) = (state.vm(), state.raw());
    // SAFETY: within the doors' own room (I4); the body runs protected (I2); balanced (I5).
    unsafe {
        let _balance = StackGuard::new(l);
        protect::push_body(&vm, l, Body::Compiler);
        match on {
            Some(on) => sys::lua_pushboolean(l, on.into()),
            None => sys::lua_pushnil(l),
        }
        protect::call_body(state, 1, 1)?;
        Ok(sys::lua_toboolean(l, -1) != 0)
    }
}

unsafe extern "C-unwind" {
    fn perilune_slice_hook(l: *mut lua_State, ar: *mut lua_Debug);
}
