//! A userdata, held by Rust.

use std::any::TypeId;
use std::ffi::c_int;

use crate::error::{Error, Result};
use crate::lang::convert::INTERNAL;
use crate::lang::userdata::{meta, name_of, refused};
use crate::lang::value::{handle, push_slot};
use crate::lang::{FromLua, IntoLua, Table};
use crate::sys;
use crate::vm::block::{self, Block};
use crate::vm::owner::VmRef;
use crate::vm::protect::{Body, Call};
use crate::vm::registry::Slot;
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;
use crate::vm::{backend, class};

/// A userdata in a VM, of whatever type.
///
/// The value is borrowed as the state is: while a `&T` is there, no script can run.
///
/// ```
/// use perilune::{Lua, UserData};
///
/// struct Gate { open: bool }
/// impl UserData for Gate {}
///
/// let mut lua = Lua::new()?;
/// let gate = lua.create_userdata(Gate { open: false })?;
/// assert!(gate.is::<Gate>(&lua) && !gate.is::<String>(&lua));
/// gate.borrow_mut::<Gate>(&mut lua)?.open = true;
/// assert!(gate.borrow::<Gate>(&lua)?.open);
/// # Ok::<(), perilune::Error>(())
/// ```
///
/// ```compile_fail,E0502
/// # use perilune::{Lua, UserData};
/// # struct Gate { open: bool }
/// # impl UserData for Gate {}
/// # let mut lua = Lua::new().unwrap();
/// # let gate = lua.create_userdata(Gate { open: false }).unwrap();
/// let borrowed = gate.borrow::<Gate>(&lua).unwrap();
/// lua.run("gate = nil").unwrap(); // may change or drop what is borrowed
/// assert!(borrowed.open);
/// ```
#[derive(Debug, Clone)]
pub struct AnyUserData {
    slot: Slot,
}

handle!(AnyUserData, UserData, LUA_TUSERDATA, "a userdata");

/// Slots for a userdata, its user values, a key, a value, a handler and a body.
const SLOTS: c_int = 7;

/// The value.
impl AnyUserData {
    /// Whether its value is a `T` (also after it was dropped).
    #[must_use]
    pub fn is<T: 'static>(&self, state: &State) -> bool {
        self.block::<T>(state).is_ok()
    }

    /// The value, borrowed together with the state.
    ///
    /// # Errors
    /// [`Error::Type`] if it is not a `T`; [`Error::Runtime`] with a
    /// [`UserDataError`](crate::UserDataError) as its cause if it has been dropped, or a
    /// method that changes it is running; [`Error::ForeignHandle`] or [`Error::Closed`].
    pub fn borrow<'a, T: 'static>(&self, state: &'a State) -> Result<&'a T> {
        let shared = self.block::<T>(state)?.share().map_err(|refusal| refused(&name_of::<T>(), "", refusal))?;
        // SAFETY: a `T` that nobody changes: those who do so further up hold the lock, and
        // from here on anybody would need `&mut State`, as would whoever could drop it.
        Ok(unsafe { &*shared.value().cast() })
    }

    /// The value, to be changed; the state is locked meanwhile.
    ///
    /// # Errors
    /// As for [`AnyUserData::borrow`]; also if a method that reads it is running.
    pub fn borrow_mut<'a, T: 'static>(&self, state: &'a mut State) -> Result<&'a mut T> {
        let mut unique = self.block::<T>(state)?.lock().map_err(|refusal| refused(&name_of::<T>(), "", refusal))?;
        // SAFETY: a `T` that nobody further up uses, and from here on nobody can without
        // the state, which is borrowed as long as the value.
        Ok(unsafe { &mut *unique.value().cast() })
    }

    /// Reads the value while the state can be used: what tries to change it meanwhile
    /// fails.
    ///
    /// ```
    /// use perilune::{Function, Lua};
    ///
    /// let mut lua = Lua::new()?;
    /// let names = lua.create_any_userdata(vec!["Rowan", "Ash"])?;
    /// let greet: Function = lua.load("return function(name) return 'Hail ' .. name end").eval()?;
    /// let greeting: String = names.with(&mut lua, |lua, names: &Vec<&str>| greet.call(lua, names[1]))?;
    /// assert_eq!(greeting, "Hail Ash");
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`AnyUserData::borrow`], and what `work` says.
    pub fn with<T: 'static, R>(&self, state: &mut State, work: impl FnOnce(&mut State, &T) -> Result<R>) -> Result<R> {
        let shared = self.block::<T>(state)?.share().map_err(|refusal| refused(&name_of::<T>(), "", refusal))?;
        // SAFETY: a `T` that nobody changes or drops while it is shared; this handle
        // keeps its userdata (I6).
        work(state, unsafe { &*shared.value().cast() })
    }

    /// Changes the value while the state can be used: what tries to use it meanwhile
    /// fails.
    ///
    /// # Errors
    /// As for [`AnyUserData::borrow_mut`], and what `work` says.
    pub fn with_mut<T: 'static, R>(&self, state: &mut State, work: impl FnOnce(&mut State, &mut T) -> Result<R>) -> Result<R> {
        let mut unique = self.block::<T>(state)?.lock().map_err(|refusal| refused(&name_of::<T>(), "", refusal))?;
        // SAFETY: a `T` that nobody else uses or drops while it is locked; this handle
        // keeps its userdata (I6).
        work(state, unsafe { &mut *unique.value().cast() })
    }

    /// Takes the value out. Using the userdata is an error from then on.
    ///
    /// # Errors
    /// As for [`AnyUserData::borrow_mut`]; also for a value that is only lent.
    pub fn take<T: 'static>(&self, state: &mut State) -> Result<T> {
        let value = self.block::<T>(state)?.take().map_err(|refusal| refused(&name_of::<T>(), "", refusal))?;
        // SAFETY: a `T` that the block has given up.
        Ok(unsafe { value.cast::<T>().read() })
    }

    /// Drops the value now. Using the userdata is an error from then on; destroying it
    /// again is none.
    ///
    /// # Errors
    /// [`Error::Runtime`] if the value is in use; [`Error::Type`] if the userdata is not
    /// one of perilune's.
    ///
    /// # Panics
    /// If the value does when it is dropped.
    pub fn destroy(&self, state: &mut State) -> Result<()> {
        let block = self.enter(state, own_block)?;
        block.close().map_err(|refusal| refused("userdata", "", refusal))
    }

    /// The block, if it has a `T`. It lives as long as somebody holds the userdata.
    #[inline]
    fn block<'a, T: 'static>(&self, state: &State) -> Result<&'a Block> {
        let vm = VmRef::of_handle(state, &self.slot)?;
        let l = state.raw();
        let block = vm.classes.find(TypeId::of::<T>()).and_then(|class| {
            // SAFETY: two slots of the doors' room, given back (I4, I5); nothing is
            // allocated, so that `&State` is enough; what is read is anchored (I6).
            unsafe {
                backend::registry_get(l, self.slot.index());
                let block = block::at(l, -1, class.address);
                sys::lua_settop(l, -2);
                block
            }
        });
        block.ok_or_else(|| Error::type_mismatch(format!("a {}", name_of::<T>()), "a userdata of another type"))
    }
}

/// The value as scripts see it.
impl AnyUserData {
    /// `userdata[key]`, with `__index`.
    ///
    /// # Errors
    /// What reading the field raises; [`Error::Type`] if the value is of another kind.
    pub fn get<V: FromLua>(&self, state: &mut State, key: impl IntoLua) -> Result<V> {
        self.enter(state, |state, object| {
            // SAFETY: there is room (I4); indexing runs protected (I2).
            unsafe {
                let call = Call::begin(state.vm(), state.raw(), object);
                call.push_body(Body::Index);
                sys::lua_pushvalue(state.raw(), object);
                key.push_into(state, INTERNAL)?;
                call.finish(2, 1)?;
                V::from_stack(state, call.first, INTERNAL)
            }
        })
    }

    /// `userdata[key] = value`, with `__newindex`.
    ///
    /// # Errors
    /// What writing the field raises.
    pub fn set(&self, state: &mut State, key: impl IntoLua, value: impl IntoLua) -> Result<()> {
        self.enter(state, |state, object| {
            // SAFETY: there is room (I4); indexing runs protected (I2).
            unsafe {
                let call = Call::begin(state.vm(), state.raw(), object);
                call.push_body(Body::SetIndex);
                sys::lua_pushvalue(state.raw(), object);
                key.push_into(state, INTERNAL)?;
                value.push_into(state, INTERNAL)?;
                call.finish(3, 0)
            }
        })
    }

    /// What its metatable calls its type, if anything.
    ///
    /// # Errors
    /// [`Error::ForeignHandle`] or [`Error::Closed`].
    pub fn type_name(&self, state: &mut State) -> Result<Option<String>> {
        // SAFETY: grace and room (I3, I4).
        self.enter(state, |state, object| Ok(unsafe { class::name_at(state.raw(), object) }))
    }

    /// Its metatable, to be read.
    ///
    /// # Errors
    /// [`Error::Type`] if it has none; [`Error::ForeignHandle`] or [`Error::Closed`].
    pub fn metatable(&self, state: &mut State) -> Result<UserDataMetatable> {
        self.enter(state, |state, object| {
            // SAFETY: reads within the room there is (I2, I4).
            if unsafe { sys::lua_getmetatable(state.raw(), object) } == 0 {
                return Err(Error::type_mismatch("a userdata with a metatable", "one without"));
            }
            Table::from_stack(state, object + 1, INTERNAL).map(UserDataMetatable)
        })
    }

    /// Does `work` with the userdata on top of the stack, at the index it is given.
    fn enter<R>(&self, state: &mut State, work: impl FnOnce(&mut State, c_int) -> Result<R>) -> Result<R> {
        let vm = VmRef::of_handle(state, &self.slot)?;
        vm.begin(state)?;
        stack::with_room(state, SLOTS, |state| {
            // SAFETY: balanced whatever happens (I5).
            let balance = unsafe { StackGuard::new(state.raw()) };
            push_slot(state, &self.slot)?;
            let result = work(state, balance.top + 1)?;
            vm.settle()?;
            Ok(result)
        })
    }
}

/// Lua values that belong to the userdata. Unlike a handle inside the Rust value they
/// keep nothing alive beyond it, so that cycles through them are collected.
impl AnyUserData {
    /// Gives it a Lua value, its first.
    ///
    /// ```
    /// use perilune::{Lua, Table, UserData};
    ///
    /// struct Unit;
    /// impl UserData for Unit {}
    ///
    /// let mut lua = Lua::new()?;
    /// let unit = lua.create_userdata(Unit)?;
    /// let orders = lua.create_table_from([("owner", &unit)])?; // a cycle, which is collected
    /// unit.set_user_value(&mut lua, &orders)?;
    /// assert_eq!(unit.user_value::<Table>(&mut lua)?.raw_len(&mut lua)?, 0);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Memory`]; [`Error::Type`] if the userdata is not one of perilune's.
    pub fn set_user_value(&self, state: &mut State, value: impl IntoLua) -> Result<()> {
        self.set_nth_user_value(state, 1, value)
    }

    /// Its first Lua value, nil if it has none.
    ///
    /// # Errors
    /// [`Error::Type`] if it is of another kind.
    pub fn user_value<V: FromLua>(&self, state: &mut State) -> Result<V> {
        self.nth_user_value(state, 1)
    }

    /// Gives it a Lua value with a number of its own.
    ///
    /// # Errors
    /// As for [`AnyUserData::set_user_value`].
    pub fn set_nth_user_value(&self, state: &mut State, n: usize, value: impl IntoLua) -> Result<()> {
        self.set_value(state, n, value)
    }

    /// Its Lua value of that number, nil if it has none.
    ///
    /// # Errors
    /// As for [`AnyUserData::user_value`].
    pub fn nth_user_value<V: FromLua>(&self, state: &mut State, n: usize) -> Result<V> {
        self.value(state, n)
    }

    /// Gives it a Lua value with a name.
    ///
    /// # Errors
    /// As for [`AnyUserData::set_user_value`].
    pub fn set_named_user_value(&self, state: &mut State, name: &str, value: impl IntoLua) -> Result<()> {
        self.set_value(state, name, value)
    }

    /// Its Lua value of that name, nil if it has none.
    ///
    /// # Errors
    /// As for [`AnyUserData::user_value`].
    pub fn named_user_value<V: FromLua>(&self, state: &mut State, name: &str) -> Result<V> {
        self.value(state, name)
    }

    fn set_value(&self, state: &mut State, key: impl IntoLua, value: impl IntoLua) -> Result<()> {
        self.enter(state, |state, object| {
            let block = own_block(state, object)?;
            if !block.has_values.get() {
                stack::push_table(state, 0, 1)?;
                // SAFETY: one of our blocks, which has the place for it.
                unsafe { backend::set_values(state.raw(), object) };
                block.has_values.set(true);
            }
            // SAFETY: room (I4), and a block that has its table.
            unsafe { backend::push_values(state.raw(), object) };
            key.push_into(state, INTERNAL)?;
            value.push_into(state, INTERNAL)?;
            // SAFETY: a table, and a key that is a number or a string.
            unsafe { stack::raw_set(state, object + 1) }
        })
    }

    fn value<V: FromLua>(&self, state: &mut State, key: impl IntoLua) -> Result<V> {
        self.enter(state, |state, object| {
            if !own_block(state, object)?.has_values.get() {
                return V::from_stack(state, object + 1, INTERNAL);
            }
            // SAFETY: room (I4), and a block that has its table; raw reads raise nothing (I2).
            unsafe {
                backend::push_values(state.raw(), object);
                key.push_into(state, INTERNAL)?;
                sys::lua_rawget(state.raw(), object + 1);
            }
            V::from_stack(state, object + 2, INTERNAL)
        })
    }
}

/// The block at `object`, or the error that it is none of ours.
fn own_block<'a>(state: &mut State, object: c_int) -> Result<&'a Block> {
    // SAFETY: grace and room (I3, I4); the handle of whoever asks keeps the userdata (I6).
    let block = unsafe { block::any_at(state.raw(), object) };
    block.ok_or_else(|| Error::type_mismatch("a userdata made by the host", "one of a library's"))
}

/// The metatable of a userdata, to be read.
///
/// ```
/// use perilune::{Function, Lua, MetaMethod, UserData};
///
/// struct Rope;
/// impl UserData for Rope {}
///
/// let mut lua = Lua::new()?;
/// let metatable = lua.create_userdata(Rope)?.metatable(&mut lua)?;
/// assert_eq!(metatable.get::<String>(&mut lua, "__name")?, "Rope");
/// assert!(metatable.contains(&mut lua, MetaMethod::ToString)?);
/// assert!(metatable.get::<Function>(&mut lua, "__gc").is_err());
/// # Ok::<(), perilune::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct UserDataMetatable(Table);

impl UserDataMetatable {
    /// An entry, nil if there is none.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for `__gc` and `__metatable`; [`Error::Type`] if the value
    /// is of another kind.
    pub fn get<V: FromLua>(&self, state: &mut State, name: impl Into<String>) -> Result<V> {
        let name = name.into();
        if meta::is_reserved(&name) {
            return Err(Error::unsupported(
                "reading '__gc', '__metatable' or '__mode' of a userdata",
                "they keep the value safe: use `AnyUserData::destroy` to drop it",
            ));
        }
        self.0.raw_get(state, name)
    }

    /// Whether there is an entry.
    ///
    /// # Errors
    /// As for [`UserDataMetatable::get`].
    pub fn contains(&self, state: &mut State, name: impl Into<String>) -> Result<bool> {
        self.get::<crate::Value>(state, name).map(|value| !value.is_nil())
    }
}
