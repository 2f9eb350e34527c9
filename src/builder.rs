//! How a VM is opened.

use std::ops::Range;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::limit::Limit;
use crate::lua::Lua;
use crate::output::Output;
use crate::vm::alloc::Memory;
use crate::vm::libs::{self, Libs};
use crate::vm::watch;

/// Options for opening a VM. Made by [`Lua::builder`].
///
/// ```
/// use perilune::{Libs, Lua};
///
/// let lua = Lua::builder().libs(Libs::BASE | Libs::STRING).build()?;
/// # Ok::<(), perilune::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is opened before `build`"]
pub struct Builder {
    libs: Libs,
    fail: Range<u64>,
    output: Output,
    limit: Limit,
    memory: usize,
    memory_is_final: bool,
    bounded: bool,
    /// Unsafe libraries that were asked for in the safe way.
    refused: Libs,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            libs: Libs::SAFE,
            fail: 0..0,
            output: Output::default(),
            limit: Limit::NONE,
            memory: usize::MAX,
            memory_is_final: false,
            bounded: false,
            refused: Libs::NONE,
        }
    }

    /// Opens these libraries instead of [`Libs::SAFE`]. Those that the linked Lua does
    /// not have are left out; unsafe ones make [`Builder::build`] fail.
    pub fn libs(mut self, libs: Libs) -> Self {
        let unsafe_ones = libs - Libs::SAFE;
        self.refused = self.refused | unsafe_ones;
        self.libs = (self.libs - Libs::SAFE) | (libs - unsafe_ones);
        self
    }

    /// Opens these libraries in addition, whatever they endanger.
    ///
    /// ```
    /// use perilune::{Libs, Lua};
    ///
    /// // SAFETY: the only script is the one below.
    /// let mut lua = unsafe { Lua::builder().unsafe_libs(Libs::IO) }.build()?;
    /// lua.run("assert(io.type(io.stdout) == 'file')")?;
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Safety
    /// Each unsafe library lets scripts break a promise of this crate, as its
    /// constant in [`Libs`] says: memory safety with [`Libs::UNCHECKED`],
    /// [`Libs::PACKAGE`], [`Libs::DEBUG`], [`Libs::FFI`] and [`Libs::JIT_UNSAFE`],
    /// the system's safety with [`Libs::IO`] and [`Libs::OS_UNSAFE`]. Run only
    /// scripts that you trust as you trust your own code.
    pub unsafe fn unsafe_libs(mut self, libs: Libs) -> Self {
        self.libs = self.libs | libs;
        self
    }

    /// Says where printed text goes; see [`Output`].
    pub fn output(mut self, output: Output) -> Self {
        self.output = output;
        self
    }

    /// Makes the VM one for scripts that nobody has read and whose authors may be hostile: the
    /// safe libraries, 64 MiB of memory, and a second for each outermost call. What is said afterwards
    /// changes that.
    ///
    /// ```
    /// use std::time::Duration;
    /// use perilune::{Error, Lua};
    ///
    /// let mut lua = Lua::builder().untrusted().time_limit(Duration::from_millis(50)).build()?;
    /// assert!(matches!(lua.run("while true do end"), Err(Error::Timeout(_))));
    /// assert!(matches!(lua.run("return ('x'):rep(1e9)"), Err(Error::Memory(_))));
    /// assert_eq!(lua.load("return 6 * 7").eval::<i32>()?, 42);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn untrusted(self) -> Self {
        self.libs(Libs::SAFE).time_limit(Duration::from_secs(1)).memory_limit(64 << 20)
    }

    /// How long each outermost call may take by the clock on the wall; see
    /// [`State::limit`](crate::State::limit).
    pub fn time_limit(mut self, length: Duration) -> Self {
        self.limit = self.limit.and_time(length);
        self
    }

    /// How much of its thread's processor time each outermost call may take; see
    /// [`State::limit`](crate::State::limit).
    pub fn cpu_time_limit(mut self, length: Duration) -> Self {
        self.limit = self.limit.and_cpu_time(length);
        self
    }

    /// How many of the VM's instructions each outermost call may take; see [`Limit::instructions`]. LuaJIT
    /// interprets in such a VM, for good.
    pub fn instruction_limit(mut self, count: u64) -> Self {
        self.limit = self.limit.and_instructions(count);
        self
    }

    /// How many bytes the VM may use; see [`State::set_memory_limit`](crate::State::set_memory_limit).
    pub fn memory_limit(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// Whether a script that was refused memory is stopped, rather than allowed to catch that; see
    /// [`State::set_memory_limit_is_final`](crate::State::set_memory_limit_is_final).
    pub fn memory_limit_is_final(mut self, is_final: bool) -> Self {
        self.memory_is_final = is_final;
        self
    }

    /// Opens the VM with library functions that can be stopped while they run: pattern matching,
    /// sorting, and whatever else can take long in one call. They give the same results. A limit of
    /// time asked for here implies it; it is for VMs that get theirs later, by
    /// [`State::limit`](crate::State::limit) or an [`InterruptHandle`](crate::InterruptHandle).
    pub fn bounded(mut self) -> Self {
        self.bounded = true;
        self
    }

    /// Lets the `nth` allocation of the VM fail, counted from its opening; 0 for none.
    /// For testing how a host copes; see
    /// [`State::fail_allocation`](crate::State::fail_allocation).
    pub fn fail_allocation(self, nth: u64) -> Self {
        self.fail_allocations(nth..nth.saturating_add(1))
    }

    /// As [`Builder::fail_allocation`], for a range of allocations; see
    /// [`State::fail_allocations`](crate::State::fail_allocations).
    pub fn fail_allocations(mut self, range: Range<u64>) -> Self {
        self.fail = range;
        self
    }

    /// Opens the VM.
    ///
    /// # Errors
    /// [`Error::Memory`]; [`Error::Unsupported`] for unsafe libraries that were not
    /// given to [`Builder::unsafe_libs`], for `ffi` or all of `jit` on Lua 5.4, and for limits of
    /// time where the system has no means to keep them; otherwise as for
    /// [`State::limit`](crate::State::limit).
    pub fn build(self) -> Result<Lua> {
        if self.refused != Libs::NONE {
            return Err(Error::unsupported(
                "opening an unsafe library with `libs`",
                "it can break the crate's promises: give it to `unsafe_libs`, which says which",
            ));
        }
        libs::check_available(self.libs)?;
        let memory = Memory::new();
        memory.fail.set((self.fail.start, self.fail.end));
        memory.set_limit(self.memory);
        let mut lua = Lua::open(memory)?;
        libs::open(&mut lua, self.libs, self.bounded || self.limit.is_of_time())?;
        if self.memory != usize::MAX {
            libs::open_for_literals(&mut lua);
            lua.vm().settle()?;
        }
        watch::set_limit(&mut lua, self.limit)?;
        if self.memory_is_final {
            lua.set_memory_limit_is_final(true)?;
        }
        if self.limit != Limit::NONE || self.memory != usize::MAX {
            watch::interpret_if_needed(&mut lua)?;
        }
        drop(lua.set_output(self.output));
        Ok(lua)
    }
}
