//! A plain C pointer for scripts that are trusted.
//!
//! LuaJIT's FFI makes it (`ffi`). Scripts get the pointer and nothing else.

use crate::error::{Error, Result};
use crate::lang::Value;
use crate::share::ffi::{high_half, low_half, no_ffi, prepare};
use crate::share::schema::CStruct;
use crate::vm::backend::Backend;
use crate::vm::state::State;

/// Memory shared with scripts.
impl State {
    /// Puts a typed C pointer, `T *`, under a global name, which may be dotted. Scripts
    /// use it as C does, from 0 on and without any check: `units[3].hp[0] = 7`.
    ///
    /// The first time that a type is exposed in a VM, its C declaration is read by
    /// LuaJIT and every field compared with the Rust side. Scripts do not get the `ffi`
    /// library. The name can be exposed again, and removed by setting it to nil; copies
    /// of the pointer that a script made stay.
    ///
    /// ```
    /// use perilune::game::Unit;
    /// use perilune::{Backend, Lua};
    ///
    /// let mut units: Vec<Unit> = (0..3).map(|_| Unit::default()).collect();
    /// let mut lua = Lua::new()?;
    /// if Backend::current().has_ffi {
    ///     // SAFETY: `units` is neither moved nor used while the one script runs, which
    ///     // was read and stays within the array.
    ///     unsafe { lua.expose_raw("units", units.as_mut_ptr(), units.len())? };
    ///     lua.run("for i = 0, 2 do units[i].hp[0] = 10 + i end")?;
    ///     lua.close()?;
    ///     assert_eq!(units[2].hp[0], 12);
    /// }
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// - [`Error::Unsupported`] on Lua 5.4, which has no FFI.
    /// - [`Error::Type`] if `len` is 0, or `data` is null or not aligned for `T`; if a
    ///   field, or the whole struct, has another place or size in the C declaration than
    ///   in Rust, with both numbers; if the name of the type was declared otherwise in
    ///   this VM; and as for [`State::set`].
    /// - [`Error::Runtime`] if LuaJIT refuses the declaration.
    ///
    /// # Safety
    /// A script that has the pointer can read and write **any** memory of the process:
    /// no index is checked, and a pointer field of the struct can be followed or
    /// overwritten. Run only scripts that you trust as you trust your own code; whatever
    /// they do with the pointer must be right by the following.
    ///
    /// - **Lifetime.** `data` points to `len` initialized values, which stay where they
    ///   are as long as any script can run in this VM: scripts can keep the pointer, and
    ///   pointers to its elements, in places that the host does not see. Memory that
    ///   lives until the VM is closed is best. The VM never frees it.
    /// - **Bounds.** Scripts stay within the `len` values: `len` is not kept.
    /// - **Aliasing.** While a script runs, also one that calls a host function, no Rust
    ///   reference to the memory is alive, and no other thread touches it. Between runs,
    ///   Rust may use it as it likes. Take `data` from the memory's owner, as
    ///   `Vec::as_mut_ptr` gives it: a pointer made from a `&mut [T]` is good only until
    ///   the owner is used again.
    /// - **Threads.** `Lua` can be sent to another thread, and the pointer goes with it:
    ///   send it only if `T`'s content may be used there.
    /// - **Validity.** What scripts store must be fit for what Rust and C do with it
    ///   later, pointer fields above all.
    pub unsafe fn expose_raw<T: CStruct>(&mut self, name: &str, data: *mut T, len: usize) -> Result<()> {
        if !Backend::current().has_ffi {
            return Err(no_ffi("Lua 5.4 has no FFI: register functions that read and write the values, or use LuaJIT"));
        }
        check_pointer(T::NAME, data, len).map_err(|error| error.at(|| format!("exposing '{name}'")))?;
        let tools = prepare::<T>(self)?;
        let pointer: Value = tools.point.call(self, (&tools.library, T::NAME, high_half(data.addr()), low_half(data.addr())))?;
        // From here on scripts can use the address.
        data.expose_provenance();
        self.set(name, pointer)
    }
}

/// Whether it can be a pointer to as many values, which are called `name` in C.
pub(super) fn check_pointer<T>(name: &str, data: *mut T, len: usize) -> Result<()> {
    if len == 0 {
        return Err(Error::type_mismatch(format!("at least one '{name}'"), "a length of 0"));
    }
    let expected = || format!("a pointer to {len} '{name}'");
    if data.is_null() {
        return Err(Error::type_mismatch(expected(), "a null pointer"));
    }
    if !data.is_aligned() {
        let got = format!("{:#x}, which is not a multiple of {}", data.addr(), align_of::<T>());
        return Err(Error::type_mismatch(expected(), got));
    }
    let bytes = len.checked_mul(size_of::<T>()).filter(|&bytes| isize::try_from(bytes).is_ok());
    if bytes.is_none_or(|bytes| data.addr().checked_add(bytes).is_none()) {
        return Err(Error::type_mismatch(expected(), "a length beyond the end of memory"));
    }
    Ok(())
}
