//! Lists, arrays, maps and sets, as tables. Tables are read raw: a sequence up to
//! its length, a map by traversal.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ffi::c_int;
use std::hash::{BuildHasher, Hash};

use crate::error::{Error, Result};
use crate::lang::convert::{FromLua, INTERNAL, Internal, IntoLua, from_value, mismatch, to_value};
use crate::lang::{Value, table};
use crate::sys;
use crate::vm::backend;
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;

/// Slots that one level of a collection needs.
const SLOTS: c_int = 4;

/// A length that a script claims is trusted only so far in advance.
const AT_ONCE: usize = 4096;

/// Pushes a table with the items in order. `[-0, +1, m]`
pub(crate) fn push_sequence<T: IntoLua>(state: &mut State, items: impl ExactSizeIterator<Item = T>) -> Result<()> {
    stack::push_with_room(state, SLOTS, |state| {
        let l = state.raw();
        // SAFETY: there is room (I4); on failure everything is taken back (I5).
        let balance = unsafe { StackGuard::new(l) };
        let list = balance.top + 1;
        stack::push_table(state, items.len(), 0)?;
        for (index, item) in items.enumerate() {
            push_integer_key(state, index)?;
            item.push_into(state, INTERNAL).map_err(|error| error.at(|| format!("element {}", index + 1)))?;
            // SAFETY: a table, with a whole number as the key.
            unsafe { stack::raw_set(state, list)? };
        }
        balance.keep();
        Ok(())
    })
}

fn push_integer_key(state: &mut State, index: usize) -> Result<()> {
    super::push_integer(state, i64::try_from(index).unwrap_or(i64::MAX) + 1)
}

/// Pushes a table with the entries. `[-0, +1, m]`
pub(crate) fn push_map<K: IntoLua, V: IntoLua>(state: &mut State, entries: impl ExactSizeIterator<Item = (K, V)>) -> Result<()> {
    stack::push_with_room(state, SLOTS, |state| {
        let l = state.raw();
        // SAFETY: there is room (I4); on failure everything is taken back (I5).
        let balance = unsafe { StackGuard::new(l) };
        let map = balance.top + 1;
        stack::push_table(state, 0, entries.len())?;
        for (key, value) in entries {
            key.push_into(state, INTERNAL)?;
            table::check_key(state, map + 1)?;
            value.push_into(state, INTERNAL)?;
            // SAFETY: a table, and the key was checked.
            unsafe { stack::raw_set(state, map)? };
        }
        balance.keep();
        Ok(())
    })
}

/// The length of the sequence at `index`. A few entries at powers of two make a table
/// that says it has a billion, but up to a true length every entry takes 8 bytes at least.
pub(crate) fn sequence_length(state: &State, index: c_int) -> Result<usize> {
    // SAFETY: reads of a table (I2).
    let length = unsafe { backend::raw_length(state.raw(), index) };
    if length <= state.vm().memory.used.get() / 8 {
        return Ok(length);
    }
    Err(Error::type_mismatch("a sequence", format!("a table of length {length} that has hardly any entries")))
}

/// Reads the sequence at `index`, giving each item to `take`. `[-0, +0, m]`
fn read_sequence<T: FromLua>(state: &mut State, index: c_int, mut take: impl FnMut(T)) -> Result<()> {
    let l = state.raw();
    let length = sequence_length(state, index)?;
    // SAFETY: reads of a table (I2) within the room that the caller made sure of (I4).
    unsafe {
        for position in 1..=length {
            let balance = StackGuard::new(l);
            backend::raw_get_index(l, index, position);
            let item = T::from_stack(state, balance.top + 1, INTERNAL);
            take(item.map_err(|error| error.at(|| format!("element {position}")))?);
        }
    }
    Ok(())
}

/// Whether a table at `index` can be read in this frame: otherwise it is read by way
/// of a [`Value`] in a fresh one.
fn readable(state: &mut State, index: c_int) -> Result<bool> {
    let l = state.raw();
    // SAFETY: reads of an acceptable index (I2).
    unsafe {
        if sys::lua_type(l, index) != sys::LUA_TTABLE {
            return Err(mismatch(state, index, "a table"));
        }
        Ok(stack::has_room(&state.vm(), sys::lua_gettop(l), SLOTS))
    }
}

/// The length of the table at `index`, as far as memory is taken in advance.
fn expected(state: &State, index: c_int) -> usize {
    // SAFETY: reads of an acceptable index (I2).
    unsafe { backend::raw_length(state.raw(), index) }.min(AT_ONCE)
}

/// `FromLua` for a collection: `$read` reads the table at `$index` within the frame.
macro_rules! from_table {
    ([$($generics:tt)*] $Type:ty, |$state:ident, $index:ident| $read:expr) => {
        impl<$($generics)*> FromLua for $Type {
            fn from_lua(value: Value, state: &mut State) -> Result<Self> {
                from_value(value, state)
            }

            fn from_stack($state: &mut State, $index: c_int, _: Internal) -> Result<Self> {
                if !readable($state, $index)? {
                    let value = Value::read($state, $index)?;
                    return from_value(value, $state);
                }
                $read
            }
        }
    };
}

from_table!([T: FromLua] Vec<T>, |state, index| {
    let mut items = Self::with_capacity(expected(state, index));
    read_sequence(state, index, |item| items.push(item))?;
    Ok(items)
});
from_table!([T: FromLua] VecDeque<T>, |state, index| Vec::from_stack(state, index, INTERNAL).map(Self::from));
from_table!([T: FromLua] Box<[T]>, |state, index| Vec::from_stack(state, index, INTERNAL).map(Self::from));
from_table!([T: FromLua, const N: usize] [T; N], |state, index| {
    let items: Vec<T> = Vec::from_stack(state, index, INTERNAL)?;
    items.try_into().map_err(|items: Vec<T>| {
        Error::type_mismatch(format!("a sequence of {N} values"), format!("one of {}", items.len()))
    })
});
from_table!([K: FromLua + Eq + Hash, V: FromLua, S: BuildHasher + Default] HashMap<K, V, S>, |state, index| {
    let mut map = Self::default();
    table::for_each_at(state, index, |key, value| { map.insert(key, value); })?;
    Ok(map)
});
from_table!([K: FromLua + Ord, V: FromLua] BTreeMap<K, V>, |state, index| {
    let mut map = Self::new();
    table::for_each_at(state, index, |key, value| { map.insert(key, value); })?;
    Ok(map)
});
from_table!([T: FromLua + Eq + Hash, S: BuildHasher + Default] HashSet<T, S>, |state, index| {
    let mut set = Self::default();
    read_sequence(state, index, |item| { set.insert(item); })?;
    Ok(set)
});
from_table!([T: FromLua + Ord] BTreeSet<T>, |state, index| {
    let mut set = Self::new();
    read_sequence(state, index, |item| { set.insert(item); })?;
    Ok(set)
});

/// `IntoLua` for a collection: `$push` makes a table of its owned iterator.
macro_rules! into_table {
    ($([$($generics:tt)*] $Type:ty, $push:ident;)*) => {$(
        impl<$($generics)*> IntoLua for $Type {
            fn into_lua(self, state: &mut State) -> Result<Value> {
                to_value(self, state)
            }

            fn push_into(self, state: &mut State, _: Internal) -> Result<()> {
                $push(state, self.into_iter())
            }
        }
    )*};
}

into_table! {
    [T: IntoLua] Vec<T>, push_sequence;
    [T: IntoLua] VecDeque<T>, push_sequence;
    [T: IntoLua] Box<[T]>, push_sequence;
    [T: IntoLua, const N: usize] [T; N], push_sequence;
    [T: IntoLua, S] HashSet<T, S>, push_sequence;
    [T: IntoLua] BTreeSet<T>, push_sequence;
    [K: IntoLua, V: IntoLua, S] HashMap<K, V, S>, push_map;
    [K: IntoLua, V: IntoLua] BTreeMap<K, V>, push_map;
}
