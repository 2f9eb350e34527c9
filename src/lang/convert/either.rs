//! A value of one type or another.

use std::ffi::c_int;

use crate::error::{Error, Result};
use crate::lang::Value;
use crate::lang::convert::{FromLua, Internal, IntoLua};
use crate::vm::state::State;

/// A value of one type or, if it is not of that, of another.
///
/// ```
/// use perilune::{Either, Lua, Result, State};
///
/// let mut lua = Lua::new()?;
/// lua.register("damage", |_: &mut State, roll: Either<u32, Vec<u32>>| -> Result<u32> {
///     Ok(match roll {
///         Either::Left(points) => points,
///         Either::Right(dice) => dice.iter().sum(),
///     })
/// })?;
/// assert_eq!(lua.load("return damage(7) + damage { 1, 2, 3 }").eval::<u32>()?, 13);
///
/// let error = lua.run("damage(true)").unwrap_err().to_string();
/// assert!(error.contains("expected an integer from 0 to 4294967295 or a table, got boolean true"), "{error}");
/// # Ok::<(), perilune::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Either<L, R> {
    /// The first of the two, which is tried first.
    Left(L),
    /// The second.
    Right(R),
}

impl<L: IntoLua, R: IntoLua> IntoLua for Either<L, R> {
    fn into_lua(self, state: &mut State) -> Result<Value> {
        match self {
            Self::Left(value) => value.into_lua(state),
            Self::Right(value) => value.into_lua(state),
        }
    }

    fn push_into(self, state: &mut State, internal: Internal) -> Result<()> {
        match self {
            Self::Left(value) => value.push_into(state, internal),
            Self::Right(value) => value.push_into(state, internal),
        }
    }
}

impl<L: FromLua, R: FromLua> FromLua for Either<L, R> {
    fn from_lua(value: Value, state: &mut State) -> Result<Self> {
        match L::from_lua(value.clone(), state) {
            Ok(left) => Ok(Self::Left(left)),
            Err(error) => or_right(error, || R::from_lua(value, state)),
        }
    }

    fn from_stack(state: &mut State, index: c_int, internal: Internal) -> Result<Self> {
        match L::from_stack(state, index, internal) {
            Ok(left) => Ok(Self::Left(left)),
            Err(error) => or_right(error, || R::from_stack(state, index, internal)),
        }
    }
}

/// The value as the second type, where it is not of the first. What is wrong with the VM,
/// rather than with the value, is an error at once.
fn or_right<L, R>(error: Error, right: impl FnOnce() -> Result<R>) -> Result<Either<L, R>> {
    if matches!(error, Error::Memory(_) | Error::Timeout(_) | Error::Panic(_) | Error::ForeignHandle | Error::Closed) {
        return Err(error);
    }
    right().map(Either::Right).map_err(|other| neither(error, other))
}

/// What both types say, where it is the value that neither of them takes.
fn neither(left: Error, right: Error) -> Error {
    match (left, right) {
        (Error::Type(left), Error::Type(mut right)) if left.place.is_empty() && right.place.is_empty() => {
            right.expected = format!("{} or {}", left.expected, right.expected);
            Error::Type(right)
        }
        (_, right) => right,
    }
}
