//! A limit that is final: how a call ends that was refused memory.
//!
//! It is stopped as by a limit of time (`hook.c`): a flag, and a hook that raises before every instruction, so that no
//! `pcall` helps. Everything that is refused counts, also what the host pushed past the limit, and what was refused
//! while the compiler or a library function could have done without. Lua 5.4 collects and asks again, except for the
//! buffers of its library; LuaJIT does not, so that garbage may be the reason where a request is larger than half of what is
//! free.

use std::ffi::c_int;
use std::sync::atomic::Ordering;

use crate::sys::{self, lua_State};
use crate::vm::alloc::Request;
use crate::vm::owner::Vm;
use crate::vm::{backend, hook};

/// A request that was refused, of which nobody knows yet whether the VM asks again: Lua 5.4 does, after a collection,
/// before it asks for anything else; but not for the buffers of its library.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doubt {
    request: Request,
    /// What `fail` was before the next request, whichever it is, was made to be looked at.
    fail: (u64, u64),
}

/// Ends the outermost call in progress for what was just refused, if the limit is final for it, and nothing else has
/// ended it already.
pub(crate) fn end(vm: &Vm) {
    let memory = &vm.memory;
    if !memory.is_final_now.get() || vm.gate.stop.load(Ordering::Relaxed) != 0 {
        return;
    }
    // Also what passed in grace is a reason now.
    memory.refusals.set(memory.refusals.get() + 1);
    memory.ended.set(true);
    vm.ending.set(true);
    stop(vm);
}

/// For a request that was refused for the first time, in a VM that may ask again: the next request tells, or the script's
/// next instruction, or the call's end.
pub(crate) fn doubt(vm: &Vm, request: Request) {
    let memory = &vm.memory;
    // The hook that stops scripts is not to be lost for this one.
    if !memory.is_final_now.get() || vm.gate.stop.load(Ordering::Relaxed) != 0 {
        return;
    }
    let next = memory.count.get() + 1;
    let fail = memory.fail.replace((next, next + 1));
    memory.doubt.set(Some(Doubt { request, fail }));
    // SAFETY: as in `stop`. The hook calls `answer_doubt` when it has collected.
    unsafe { hook::collect_soon(vm.gate.current.get()) };
}

/// Ends a doubt, if there is one: by what the VM asks for next, or because it asks for nothing. Says whether it has
/// asked again; otherwise the script has been told, and ends.
pub(crate) fn answer_doubt(vm: &Vm, next: Option<Request>) -> bool {
    let Some(doubt) = vm.memory.doubt.take() else { return false };
    vm.memory.fail.set(doubt.fail);
    let is_asked_again = next == Some(doubt.request);
    if !is_asked_again {
        end(vm);
    }
    is_asked_again
}

/// Stops the VM's scripts.
pub(crate) fn stop(vm: &Vm) {
    vm.gate.stop.store(1, Ordering::Relaxed);
    // SAFETY: the state is the one that runs, of which the gate knows within a call whose limit is final.
    unsafe { hook::arm(vm.gate.current.get()) };
}

/// `lua_pcall`, for outermost calls under whatever limit: one that was ended for want of memory is an error of
/// memory, whatever came of it. The flag and the hook are the caller's to take back.
///
/// # Safety
/// As for `lua_pcall`; the gate knows the running state.
pub(crate) unsafe fn pcall(vm: &Vm, l: *mut lua_State, arguments: c_int, results: c_int, handler: c_int) -> c_int {
    let memory = &vm.memory;
    memory.is_final_now.set(memory.is_final.get());
    // SAFETY: the caller's. What is below the function stays where it is, and there was room for
    // function and arguments, hence for one value (I4); a registry write to an existing slot raises nothing (I2).
    unsafe {
        let base = sys::lua_gettop(l) - arguments - 1;
        let status = sys::lua_pcall(l, arguments, results, handler);
        answer_doubt(vm, None);
        memory.is_final_now.set(false);
        if !memory.ended.replace(false) {
            return status;
        }
        vm.gate.raised.set(0);
        sys::lua_settop(l, base);
        // The traceback is that of the hook's error, which nobody will see.
        sys::lua_pushboolean(l, 0);
        backend::registry_set(l, vm.fixtures.traceback);
        sys::lua_pushboolean(l, 0);
        sys::LUA_ERRMEM
    }
}
