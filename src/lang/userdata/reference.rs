//! Userdata as arguments: the value itself, borrowed for the call or taken out.

use std::any::TypeId;
use std::ffi::c_int;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use crate::error::Result;
use crate::lang::convert::{Internal, from_value, mismatch};
use crate::lang::userdata::{name_of, refused};
use crate::lang::{FromArg, FromLua, Value};
use crate::sys;
use crate::vm::block::{self, Block, Shared, Unique};
use crate::vm::state::State;

/// An argument that is a userdata with a `T`, to be read until the call ends.
///
/// ```
/// use perilune::{Lua, State, UserData, UserDataRef};
///
/// struct Sword { damage: i32 }
/// impl UserData for Sword {}
///
/// let mut lua = Lua::new()?;
/// lua.register("stronger", |_: &mut State, (a, b): (UserDataRef<Sword>, UserDataRef<Sword>)| Ok(a.damage > b.damage))?;
/// lua.set("long", Sword { damage: 8 })?;
/// lua.set("short", Sword { damage: 5 })?;
/// lua.run("assert(stronger(long, short) and not stronger(long, long))")?;
/// # Ok::<(), perilune::Error>(())
/// ```
///
/// It cannot be kept.
///
/// ```compile_fail
/// # use perilune::{Lua, Result, State, UserDataRef};
/// # let mut lua = Lua::new().unwrap();
/// let mut kept: Option<UserDataRef<'static, String>> = None;
/// lua.register_mut("keep", move |_: &mut State, text: UserDataRef<String>| -> Result<()> { kept = Some(text); Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct UserDataRef<'a, T> {
    // Not a reference: the value may be changed as soon as the guard is gone, which may
    // be before a function that this was passed to ends.
    value: NonNull<T>,
    _shared: Shared<'a>,
    marker: PhantomData<&'a T>,
}

/// An argument that is a userdata with a `T`, to be changed until the call ends. The same
/// userdata cannot be another argument.
///
/// ```
/// use perilune::{Lua, Result, State, UserData, UserDataRefMut};
///
/// struct Purse { gold: u32 }
/// impl UserData for Purse {}
///
/// let mut lua = Lua::new()?;
/// lua.register("pay", |_: &mut State, (mut from, mut to): (UserDataRefMut<Purse>, UserDataRefMut<Purse>)| -> Result<()> {
///     to.gold += std::mem::take(&mut from.gold);
///     Ok(())
/// })?;
/// let purse = lua.create_userdata(Purse { gold: 7 })?;
/// lua.set("mine", &purse)?;
/// lua.set("yours", Purse { gold: 1 })?;
/// lua.run("pay(yours, mine)")?;
/// assert_eq!(purse.borrow::<Purse>(&lua)?.gold, 8);
///
/// let error = lua.run("pay(mine, mine)").unwrap_err();
/// assert!(error.to_string().contains("it is being changed"), "{error}");
/// # Ok::<(), perilune::Error>(())
/// ```
#[derive(Debug)]
pub struct UserDataRefMut<'a, T> {
    value: NonNull<T>,
    _unique: Unique<'a>,
    marker: PhantomData<&'a mut T>,
}

/// A value that is taken out of its userdata, which is empty from then on: for functions
/// that use their argument up. It is taken before later arguments are looked at, and gone
/// also if one of those is refused.
///
/// ```
/// use perilune::{Lua, State, UserData, UserDataMethods, UserDataOwned};
///
/// struct Scroll(String);
/// impl UserData for Scroll {
///     fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
///         methods.add_function("read", |_: &mut State, UserDataOwned(scroll): UserDataOwned<Self>| Ok(scroll.0));
///     }
/// }
///
/// let mut lua = Lua::new()?;
/// lua.set("scroll", Scroll("Xyzzy!".to_owned()))?;
/// lua.run("assert(scroll:read() == 'Xyzzy!')")?;
/// let error = lua.run("scroll:read()").unwrap_err();
/// assert!(error.to_string().contains("it has been dropped"), "{error}");
/// # Ok::<(), perilune::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserDataOwned<T>(pub T);

impl<T: 'static> FromLua for UserDataOwned<T> {
    fn from_lua(value: Value, state: &mut State) -> Result<Self> {
        from_value(value, state)
    }

    fn from_stack(state: &mut State, index: c_int, _: Internal) -> Result<Self> {
        // SAFETY: nothing clears the slot before this returns (I6).
        let block = unsafe { block_argument::<T>(state, index)? };
        let value = block.take().map_err(|refusal| refused(&name_of::<T>(), "", refusal))?;
        // SAFETY: a `T` that the block has given up.
        Ok(Self(unsafe { value.cast::<T>().read() }))
    }
}

impl<T> Deref for UserDataRef<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: a value that nobody changes or drops while it is shared.
        unsafe { self.value.as_ref() }
    }
}

impl<T> Deref for UserDataRefMut<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: a value that nobody else has while it is locked.
        unsafe { self.value.as_ref() }
    }
}

impl<T> DerefMut for UserDataRefMut<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: a value that nobody else has while it is locked.
        unsafe { self.value.as_mut() }
    }
}

/// The block of the argument at `index`, if it has a `T`.
///
/// # Safety
/// As for [`FromArg::take`].
#[inline]
unsafe fn block_argument<'a, T: 'static>(state: &mut State, index: c_int) -> Result<&'a Block> {
    let class = state.vm().classes.find(TypeId::of::<T>());
    // SAFETY: one slot of the doors' room; the argument stays in its slot for `'a` (I6).
    let block = class.and_then(|class| unsafe { block::at(state.raw(), index, class.address) });
    block.ok_or_else(|| mismatch(state, index, &format!("a {}", name_of::<T>())))
}

impl<T: 'static> FromArg for UserDataRef<'_, T> {
    type Item<'a> = UserDataRef<'a, T>;

    #[inline]
    unsafe fn take<'a>(state: &mut State, index: c_int, _: Internal) -> Result<Self::Item<'a>> {
        // SAFETY: the caller's.
        let block = unsafe { block_argument::<T>(state, index)? };
        let shared = block.share().map_err(|refusal| refused(&name_of::<T>(), "", refusal))?;
        // SAFETY: no block's value is at null.
        let value = unsafe { NonNull::new_unchecked(shared.value().cast_mut().cast()) };
        Ok(UserDataRef { value, _shared: shared, marker: PhantomData })
    }
}

impl<T: 'static> FromArg for UserDataRefMut<'_, T> {
    type Item<'a> = UserDataRefMut<'a, T>;

    #[inline]
    unsafe fn take<'a>(state: &mut State, index: c_int, _: Internal) -> Result<Self::Item<'a>> {
        // SAFETY: the caller's.
        let block = unsafe { block_argument::<T>(state, index)? };
        let mut unique = block.lock().map_err(|refusal| refused(&name_of::<T>(), "", refusal))?;
        // SAFETY: no block's value is at null.
        let value = unsafe { NonNull::new_unchecked(unique.value().cast()) };
        Ok(UserDataRefMut { value, _unique: unique, marker: PhantomData })
    }
}

macro_rules! optional_reference {
    ($($Reference:ident)*) => {$(
        impl<T: 'static> FromArg for Option<$Reference<'_, T>> {
            type Item<'a> = Option<$Reference<'a, T>>;

            unsafe fn take<'a>(state: &mut State, index: c_int, internal: Internal) -> Result<Self::Item<'a>> {
                // SAFETY: the caller's.
                unsafe {
                    if sys::lua_type(state.raw(), index) <= sys::LUA_TNIL {
                        return Ok(None);
                    }
                    <$Reference<'_, T> as FromArg>::take(state, index, internal).map(Some)
                }
            }
        }
    )*};
}

optional_reference! { UserDataRef UserDataRefMut }
