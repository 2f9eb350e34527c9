//! Tables.

use std::ffi::c_int;
use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::lang::convert::{INTERNAL, mismatch, push_map, push_sequence};
use crate::lang::value::{handle, push_slot};
use crate::lang::{FromLua, IntoLua};
use crate::sys;
use crate::vm::backend;
use crate::vm::owner::VmRef;
use crate::vm::protect::{self, Body, Call};
use crate::vm::registry::Slot;
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;

/// A table in a VM.
///
/// [`get`](Table::get), [`set`](Table::set) and [`len`](Table::len) respect
/// metamethods, as `t[k]` and `#t` do in a script; their `raw_` forms do not.
///
/// ```
/// use perilune::Lua;
///
/// let mut lua = Lua::new()?;
/// let party = lua.create_table()?;
/// party.set(&mut lua, "leader", "Rowan")?;
/// party.push(&mut lua, "Ash")?;
/// assert_eq!(party.get::<String>(&mut lua, "leader")?, "Rowan");
/// assert_eq!(party.len(&mut lua)?, 1);
/// # Ok::<(), perilune::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Table {
    slot: Slot,
}

handle!(Table, Table, LUA_TTABLE, "a table");

/// Slots for a table, a key, a value, a handler and a body.
const SLOTS: c_int = 6;

impl Table {
    /// `table[key]`, with `__index`.
    ///
    /// # Errors
    /// What `__index` raises; [`Error::Type`] if the value is of another kind.
    pub fn get<V: FromLua>(&self, state: &mut State, key: impl IntoLua) -> Result<V> {
        self.enter(state, |state, table| {
            // SAFETY: the table is on top; there is room (I4).
            unsafe {
                if sys::lua_getmetatable(state.raw(), table) == 0 {
                    return get_raw(state, table, key);
                }
                sys::lua_settop(state.raw(), table);
                let call = Call::begin(state.vm(), state.raw(), table);
                call.push_body(Body::Index);
                sys::lua_pushvalue(state.raw(), table);
                key.push_into(state, INTERNAL)?;
                call.finish(2, 1)?;
                V::from_stack(state, call.first, INTERNAL)
            }
        })
    }

    /// `table[key] = value`, with `__newindex`.
    ///
    /// # Errors
    /// What `__newindex` raises; [`Error::Type`] for a key that is nil or NaN.
    pub fn set(&self, state: &mut State, key: impl IntoLua, value: impl IntoLua) -> Result<()> {
        self.enter(state, |state, table| {
            // SAFETY: the table is on top; there is room (I4).
            unsafe {
                if sys::lua_getmetatable(state.raw(), table) == 0 {
                    return set_raw(state, table, key, value);
                }
                sys::lua_settop(state.raw(), table);
                let call = Call::begin(state.vm(), state.raw(), table);
                call.push_body(Body::SetIndex);
                sys::lua_pushvalue(state.raw(), table);
                key.push_into(state, INTERNAL)?;
                value.push_into(state, INTERNAL)?;
                call.finish(3, 0)
            }
        })
    }

    /// `rawget(table, key)`.
    ///
    /// # Errors
    /// [`Error::Type`] if the value is of another kind.
    pub fn raw_get<V: FromLua>(&self, state: &mut State, key: impl IntoLua) -> Result<V> {
        self.enter(state, |state, table| get_raw(state, table, key))
    }

    /// `rawset(table, key, value)`.
    ///
    /// # Errors
    /// [`Error::Type`] for a key that is nil or NaN; [`Error::Memory`].
    pub fn raw_set(&self, state: &mut State, key: impl IntoLua, value: impl IntoLua) -> Result<()> {
        self.enter(state, |state, table| set_raw(state, table, key, value))
    }

    /// Whether `table[key]` is something other than nil, with `__index`.
    ///
    /// # Errors
    /// As for [`Table::get`].
    pub fn contains_key(&self, state: &mut State, key: impl IntoLua) -> Result<bool> {
        self.get::<crate::Value>(state, key).map(|value| !value.is_nil())
    }

    /// `#table`, with `__len`.
    ///
    /// # Errors
    /// What `__len` raises; [`Error::Type`] if that is not a length.
    pub fn len(&self, state: &mut State) -> Result<usize> {
        self.enter(state, |state, table| {
            // SAFETY: the table is on top; there is room (I4).
            unsafe {
                if sys::lua_getmetatable(state.raw(), table) == 0 {
                    return Ok(backend::raw_length(state.raw(), table));
                }
                sys::lua_settop(state.raw(), table);
                let call = Call::begin(state.vm(), state.raw(), table);
                call.push_body(Body::Len);
                sys::lua_pushvalue(state.raw(), table);
                call.finish(1, 1)?;
                usize::from_stack(state, call.first, INTERNAL)
            }
        })
    }

    /// `rawlen(table)`.
    ///
    /// # Errors
    /// [`Error::ForeignHandle`] or [`Error::Closed`].
    pub fn raw_len(&self, state: &mut State) -> Result<usize> {
        // SAFETY: reads only (I2).
        self.enter(state, |state, table| Ok(unsafe { backend::raw_length(state.raw(), table) }))
    }

    /// Whether it has no entry at all, also outside the sequence.
    ///
    /// # Errors
    /// [`Error::ForeignHandle`] or [`Error::Closed`].
    pub fn is_empty(&self, state: &mut State) -> Result<bool> {
        self.enter(state, |state, table| {
            // SAFETY: room for the key (I4).
            unsafe { sys::lua_pushnil(state.raw()) };
            next(state, table).map(|found| !found)
        })
    }

    /// Removes every entry, raw.
    ///
    /// # Errors
    /// [`Error::ForeignHandle`] or [`Error::Closed`].
    pub fn clear(&self, state: &mut State) -> Result<()> {
        self.enter(state, |state, table| {
            let l = state.raw();
            // SAFETY: clearing an existing key allocates nothing (I2); room is there (I4).
            unsafe {
                sys::lua_pushnil(l);
                while next(state, table)? {
                    sys::lua_settop(l, -2);
                    sys::lua_pushvalue(l, -1);
                    sys::lua_pushnil(l);
                    sys::lua_rawset(l, table);
                }
            }
            Ok(())
        })
    }

    /// Gives every entry to `visit`, in the table's own order, without metamethods.
    /// Entries may be changed or removed meanwhile, but not added.
    ///
    /// # Errors
    /// What `visit` returns; [`Error::Type`] for entries of another kind;
    /// [`Error::Runtime`] if entries were added meanwhile.
    pub fn for_each<K: FromLua, V: FromLua>(&self, state: &mut State, mut visit: impl FnMut(&mut State, K, V) -> Result<()>) -> Result<()> {
        self.enter(state, |state, table| walk(state, table, &mut visit))
    }

    /// An iterator over the entries, in the table's own order, without metamethods.
    /// It borrows the state, so no script can run meanwhile; nothing is allocated
    /// but what `K` and `V` need.
    ///
    /// ```
    /// use perilune::{Lua, Table};
    ///
    /// let mut lua = Lua::new()?;
    /// let stats: Table = lua.load("return { STR = 3, DEX = 4 }").eval()?;
    /// let mut sum = 0;
    /// for entry in stats.pairs::<String, i32>(&mut lua)? {
    ///     sum += entry?.1;
    /// }
    /// assert_eq!(sum, 7);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// ```compile_fail,E0499
    /// # use perilune::{Lua, Table};
    /// # let mut lua = Lua::new().unwrap();
    /// # let stats: Table = lua.load("return {}").eval().unwrap();
    /// for entry in stats.pairs::<String, i32>(&mut lua).unwrap() {
    ///     lua.run("stats = nil").unwrap(); // could change what is iterated over
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::ForeignHandle`] or [`Error::Closed`]; [`Error::Unsupported`] if the
    /// running frame has no stack left for it: use [`Table::for_each`] there.
    pub fn pairs<'a, K: FromLua, V: FromLua>(&self, state: &'a mut State) -> Result<Pairs<'a, K, V>> {
        Pairs::new(&self.slot, state)
    }

    /// An iterator over `table[1]`, `table[2]`, … up to the first nil, without metamethods.
    ///
    /// # Errors
    /// As for [`Table::pairs`].
    pub fn sequence<'a, V: FromLua>(&self, state: &'a mut State) -> Result<Sequence<'a, V>> {
        Sequence::new(&self.slot, state)
    }

    /// Whether both are the same table, or `__eq` says so.
    ///
    /// # Errors
    /// What `__eq` raises.
    pub fn equals(&self, state: &mut State, other: &Self) -> Result<bool> {
        self.enter(state, |state, table| {
            // SAFETY: there is room (I4); comparing runs protected (I2).
            unsafe {
                let call = Call::begin(state.vm(), state.raw(), table);
                call.push_body(Body::Equal);
                sys::lua_pushvalue(state.raw(), table);
                push_slot(state, &other.slot)?;
                call.finish(2, 1)?;
                bool::from_stack(state, call.first, INTERNAL)
            }
        })
    }

    /// Does `work` with the table on top of the stack, at the index it is given.
    #[inline]
    pub(crate) fn enter<T>(&self, state: &mut State, work: impl FnOnce(&mut State, c_int) -> Result<T>) -> Result<T> {
        let vm = VmRef::begin(state, &self.slot)?;
        let l = state.raw();
        // SAFETY: balanced whatever happens (I5).
        let guard = unsafe { StackGuard::new(l) };
        if !stack::has_room(&vm, guard.top, SLOTS) {
            return protect::in_fresh_frame(state, SLOTS, 0, |state| self.enter(state, work));
        }
        // SAFETY: there is room (I4).
        unsafe { backend::registry_get(l, self.slot.index()) };
        match work(state, guard.top + 1) {
            Ok(result) if !vm.memory.over.get() => Ok(result),
            other => vm.settle().and(other),
        }
    }
}

/// `rawget` of the table at `table`, on top. `[-0, +1, m]`
#[inline]
pub(crate) fn get_raw<V: FromLua>(state: &mut State, table: c_int, key: impl IntoLua) -> Result<V> {
    key.push_into(state, INTERNAL)?;
    // SAFETY: raw reads raise nothing (I2); keys may be anything; the value takes the key's place.
    unsafe { sys::lua_rawget(state.raw(), table) };
    V::from_stack(state, table + 1, INTERNAL)
}

/// `rawset` of the table at `table`, on top. `[-0, +0, m]`
#[inline]
pub(crate) fn set_raw<K: IntoLua>(state: &mut State, table: c_int, key: K, value: impl IntoLua) -> Result<()> {
    key.push_into(state, INTERNAL)?;
    if K::ALWAYS_KEY.is_none() {
        check_key(state, table + 1)?;
    }
    value.push_into(state, INTERNAL)?;
    // SAFETY: a table, and the key was checked.
    unsafe { stack::raw_set(state, table) }
}

/// An error if the value at `index` cannot be a key. `[-0, +0, -]`
#[inline]
pub(crate) fn check_key(state: &mut State, index: c_int) -> Result<()> {
    let l = state.raw();
    // SAFETY: reads of a valid index (I2).
    let bad = unsafe {
        match sys::lua_type(l, index) {
            sys::LUA_TNIL => true,
            sys::LUA_TNUMBER => sys::lua_tonumberx(l, index, std::ptr::null_mut()).is_nan(),
            _ => false,
        }
    };
    if bad { Err(mismatch(state, index, "a table key other than nil and NaN")) } else { Ok(()) }
}

/// One step of a traversal: key on top. `[-1, +(2|0), e]`
fn next(state: &mut State, table: c_int) -> Result<bool> {
    let l = state.raw();
    // SAFETY: room for the body and a copy of the table is the caller's (I4); a key that
    // is gone meanwhile raises, hence the body (I2).
    unsafe {
        let key = sys::lua_gettop(l);
        protect::push_body(&state.vm(), l, Body::Next);
        sys::lua_insert(l, key);
        sys::lua_pushvalue(l, table);
        sys::lua_insert(l, -2);
        protect::call_body(state, 2, sys::LUA_MULTRET)?;
        Ok(sys::lua_gettop(l) > key)
    }
}

/// Gives every entry of the table at `table` to `visit`. `[-0, +0, e]`
fn walk<K: FromLua, V: FromLua>(state: &mut State, table: c_int, visit: &mut dyn FnMut(&mut State, K, V) -> Result<()>) -> Result<()> {
    let l = state.raw();
    // SAFETY: room is the caller's (I4); balanced at every turn (I5).
    unsafe {
        let balance = StackGuard::new(l);
        sys::lua_pushnil(l);
        while next(state, table)? {
            let key = K::from_stack(state, balance.top + 1, INTERNAL)?;
            let value = V::from_stack(state, balance.top + 2, INTERNAL)?;
            visit(state, key, value)?;
            sys::lua_settop(l, balance.top + 1);
        }
    }
    Ok(())
}

/// As [`walk`], for conversions of a table that is on the stack.
pub(crate) fn for_each_at<K: FromLua, V: FromLua>(state: &mut State, table: c_int, mut take: impl FnMut(K, V)) -> Result<()> {
    walk(state, table, &mut |_, key, value| {
        take(key, value);
        Ok(())
    })
}

/// What both iterators keep on the stack while they live.
#[derive(Debug)]
struct Cursor<'a> {
    state: &'a mut State,
    table: c_int,
    done: bool,
}

impl<'a> Cursor<'a> {
    fn new(slot: &Slot, state: &'a mut State) -> Result<Self> {
        let vm = state.vm();
        vm.begin(state)?;
        // SAFETY: raises nothing (I2).
        let top = unsafe { sys::lua_gettop(state.raw()) };
        if !stack::has_room(&vm, top, SLOTS) {
            return Err(Error::unsupported("an iterator so deep inside others", "the frame's stack is full: use `for_each`"));
        }
        push_slot(state, slot)?;
        Ok(Self { state, table: top + 1, done: false })
    }

    /// Ends the iteration unless there is another item; an error ends it too.
    fn step<T>(&mut self, item: Result<Option<T>>) -> Option<Result<T>> {
        let item = item.and_then(|item| self.state.vm().settle().map(|()| item)).transpose();
        self.done = !matches!(item, Some(Ok(_)));
        item
    }
}

impl Drop for Cursor<'_> {
    fn drop(&mut self) {
        // SAFETY: the table and what is above it are this iterator's (I5).
        unsafe { sys::lua_settop(self.state.raw(), self.table - 1) };
    }
}

/// The iterator of [`Table::pairs`].
#[derive(Debug)]
pub struct Pairs<'a, K, V> {
    cursor: Cursor<'a>,
    types: PhantomData<fn() -> (K, V)>,
}

impl<'a, K, V> Pairs<'a, K, V> {
    fn new(slot: &Slot, state: &'a mut State) -> Result<Self> {
        let cursor = Cursor::new(slot, state)?;
        // SAFETY: the cursor made sure of room for the key (I4).
        unsafe { sys::lua_pushnil(cursor.state.raw()) };
        Ok(Self { cursor, types: PhantomData })
    }
}

impl<K: FromLua, V: FromLua> Iterator for Pairs<'_, K, V> {
    type Item = Result<(K, V)>;

    fn next(&mut self) -> Option<Self::Item> {
        let Cursor { state, table, done } = &mut self.cursor;
        if *done {
            return None;
        }
        let table = *table;
        // SAFETY: the key of the last step stays; what else that step left goes, also if
        // a conversion panicked half-way (I5).
        unsafe { sys::lua_settop(state.raw(), table + 1) };
        let entry = next(state, table).and_then(|found| {
            if !found {
                return Ok(None);
            }
            let key = K::from_stack(state, table + 1, INTERNAL)?;
            let value = V::from_stack(state, table + 2, INTERNAL)?;
            Ok(Some((key, value)))
        });
        self.cursor.step(entry)
    }
}

/// The iterator of [`Table::sequence`].
#[derive(Debug)]
pub struct Sequence<'a, V> {
    cursor: Cursor<'a>,
    next: usize,
    types: PhantomData<fn() -> V>,
}

impl<'a, V> Sequence<'a, V> {
    fn new(slot: &Slot, state: &'a mut State) -> Result<Self> {
        Ok(Self { cursor: Cursor::new(slot, state)?, next: 1, types: PhantomData })
    }
}

impl<V: FromLua> Iterator for Sequence<'_, V> {
    type Item = Result<V>;

    fn next(&mut self) -> Option<Self::Item> {
        let Cursor { state, table, done } = &mut self.cursor;
        if *done {
            return None;
        }
        let (l, index) = (state.raw(), self.next);
        self.next += 1;
        // SAFETY: what the last step left goes, also if its conversion panicked (I5); the
        // cursor made sure of room for a value (I4); reads only (I2).
        let item = unsafe {
            sys::lua_settop(l, *table);
            backend::raw_get_index(l, *table, index);
            match sys::lua_type(l, *table + 1) {
                sys::LUA_TNIL => Ok(None),
                _ => V::from_stack(state, *table + 1, INTERNAL).map(Some),
            }
        };
        self.cursor.step(item)
    }
}

impl State {
    /// Makes an empty table.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn create_table(&mut self) -> Result<Table> {
        self.create_table_with_capacity(0, 0)
    }

    /// Makes an empty table with room for `array` and `hash` entries.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn create_table_with_capacity(&mut self, array: usize, hash: usize) -> Result<Table> {
        self.anchor_pushed(3, |state| stack::push_table(state, array, hash)).map(Table::new)
    }

    /// Makes a table of items, as its sequence.
    ///
    /// # Errors
    /// [`Error::Memory`]; what the conversions say.
    pub fn create_sequence<T: IntoLua>(&mut self, items: impl IntoIterator<Item = T>) -> Result<Table> {
        // The length must be known, so that the table is made once.
        let items: Vec<T> = items.into_iter().collect();
        self.anchor_pushed(1, |state| push_sequence(state, items.into_iter())).map(Table::new)
    }

    /// Makes a table of entries.
    ///
    /// ```
    /// use perilune::Lua;
    ///
    /// let mut lua = Lua::new()?;
    /// let stats = lua.create_table_from([("STR", 3), ("DEX", 4)])?;
    /// assert_eq!(stats.get::<i32>(&mut lua, "DEX")?, 4);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Memory`]; what the conversions say.
    pub fn create_table_from<K: IntoLua, V: IntoLua>(&mut self, entries: impl IntoIterator<Item = (K, V)>) -> Result<Table> {
        let entries: Vec<(K, V)> = entries.into_iter().collect();
        self.anchor_pushed(1, |state| push_map(state, entries.into_iter())).map(Table::new)
    }

    /// The table of globals.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn globals(&mut self) -> Result<Table> {
        self.anchor_pushed(1, |state| {
            // SAFETY: there is room (I4).
            unsafe { backend::push_globals(state.raw()) };
            Ok(())
        })
        .map(Table::new)
    }
}
