//! Methods and fields: Rust closures that are called with the value of a userdata.
//!
//! Whatever a script passes as `self` is checked exactly, the value is borrowed for as
//! long as the closure runs, and the arguments are converted as for any host function.

use std::ffi::c_int;
use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::lang::convert::{INTERNAL, Internal, mismatch, push_results};
use crate::lang::userdata::path::Path;
use crate::lang::userdata::refused;
use crate::lang::{FromArgs, FromLua, IntoLua, IntoLuaMulti};
use crate::sys;
use crate::vm::block;
use crate::vm::state::State;
use crate::vm::trampoline::Invoke;

/// A method: `Fn(&mut State, &T, arguments) -> Result<results>`.
///
/// `M` is inferred, as for [`HostFunction`](crate::HostFunction); write out the types of
/// the state, the value and the arguments, which may be borrowed (`&str`, `&[u8]`,
/// [`UserDataRef`](crate::UserDataRef)).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a method",
    note = "it has to be `Fn(&mut State, &{T}, arguments) -> Result<results>`, with the types of `&mut State`, `&{T}` and the arguments written out"
)]
pub trait HostMethod<T, M> {
    /// Whether it wants to know how many arguments there are.
    #[doc(hidden)]
    const COUNTED: bool;

    /// # Safety
    /// Called in the frame of a callback only, with the number of its arguments, of which
    /// the first is the userdata of `this`.
    #[doc(hidden)]
    unsafe fn call(&self, state: &mut State, this: &T, arguments: c_int, _: Internal) -> Result<c_int>;
}

/// As [`HostMethod`], for `Fn(&mut State, &mut T, arguments) -> Result<results>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a method",
    note = "it has to be `Fn(&mut State, &mut {T}, arguments) -> Result<results>`, with the types of `&mut State`, `&mut {T}` and the arguments written out"
)]
pub trait HostMethodMut<T, M> {
    /// Whether it wants to know how many arguments there are.
    #[doc(hidden)]
    const COUNTED: bool;

    /// # Safety
    /// As for [`HostMethod::call`].
    #[doc(hidden)]
    unsafe fn call_mut(&self, state: &mut State, this: &mut T, arguments: c_int, _: Internal) -> Result<c_int>;
}

/// Where the arguments begin: behind the userdata.
const FIRST: c_int = 2;

// The two bounds are those of `HostFunction`.
impl<T, F, A, R> HostMethod<T, fn(A) -> R> for F
where
    A: FromArgs,
    R: IntoLuaMulti,
    F: Fn(&mut State, &T, A) -> Result<R> + for<'a> Fn(&mut State, &T, A::Item<'a>) -> Result<R>,
{
    const COUNTED: bool = A::COUNTED;

    #[inline]
    unsafe fn call(&self, state: &mut State, this: &T, arguments: c_int, internal: Internal) -> Result<c_int> {
        // SAFETY: the arguments stay in their slots until the call returns (I6).
        match unsafe { A::take(state, FIRST, arguments - 1, internal) } {
            Ok(values) => match self(&mut *state, this, values) {
                Ok(results) => push_results(state, results),
                Err(error) => Err(error),
            },
            Err(error) => Err(error.after_self()),
        }
    }
}

impl<T, F, A, R> HostMethodMut<T, fn(A) -> R> for F
where
    A: FromArgs,
    R: IntoLuaMulti,
    F: Fn(&mut State, &mut T, A) -> Result<R> + for<'a> Fn(&mut State, &mut T, A::Item<'a>) -> Result<R>,
{
    const COUNTED: bool = A::COUNTED;

    #[inline]
    unsafe fn call_mut(&self, state: &mut State, this: &mut T, arguments: c_int, internal: Internal) -> Result<c_int> {
        // SAFETY: the arguments stay in their slots until the call returns (I6).
        match unsafe { A::take(state, FIRST, arguments - 1, internal) } {
            Ok(values) => match self(&mut *state, this, values) {
                Ok(results) => push_results(state, results),
                Err(error) => Err(error),
            },
            Err(error) => Err(error.after_self()),
        }
    }
}

/// What reads a field.
pub(crate) struct Getter<F>(pub F);

/// Marks what a [`Getter`] gives.
pub(crate) struct Get<R>(PhantomData<R>);

impl<T, F, R> HostMethod<T, Get<R>> for Getter<F>
where
    R: IntoLua,
    F: Fn(&mut State, &T) -> Result<R>,
{
    const COUNTED: bool = false;

    #[inline]
    unsafe fn call(&self, state: &mut State, this: &T, _: c_int, internal: Internal) -> Result<c_int> {
        match (self.0)(&mut *state, this) {
            Ok(value) => value.push_into(state, internal).map(|()| 1),
            Err(error) => Err(error),
        }
    }
}

/// What writes a field, with the field's name.
pub(crate) struct Setter<F>(pub F, pub Box<str>);

/// Marks what a [`Setter`] takes.
pub(crate) struct Set<A>(PhantomData<A>);

impl<T, F, A> HostMethodMut<T, Set<A>> for Setter<F>
where
    A: FromLua,
    F: Fn(&mut State, &mut T, A) -> Result<()>,
{
    const COUNTED: bool = false;

    #[inline]
    unsafe fn call_mut(&self, state: &mut State, this: &mut T, _: c_int, internal: Internal) -> Result<c_int> {
        match A::from_stack(state, FIRST, internal) {
            Ok(value) => (self.0)(state, this, value).map(|()| 0),
            Err(error) => Err(error.at(|| format!("cannot set '{}'", self.1))),
        }
    }
}

/// What a method is called in messages, and what it must be called with.
pub(crate) struct Receiver {
    pub name: Box<str>,
    pub type_name: Box<str>,
    /// Address of the metatable that the userdata must have.
    pub class: usize,
}

impl Receiver {
    #[cold]
    fn mismatch(&self, state: &mut State) -> Error {
        // SAFETY: reads the first argument (I2).
        let is_userdata = unsafe { sys::lua_type(state.raw(), 1) } == sys::LUA_TUSERDATA;
        let hint = if is_userdata || self.name.contains("__") { "" } else { " (methods are called with ':')" };
        mismatch(state, 1, &format!("a {}{hint}", self.type_name)).at(|| format!("bad self to '{}'", self.name))
    }
}

/// A method on its way to Lua.
pub(crate) struct Method<T, F, M> {
    receiver: Receiver,
    path: Path,
    function: F,
    marker: PhantomData<fn(&T) -> M>,
}

impl<T, F, M> Method<T, F, M> {
    pub(crate) fn new(receiver: Receiver, path: Path, function: F) -> Self {
        Self { receiver, path, function, marker: PhantomData }
    }
}

impl<T, F: HostMethod<T, M>, M> Invoke for Method<T, F, M> {
    const COUNTED: bool = F::COUNTED;

    #[inline]
    unsafe fn invoke(&self, state: &mut State, arguments: c_int) -> Result<c_int> {
        // SAFETY: one slot of the doors' room; the class lives as long as its methods
        // can be called, and the first argument as long as this call (I6).
        let Some(block) = (unsafe { block::at(state.raw(), 1, self.receiver.class) }) else {
            return Err(self.receiver.mismatch(state));
        };
        let shared = match block.share() {
            Ok(shared) => shared,
            Err(refusal) => return Err(refused(&self.receiver.type_name, &self.receiver.name, refusal)),
        };
        // SAFETY: the class says that the block has a value that leads to a `T`, and
        // nobody changes it while it is shared.
        let this = unsafe { &*self.path.shared(shared.value()).cast::<T>() };
        // SAFETY: the caller's.
        unsafe { self.function.call(state, this, arguments, INTERNAL) }.map_err(|error| error.in_function(&self.receiver.name))
    }
}

/// The same for a method that changes the value.
pub(crate) struct MethodMut<T, F, M>(pub Method<T, F, M>);

impl<T, F: HostMethodMut<T, M>, M> Invoke for MethodMut<T, F, M> {
    const COUNTED: bool = F::COUNTED;

    #[inline]
    unsafe fn invoke(&self, state: &mut State, arguments: c_int) -> Result<c_int> {
        let Method { receiver, path, function, .. } = &self.0;
        // SAFETY: as for `Method`.
        let Some(block) = (unsafe { block::at(state.raw(), 1, receiver.class) }) else {
            return Err(receiver.mismatch(state));
        };
        let mut unique = match block.lock() {
            Ok(unique) => unique,
            Err(refusal) => return Err(refused(&receiver.type_name, &receiver.name, refusal)),
        };
        // SAFETY: as for `Method`, and nobody else has the value while it is locked.
        let this = unsafe { &mut *path.unique(unique.value()).cast::<T>() };
        // SAFETY: the caller's.
        unsafe { function.call_mut(state, this, arguments, INTERNAL) }.map_err(|error| error.in_function(&receiver.name))
    }
}
