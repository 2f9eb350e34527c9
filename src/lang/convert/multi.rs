//! Several values at once: arguments and results.

use std::ffi::c_int;
use std::ops::{Deref, DerefMut};

use crate::error::Result;
use crate::lang::convert::{FromLua, INTERNAL, Internal, IntoLua, mismatch};
use crate::lang::{Value, string};
use crate::sys;
use crate::vm::alloc::to_c_int;
use crate::vm::stack;
use crate::vm::state::State;

/// Any number of values of one type, as the last (or only) argument or result.
///
/// ```
/// use perilune::{Lua, Result, State, Variadic};
///
/// let mut lua = Lua::new()?;
/// lua.register("sum", |_: &mut State, numbers: Variadic<f64>| -> Result<f64> { Ok(numbers.iter().sum()) })?;
/// assert_eq!(lua.load("return sum(1, 2, 3)").eval::<f64>()?, 6.0);
/// # Ok::<(), perilune::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Variadic<T>(pub Vec<T>);

/// Any number of values of any type.
pub type MultiValue = Variadic<Value>;

impl<T> Default for Variadic<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for Variadic<T> {
    type Target = Vec<T>;
    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> DerefMut for Variadic<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T> FromIterator<T> for Variadic<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(Vec::from_iter(items))
    }
}

impl<T> IntoIterator for Variadic<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Variadic<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// Values that can be passed to Lua together: a single value, a tuple of up to
/// twelve, `()`, or [`Variadic`], also as a tuple's last element; a `Result` of those is
/// they, or nil and the error.
pub trait IntoLuaMulti: Sized {
    /// How many values there are.
    #[doc(hidden)]
    fn count(&self) -> c_int;

    /// Pushes them all and says how many. `[-0, +count, m]` Needs room for them.
    #[doc(hidden)]
    fn push_all(self, state: &mut State, _: Internal) -> Result<c_int>;
}

/// Values that can be taken from Lua together; the counterpart of [`IntoLuaMulti`].
pub trait FromLuaMulti: Sized {
    /// How many values it wants; `LUA_MULTRET` for as many as there are.
    #[doc(hidden)]
    const COUNT: c_int;

    /// Takes them from the `count` values at `first`. `[-0, +0, m]`
    #[doc(hidden)]
    fn take_all(state: &mut State, first: c_int, count: c_int, _: Internal) -> Result<Self>;
}

/// An argument of a callback: whatever is [`FromLua`], and `&str` and `&[u8]`
/// borrowed from the call.
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be an argument of a callback", note = "implement `perilune::FromLua` for it")]
pub trait FromArg {
    /// The type with the lifetime of the call.
    type Item<'a>;

    /// # Safety
    /// `index` is an argument slot of a callback that runs for `'a`, or beyond the top.
    #[doc(hidden)]
    unsafe fn take<'a>(state: &mut State, index: c_int, _: Internal) -> Result<Self::Item<'a>>;
}

/// The arguments of a callback: one [`FromArg`], a tuple of up to twelve, `()`, or
/// [`Variadic`], also as a tuple's last element.
pub trait FromArgs {
    /// The type with the lifetime of the call.
    type Item<'a>;

    /// Whether it wants to know how many arguments there are.
    #[doc(hidden)]
    const COUNTED: bool = false;

    /// # Safety
    /// As for [`FromArg::take`], for `count` arguments from `first` on.
    #[doc(hidden)]
    unsafe fn take<'a>(state: &mut State, first: c_int, count: c_int, _: Internal) -> Result<Self::Item<'a>>;
}

impl<T: IntoLua> IntoLuaMulti for T {
    #[inline]
    fn count(&self) -> c_int {
        1
    }

    #[inline]
    fn push_all(self, state: &mut State, internal: Internal) -> Result<c_int> {
        self.push_into(state, internal)?;
        Ok(1)
    }
}

impl<T: FromLua> FromLuaMulti for T {
    const COUNT: c_int = 1;

    #[inline]
    fn take_all(state: &mut State, first: c_int, _: c_int, internal: Internal) -> Result<Self> {
        T::from_stack(state, first, internal)
    }
}

impl<T: FromLua> FromArg for T {
    type Item<'a> = T;

    #[inline]
    unsafe fn take<'a>(state: &mut State, index: c_int, internal: Internal) -> Result<Self::Item<'a>> {
        T::from_stack(state, index, internal)
    }
}

/// The text of an argument, in its own slot; a number is converted there.
///
/// # Safety
/// As for [`FromArg::take`].
unsafe fn text_argument<'a>(state: &mut State, index: c_int) -> Result<&'a [u8]> {
    let l = state.raw();
    // SAFETY: the slot is the callback's own and nothing clears it while it runs (I6);
    // converting a number only wants memory (I3).
    unsafe {
        match sys::lua_type(l, index) {
            sys::LUA_TSTRING => {}
            sys::LUA_TNUMBER => drop(sys::lua_tolstring(l, index, std::ptr::null_mut())),
            _ => return Err(mismatch(state, index, "a string")),
        }
        Ok(stack::text_at(l, index))
    }
}

impl FromArg for &[u8] {
    type Item<'a> = &'a [u8];

    #[inline]
    unsafe fn take<'a>(state: &mut State, index: c_int, _: Internal) -> Result<&'a [u8]> {
        // SAFETY: the caller's.
        unsafe { text_argument(state, index) }
    }
}

impl FromArg for &str {
    type Item<'a> = &'a str;

    #[inline]
    unsafe fn take<'a>(state: &mut State, index: c_int, _: Internal) -> Result<&'a str> {
        // SAFETY: the caller's.
        string::utf8(unsafe { text_argument(state, index)? })
    }
}

macro_rules! optional_argument {
    ($($Text:ty)*) => {$(
        impl FromArg for Option<&$Text> {
            type Item<'a> = Option<&'a $Text>;

            unsafe fn take<'a>(state: &mut State, index: c_int, internal: Internal) -> Result<Self::Item<'a>> {
                // SAFETY: the caller's.
                unsafe {
                    if sys::lua_type(state.raw(), index) <= sys::LUA_TNIL {
                        return Ok(None);
                    }
                    <&$Text as FromArg>::take(state, index, internal).map(Some)
                }
            }
        }
    )*};
}

optional_argument! { str [u8] }

impl<T: FromArg> FromArgs for T {
    type Item<'a> = T::Item<'a>;

    #[inline]
    unsafe fn take<'a>(state: &mut State, first: c_int, _: c_int, internal: Internal) -> Result<Self::Item<'a>> {
        // SAFETY: the caller's.
        unsafe { T::take(state, first, internal) }.map_err(|error| error.at_argument(argument_number(first)))
    }
}

/// Arguments start at stack index 1.
fn argument_number(index: c_int) -> usize {
    usize::try_from(index).unwrap_or(0)
}

impl IntoLuaMulti for () {
    fn count(&self) -> c_int {
        0
    }

    fn push_all(self, _: &mut State, _: Internal) -> Result<c_int> {
        Ok(0)
    }
}

impl FromLuaMulti for () {
    const COUNT: c_int = 0;

    fn take_all(_: &mut State, _: c_int, _: c_int, _: Internal) -> Result<Self> {
        Ok(())
    }
}

impl FromArgs for () {
    type Item<'a> = ();

    unsafe fn take<'a>(_: &mut State, _: c_int, _: c_int, _: Internal) -> Result<Self::Item<'a>> {
        Ok(())
    }
}

impl<T: IntoLua> IntoLuaMulti for Variadic<T> {
    fn count(&self) -> c_int {
        // What takes no memory can be many; more than any stack holds are not counted.
        to_c_int(self.0.len().min(1 << 24))
    }

    fn push_all(self, state: &mut State, internal: Internal) -> Result<c_int> {
        let count = self.count();
        for value in self.0 {
            value.push_into(state, internal)?;
        }
        Ok(count)
    }
}

impl<T: FromLua> FromLuaMulti for Variadic<T> {
    const COUNT: c_int = sys::LUA_MULTRET;

    fn take_all(state: &mut State, first: c_int, count: c_int, internal: Internal) -> Result<Self> {
        (first..first + count.max(0)).map(|index| T::from_stack(state, index, internal)).collect()
    }
}

impl<T: FromLua> FromArgs for Variadic<T> {
    type Item<'a> = Variadic<T>;
    const COUNTED: bool = true;

    unsafe fn take<'a>(state: &mut State, first: c_int, count: c_int, internal: Internal) -> Result<Self::Item<'a>> {
        let one = |index| T::from_stack(state, index, internal).map_err(|error| error.at_argument(argument_number(index)));
        (first..first + count.max(0)).map(one).collect()
    }
}

/// The sum of two counts, where `LUA_MULTRET` means "all".
const fn total(first: c_int, rest: c_int) -> c_int {
    if rest == sys::LUA_MULTRET { rest } else { first + rest }
}

macro_rules! count {
    () => { 0 };
    ($head:ident $($tail:ident)*) => { 1 + count!($($tail)*) };
}

/// Takes one element after another, by `$take` from `$from`. Where one is refused, those
/// before it are dropped first: a panic in that would lose an error that is on its way out.
macro_rules! each {
    ($take:ident($($from:expr),*) [$($done:ident)*]) => {};
    ($take:ident($($from:expr),*) [$($done:ident)*] $T:ident $($rest:ident)*) => {
        let $T = match $take::<$T>($($from),*) {
            Ok(value) => value,
            Err(error) => {
                $(drop($done);)*
                return Err(error);
            }
        };
        each!($take($($from),*) [$($done)* $T] $($rest)*);
    };
}

/// The result at `next`, which is counted on.
#[inline]
fn result<T: FromLua>(state: &mut State, next: &mut c_int, internal: Internal) -> Result<T> {
    let value = T::from_stack(state, *next, internal);
    *next += 1;
    value
}

/// The argument at `next`, which is counted on.
///
/// # Safety
/// As for [`FromArg::take`].
#[inline]
unsafe fn argument<'a, T: FromArg>(state: &mut State, next: &mut c_int, internal: Internal) -> Result<T::Item<'a>> {
    let index = *next;
    *next += 1;
    // SAFETY: the caller's.
    unsafe { T::take(state, index, internal) }.map_err(|error| error.at_argument(argument_number(index)))
}

/// Tuples: every element but the last is one value, the last may be several.
macro_rules! tuples {
    ($($T:ident)* ; $Last:ident) => {
        impl<$($T: IntoLua,)* $Last: IntoLuaMulti> IntoLuaMulti for ($($T,)* $Last,) {
            #[inline]
            #[allow(non_snake_case, unused_variables)]
            fn count(&self) -> c_int {
                let ($($T,)* $Last,) = self;
                count!($($T)*) + $Last.count()
            }

            #[inline]
            #[allow(non_snake_case)]
            fn push_all(self, state: &mut State, internal: Internal) -> Result<c_int> {
                let ($($T,)* $Last,) = self;
                $($T.push_into(state, internal)?;)*
                Ok(count!($($T)*) + $Last.push_all(state, internal)?)
            }
        }

        impl<$($T: FromLua,)* $Last: FromLuaMulti> FromLuaMulti for ($($T,)* $Last,) {
            const COUNT: c_int = total(count!($($T)*), $Last::COUNT);

            #[inline]
            #[allow(non_snake_case, unused_mut)]
            fn take_all(state: &mut State, first: c_int, count: c_int, internal: Internal) -> Result<Self> {
                let mut next = first;
                each!(result(state, &mut next, internal) [] $($T)*);
                match $Last::take_all(state, next, count - (next - first), internal) {
                    Ok(last) => Ok(($($T,)* last,)),
                    Err(error) => {
                        $(drop($T);)*
                        Err(error)
                    }
                }
            }
        }

        impl<$($T: FromArg,)* $Last: FromArgs> FromArgs for ($($T,)* $Last,) {
            type Item<'a> = ($($T::Item<'a>,)* $Last::Item<'a>,);
            // Many arguments leave little room in the frame; it is worth knowing then.
            const COUNTED: bool = $Last::COUNTED || count!($($T)*) > 4;

            #[inline]
            #[allow(non_snake_case, unused_mut)]
            unsafe fn take<'a>(state: &mut State, first: c_int, count: c_int, internal: Internal) -> Result<Self::Item<'a>> {
                let mut next = first;
                // SAFETY: the caller's.
                unsafe {
                    each!(argument(state, &mut next, internal) [] $($T)*);
                    match <$Last as FromArgs>::take(state, next, count - (next - first), internal) {
                        Ok(last) => Ok(($($T,)* last,)),
                        Err(error) => {
                            $(drop($T);)*
                            Err(error)
                        }
                    }
                }
            }
        }
    };
}

tuples! { ; A }
tuples! { A ; B }
tuples! { A B ; C }
tuples! { A B C ; D }
tuples! { A B C D ; E }
tuples! { A B C D E ; F }
tuples! { A B C D E F ; G }
tuples! { A B C D E F G ; H }
tuples! { A B C D E F G H ; I }
tuples! { A B C D E F G H I ; J }
tuples! { A B C D E F G H I J ; K }
tuples! { A B C D E F G H I J K ; L }

/// Pushes the results of a callback, as the last thing that happens in its frame. `[-0, +count, m]`
#[inline]
pub(crate) fn push_results<R: IntoLuaMulti>(state: &mut State, results: R) -> Result<c_int> {
    let count = results.count();
    // The doors' own room holds two results and the way to a fresh frame (I4).
    if count <= 2 {
        return results.push_all(state, INTERNAL);
    }
    // SAFETY: raises nothing (I2).
    let top = unsafe { sys::lua_gettop(state.raw()) };
    if stack::has_room(&state.vm(), top, count) {
        return results.push_all(state, INTERNAL);
    }
    crate::vm::protect::in_fresh_frame(state, count, count, |state| results.push_all(state, INTERNAL))
}
