//! Any Lua value.

use std::ffi::c_int;

use crate::error::Result;
use crate::lang::convert::{FromLua, Internal, IntoLua};
use crate::lang::identity::whole;
use crate::lang::{AnyUserData, Coroutine, Function, LuaString, Table, convert};
use crate::sys;
use crate::vm::backend::{self, Number};
use crate::vm::owner::VmRef;
use crate::vm::registry::Slot;
use crate::vm::state::State;
use crate::vm::{protect, stack};

/// A Lua value of any type.
///
/// ```
/// use perilune::{Lua, Value};
///
/// let mut lua = Lua::new()?;
/// let out = lua.run("return 7, 'seven', nil")?;
/// assert!(matches!(out.values(), [Value::Integer(7), Value::String(_), Value::Nil]));
/// # Ok::<(), perilune::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Value {
    /// `nil`.
    #[default]
    Nil,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number: an integer of Lua 5.4, or a number of LuaJIT that is whole
    /// and within ±2⁵³.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// A string of bytes.
    String(LuaString),
    /// A table.
    Table(Table),
    /// A function, of Lua or of the host.
    Function(Function),
    /// A coroutine.
    Coroutine(Coroutine),
    /// A userdata: a Rust value, or one of a C library's.
    UserData(AnyUserData),
    /// A value of another type (LuaJIT's cdata), which can be passed on.
    Opaque(Opaque),
}

/// A value that is passed on as it is: LuaJIT's cdata.
#[derive(Debug, Clone)]
pub struct Opaque {
    slot: Slot,
    kind: &'static str,
}

impl Opaque {
    /// What Lua's `type` says of it.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        self.kind
    }
}

impl Value {
    /// What Lua's `type` says of it.
    ///
    /// ```
    /// assert_eq!(perilune::Value::Integer(1).type_name(), "number");
    /// ```
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Nil => "nil",
            Self::Boolean(_) => "boolean",
            Self::Integer(_) | Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Table(_) => "table",
            Self::Function(_) => "function",
            Self::Coroutine(_) => "thread",
            Self::UserData(_) => "userdata",
            Self::Opaque(value) => value.kind,
        }
    }

    /// Whether it is `nil`.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// The boolean, if it is one.
    #[must_use]
    pub fn as_boolean(&self) -> Option<bool> {
        if let Self::Boolean(value) = self { Some(*value) } else { None }
    }

    /// The whole number, if it is one, also where Lua 5.4 keeps it as a float.
    ///
    /// ```
    /// use perilune::Value;
    ///
    /// assert_eq!(Value::Number(3.0).as_integer(), Some(3));
    /// assert_eq!(Value::Number(3.5).as_integer(), None);
    /// ```
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            Self::Number(value) => whole(*value),
            _ => None,
        }
    }

    /// The number, if it is one, whole or not. An integer of Lua 5.4 beyond ±2⁵³ is rounded.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "as Lua itself does it")]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(*value as f64),
            Self::Number(value) => Some(*value),
            _ => None,
        }
    }

    /// The string, if it is one.
    #[must_use]
    pub fn as_string(&self) -> Option<&LuaString> {
        if let Self::String(value) = self { Some(value) } else { None }
    }

    /// The table, if it is one.
    ///
    /// ```
    /// use perilune::{Lua, Value};
    ///
    /// let mut lua = Lua::new()?;
    /// let hero: Value = lua.load("return { hp = 7 }").eval()?;
    /// let hp = hero.as_table().map(|hero| hero.get::<i32>(&mut lua, "hp")).transpose()?;
    /// assert_eq!(hp, Some(7));
    /// # Ok::<(), perilune::Error>(())
    /// ```
    #[must_use]
    pub fn as_table(&self) -> Option<&Table> {
        if let Self::Table(value) = self { Some(value) } else { None }
    }

    /// The function, if it is one.
    #[must_use]
    pub fn as_function(&self) -> Option<&Function> {
        if let Self::Function(value) = self { Some(value) } else { None }
    }

    /// The coroutine, if it is one.
    #[must_use]
    pub fn as_coroutine(&self) -> Option<&Coroutine> {
        if let Self::Coroutine(value) = self { Some(value) } else { None }
    }

    /// The userdata, if it is one.
    #[must_use]
    pub fn as_userdata(&self) -> Option<&AnyUserData> {
        if let Self::UserData(value) = self { Some(value) } else { None }
    }

    /// Its slot, if it has one: numbers, booleans and nil have none.
    pub(crate) fn slot(&self) -> Option<&Slot> {
        match self {
            Self::Nil | Self::Boolean(_) | Self::Integer(_) | Self::Number(_) => None,
            Self::String(value) => Some(value.slot()),
            Self::Table(value) => Some(value.slot()),
            Self::Function(value) => Some(value.slot()),
            Self::Coroutine(value) => Some(value.slot()),
            Self::UserData(value) => Some(value.slot()),
            Self::Opaque(value) => Some(&value.slot),
        }
    }

    /// Converts it to a Rust type.
    ///
    /// # Errors
    /// [`Error::Type`](crate::Error::Type) if it is not of that kind.
    pub fn to<T: FromLua>(&self, state: &mut State) -> Result<T> {
        T::from_lua(self.clone(), state)
    }

    /// The text that Lua's `tostring` makes of it, with `__tostring`.
    ///
    /// # Errors
    /// What `__tostring` raises; bytes that are not UTF-8 are replaced.
    pub fn to_text(&self, state: &mut State) -> Result<String> {
        let vm = state.vm();
        vm.begin(state)?;
        stack::with_room(state, 3, |state| {
            let l = state.raw();
            // SAFETY: there is room (I4); the body runs protected (I2); balanced (I5).
            unsafe {
                let balance = stack::StackGuard::new(l);
                let call = protect::Call::begin(vm, l, balance.top);
                call.push_body(protect::Body::ToString);
                self.clone().push(state)?;
                call.finish(1, 1)?;
                vm.settle()?;
                Ok(String::from_utf8_lossy(stack::text_at(l, -1)).into_owned())
            }
        })
    }

    /// Pushes it. `[-0, +1, m]` Needs room for one value.
    pub(crate) fn push(self, state: &mut State) -> Result<()> {
        let l = state.raw();
        // SAFETY: plain pushes raise nothing (I2); room is the caller's (I4).
        unsafe {
            match self {
                Self::Nil => sys::lua_pushnil(l),
                Self::Boolean(value) => sys::lua_pushboolean(l, value.into()),
                Self::Number(value) => sys::lua_pushnumber(l, value),
                Self::Integer(value) => convert::push_integer(state, value)?,
                Self::String(value) => push_slot(state, value.slot())?,
                Self::Table(value) => push_slot(state, value.slot())?,
                Self::Function(value) => push_slot(state, value.slot())?,
                Self::Coroutine(value) => push_slot(state, value.slot())?,
                Self::UserData(value) => push_slot(state, value.slot())?,
                Self::Opaque(value) => push_slot(state, &value.slot)?,
            }
        }
        Ok(())
    }

    /// Reads the value at `index`, an absolute one; beyond the top it is nil. `[-0, +0, m]`
    pub(crate) fn read(state: &mut State, index: c_int) -> Result<Self> {
        let l = state.raw();
        // SAFETY: reads of an acceptable index (I2); `anchor_at` keeps within the doors' room.
        unsafe {
            Ok(match sys::lua_type(l, index) {
                sys::LUA_TNIL | sys::LUA_TNONE => Self::Nil,
                sys::LUA_TBOOLEAN => Self::Boolean(sys::lua_toboolean(l, index) != 0),
                sys::LUA_TNUMBER => match backend::number_at(l, index) {
                    Number::Integer(value) => Self::Integer(value),
                    Number::Float(value) => Self::Number(value),
                },
                sys::LUA_TSTRING => Self::String(LuaString::new(anchor_at(state, index))),
                sys::LUA_TTABLE => Self::Table(Table::new(anchor_at(state, index))),
                sys::LUA_TFUNCTION => Self::Function(Function::new(anchor_at(state, index))),
                sys::LUA_TTHREAD => Self::Coroutine(Coroutine::new(anchor_at(state, index))),
                sys::LUA_TUSERDATA => Self::UserData(AnyUserData::new(anchor_at(state, index))),
                _ => Self::Opaque(Opaque { kind: stack::type_name(l, index), slot: anchor_at(state, index) }),
            })
        }
    }
}

/// Pushes what a slot holds. `[-0, +1, -]` Needs room for one value.
#[inline]
pub(crate) fn push_slot(state: &mut State, slot: &Slot) -> Result<()> {
    VmRef::of_handle(state, slot)?;
    // SAFETY: a registry read raises nothing (I2); room is the caller's (I4).
    unsafe { backend::registry_get(state.raw(), slot.index()) };
    Ok(())
}

/// A slot for the value at `index`. `[-0, +0, m]`
///
/// # Safety
/// The value is not nil. Uses the doors' room.
pub(crate) unsafe fn anchor_at(state: &mut State, index: c_int) -> Slot {
    let (vm, l) = (state.vm(), state.raw());
    // SAFETY: copies the value and anchors the copy, which only wants memory (I3).
    unsafe {
        sys::lua_pushvalue(l, index);
        vm.anchor(l)
    }
}

impl IntoLua for Value {
    fn into_lua(self, _: &mut State) -> Result<Value> {
        Ok(self)
    }

    fn push_into(self, state: &mut State, _: Internal) -> Result<()> {
        self.push(state)
    }
}

impl IntoLua for &Value {
    fn into_lua(self, _: &mut State) -> Result<Value> {
        Ok(self.clone())
    }
}

impl FromLua for Value {
    fn from_lua(value: Value, _: &mut State) -> Result<Self> {
        Ok(value)
    }

    fn from_stack(state: &mut State, index: c_int, _: Internal) -> Result<Self> {
        Self::read(state, index)
    }
}

/// What every handle type has: a slot, and conversions to and from itself only.
macro_rules! handle {
    ($Handle:ident, $Variant:ident, $TYPE:ident, $expected:literal) => {
        impl $Handle {
            pub(crate) fn new(slot: $crate::vm::registry::Slot) -> Self {
                Self { slot }
            }

            pub(crate) fn slot(&self) -> &$crate::vm::registry::Slot {
                &self.slot
            }
        }

        impl $crate::lang::IntoLua for $Handle {
            fn into_lua(self, _: &mut $crate::State) -> $crate::Result<$crate::Value> {
                Ok($crate::Value::$Variant(self))
            }

            fn push_into(self, state: &mut $crate::State, _: $crate::lang::Internal) -> $crate::Result<()> {
                $crate::lang::value::push_slot(state, &self.slot)
            }
        }

        impl $crate::lang::IntoLua for &$Handle {
            fn into_lua(self, _: &mut $crate::State) -> $crate::Result<$crate::Value> {
                Ok($crate::Value::$Variant(self.clone()))
            }

            fn push_into(self, state: &mut $crate::State, _: $crate::lang::Internal) -> $crate::Result<()> {
                $crate::lang::value::push_slot(state, &self.slot)
            }
        }

        impl $crate::lang::FromLua for $Handle {
            fn from_lua(value: $crate::Value, _: &mut $crate::State) -> $crate::Result<Self> {
                match value {
                    $crate::Value::$Variant(handle) => Ok(handle),
                    other => Err($crate::Error::type_mismatch($expected, other.type_name())),
                }
            }

            fn from_stack(state: &mut $crate::State, index: std::ffi::c_int, _: $crate::lang::Internal) -> $crate::Result<Self> {
                // SAFETY: reads an acceptable index; what is anchored is not nil.
                unsafe {
                    if $crate::sys::lua_type(state.raw(), index) == $crate::sys::$TYPE {
                        return Ok(Self::new($crate::lang::value::anchor_at(state, index)));
                    }
                }
                Err($crate::lang::mismatch(state, index, $expected))
            }
        }
    };
}
pub(crate) use handle;
