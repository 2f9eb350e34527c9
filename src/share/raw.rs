//! A plain C pointer for scripts that are trusted.
//!
//! LuaJIT's FFI makes it. The library itself stays out of the scripts' reach: what is
//! needed of it, wrapped by `raw.lua`, is kept with the VM's own data, together with
//! what was declared so far. Scripts get the pointer and nothing else.

use std::any::TypeId;
use std::collections::HashSet;

use crate::error::{Error, Result};
use crate::lang::{Function, Table, Value};
use crate::share::schema::{CDeclaration, CField, CStruct};
use crate::sys;
use crate::vm::backend::Backend;
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;

/// The FFI's part of the work, in Lua.
const TOOLS: &str = include_str!("raw.lua");

/// A chunk that makes LuaJIT's own parser open the library.
const LITERAL: &[u8] = b"return 0LL";

/// Memory shared with scripts.
impl State {
    /// Puts a typed C pointer, `T *`, under a global name, which may be dotted. Scripts
    /// use it as C does, from 0 on and without any check: `units[3].hp[0] = 7`.
    ///
    /// The first time that a type is exposed in a VM, its C declaration is read by
    /// LuaJIT and every field compared with the Rust side. Scripts do not get the `ffi`
    /// library. The name can be exposed again, and removed by setting it to nil; copies
    /// of the pointer that a script made stay.
    ///
    /// ```
    /// use perilune::game::Unit;
    /// use perilune::{Backend, Lua};
    ///
    /// let mut units: Vec<Unit> = (0..3).map(|_| Unit::default()).collect();
    /// let mut lua = Lua::new()?;
    /// if Backend::current().has_ffi {
    ///     // SAFETY: `units` is neither moved nor used while the one script runs, which
    ///     // was read and stays within the array.
    ///     unsafe { lua.expose_raw("units", units.as_mut_ptr(), units.len())? };
    ///     lua.run("for i = 0, 2 do units[i].hp[0] = 10 + i end")?;
    ///     lua.close()?;
    ///     assert_eq!(units[2].hp[0], 12);
    /// }
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// - [`Error::Unsupported`] on Lua 5.4, which has no FFI.
    /// - [`Error::Type`] if `len` is 0, or `data` is null or not aligned for `T`; if a
    ///   field, or the whole struct, has another place or size in the C declaration than
    ///   in Rust, with both numbers; if the name of the type was declared otherwise in
    ///   this VM; and as for [`State::set`].
    /// - [`Error::Runtime`] if LuaJIT refuses the declaration.
    ///
    /// # Safety
    /// A script that has the pointer can read and write **any** memory of the process:
    /// no index is checked, and a pointer field of the struct can be followed or
    /// overwritten. Run only scripts that you trust as you trust your own code; whatever
    /// they do with the pointer must be right by the following.
    ///
    /// - **Lifetime.** `data` points to `len` initialized values, which stay where they
    ///   are as long as any script can run in this VM: scripts can keep the pointer, and
    ///   pointers to its elements, in places that the host does not see. Memory that
    ///   lives until the VM is closed is best. The VM never frees it.
    /// - **Bounds.** Scripts stay within the `len` values: `len` is not kept.
    /// - **Aliasing.** While a script runs, also one that calls a host function, no Rust
    ///   reference to the memory is alive, and no other thread touches it. Between runs,
    ///   Rust may use it as it likes. Take `data` from the memory's owner, as
    ///   `Vec::as_mut_ptr` gives it: a pointer made from a `&mut [T]` is good only until
    ///   the owner is used again.
    /// - **Threads.** `Lua` can be sent to another thread, and the pointer goes with it:
    ///   send it only if `T`'s content may be used there.
    /// - **Validity.** What scripts store must be fit for what Rust and C do with it
    ///   later, pointer fields above all.
    pub unsafe fn expose_raw<T: CStruct>(&mut self, name: &str, data: *mut T, len: usize) -> Result<()> {
        if !Backend::current().has_ffi {
            return Err(no_ffi("Lua 5.4 has no FFI: register functions that read and write the values, or use LuaJIT"));
        }
        check_pointer(data, len).map_err(|error| error.at(|| format!("exposing '{name}'")))?;
        let tools = prepare::<T>(self)?;
        let pointer: Value = tools.point.call(self, (&tools.library, T::NAME, high_half(data.addr()), low_half(data.addr())))?;
        // From here on scripts can use the address.
        data.expose_provenance();
        self.set(name, pointer)
    }
}

fn no_ffi(reason: &'static str) -> Error {
    Error::unsupported("exposing a struct to scripts as a C pointer", reason)
}

#[expect(clippy::cast_possible_truncation, reason = "that is what a half is")]
fn low_half(address: usize) -> u32 {
    address as u32
}

fn high_half(address: usize) -> u32 {
    // In 64 bits, because a `usize` may have no upper half to shift.
    low_half((address as u64 >> 32) as usize)
}

fn check_pointer<T: CStruct>(data: *mut T, len: usize) -> Result<()> {
    if len == 0 {
        return Err(Error::type_mismatch(format!("at least one '{}'", T::NAME), "a length of 0"));
    }
    let expected = || format!("a pointer to {len} '{}'", T::NAME);
    if data.is_null() {
        return Err(Error::type_mismatch(expected(), "a null pointer"));
    }
    if !data.is_aligned() {
        let got = format!("{:#x}, which is not a multiple of {}", data.addr(), align_of::<T>());
        return Err(Error::type_mismatch(expected(), got));
    }
    let bytes = len.checked_mul(size_of::<T>()).filter(|&bytes| isize::try_from(bytes).is_ok());
    if bytes.is_none_or(|bytes| data.addr().checked_add(bytes).is_none()) {
        return Err(Error::type_mismatch(expected(), "a length beyond the end of memory"));
    }
    Ok(())
}

/// What `raw.lua` makes: functions, and the library that each takes first.
#[derive(Debug, Clone)]
struct Tools {
    library: Table,
    /// The declarations so far, by name.
    known: Table,
    declare: Function,
    measure: Function,
    measure_field: Function,
    point: Function,
}

/// What a VM knows of exposed types, among its app data.
#[derive(Debug)]
struct Exposure {
    tools: Tools,
    /// The Rust types whose layout was found to agree.
    agreed: HashSet<TypeId>,
}

/// Makes sure that the VM knows `T` and has it where Rust does.
fn prepare<T: CStruct>(state: &mut State) -> Result<Tools> {
    let exposure = match state.app_data::<Exposure>() {
        Some(exposure) => exposure,
        None => {
            let tools = open_tools(state)?;
            state.set_app_data(Exposure { tools, agreed: HashSet::new() });
            return prepare::<T>(state);
        }
    };
    let tools = exposure.tools.clone();
    if exposure.agreed.contains(&TypeId::of::<T>()) {
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
    let before = tools.declare.call(state, (&tools.library, &tools.known, name, text));
    let before: Option<String> = before.map_err(|error| match error {
        Error::Runtime(error) => Error::runtime(format!("LuaJIT cannot take the C declaration of '{name}': {}", error.message)),
        other => other,
    })?;
    match before {
        Some(before) if !declaration.has_text(&before) => {
            let error = Error::type_mismatch("the declaration that this VM has already", "another one of the same name");
            Err(error.at(|| format!("C type '{name}'")))
        }
        _ => Ok(()),
    }
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
    let (library, declare, measure, measure_field, point) = chunk.call(ffi)?;
    Ok(Tools { library, known: state.create_table()?, declare, measure, measure_field, point })
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
            // SAFETY: there is room (I4); balanced on failure (I5). Loading a text is
            // protected by the VM itself (I2), and is done in grace (I3): a library that
            // ran out of memory half-way could not be opened again. The registry and
            // what is taken from it are read raw.
            unsafe {
                let balance = StackGuard::new(l);
                let status = sys::luaL_loadbufferx(l, LITERAL.as_ptr().cast(), LITERAL.len(), c"=perilune.share".as_ptr(), c"t".as_ptr());
                if status != sys::LUA_OK {
                    return Err(no_ffi("the linked LuaJIT was built without its FFI library"));
                }
                sys::lua_settop(l, balance.top);
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
