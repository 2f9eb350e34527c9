//! Errors as values: what a script's `pcall` gives, and Lua's way to return "nil and why".

use std::ffi::c_int;

use crate::error::{Error, Result};
use crate::lang::Value;
use crate::lang::convert::{FromLua, Internal, IntoLua, IntoLuaMulti, from_value, to_value};
use crate::vm::failure;
use crate::vm::state::State;

/// As a value an error is what a script's `pcall` would have given it: what a script has
/// raised, or an object that prints as the message. Raised, it is the same error again.
impl IntoLua for Error {
    fn into_lua(self, state: &mut State) -> Result<Value> {
        to_value(self, state)
    }

    fn push_into(self, state: &mut State, _: Internal) -> Result<()> {
        failure::push(state, self);
        Ok(())
    }
}

/// An error of the host's that a script has caught is the same error again; any other value
/// is that of an [`Error::Runtime`].
///
/// ```
/// use perilune::{Error, Lua, Result, State};
///
/// let mut lua = Lua::new()?;
/// lua.register("parse", |_: &mut State, text: &str| -> Result<i32> { text.parse().map_err(Error::external) })?;
/// lua.register("report", |_: &mut State, error: Error| -> Result<bool> {
///     Ok(error.downcast_ref::<std::num::ParseIntError>().is_some())
/// })?;
/// let known: (bool, bool) = lua.load("
///     local _, theirs = pcall(parse, 'twelve')
///     local _, own = pcall(error, 'my own')
///     return report(theirs), report(own)
/// ").eval()?;
/// assert_eq!(known, (true, false));
/// # Ok::<(), Error>(())
/// ```
impl FromLua for Error {
    fn from_lua(value: Value, state: &mut State) -> Result<Self> {
        from_value(value, state)
    }

    fn from_stack(state: &mut State, index: c_int, _: Internal) -> Result<Self> {
        // SAFETY: an absolute index, in grace (I3).
        unsafe { failure::at(state, index) }
    }
}

/// Lua's own way to say that something did not work out: the values, or nil and the error.
///
/// ```
/// use perilune::{Lua, State};
///
/// let mut lua = Lua::new()?;
/// // Not raised, but returned: hence a result in the result.
/// lua.register("parse", |_: &mut State, text: &str| Ok(text.parse::<i32>().map_err(|error| error.to_string())))?;
/// lua.run("
///     assert(parse('12') == 12)
///     local number, why = parse('twelve')
///     assert(number == nil and why == 'invalid digit found in string')
/// ")?;
/// # Ok::<(), perilune::Error>(())
/// ```
impl<T: IntoLuaMulti, E: IntoLua> IntoLuaMulti for Result<T, E> {
    fn count(&self) -> c_int {
        match self {
            Ok(values) => values.count(),
            Err(_) => 2,
        }
    }

    fn push_all(self, state: &mut State, internal: Internal) -> Result<c_int> {
        match self {
            Ok(values) => values.push_all(state, internal),
            Err(error) => (Value::Nil, error).push_all(state, internal),
        }
    }
}
