//! How a VM is opened.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::output::Output;
use crate::vm::alloc::Memory;
use crate::vm::libs::{self, Libs};

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
    /// Unsafe libraries that were asked for in the safe way.
    refused: Libs,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self { libs: Libs::SAFE, fail: 0..0, output: Output::default(), refused: Libs::NONE }
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
    /// given to [`Builder::unsafe_libs`], and for `ffi` or all of `jit` on Lua 5.4.
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
        let mut lua = Lua::open(memory)?;
        libs::open(&mut lua, self.libs)?;
        drop(lua.set_output(self.output));
        Ok(lua)
    }
}
