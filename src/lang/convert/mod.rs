//! Conversions between Rust and Lua.
//!
//! A conversion to Lua pushes exactly one value, or fails and pushes none; one from
//! Lua reads a stack index and changes nothing. Types outside this crate convert by
//! way of [`Value`]; those here also straight to and from the stack.

mod collections;
mod either;
mod error;
mod multi;
mod number;
mod text;

use std::ffi::c_int;

use crate::error::{Error, Result};
use crate::lang::Value;
use crate::sys;
use crate::vm::state::State;
use crate::vm::{class, stack};

pub(crate) use collections::{push_map, push_sequence, sequence_length};
pub use either::Either;
pub(crate) use multi::push_results;
pub use multi::{FromArg, FromArgs, FromLuaMulti, IntoLuaMulti, MultiValue, Variadic};
pub(crate) use number::push_integer;
pub use text::Bytes;

/// Keeps the stack-level methods of the public traits for this crate: outside it the
/// type cannot be named.
#[derive(Debug, Clone, Copy)]
pub struct Internal(pub(crate) ());

pub(crate) const INTERNAL: Internal = Internal(());

/// What [`IntoLua::ALWAYS_KEY`] holds. A type of its own, because everybody can read
/// that constant: an [`Internal`] in it would open the stack to all.
#[derive(Debug, Clone, Copy)]
pub struct AlwaysKey(());

pub(crate) const ALWAYS_KEY: AlwaysKey = AlwaysKey(());

/// A Rust value that can become a Lua value.
///
/// ```
/// use perilune::{IntoLua, Lua, Result, State, Value};
///
/// struct Point { x: f64, y: f64 }
///
/// impl IntoLua for Point {
///     fn into_lua(self, state: &mut State) -> Result<Value> {
///         let table = state.create_table()?;
///         table.set(state, "x", self.x)?;
///         table.set(state, "y", self.y)?;
///         Ok(Value::Table(table))
///     }
/// }
///
/// let mut lua = Lua::new()?;
/// lua.set("home", Point { x: 1.0, y: 2.0 })?;
/// assert_eq!(lua.get::<f64>("home.y")?, 2.0);
/// # Ok::<(), perilune::Error>(())
/// ```
///
/// Only the public way can be written outside this crate; the stack is out of reach.
///
/// ```compile_fail,E0433
/// # use perilune::{IntoLua, Result, State, Value};
/// struct Point;
/// impl IntoLua for Point {
///     fn into_lua(self, _: &mut State) -> Result<Value> { Ok(Value::Nil) }
///     fn push_into(self, _: &mut State, _: perilune::lang::Internal) -> Result<()> { Ok(()) } // pushes nothing
/// }
/// ```
///
/// ```compile_fail,E0308
/// # use perilune::{FromLua, IntoLua, Lua, Table};
/// # let mut lua = Lua::new().unwrap();
/// let key = <i32 as IntoLua>::ALWAYS_KEY.unwrap();
/// let registry = <Table as FromLua>::from_stack(&mut lua, -10000, key); // no key to this
/// ```
#[diagnostic::on_unimplemented(message = "`{Self}` cannot become a Lua value", note = "implement `perilune::IntoLua` for it")]
pub trait IntoLua: Sized {
    /// Given where it is always a valid table key, neither nil nor NaN; only this crate
    /// can give it.
    #[doc(hidden)]
    const ALWAYS_KEY: Option<AlwaysKey> = None;

    /// Converts it.
    ///
    /// # Errors
    /// [`Error::Memory`]; [`Error::Type`] for what Lua cannot hold, such as an
    /// integer that is too large.
    fn into_lua(self, state: &mut State) -> Result<Value>;

    /// Pushes it. `[-0, +1, m]` Needs room for one value.
    #[doc(hidden)]
    fn push_into(self, state: &mut State, _: Internal) -> Result<()> {
        // SAFETY: what the conversion forgets on the stack, such as an iterator, goes, so
        // that the value comes to stand where the caller expects it (I5).
        let balance = unsafe { stack::StackGuard::new(state.raw()) };
        let value = self.into_lua(state)?;
        drop(balance);
        value.push(state)
    }
}

/// A Rust value that can be made from a Lua value.
///
/// ```
/// use perilune::{FromLua, Lua, Result, State, Table, Value};
///
/// struct Point { x: f64, y: f64 }
///
/// impl FromLua for Point {
///     fn from_lua(value: Value, state: &mut State) -> Result<Self> {
///         let table = Table::from_lua(value, state)?;
///         Ok(Self { x: table.get(state, "x")?, y: table.get(state, "y")? })
///     }
/// }
///
/// let mut lua = Lua::new()?;
/// let point: Point = lua.load("return { x = 1, y = 2 }").eval()?;
/// assert_eq!(point.x + point.y, 3.0);
/// # Ok::<(), perilune::Error>(())
/// ```
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be made from a Lua value", note = "implement `perilune::FromLua` for it")]
pub trait FromLua: Sized {
    /// Converts it.
    ///
    /// # Errors
    /// [`Error::Type`] if the value is not of this kind.
    fn from_lua(value: Value, state: &mut State) -> Result<Self>;

    /// Reads the value at `index`, an absolute one; beyond the top it is nil. `[-0, +0, m]`
    #[doc(hidden)]
    fn from_stack(state: &mut State, index: c_int, _: Internal) -> Result<Self> {
        let value = Value::read(state, index)?;
        Self::from_lua(value, state)
    }
}

/// Reads a value by pushing it first, for types that live on the stack level. `[-0, +0, m]`
pub(crate) fn from_value<T: FromLua>(value: Value, state: &mut State) -> Result<T> {
    stack::with_room(state, 4, |state| {
        // SAFETY: there is room (I4); balanced (I5).
        let balance = unsafe { stack::StackGuard::new(state.raw()) };
        value.push(state)?;
        T::from_stack(state, balance.top + 1, INTERNAL)
    })
}

/// Makes a [`Value`] by way of the stack. `[-0, +0, m]`
pub(crate) fn to_value<T: IntoLua>(value: T, state: &mut State) -> Result<Value> {
    stack::with_room(state, 4, |state| {
        // SAFETY: there is room (I4); balanced (I5).
        let balance = unsafe { stack::StackGuard::new(state.raw()) };
        value.push_into(state, INTERNAL)?;
        Value::read(state, balance.top + 1)
    })
}

/// The error for a value of the wrong kind at `index`, showing what came.
#[cold]
pub(crate) fn mismatch(state: &mut State, index: c_int, expected: &str) -> Error {
    let l = state.raw();
    // SAFETY: reads of an acceptable index (I2); only strings are read as text.
    let got = unsafe {
        match sys::lua_type(l, index) {
            sys::LUA_TNONE | sys::LUA_TNIL => "nil".to_owned(),
            sys::LUA_TNUMBER => format!("number {}", sys::lua_tonumberx(l, index, std::ptr::null_mut())),
            sys::LUA_TBOOLEAN => format!("boolean {}", sys::lua_toboolean(l, index) != 0),
            sys::LUA_TSTRING => {
                let text = String::from_utf8_lossy(stack::text_at(l, index));
                let start: String = text.chars().take(24).collect();
                let rest = if start.len() < text.len() { "…" } else { "" };
                format!("string {start:?}{rest}")
            }
            sys::LUA_TUSERDATA => class::name_at(l, index).unwrap_or_else(|| "userdata".to_owned()),
            _ => stack::type_name(l, index).to_owned(),
        }
    };
    Error::type_mismatch(expected, got)
}

impl IntoLua for bool {
    fn into_lua(self, _: &mut State) -> Result<Value> {
        Ok(Value::Boolean(self))
    }

    fn push_into(self, state: &mut State, _: Internal) -> Result<()> {
        // SAFETY: raises nothing (I2); room is the caller's (I4).
        unsafe { sys::lua_pushboolean(state.raw(), self.into()) };
        Ok(())
    }
}

impl FromLua for bool {
    fn from_lua(value: Value, _: &mut State) -> Result<Self> {
        match value {
            Value::Boolean(value) => Ok(value),
            other => Err(Error::type_mismatch("a boolean", other.type_name())),
        }
    }

    fn from_stack(state: &mut State, index: c_int, _: Internal) -> Result<Self> {
        let l = state.raw();
        // SAFETY: reads of an acceptable index (I2).
        unsafe {
            if sys::lua_type(l, index) == sys::LUA_TBOOLEAN {
                return Ok(sys::lua_toboolean(l, index) != 0);
            }
        }
        Err(mismatch(state, index, "a boolean"))
    }
}

impl<T: IntoLua> IntoLua for Option<T> {
    fn into_lua(self, state: &mut State) -> Result<Value> {
        self.map_or(Ok(Value::Nil), |value| value.into_lua(state))
    }

    fn push_into(self, state: &mut State, internal: Internal) -> Result<()> {
        match self {
            Some(value) => value.push_into(state, internal),
            None => Value::Nil.push(state),
        }
    }
}

impl<T: FromLua> FromLua for Option<T> {
    fn from_lua(value: Value, state: &mut State) -> Result<Self> {
        if value.is_nil() { Ok(None) } else { T::from_lua(value, state).map(Some) }
    }

    fn from_stack(state: &mut State, index: c_int, internal: Internal) -> Result<Self> {
        // SAFETY: reads of an acceptable index (I2).
        if unsafe { sys::lua_type(state.raw(), index) } <= sys::LUA_TNIL {
            return Ok(None);
        }
        T::from_stack(state, index, internal).map(Some)
    }
}
