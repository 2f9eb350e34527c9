//! How much memory a VM may use.

use crate::error::Result;
use crate::vm::charge::{self, Charge};
use crate::vm::state::State;
use crate::vm::{libs, watch};

/// Limits of memory, and what counts.
impl State {
    /// Sets how many bytes the VM may use, what it uses now included; `usize::MAX` for no limit. A script that
    /// needs more gets Lua's "not enough memory", which it can catch; the host gets
    /// [`Error::Memory`](crate::Error::Memory), which says how much was needed.
    ///
    /// It counts to the byte whatever the VM allocates: values, stacks, compiled texts. It does not
    /// count LuaJIT's machine code and the traces' C stack, nor what Rust values behind userdata own
    /// elsewhere, unless that is [charged](State::charge). A collection that the host asks for may pass the limit for a
    /// moment, on LuaJIT: by half of the table in which texts are found.
    ///
    /// A script can fill 99 to 100 % of it with small values and short texts before it is refused more, garbage or not: both
    /// VMs collect when much of what was free is in use, and before the host's next operation after a refusal. What needs a
    /// large block needs it while the old one is still there: a list that grows by itself doubles, so that one alone
    /// fills half of the limit at least, and a text that a library function makes is there twice for a moment (texts of 100 KB: 72 to 88 % of 1 MiB,
    /// 94 to 98 % of 8 MiB, 98 to 100 % of 64 MiB; `examples/usable_memory.rs` measures it).
    ///
    /// ```
    /// use perilune::{Error, Lua};
    ///
    /// let mut lua = Lua::new()?;
    /// lua.set_memory_limit(8 << 20);
    /// let greedy = "local all = {} while true do all[#all + 1] = ('x'):rep(1000) .. #all end";
    /// let Err(Error::Memory(short)) = lua.run(greedy) else { unreachable!() };
    /// assert_eq!(short.limit(), Some(8 << 20));
    /// assert_eq!(lua.load("return 6 * 7").eval::<i32>()?, 42);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn set_memory_limit(&mut self, bytes: usize) {
        let vm = self.vm();
        if bytes != usize::MAX {
            libs::open_for_literals(self);
        }
        charge::take_back(&vm);
        vm.memory.set_limit(bytes);
    }

    /// Whether a script that was refused memory is stopped, rather than allowed to catch that and to go on. Then its
    /// outermost call ends with [`Error::Memory`](crate::Error::Memory), as by a limit of time: whatever
    /// `pcall`, `xpcall` or coroutine it is in, and whatever the host functions that it has called make of the error.
    /// The VM can be used afterwards; its next operation collects what is garbage now. The call in progress, if there is one, is
    /// not concerned.
    ///
    /// Everything that is refused counts: what the host pushed past the limit for a script, a charge, and on LuaJIT also
    /// memory that its compiler could have done without. On Lua 5.4 a request is refused when it fails once more after the
    /// collection that the VM makes by itself. LuaJIT makes none there; it collects when half of what was free is in
    /// use, so that garbage alone can be the reason for a request larger than that only, which then is final too.
    /// Where a limit of time is over as well, the error tells what came first.
    ///
    /// An outermost call takes as much longer as under a limit of time.
    ///
    /// ```
    /// use perilune::{Error, Lua};
    ///
    /// let mut lua = Lua::builder().memory_limit(4 << 20).memory_limit_is_final(true).build()?;
    /// let stubborn = "while true do pcall(string.rep, 'x', 2^30) end";
    /// assert!(matches!(lua.run(stubborn), Err(Error::Memory(_))));
    /// assert_eq!(lua.load("return 6 * 7").eval::<i32>()?, 42);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Memory`](crate::Error::Memory), on a LuaJIT that cannot stop compiled code, for switching its compiler off.
    pub fn set_memory_limit_is_final(&mut self, is_final: bool) -> Result<()> {
        if is_final {
            watch::interpret_if_needed(self)?;
        }
        let vm = self.vm();
        vm.memory.is_final.set(is_final);
        watch::set_limit(self, vm.limits.limit.get())
    }

    /// Lets memory of the host's count as the VM's, for as long as the [`Charge`] is there: what a value behind a
    /// userdata owns, for instance. Over the limit the VM is collected once, because garbage may hold charges.
    ///
    /// So a script can make and forget such values for as long as it likes, and cannot keep more of them than its limit
    /// allows:
    ///
    /// ```
    /// use perilune::{Charge, Error, Lua, State, UserData};
    ///
    /// struct Image {
    ///     pixels: Vec<u8>,
    ///     // Dropped with the pixels, when the script's value is garbage.
    ///     _charge: Charge,
    /// }
    ///
    /// impl UserData for Image {}
    ///
    /// let mut lua = Lua::builder().memory_limit(4 << 20).build()?;
    /// lua.register("new_image", |state: &mut State, size: usize| {
    ///     // First: a size that is too large is refused before anything is allocated.
    ///     let charge = state.charge(size)?;
    ///     Ok(Image { pixels: vec![0; size], _charge: charge })
    /// })?;
    /// lua.run("for i = 1, 1000 do local image = new_image(1e6) end")?;
    /// let hoard = "local images = {} for i = 1, 1000 do images[i] = new_image(1e6) end";
    /// assert!(matches!(lua.run(hoard), Err(Error::Memory(_))));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// Charges are collected ahead as other memory is, when half of what was free is in use; without a limit they are only
    /// counted. A large request of the VM's own may be refused because garbage still holds charges, on Lua 5.4 too: the
    /// collection that it makes then drops no values of the host's. One that is never dropped, as by [`std::mem::forget`],
    /// counts for good.
    ///
    /// # Errors
    /// [`Error::Memory`](crate::Error::Memory), and nothing is charged; as for [`State::gc_collect`].
    pub fn charge(&mut self, bytes: usize) -> Result<Charge> {
        Charge::new(self, bytes)
    }
}
