//! Memory of the host's that counts as the VM's.
//!
//! A charge can be dropped anywhere, also on another thread and while the VM allocates. So dropping only adds to an
//! atomic that the VM shares with its handles, and the VM takes it off its account where it looks closely anyway: when memory
//! is short, when somebody asks, and at the next charge. The allocator's usual way knows nothing of it.

use std::fmt;

use crate::error::{MemoryError, Result};
use crate::sys;
use crate::vm::owner::Vm;
use crate::vm::registry::Owner;
use crate::vm::state::State;
use crate::vm::{ended, protect};

/// Memory of the host's that counts as the VM's, for as long as this is there. Made by [`State::charge`].
///
/// It is kept beside what it stands for, for instance in a field of a userdata, and is no
/// memory itself. It can be dropped anywhere, on any thread, also after the VM was closed.
pub struct Charge {
    vm: Owner,
    bytes: usize,
}

impl Charge {
    pub(crate) fn new(state: &mut State, bytes: usize) -> Result<Self> {
        add(state, bytes)?;
        Ok(Self { vm: Owner::of(&state.vm().shared), bytes })
    }

    /// How many bytes it stands for.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Makes it stand for another number of bytes: before what it stands for grows, or after it has shrunk.
    ///
    /// ```
    /// use perilune::{Error, Lua};
    ///
    /// let mut lua = Lua::builder().memory_limit(1 << 20).build()?;
    /// let mut charge = lua.charge(1000)?;
    /// charge.resize(&mut lua, 2000)?;
    /// assert!(matches!(charge.resize(&mut lua, 2 << 20), Err(Error::Memory(_))));
    /// assert_eq!((charge.bytes(), lua.memory().charged), (2000, 2000));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`State::charge`], and it stays as it was; [`Error::ForeignHandle`](crate::Error::ForeignHandle) or
    /// [`Error::Closed`](crate::Error::Closed) if it is another VM's.
    pub fn resize(&mut self, state: &mut State, bytes: usize) -> Result<()> {
        self.vm.check(&state.vm().shared)?;
        if bytes > self.bytes {
            add(state, bytes - self.bytes)?;
        } else {
            take_off(&state.vm(), self.bytes - bytes);
        }
        self.bytes = bytes;
        Ok(())
    }

    /// As [`Charge::resize`], for what has grown already: it counts in any case. An error says that it should not have.
    pub(crate) fn follow(&mut self, state: &mut State, bytes: usize) -> Result<()> {
        if bytes == self.bytes {
            return Ok(());
        }
        let result = self.resize(state, bytes);
        if result.is_err() && bytes > self.bytes {
            let memory = &state.vm().memory;
            let more = bytes - self.bytes;
            memory.used.set(memory.used.get() + more);
            memory.charged.set(memory.charged.get() + more);
            self.bytes = bytes;
        }
        result
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.vm.give_back(self.bytes);
    }
}

impl fmt::Debug for Charge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Charge").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// More than any value of Rust's can have, and so more than the account can hold.
const MOST: usize = isize::MAX as usize;

fn add(state: &mut State, bytes: usize) -> Result<()> {
    let vm = state.vm();
    vm.begin(state)?;
    take_back(&vm);
    let memory = &vm.memory;
    if memory.used.get().saturating_add(bytes) > memory.limit.get().min(memory.half_way.get()) {
        // What is garbage may hold charges, of which the VM's own collector knows nothing.
        protect::collector(state, sys::LUA_GCCOLLECT, 0)?;
    }
    let used = memory.used.get().checked_add(bytes).filter(|used| *used <= MOST);
    let Some(used) = used.filter(|used| memory.admits(*used)) else {
        let short = memory.note(bytes, memory.limit_passed_by(bytes));
        ended::end(&vm);
        return Err(MemoryError::of(short).into());
    };
    memory.used.set(used);
    memory.charged.set(memory.charged.get() + bytes);
    memory.peak.set(memory.peak.get().max(used));
    Ok(())
}

fn take_off(vm: &Vm, bytes: usize) {
    vm.memory.used.set(vm.memory.used.get() - bytes);
    vm.memory.charged.set(vm.memory.charged.get() - bytes);
}

/// Takes off the account what was given back since the last time.
pub(crate) fn take_back(vm: &Vm) {
    take_off(vm, vm.shared.take_returned());
}
