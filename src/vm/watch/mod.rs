//! Limits of time: how a script that runs is stopped from outside.
//!
//! Whatever runs under a limit has a [`Frame`] on its thread's stack; the frames of a thread
//! are a list, and the nearest deadline among them holds. One thread of the process, the
//! watchdog (`dog`), waits for the next deadline of all threads and sends a signal to the
//! thread whose it is. The signal's handler, on that very thread, marks the VM that runs there
//! and sets a hook, which raises an error before every instruction until the frame is left. So
//! nothing is asked of a script while it runs, and no other thread ever touches a VM.
//!
//! A frame costs two looks at the clock. Where no frame is, and no VM has limits of its own, a
//! protected call looks at two flags.

#[cfg(target_os = "linux")]
mod dog;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod frame;
#[cfg(target_os = "linux")]
mod interrupt;
#[cfg(target_os = "linux")]
mod thread;

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use crate::error::Result;
use crate::limit::Limit;
use crate::vm::state::State;
use crate::vm::{backend, hook};

#[cfg(target_os = "linux")]
pub(crate) use dog::{ready, set_signal};
#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::*;
#[cfg(target_os = "linux")]
pub(crate) use frame::{STOPPED, over_by_now, pcall, report, until, within, within_more};
#[cfg(target_os = "linux")]
pub(crate) use interrupt::Interrupt;

/// What holds for every outermost call of a VM.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    /// Whether any of the others says something.
    pub any: Cell<bool>,
    pub limit: Cell<Limit>,
    /// The compiler was switched off for good.
    pub interpreted: Cell<bool>,
    pub interrupt: RefCell<Option<Arc<Interrupt>>>,
}

/// Sets what every outermost call is allowed from now on.
pub(crate) fn set_limit(state: &mut State, limit: Limit) -> Result<()> {
    let vm = state.vm();
    if limit.is_of_time() {
        ready()?;
    }
    vm.limits.limit.set(limit);
    vm.limits.any.set(limit != Limit::NONE || vm.memory.is_final.get() || vm.limits.interrupt.borrow().is_some());
    Ok(())
}

/// Switches the compiler off for good where every call would have to: compiled code does not count instructions; and
/// that of a system's LuaJIT hardly ever looks at hooks, so that neither could a script be stopped, nor memory be collected in time,
/// and some of them crash where compiled code runs out of memory.
pub(crate) fn interpret_if_needed(state: &mut State) -> Result<()> {
    // First: the switch is a call under the VM's limits, which would switch back.
    let limit = state.vm().limits.limit.get();
    state.vm().limits.interpreted.set(!backend::hooks_reach_everything() || limit.instructions.is_some());
    hook::pause_compiler(state, limit).map(drop)
}

/// What others interrupt the VM's runs by.
#[cfg(target_os = "linux")]
pub(crate) fn interrupt(state: &mut State) -> Result<Arc<Interrupt>> {
    ready()?;
    let vm = state.vm();
    let interrupt = vm.limits.interrupt.borrow_mut().get_or_insert_with(Arc::default).clone();
    vm.limits.any.set(true);
    Ok(interrupt)
}
