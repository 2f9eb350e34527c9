//! Tables as lists: values added to and taken out of the sequence, at its end or in its
//! midst, without metamethods.

use std::ffi::c_int;

use crate::error::{Error, Result};
use crate::lang::convert::{INTERNAL, push_integer, sequence_length};
use crate::lang::table::{get_raw, set_raw};
use crate::lang::{FromLua, IntoLua, Table, Value};
use crate::sys;
use crate::vm::backend;
use crate::vm::stack;
use crate::vm::state::State;

impl Table {
    /// Appends a value to the sequence, raw.
    ///
    /// # Errors
    /// [`Error::Memory`]; what the conversion says.
    pub fn push(&self, state: &mut State, value: impl IntoLua) -> Result<()> {
        self.enter(state, |state, table| {
            // SAFETY: reads only (I2).
            let length = unsafe { backend::raw_length(state.raw(), table) };
            set_raw(state, table, length + 1, value)
        })
    }

    /// Takes the last value off the sequence, raw; nil if it is empty.
    ///
    /// # Errors
    /// [`Error::Type`] if the value is of another kind; it stays in the table then.
    pub fn pop<V: FromLua>(&self, state: &mut State) -> Result<V> {
        self.enter(state, |state, table| {
            // SAFETY: reads only (I2).
            let length = unsafe { backend::raw_length(state.raw(), table) };
            let value = get_raw(state, table, length)?;
            // An error about the value must not lose it.
            state.vm().settle()?;
            // SAFETY: the value has been read.
            unsafe { sys::lua_settop(state.raw(), table) };
            if length > 0 {
                set_raw(state, table, length, Value::Nil)?;
            }
            Ok(value)
        })
    }

    /// Puts a value into the sequence, raw; what stands there and after it moves up by one.
    /// Positions count from 1; the one after the last appends.
    ///
    /// ```
    /// use perilune::Lua;
    ///
    /// let mut lua = Lua::new()?;
    /// let turns = lua.create_sequence(["Rowan", "Ash"])?;
    /// turns.insert(&mut lua, 1, "Hazel")?;
    /// assert_eq!(turns.to_vec::<String>(&mut lua)?, ["Hazel", "Rowan", "Ash"]);
    ///
    /// let error = turns.insert(&mut lua, 9, "Elm").unwrap_err();
    /// assert_eq!(error.to_string(), "expected a position from 1 to 4, got 9");
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Type`] for a position outside the sequence; [`Error::Memory`]; what the
    /// conversion says.
    pub fn insert(&self, state: &mut State, position: usize, value: impl IntoLua) -> Result<()> {
        self.enter(state, |state, table| {
            // First, because it may run what changes the table.
            value.push_into(state, INTERNAL)?;
            let length = sequence_length(state, table)?;
            check_position(position, length + 1)?;
            // From the end, so that what may want memory comes before anything is moved.
            for place in (position..=length).rev() {
                copy(state, table, place, place + 1)?;
            }
            store(state, table, position)
        })
    }

    /// Takes a value out of the sequence, raw; what stands after it moves down by one.
    /// Positions count from 1.
    ///
    /// ```
    /// use perilune::Lua;
    ///
    /// let mut lua = Lua::new()?;
    /// let turns = lua.create_sequence(["Hazel", "Rowan", "Ash"])?;
    /// assert_eq!(turns.remove::<String>(&mut lua, 1)?, "Hazel");
    /// assert_eq!(turns.to_vec::<String>(&mut lua)?, ["Rowan", "Ash"]);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Type`] for a position outside the sequence, or if the value is of another
    /// kind; it stays in the table then.
    pub fn remove<V: FromLua>(&self, state: &mut State, position: usize) -> Result<V> {
        self.enter(state, |state, table| {
            check_position(position, sequence_length(state, table)?)?;
            let value = get_raw(state, table, position)?;
            // An error about the value must not lose it.
            state.vm().settle()?;
            // SAFETY: the value has been read.
            unsafe { sys::lua_settop(state.raw(), table) };
            // Again, because the conversion may have run what changes the table.
            let length = sequence_length(state, table)?;
            for place in position..length {
                copy(state, table, place + 1, place)?;
            }
            if position <= length {
                set_raw(state, table, length, Value::Nil)?;
            }
            Ok(value)
        })
    }

    /// The sequence as a `Vec`, raw, up to the table's length.
    ///
    /// # Errors
    /// [`Error::Type`] naming the element that is of another kind.
    pub fn to_vec<V: FromLua>(&self, state: &mut State) -> Result<Vec<V>> {
        self.enter(state, |state, table| Vec::from_stack(state, table, INTERNAL))
    }
}

fn check_position(position: usize, last: usize) -> Result<()> {
    match (position, last) {
        (_, 0) => Err(Error::type_mismatch("a sequence with a value in it", "an empty one")),
        _ if (1..=last).contains(&position) => Ok(()),
        _ => Err(Error::type_mismatch(format!("a position from 1 to {last}"), position.to_string())),
    }
}

/// `table[to] = table[from]`, raw. `[-0, +0, m]` Needs room for two values.
fn copy(state: &mut State, table: c_int, from: usize, to: usize) -> Result<()> {
    push_position(state, to)?;
    // SAFETY: a table, read and written raw (I2), with a whole number as the key.
    unsafe {
        backend::raw_get_index(state.raw(), table, from);
        stack::raw_set(state, table)
    }
}

/// `table[position] =` the value on top, raw. `[-1, +0, m]` Needs room for a value.
fn store(state: &mut State, table: c_int, position: usize) -> Result<()> {
    push_position(state, position)?;
    // SAFETY: a table, written raw (I2), with a whole number as the key below the value.
    unsafe {
        sys::lua_insert(state.raw(), -2);
        stack::raw_set(state, table)
    }
}

fn push_position(state: &mut State, position: usize) -> Result<()> {
    push_integer(state, i64::try_from(position).unwrap_or(i64::MAX))
}
