//! Lua strings: bytes, mostly text.

use crate::error::{Error, Result};
use crate::lang::value::handle;
use crate::sys;
use crate::vm::registry::Slot;
use crate::vm::state::State;
use crate::vm::{backend, stack};

/// A string in a VM: any bytes, not necessarily UTF-8.
///
/// It is read in place: the borrow of the state keeps scripts from running while
/// Rust looks at the bytes.
///
/// ```
/// use perilune::{Lua, LuaString};
///
/// let mut lua = Lua::new()?;
/// let name: LuaString = lua.load("return 'Ala\\0n'").eval()?;
/// assert_eq!(name.as_bytes(&lua)?, b"Ala\0n");
/// assert_eq!(name.to_str(&lua)?.len(), 5);
/// # Ok::<(), perilune::Error>(())
/// ```
///
/// ```compile_fail,E0502
/// # use perilune::{Lua, LuaString};
/// # let mut lua = Lua::new().unwrap();
/// let name: LuaString = lua.load("return 'Alan'").eval().unwrap();
/// let text = name.to_str(&lua).unwrap();
/// lua.run("name = nil").unwrap(); // may collect what `text` borrows
/// println!("{text}");
/// ```
#[derive(Debug, Clone)]
pub struct LuaString {
    slot: Slot,
}

handle!(LuaString, String, LUA_TSTRING, "a string");

impl LuaString {
    /// The bytes, borrowed from the VM.
    ///
    /// # Errors
    /// [`Error::ForeignHandle`] or [`Error::Closed`] if `state` is not its VM's.
    pub fn as_bytes<'a>(&'a self, state: &'a State) -> Result<&'a [u8]> {
        let vm = state.vm();
        let index = self.slot.index_in(&vm.shared)?;
        let l = state.raw();
        // SAFETY: reading a string allocates nothing, so `&State` is enough (I2); one
        // slot of the doors' room is used and given back; the registry slot keeps the
        // string as long as the handle lives (I6).
        unsafe {
            backend::registry_get(l, index);
            let bytes = stack::text_at(l, -1);
            sys::lua_settop(l, -2);
            Ok(bytes)
        }
    }

    /// The text, borrowed from the VM.
    ///
    /// # Errors
    /// [`Error::Type`] if it is not UTF-8; and as for [`LuaString::as_bytes`].
    pub fn to_str<'a>(&'a self, state: &'a State) -> Result<&'a str> {
        utf8(self.as_bytes(state)?)
    }

    /// A copy of the text, bytes that are not UTF-8 replaced.
    ///
    /// # Errors
    /// As for [`LuaString::as_bytes`].
    pub fn to_string_lossy(&self, state: &State) -> Result<String> {
        Ok(String::from_utf8_lossy(self.as_bytes(state)?).into_owned())
    }
}

/// The bytes as text, or an error that says where they are not.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        Error::type_mismatch("a UTF-8 string", format!("a string of {} bytes that is not UTF-8 at byte {at}", bytes.len()))
    })
}

impl State {
    /// Makes a Lua string of any bytes.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn create_string(&mut self, bytes: impl AsRef<[u8]>) -> Result<LuaString> {
        self.anchor_pushed(1, |state| stack::push_text(state, bytes.as_ref())).map(LuaString::new)
    }
}
