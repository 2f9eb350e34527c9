//! `__index` and `__newindex` of types with fields: by C functions where the backend has
//! those (`vm::fields`), otherwise by the Lua functions of `accessors.lua`.

use crate::error::{Error, Result};
use crate::lang::value::push_slot;
use crate::lang::{FromLua, Function, Table, Value};
use crate::vm::backend;
use crate::vm::fields::{self, Accessor, InC};
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;

/// How fields are read and written in Lua.
const TEXT: &str = include_str!("accessors.lua");

/// What reads a name: a field by its getter, a member as it is, anything else by `otherwise`.
pub(crate) fn index(state: &mut State, members: &Table, getters: &Table, otherwise: &Function) -> Result<Function> {
    match backend::FIELDS {
        Some(InC { index, .. }) => in_c(state, index, Some(members), getters, otherwise),
        None => in_lua(state)?.index.call(state, (getters, members, otherwise)),
    }
}

/// What writes a name: a field by its setter, anything else by `otherwise`.
pub(crate) fn new_index(state: &mut State, setters: &Table, otherwise: &Function) -> Result<Function> {
    match backend::FIELDS {
        Some(InC { new_index, .. }) => in_c(state, new_index, None, setters, otherwise),
        None => in_lua(state)?.new_index.call(state, (setters, otherwise)),
    }
}

/// The functions of `accessors.lua` in a VM.
#[derive(Clone)]
struct InLua {
    index: Function,
    new_index: Function,
}

fn in_lua(state: &mut State) -> Result<InLua> {
    if let Some(functions) = state.app_data::<InLua>() {
        return Ok(functions.clone());
    }
    let environment = state.create_table()?;
    let (index, new_index) = state.load(TEXT).name("perilune.userdata").environment(&environment).eval()?;
    let functions = InLua { index, new_index };
    state.set_app_data(functions.clone());
    Ok(functions)
}

/// A C function with one table of members and fields.
fn in_c(state: &mut State, function: Accessor, members: Option<&Table>, accessors: &Table, otherwise: &Function) -> Result<Function> {
    let all = state.create_table()?;
    for (name, value) in members.map_or(Ok(Vec::new()), |members| entries::<Value>(state, members))? {
        if matches!(&value, Value::Opaque(value) if value.type_name() == "userdata") {
            return Err(Error::unsupported("a light userdata as a constant of a type", "it cannot be told from a field: wrap it"));
        }
        all.raw_set(state, name, value)?;
    }
    for (name, accessor) in entries::<Function>(state, accessors)? {
        add_field(state, &all, &name, &accessor)?;
    }
    let push = |state: &mut State| {
        push_slot(state, all.slot())?;
        push_slot(state, otherwise.slot())?;
        push_slot(state, accessors.slot())?;
        // SAFETY: the three values that it takes, within the room there is (I4).
        unsafe { fields::push_closure(state, function) };
        Ok(())
    };
    state.anchor_pushed(3, push).map(Function::new)
}

/// The entries of a table of ours.
fn entries<V: FromLua>(state: &mut State, table: &Table) -> Result<Vec<(String, V)>> {
    table.pairs::<String, V>(state)?.collect()
}

/// `all[name] = field`, as the C functions expect it.
fn add_field(state: &mut State, all: &Table, name: &str, accessor: &Function) -> Result<()> {
    let add = |state: &mut State| {
        // SAFETY: what is pushed goes with the guard (I5); there is room (I4).
        unsafe {
            let _balance = StackGuard::new(state.raw());
            push_slot(state, all.slot())?;
            push_slot(state, accessor.slot())?;
            fields::add(state, name)
        }
    };
    if stack::with_room(state, 4, add)? { Ok(()) } else { Err(Error::type_mismatch("a host function", "another one")) }
}
