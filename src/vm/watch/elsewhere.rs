//! What `watch` is where the system has no signals to a thread: limits of time are refused, and
//! everything else runs without them.

use std::ffi::c_int;
use std::sync::atomic::Ordering;

use crate::error::{Error, Result, TimeoutError};
use crate::limit::Limit;
use crate::sys::lua_State;
use crate::vm::owner::{Vm, VmRef};
use crate::vm::slice::Slice;
use crate::vm::state::State;
use crate::vm::{ended, hook};

pub(crate) const STOPPED: c_int = 0x5354;

/// Nobody can have one.
#[derive(Debug)]
pub(crate) enum Interrupt {}

impl Interrupt {
    pub(crate) fn request(&self, _: String) -> bool {
        match *self {}
    }
}

pub(crate) fn ready() -> Result<()> {
    Err(Error::unsupported(
        "a limit of time or instructions, a slice of time, or an interrupt",
        "it needs a signal to one thread, and the watchdog knows how to send one on Linux only",
    ))
}

pub(crate) fn set_signal(_: c_int) -> Result<()> {
    ready()
}

pub(crate) fn interrupt(_: &mut State) -> Result<std::sync::Arc<Interrupt>> {
    ready().map(|()| unreachable!("it is an error"))
}

pub(crate) fn within<T>(state: &mut State, limit: Limit, work: impl FnOnce(&mut State) -> T) -> Result<T> {
    if limit != Limit::NONE {
        ready()?;
    }
    Ok(work(state))
}

pub(crate) fn until<T>(state: &mut State, _: Limit, _: &Slice, work: impl FnOnce(&mut State) -> T) -> Result<T> {
    ready().map(|()| work(state))
}

pub(crate) fn within_more<T>(state: &mut State, _: Limit, work: impl FnOnce(&mut State) -> T) -> T {
    work(state)
}

pub(crate) fn over_by_now() -> Option<TimeoutError> {
    None
}

pub(crate) fn report(_: &Vm) -> Option<TimeoutError> {
    None
}

/// # Safety
/// As for `lua_pcall`.
pub(crate) unsafe fn pcall(l: *mut lua_State, arguments: c_int, results: c_int, handler: c_int) -> c_int {
    // SAFETY: the caller's; setting a hook raises nothing (I2).
    unsafe {
        let vm = VmRef::of(l);
        let current = vm.gate.current.replace(l);
        let status = ended::pcall(&vm, l, arguments, results, handler);
        if vm.gate.stop.swap(0, Ordering::Relaxed) != 0 {
            hook::set(l);
        }
        vm.gate.current.set(current);
        status
    }
}
