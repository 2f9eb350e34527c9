//! What stands behind a value: the metatable of a table, the globals of a function, and
//! where that was written.

use std::ffi::{CStr, c_char, c_int};
use std::fmt;

use crate::error::{Error, Result};
use crate::lang::value::{anchor_at, push_slot};
use crate::lang::{Function, Table};
use crate::sys;
use crate::vm::backend;
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;

impl Table {
    /// The metatable, if it has one; a `__metatable` field hides nothing from the host.
    ///
    /// ```
    /// use perilune::{Lua, Table};
    ///
    /// let mut lua = Lua::new()?;
    /// let table: Table = lua.load("return setmetatable({}, { __index = { hp = 7 } })").eval()?;
    /// assert!(table.metatable(&mut lua)?.is_some());
    /// table.set_metatable(&mut lua, None)?;
    /// assert_eq!(table.get::<Option<i32>>(&mut lua, "hp")?, None);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Memory`], [`Error::ForeignHandle`] or [`Error::Closed`].
    pub fn metatable(&self, state: &mut State) -> Result<Option<Self>> {
        let vm = state.vm();
        vm.begin(state)?;
        stack::with_room(state, 2, |state| {
            // SAFETY: there is room (I4); balanced (I5); reads only (I2); a metatable is not nil.
            let metatable = unsafe {
                let balance = StackGuard::new(state.raw());
                push_slot(state, self.slot())?;
                let found = sys::lua_getmetatable(state.raw(), balance.top + 1) != 0;
                found.then(|| Self::new(anchor_at(state, balance.top + 2)))
            };
            vm.settle()?;
            Ok(metatable)
        })
    }

    /// Gives it a metatable, or takes it away.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for one with `__gc` on Lua 5.4: such a finalizer would run
    /// while the host works, where no Lua code may. (LuaJIT has none for tables.)
    pub fn set_metatable(&self, state: &mut State, metatable: Option<&Self>) -> Result<()> {
        let vm = state.vm();
        vm.begin(state)?;
        stack::with_room(state, 3, |state| {
            let l = state.raw();
            // SAFETY: there is room (I4); balanced (I5). Setting it allocates nothing, since
            // it has no finalizer (I2).
            unsafe {
                let balance = StackGuard::new(l);
                push_slot(state, self.slot())?;
                match metatable {
                    Some(metatable) => push_slot(state, metatable.slot())?,
                    None => sys::lua_pushnil(l),
                }
                if backend::TABLES_ARE_FINALIZED && metatable.is_some() {
                    refuse_finalizer(state, balance.top + 2)?;
                }
                sys::lua_setmetatable(l, balance.top + 1);
            }
            vm.settle()
        })
    }
}

/// An error if the metatable at `index`, on top, has a finalizer. `[-0, +0, m]`
///
/// # Safety
/// A table is at `index`; room for one value.
unsafe fn refuse_finalizer(state: &mut State, index: c_int) -> Result<()> {
    // SAFETY: a raw read (I2).
    let kind = unsafe {
        stack::push_text(state, b"__gc")?;
        sys::lua_rawget(state.raw(), index);
        let kind = sys::lua_type(state.raw(), index + 1);
        sys::lua_settop(state.raw(), index);
        kind
    };
    if kind == sys::LUA_TNIL {
        return Ok(());
    }
    Err(Error::unsupported(
        "a metatable with `__gc`",
        "the finalizer would run while the host works: remove the field, or drop a host value instead",
    ))
}

impl Function {
    /// The table of its globals, if it is written in Lua and has one: on Lua 5.4, if it
    /// uses any global.
    ///
    /// ```
    /// use perilune::{Function, Lua};
    ///
    /// let mut lua = Lua::new()?;
    /// let greet: Function = lua.load("return function() return 'Hail, ' .. name end").eval()?;
    /// let other = lua.create_table_from([("name", "Rowan")])?;
    /// greet.set_environment(&mut lua, &other)?;
    /// assert_eq!(greet.call::<String>(&mut lua, ())?, "Hail, Rowan");
    /// assert_eq!(lua.get::<Option<String>>("name")?, None);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Memory`], [`Error::ForeignHandle`] or [`Error::Closed`].
    pub fn environment(&self, state: &mut State) -> Result<Option<Table>> {
        let vm = state.vm();
        vm.begin(state)?;
        stack::with_room(state, 3, |state| {
            // SAFETY: there is room (I4); balanced (I5).
            let environment = unsafe {
                let balance = StackGuard::new(state.raw());
                push_slot(state, self.slot())?;
                let place = balance.top + 2;
                let found = backend::push_environment(state.raw(), place - 1);
                // On Lua 5.4 a script can make anything its `_ENV`.
                let table = found && sys::lua_type(state.raw(), place) == sys::LUA_TTABLE;
                table.then(|| Table::new(anchor_at(state, place)))
            };
            vm.settle()?;
            Ok(environment)
        })
    }

    /// Gives it another table of globals, and only it, whatever other functions share its
    /// present one. Says whether that means anything to it, as
    /// [`environment`](Function::environment) does.
    ///
    /// # Errors
    /// [`Error::Memory`], [`Error::ForeignHandle`] or [`Error::Closed`].
    pub fn set_environment(&self, state: &mut State, environment: &Table) -> Result<bool> {
        // A chunk is the one function that can be made with an environment everywhere.
        let donor = state.load("").environment(environment).into_function()?;
        stack::with_room(state, 3, |state| {
            // SAFETY: there is room (I4); balanced (I5).
            unsafe {
                let balance = StackGuard::new(state.raw());
                push_slot(state, self.slot())?;
                push_slot(state, donor.slot())?;
                Ok(backend::share_environment(state.raw(), balance.top + 1, balance.top + 2))
            }
        })
    }
}

/// Where a function was written; see [`Function::info`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionInfo {
    /// The chunk that it is from, by its name; `None` if it is not written in Lua.
    pub chunk: Option<String>,
    /// The line where its text begins, counted from 1; `None` for a whole chunk.
    pub line: Option<usize>,
    /// The line where its text ends.
    pub last_line: Option<usize>,
}

impl fmt::Display for FunctionInfo {
    /// As messages name places: `rules:12`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.chunk, self.line) {
            (Some(chunk), Some(line)) => write!(f, "{chunk}:{line}"),
            (Some(chunk), None) => f.write_str(chunk),
            (None, _) => f.write_str("[C]"),
        }
    }
}

impl Function {
    /// Where it was written.
    ///
    /// ```
    /// use perilune::{Function, Lua};
    ///
    /// let mut lua = Lua::new()?;
    /// let attack: Function = lua.load("return function(bonus)\n  return 2 + bonus\nend").name("rules").eval()?;
    /// let info = attack.info(&lua)?;
    /// assert_eq!((info.to_string().as_str(), info.last_line), ("rules:1", Some(3)));
    ///
    /// let print: Function = lua.get("tostring")?;
    /// assert_eq!(print.info(&lua)?.chunk, None);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::ForeignHandle`] or [`Error::Closed`].
    pub fn info(&self, state: &State) -> Result<FunctionInfo> {
        let index = self.slot().index_in(&state.vm().shared)?;
        // SAFETY: pointers and numbers may all be zero.
        let mut record: sys::lua_Debug = unsafe { std::mem::zeroed() };
        // SAFETY: one slot of the doors' room, which the call gives back (I4, I5). Where a
        // function is from is known without allocating, so that `&State` is enough (I2).
        // The texts live as long as the function, which its slot holds (I6).
        unsafe {
            backend::registry_get(state.raw(), index);
            sys::lua_getinfo(state.raw(), c">S".as_ptr(), &raw mut record);
            let written = CStr::from_ptr(record.what) != c"C";
            Ok(FunctionInfo {
                chunk: written.then(|| chunk_name(record.source, &record.short_src)),
                line: line(record.linedefined),
                last_line: line(record.linedefined).and(line(record.lastlinedefined)),
            })
        }
    }
}

fn line(number: c_int) -> Option<usize> {
    usize::try_from(number).ok().filter(|line| *line > 0)
}

/// A chunk's name without the mark that says what kind it is; of one that has none, the
/// beginning of its text, as messages show it.
///
/// # Safety
/// Both end with a NUL.
unsafe fn chunk_name(source: *const c_char, short: &[c_char]) -> String {
    // SAFETY: the caller's.
    let (source, short) = unsafe { (CStr::from_ptr(source).to_bytes(), CStr::from_ptr(short.as_ptr()).to_bytes()) };
    let name = source.strip_prefix(b"=").or_else(|| source.strip_prefix(b"@")).unwrap_or(short);
    String::from_utf8_lossy(name).into_owned()
}
