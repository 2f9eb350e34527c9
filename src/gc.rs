//! The garbage collector, from Rust.

use std::ffi::c_int;

use crate::error::Result;
use crate::sys;
use crate::vm::backend;
use crate::vm::protect;
use crate::vm::state::State;

/// The garbage collector.
impl State {
    /// Runs a full collection.
    ///
    /// ```
    /// use perilune::Lua;
    ///
    /// let mut lua = Lua::new()?;
    /// lua.run("for i = 1, 1000 do local t = { i } end")?;
    /// lua.gc_collect()?;
    /// println!("{} bytes", lua.memory().used);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Panic`](crate::Error::Panic) if dropping something of the host's panicked.
    pub fn gc_collect(&mut self) -> Result<()> {
        collector(self, sys::LUA_GCCOLLECT, 0)?;
        // Finalizers ran just now: report here what went wrong in them.
        self.vm().begin(self)
    }

    /// Runs one step, as if `kilobytes` had been allocated. Says whether a cycle ended.
    ///
    /// # Errors
    /// As for [`State::gc_collect`].
    pub fn gc_step(&mut self, kilobytes: u32) -> Result<bool> {
        collector(self, sys::LUA_GCSTEP, c_int::try_from(kilobytes).unwrap_or(c_int::MAX)).map(|ended| ended != 0)
    }

    /// Stops automatic collection.
    ///
    /// # Errors
    /// As for [`State::gc_collect`].
    pub fn gc_stop(&mut self) -> Result<()> {
        collector(self, sys::LUA_GCSTOP, 0).map(drop)
    }

    /// Goes on with automatic collection.
    ///
    /// # Errors
    /// As for [`State::gc_collect`].
    pub fn gc_restart(&mut self) -> Result<()> {
        collector(self, sys::LUA_GCRESTART, 0).map(drop)
    }

    /// Whether automatic collection is on.
    ///
    /// # Errors
    /// As for [`State::gc_collect`].
    pub fn gc_is_running(&mut self) -> Result<bool> {
        collector(self, sys::LUA_GCISRUNNING, 0).map(|running| running != 0)
    }

    /// Sets how long the collector waits between cycles, in percent of the memory in
    /// use after the last one (200: until it has doubled). Gives the former value. Lua
    /// 5.4 keeps a multiple of four, up to 1020.
    ///
    /// # Errors
    /// As for [`State::gc_collect`].
    pub fn gc_set_pause(&mut self, percent: u16) -> Result<u32> {
        collector(self, sys::LUA_GCSETPAUSE, backend::gc_parameter(percent)).map(non_negative)
    }

    /// Sets how fast the collector works, in percent of the allocation. Gives the former
    /// value. Lua 5.4 keeps a multiple of four, up to 1020.
    ///
    /// # Errors
    /// As for [`State::gc_collect`].
    pub fn gc_set_step_multiplier(&mut self, percent: u16) -> Result<u32> {
        collector(self, sys::LUA_GCSETSTEPMUL, backend::gc_parameter(percent)).map(non_negative)
    }
}

fn non_negative(number: c_int) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

fn collector(state: &mut State, what: c_int, data: c_int) -> Result<c_int> {
    state.vm().begin(state)?;
    protect::collector(state, what, data)
}
