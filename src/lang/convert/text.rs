//! Text and bytes.

use std::borrow::Cow;
use std::ffi::{CStr, CString, OsStr, OsString, c_int};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::lang::convert::{ALWAYS_KEY, AlwaysKey, FromLua, Internal, IntoLua, from_value, mismatch, to_value};
use crate::lang::{Value, string};
use crate::sys;
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;

/// Bytes that travel as a Lua string.
///
/// `Vec<u8>` is a table of numbers, as every other `Vec`; wrap it for a string.
///
/// ```
/// use perilune::{Bytes, Lua};
///
/// let mut lua = Lua::new()?;
/// lua.set("data", Bytes(vec![0, 255]))?;
/// assert_eq!(lua.load("return data .. '!'").eval::<Bytes>()?.0, [0, 255, b'!']);
/// # Ok::<(), perilune::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bytes(pub Vec<u8>);

/// Calls `read` with the string at `index`; a number counts, as its text. `[-0, +0, m]`
fn with_text<T>(state: &mut State, index: c_int, read: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
    let l = state.raw();
    // SAFETY: reads of an acceptable index (I2). A copy of the number is converted in
    // the doors' room, so that a table's key is not changed under its traversal; that
    // only wants memory (I3).
    unsafe {
        match sys::lua_type(l, index) {
            sys::LUA_TSTRING => read(stack::text_at(l, index)),
            sys::LUA_TNUMBER => {
                let _balance = StackGuard::new(l);
                sys::lua_pushvalue(l, index);
                sys::lua_tolstring(l, -1, std::ptr::null_mut());
                read(stack::text_at(l, -1))
            }
            _ => Err(mismatch(state, index, "a string")),
        }
    }
}

macro_rules! texts {
    ($push:ident: $($Text:ty, |$this:ident| $text:expr;)*) => {$(
        impl IntoLua for $Text {
            const ALWAYS_KEY: Option<AlwaysKey> = Some(ALWAYS_KEY);

            fn into_lua(self, state: &mut State) -> Result<Value> {
                to_value(self, state)
            }

            #[inline]
            fn push_into(self, state: &mut State, _: Internal) -> Result<()> {
                let $this = &self;
                stack::$push(state, $text)
            }
        }
    )*};
}

texts! { push_text:
    &str, |text| text.as_bytes();
    String, |text| text.as_bytes();
    &String, |text| text.as_bytes();
    Box<str>, |text| text.as_bytes();
    Cow<'_, str>, |text| text.as_bytes();
    &[u8], |bytes| bytes;
    Bytes, |bytes| &bytes.0;
    &Bytes, |bytes| &bytes.0;
    &OsStr, |text| text.as_encoded_bytes();
    OsString, |text| text.as_encoded_bytes();
    &Path, |path| path.as_os_str().as_encoded_bytes();
    PathBuf, |path| path.as_os_str().as_encoded_bytes();
}

// A literal such as `c"hp"` is the quickest key on Lua 5.4, which finds it again by its address.
texts! { push_c_text:
    &CStr, |text| text;
    CString, |text| text;
}

impl IntoLua for char {
    fn into_lua(self, state: &mut State) -> Result<Value> {
        to_value(self, state)
    }

    fn push_into(self, state: &mut State, _: Internal) -> Result<()> {
        stack::push_text(state, self.encode_utf8(&mut [0; 4]).as_bytes())
    }
}

/// A text of the system's, such as a file's name: any bytes on Unix, UTF-8 elsewhere.
fn system_text(bytes: &[u8]) -> Result<OsString> {
    #[cfg(unix)]
    return Ok(std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec()));
    #[cfg(not(unix))]
    return string::utf8(bytes).map(OsString::from);
}

macro_rules! from_text {
    ($($Text:ty, $make:expr;)*) => {$(
        impl FromLua for $Text {
            fn from_lua(value: Value, state: &mut State) -> Result<Self> {
                from_value(value, state)
            }

            fn from_stack(state: &mut State, index: c_int, _: Internal) -> Result<Self> {
                with_text(state, index, $make)
            }
        }
    )*};
}

from_text! {
    String, |bytes| string::utf8(bytes).map(str::to_owned);
    Box<str>, |bytes| string::utf8(bytes).map(Box::from);
    Cow<'static, str>, |bytes| string::utf8(bytes).map(|text| Cow::Owned(text.to_owned()));
    Bytes, |bytes| Ok(Bytes(bytes.to_vec()));
    CString, |bytes| CString::new(bytes).map_err(|error| {
        Error::type_mismatch("a string without NUL bytes", format!("one with NUL at byte {}", error.nul_position()))
    });
    OsString, system_text;
    PathBuf, |bytes| system_text(bytes).map(PathBuf::from);
    char, |bytes| {
        let mut characters = string::utf8(bytes)?.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) => Ok(character),
            _ => Err(Error::type_mismatch("a single character", format!("a string of {} bytes", bytes.len()))),
        }
    };
}
