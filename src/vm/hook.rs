//! The VM's debug hook, from Rust's side, and the compiler, whose code may not look at it.
//!
//! `hook.c` has the hook and says what it is for. Whoever changes what is wanted of it, in the gate,
//! sets it anew.

use std::ffi::c_int;

use crate::error::Result;
use crate::limit::Limit;
use crate::sys::{self, lua_State};
use crate::vm::backend;
use crate::vm::protect::{self, Body};
use crate::vm::stack::StackGuard;
use crate::vm::state::State;

/// A count of instructions that is never reached; as in `door.h`.
pub(crate) const NEVER: u64 = u64::MAX;

unsafe extern "C" {
    /// Sets the hook for what is wanted now, or takes it away. What has been counted of a quantum counts as whole. Raises nothing (I2).
    ///
    /// # Safety
    /// `l` is a live state of a perilune VM.
    #[link_name = "perilune_set_hook"]
    pub(crate) fn set(l: *mut lua_State);
    /// Has it called before the next instruction. Async-signal-safe; raises nothing (I2).
    ///
    /// # Safety
    /// As for [`set`].
    #[link_name = "perilune_arm"]
    pub(crate) fn arm(l: *mut lua_State);
    /// Has garbage collected before the next instruction. The allocator may ask for it; raises nothing (I2).
    ///
    /// # Safety
    /// As for [`set`].
    #[link_name = "perilune_collect_soon"]
    pub(crate) fn collect_soon(l: *mut lua_State);
    /// Whether raw code, or the debug library, has set a hook of its own: not 0. Raises nothing (I2).
    ///
    /// # Safety
    /// As for [`set`].
    #[link_name = "perilune_other_hook"]
    pub(crate) fn is_others(l: *mut lua_State) -> c_int;
}

/// Turns the compiler off where compiled code would not see the hook, or would not count, and says whether it was on.
pub(crate) fn pause_compiler(state: &mut State, limit: Limit) -> Result<bool> {
    if !backend::hooks_reach_everything() {
        say_that_it_interprets();
    } else if limit.instructions.is_none() {
        return Ok(false);
    }
    switch_compiler(state, Some(false))
}

/// Says once, where the host has a way to hear it, why scripts are slower than they could be.
fn say_that_it_interprets() {
    #[cfg(any(feature = "log", feature = "tracing"))]
    {
        const WHY: &str =
            "scripts are interpreted where a limit or a slice ends them: only the vendored LuaJIT can be stopped in compiled code";
        static SAID: std::sync::Once = std::sync::Once::new();
        SAID.call_once(|| {
            #[cfg(feature = "log")]
            log::warn!(target: "perilune", "{WHY}");
            #[cfg(feature = "tracing")]
            tracing::warn!(target: "perilune", "{WHY}");
        });
    }
}

/// Turns it on again, if it was on.
pub(crate) fn resume_compiler(state: &mut State, was_on: bool) {
    if was_on {
        // It was switched off just now, hence can be switched on.
        let _ = switch_compiler(state, Some(true));
    }
}

/// Does `work` with the compiler off where it has to be; it is as it was afterwards, also when `work` panics.
pub(crate) fn interpreting<T>(state: &mut State, limit: Limit, work: impl FnOnce(&mut State) -> T) -> Result<T> {
    struct Paused<'a>(&'a mut State, bool);
    impl Drop for Paused<'_> {
        fn drop(&mut self) {
            resume_compiler(self.0, self.1);
        }
    }
    let was_on = !state.vm().limits.interpreted.get() && pause_compiler(state, limit)?;
    let paused = Paused(state, was_on);
    Ok(work(paused.0))
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
