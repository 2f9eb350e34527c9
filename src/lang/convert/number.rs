//! Numbers. Integers are checked against their type's range in both directions;
//! numeric strings count as numbers, as everywhere in Lua.

use std::ffi::c_int;

use crate::error::{Error, Result};
use crate::lang::convert::{ALWAYS_KEY, AlwaysKey, FromLua, Internal, IntoLua, mismatch};
use crate::lang::{Value, convert};
use crate::sys;
use crate::vm::backend;
use crate::vm::state::State;

/// Pushes an integer, if a number of the linked Lua can hold it. `[-0, +1, -]`
#[inline]
pub(crate) fn push_integer(state: &mut State, value: i64) -> Result<()> {
    // SAFETY: raises nothing (I2); room is the caller's (I4).
    if unsafe { backend::push_integer(state.raw(), value) } { Ok(()) } else { Err(too_large(value)) }
}

#[cold]
fn too_large(value: impl std::fmt::Display) -> Error {
    Error::type_mismatch("an integer that a Lua number holds exactly", format!("{value} (pass it as text or as two numbers)"))
}

macro_rules! integers {
    ($($Integer:ident $expected:expr;)*) => {$(
        impl IntoLua for $Integer {
            const ALWAYS_KEY: Option<AlwaysKey> = Some(ALWAYS_KEY);

            #[allow(irrefutable_let_patterns, clippy::useless_conversion, clippy::unnecessary_fallible_conversions)]
            fn into_lua(self, state: &mut State) -> Result<Value> {
                self.push_into(state, convert::INTERNAL)?;
                // SAFETY: pops what was pushed (I5).
                unsafe { sys::lua_settop(state.raw(), -2) };
                i64::try_from(self).map(Value::Integer).map_err(|_| too_large(self))
            }

            #[inline]
            #[allow(clippy::useless_conversion, clippy::unnecessary_fallible_conversions)]
            fn push_into(self, state: &mut State, _: Internal) -> Result<()> {
                match i64::try_from(self) {
                    Ok(value) => push_integer(state, value),
                    Err(_) => Err(too_large(self)),
                }
            }
        }

        impl FromLua for $Integer {
            fn from_lua(value: Value, state: &mut State) -> Result<Self> {
                convert::from_value(value, state)
            }

            #[inline]
            #[allow(clippy::useless_conversion, clippy::unnecessary_fallible_conversions)]
            fn from_stack(state: &mut State, index: c_int, _: Internal) -> Result<Self> {
                // SAFETY: reads of an acceptable index (I2).
                match unsafe { backend::integer_at(state.raw(), index) }.map($Integer::try_from) {
                    Some(Ok(value)) => Ok(value),
                    _ => Err(mismatch(state, index, $expected)),
                }
            }
        }
    )*};
}

integers! {
    i8 "an integer from -128 to 127";
    u8 "an integer from 0 to 255";
    i16 "an integer from -32768 to 32767";
    u16 "an integer from 0 to 65535";
    i32 "an integer from -2147483648 to 2147483647";
    u32 "an integer from 0 to 4294967295";
    i64 "an integer";
    u64 "an integer from 0 on";
    i128 "an integer";
    u128 "an integer from 0 on";
    isize "an integer";
    usize "an integer from 0 on";
}

macro_rules! floats {
    ($($Float:ident)*) => {$(
        impl IntoLua for $Float {
            fn into_lua(self, _: &mut State) -> Result<Value> {
                Ok(Value::Number(self.into()))
            }

            #[inline]
            fn push_into(self, state: &mut State, _: Internal) -> Result<()> {
                // SAFETY: raises nothing (I2); room is the caller's (I4).
                unsafe { sys::lua_pushnumber(state.raw(), self.into()) };
                Ok(())
            }
        }

        impl FromLua for $Float {
            fn from_lua(value: Value, state: &mut State) -> Result<Self> {
                convert::from_value(value, state)
            }

            #[inline]
            #[allow(clippy::cast_possible_truncation, reason = "an f32 is asked for")]
            fn from_stack(state: &mut State, index: c_int, _: Internal) -> Result<Self> {
                let mut ok = 0;
                // SAFETY: reads of an acceptable index (I2).
                let number = unsafe { sys::lua_tonumberx(state.raw(), index, &raw mut ok) };
                if ok != 0 { Ok(number as $Float) } else { Err(mismatch(state, index, "a number")) }
            }
        }
    )*};
}

floats! { f32 f64 }
