//! When two values are the same.

use std::ffi::c_void;

use crate::error::Result;
use crate::lang::FromLua;
use crate::lang::Value;
use crate::lang::convert::INTERNAL;
use crate::sys;
use crate::vm::protect::{Body, Call};
use crate::vm::registry::Slot;
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;

/// What a value is, to be compared and hashed: the content of a number, a string or a
/// boolean, otherwise which object it is. Two values have the same identity if Lua takes
/// them for the same table key.
///
/// It does not keep an object alive. One that is collected leaves its identity to whatever
/// object is made in its place: hold a handle as long as the identity has to be its own.
///
/// ```
/// use std::collections::HashMap;
///
/// use perilune::{Lua, Table, Value};
///
/// let mut lua = Lua::new()?;
/// let [rowan, ash] = [lua.create_table()?, lua.create_table()?];
/// let mut scores = HashMap::new();
/// scores.insert(Value::Table(rowan.clone()).identity(&lua)?, 7);
/// scores.insert(Value::Table(ash).identity(&lua)?, 9);
///
/// lua.set("leader", rowan)?;
/// let leader: Value = lua.get("leader")?;
/// assert_eq!(scores[&leader.identity(&lua)?], 7);
/// # Ok::<(), perilune::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity(Kind);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Kind {
    Nil,
    Boolean(bool),
    Integer(i64),
    /// The bits of a number that is not whole.
    Number(u64),
    Text(Box<[u8]>),
    /// The type and the address, which is never used as one.
    Object(&'static str, usize),
}

impl Value {
    /// Which value it is; see [`Identity`].
    ///
    /// # Errors
    /// [`Error::ForeignHandle`](crate::Error::ForeignHandle) or
    /// [`Error::Closed`](crate::Error::Closed).
    pub fn identity(&self, state: &State) -> Result<Identity> {
        let kind = match self {
            Self::Nil => Kind::Nil,
            Self::Boolean(value) => Kind::Boolean(*value),
            Self::Integer(value) => Kind::Integer(*value),
            Self::Number(value) => whole(*value).map_or(Kind::Number(value.to_bits()), Kind::Integer),
            Self::String(text) => Kind::Text(text.as_bytes(state)?.into()),
            other => Kind::Object(other.type_name(), other.address(state)?.addr()),
        };
        Ok(Identity(kind))
    }

    /// Whether both are the same, as `rawequal` says.
    ///
    /// ```
    /// use perilune::{Lua, Value};
    ///
    /// let lua = Lua::new()?;
    /// assert!(Value::Integer(1).raw_equals(&lua, &Value::Number(1.0))?);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::ForeignHandle`](crate::Error::ForeignHandle) or
    /// [`Error::Closed`](crate::Error::Closed).
    pub fn raw_equals(&self, state: &State, other: &Self) -> Result<bool> {
        Ok(match (self, other) {
            (Self::Nil, Self::Nil) => true,
            (Self::Boolean(a), Self::Boolean(b)) => a == b,
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::Integer(a), Self::Number(b)) | (Self::Number(b), Self::Integer(a)) => whole(*b) == Some(*a),
            (Self::String(a), Self::String(b)) => a.as_bytes(state)? == b.as_bytes(state)?,
            (a, b) => match (a.slot(), b.slot()) {
                (Some(a), Some(b)) => same(state, a, b)?,
                _ => false,
            },
        })
    }

    /// Whether both are equal, as `==` says, with `__eq`.
    ///
    /// # Errors
    /// What `__eq` raises.
    pub fn equals(&self, state: &mut State, other: &Self) -> Result<bool> {
        if self.slot().is_none() || other.slot().is_none() {
            return self.raw_equals(state, other);
        }
        let vm = state.vm();
        vm.begin(state)?;
        stack::with_room(state, 4, |state| {
            // SAFETY: there is room (I4); comparing runs protected (I2); balanced (I5).
            let equal = unsafe {
                let balance = StackGuard::new(state.raw());
                let call = Call::begin(vm, state.raw(), balance.top);
                call.push_body(Body::Equal);
                self.clone().push(state)?;
                other.clone().push(state)?;
                call.finish(2, 1)?;
                bool::from_stack(state, call.first, INTERNAL)?
            };
            vm.settle()?;
            Ok(equal)
        })
    }

    /// Where the object is, of a value that is one.
    fn address(&self, state: &State) -> Result<*const c_void> {
        let Some(slot) = self.slot() else { return Ok(std::ptr::null()) };
        // SAFETY: one slot of the doors' room, used and given back (I4, I5); reads only (I2).
        unsafe {
            let _balance = StackGuard::new(state.raw());
            push_shared(state, slot)?;
            Ok(sys::lua_topointer(state.raw(), -1))
        }
    }
}

/// Whether two slots hold the same object.
fn same(state: &State, a: &Slot, b: &Slot) -> Result<bool> {
    // SAFETY: two slots of the doors' room, used and given back (I4, I5); reads only (I2).
    unsafe {
        let _balance = StackGuard::new(state.raw());
        push_shared(state, a)?;
        push_shared(state, b)?;
        Ok(sys::lua_rawequal(state.raw(), -1, -2) != 0)
    }
}

/// Pushes what a slot holds, which changes nothing that a shared borrow shows. `[-0, +1, -]`
///
/// # Safety
/// One slot of the doors' room is free, and given back before the borrow ends.
unsafe fn push_shared(state: &State, slot: &Slot) -> Result<()> {
    let index = slot.index_in(&state.vm().shared)?;
    // SAFETY: a registry read raises nothing (I2).
    unsafe { crate::vm::backend::registry_get(state.raw(), index) };
    Ok(())
}

/// The number as an integer, if it is one.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "checked by converting back")]
pub(crate) fn whole(number: f64) -> Option<i64> {
    let integer = number as i64;
    // 2^63 itself would come back as `i64::MAX`.
    (integer as f64 == number && number != 9_223_372_036_854_775_808.0).then_some(integer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_integers() {
        assert_eq!(whole(1.0), Some(1));
        assert_eq!(whole(-0.0), Some(0));
        assert_eq!(whole(-9_223_372_036_854_775_808.0), Some(i64::MIN));
        for number in [0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 9_223_372_036_854_775_808.0, 1e300] {
            assert_eq!(whole(number), None, "{number}");
        }
    }
}
