//! LuaJIT's FFI library, kept out of the scripts' reach.
//!
//! What is needed of it, wrapped by `ffi.lua`, is kept with the VM's own data, together
//! with what was declared so far. Whoever shows a struct to scripts by means of the FFI
//! comes here first: the type is declared, and its layout compared with Rust's.

use std::any::TypeId;
use std::collections::HashSet;

use crate::error::{Error, Result};
use crate::lang::{Function, Table, Value};
use crate::share::schema::{CDeclaration, CField, CStruct};
use crate::sys;
use crate::vm::libs;
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;

/// The FFI's part of the work, in Lua.
const TOOLS: &str = include_str!("ffi.lua");

pub(super) fn no_ffi(reason: &'static str) -> Error {
    Error::unsupported("exposing a struct to scripts as a C pointer", reason)
}

#[expect(clippy::cast_possible_truncation, reason = "that is what a half is")]
pub(super) fn low_half(address: usize) -> u32 {
    address as u32
}

pub(super) fn high_half(address: usize) -> u32 {
    // In 64 bits, because a `usize` may have no upper half to shift.
    low_half((address as u64 >> 32) as usize)
}

/// What `ffi.lua` makes: functions, and the library that each takes first.
#[derive(Debug, Clone)]
pub(super) struct Tools {
    pub library: Table,
    /// The declarations so far, by name.
    known: Table,
    declare: Function,
    measure: Function,
    measure_field: Function,
    pub point: Function,
    symbols: Function,
}

/// What a VM knows of exposed types, among its app data.
#[derive(Debug)]
struct Exposure {
    tools: Tools,
    /// The Rust types whose layout was found to agree.
    agreed: HashSet<TypeId>,
}

/// The FFI's part of the work.
pub(super) fn tools(state: &mut State) -> Result<Tools> {
    if let Some(exposure) = state.app_data::<Exposure>() {
        return Ok(exposure.tools.clone());
    }
    let tools = open_tools(state)?;
    state.set_app_data(Exposure { tools: tools.clone(), agreed: HashSet::new() });
    Ok(tools)
}

/// Makes sure that the VM knows `T` and has it where Rust does.
pub(super) fn prepare<T: CStruct>(state: &mut State) -> Result<Tools> {
    let tools = tools(state)?;
    if state.app_data::<Exposure>().is_some_and(|exposure| exposure.agreed.contains(&TypeId::of::<T>())) {
        return Ok(tools);
    }
    for declaration in T::DECLARATIONS {
        declare(state, &tools, declaration)?;
    }
    compare::<T>(state, &tools)?;
    if let Some(exposure) = state.app_data_mut::<Exposure>() {
        exposure.agreed.insert(TypeId::of::<T>());
    }
    Ok(tools)
}

/// Gives the VM a declaration, unless it has it already.
fn declare(state: &mut State, tools: &Tools, declaration: &CDeclaration) -> Result<()> {
    let CDeclaration { name, text } = *declaration;
    match declare_once(state, tools, name, text).map_err(|error| refused(error, &format!("'{name}'")))? {
        Some(before) if !declaration.has_text(&before) => {
            let error = Error::type_mismatch("the declaration that this VM has already", "another one of the same name");
            Err(error.at(|| format!("C type '{name}'")))
        }
        _ => Ok(()),
    }
}

/// Gives the VM declarations of any kind, unless it has the same text already. `what` they are of is for errors.
pub(super) fn declare_text(state: &mut State, what: &str, text: &str) -> Result<()> {
    let tools = tools(state)?;
    declare_once(state, &tools, text, text).map(drop).map_err(|error| refused(error, what))
}

/// Gives back the text that has declared `name` before.
fn declare_once(state: &mut State, tools: &Tools, name: &str, text: &str) -> Result<Option<String>> {
    tools.declare.call(state, (&tools.library, &tools.known, name, text))
}

fn refused(error: Error, what: &str) -> Error {
    match error {
        Error::Runtime(error) => Error::runtime(format!("LuaJIT cannot take the C declaration of {what}: {}", error.message)),
        other => other,
    }
}

/// What scripts find the symbols of a C library in: the file's, or the program's.
pub(super) fn symbols(state: &mut State, file: Option<String>) -> Result<Value> {
    let tools = tools(state)?;
    tools.symbols.call(state, (&tools.library, file))
}

/// Compares the two layouts of `T`: first field by field, since a field that is out of
/// place explains a wrong size better than the size itself.
fn compare<T: CStruct>(state: &mut State, tools: &Tools) -> Result<()> {
    for field in T::FIELDS {
        let (offset, size): (Option<usize>, Option<usize>) = tools.measure_field.call(state, (&tools.library, T::NAME, field.name))?;
        compare_field(field, offset, size).map_err(|error| error.at(|| format!("struct '{}', field '{}'", T::NAME, field.name)))?;
    }
    let (size, align): (usize, usize) = tools.measure.call(state, (&tools.library, T::NAME))?;
    same("size", size_of::<T>(), size)
        .and_then(|()| same("alignment", align_of::<T>(), align))
        .map_err(|error| error.at(|| format!("struct '{}'", T::NAME)))
}

fn compare_field(field: &CField, offset: Option<usize>, size: Option<usize>) -> Result<()> {
    let (Some(offset), Some(size)) = (offset, size) else {
        return Err(Error::type_mismatch("a field of the C declaration", "a name that is not in it"));
    };
    same("offset", field.offset, offset)?;
    same("size", field.size, size)
}

/// An error unless Rust and C agree on a number of bytes.
fn same(what: &str, rust: usize, c: usize) -> Result<()> {
    if rust == c {
        return Ok(());
    }
    Err(Error::type_mismatch(format!("{what} {rust} as in Rust"), format!("{c} from its C declaration")))
}

fn open_tools(state: &mut State) -> Result<Tools> {
    let ffi = open_ffi(state)?;
    let environment = state.create_table()?;
    let chunk = state.load(TOOLS).name("perilune.share").environment(&environment);
    let (library, declare, measure, measure_field, point, symbols) = chunk.call(ffi)?;
    Ok(Tools { library, known: state.create_table()?, declare, measure, measure_field, point, symbols })
}

/// The `ffi` library, opened if it is not open yet.
///
/// It must never be opened twice, which would forget every C type that values already
/// have; and the parser opens it when a script contains a literal such as `5LL`. So the
/// parser is asked to do it here as well, and the library is where it always leaves it.
fn open_ffi(state: &mut State) -> Result<Table> {
    state
        .anchor_pushed(3, |state| {
            let l = state.raw();
            if !libs::open_for_literals(state) {
                return Err(no_ffi("the linked LuaJIT was built without its FFI library"));
            }
            // SAFETY: there is room (I4); balanced on failure (I5). The registry and what is taken from it are read raw (I2).
            unsafe {
                let balance = StackGuard::new(l);
                stack::push_text(state, b"_LOADED")?;
                sys::lua_rawget(l, sys::LUA_REGISTRYINDEX);
                if sys::lua_type(l, -1) == sys::LUA_TTABLE {
                    stack::push_text(state, b"ffi")?;
                    sys::lua_rawget(l, -2);
                }
                if sys::lua_type(l, -1) != sys::LUA_TTABLE || sys::lua_gettop(l) != balance.top + 2 {
                    return Err(no_ffi(
                        "this VM's FFI library is lost: removed from 'package.loaded', or opened by a script that ran out of memory",
                    ));
                }
                sys::lua_remove(l, -2);
                balance.keep();
            }
            Ok(())
        })
        .map(Table::new)
}

#[cfg(test)]
mod tests {
    use super::{high_half, low_half};

    #[test]
    fn pure_halves_make_the_address() {
        for address in [0, 1, usize::MAX, 0x7fff_1234_5678_9abc_u64 as usize] {
            let whole = (u64::from(high_half(address)) << 32) | u64::from(low_half(address));
            assert_eq!(whole, address as u64);
        }
    }
}
