//! Rust closures as Lua functions.

use std::cell::RefCell;
use std::ffi::c_int;
use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::lang::convert::{INTERNAL, Internal, push_results};
use crate::lang::{FromArgs, IntoLuaMulti};
use crate::vm::state::State;
use crate::vm::trampoline::{self, Invoke};

/// A closure that Lua can call: `Fn(&mut State, arguments) -> Result<results>`, and
/// `Send` and `'static` but for those that a [`Scope`](crate::Scope) lends. Borrowed
/// arguments (`&str`, `&[u8]`) live for the call.
///
/// `M` is inferred; it tells the compiler which arguments and results it has.
///
/// What is lent for the call cannot be kept beyond it, neither the state
///
/// ```compile_fail
/// # use perilune::{Lua, Result, State};
/// # let mut lua = Lua::new().unwrap();
/// let mut kept: Option<&'static mut State> = None;
/// lua.register_mut("keep", move |state: &mut State, (): ()| -> Result<()> { kept = Some(state); Ok(()) }).unwrap();
/// ```
///
/// nor borrowed text,
///
/// ```compile_fail
/// # use perilune::{Lua, Result, State};
/// # let mut lua = Lua::new().unwrap();
/// let mut names: Vec<&'static str> = Vec::new();
/// lua.register_mut("keep", move |_: &mut State, name: &str| -> Result<()> { names.push(name); Ok(()) }).unwrap();
/// ```
///
/// and a state is no owner that could be swapped for another one.
///
/// ```compile_fail,E0308
/// # use perilune::{Lua, Result, State};
/// # let mut lua = Lua::new().unwrap();
/// let mut other = Lua::new().unwrap();
/// lua.register_mut("swap", move |state: &mut State, (): ()| -> Result<()> {
///     std::mem::swap::<Lua>(state, &mut other);
///     Ok(())
/// }).unwrap();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be registered as a Lua function",
    note = "it has to be `Fn(&mut State, arguments) -> Result<results>`, with the types of `&mut State` and the arguments written out"
)]
pub trait HostFunction<M> {
    /// Whether it wants to know how many arguments there are.
    #[doc(hidden)]
    const COUNTED: bool;

    /// # Safety
    /// As for [`Invoke::invoke`].
    #[doc(hidden)]
    unsafe fn call(&self, state: &mut State, arguments: c_int, _: Internal) -> Result<c_int>;
}

/// As [`HostFunction`], for `FnMut`: it cannot be entered again while it runs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be registered as a Lua function",
    note = "it has to be `FnMut(&mut State, arguments) -> Result<results>`, with the types of `&mut State` and the arguments written out"
)]
pub trait HostFunctionMut<M> {
    /// Whether it wants to know how many arguments there are.
    #[doc(hidden)]
    const COUNTED: bool;

    /// # Safety
    /// As for [`Invoke::invoke`].
    #[doc(hidden)]
    unsafe fn call_mut(&mut self, state: &mut State, arguments: c_int, _: Internal) -> Result<c_int>;
}

// The two bounds say the same twice: the first lets the compiler find `A`, the
// second that the closure takes it with the lifetime of every single call.
impl<F, A, R> HostFunction<fn(A) -> R> for F
where
    A: FromArgs,
    R: IntoLuaMulti,
    F: Fn(&mut State, A) -> Result<R> + for<'a> Fn(&mut State, A::Item<'a>) -> Result<R>,
{
    const COUNTED: bool = A::COUNTED;

    #[inline]
    unsafe fn call(&self, state: &mut State, arguments: c_int, internal: Internal) -> Result<c_int> {
        // SAFETY: the arguments stay in their slots until the call returns (I6).
        match unsafe { A::take(state, 1, arguments, internal) } {
            // In this form little is kept on the stack meanwhile, without optimisation too.
            Ok(values) => match self(&mut *state, values) {
                Ok(results) => push_results(state, results),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        }
    }
}

impl<F, A, R> HostFunctionMut<fn(A) -> R> for F
where
    A: FromArgs,
    R: IntoLuaMulti,
    F: FnMut(&mut State, A) -> Result<R> + for<'a> FnMut(&mut State, A::Item<'a>) -> Result<R>,
{
    const COUNTED: bool = A::COUNTED;

    unsafe fn call_mut(&mut self, state: &mut State, arguments: c_int, internal: Internal) -> Result<c_int> {
        // SAFETY: the arguments stay in their slots until the call returns (I6).
        match unsafe { A::take(state, 1, arguments, internal) } {
            // In this form little is kept on the stack meanwhile, without optimisation too.
            Ok(values) => match self(&mut *state, values) {
                Ok(results) => push_results(state, results),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        }
    }
}

/// A closure with the name that its errors use.
struct Named<F, M> {
    name: Box<str>,
    function: F,
    marker: PhantomData<fn() -> M>,
}

/// The same for a closure that cannot be re-entered.
struct NamedMut<F, M>(Named<RefCell<F>, M>);

impl<F: HostFunction<M>, M> Invoke for Named<F, M> {
    const COUNTED: bool = F::COUNTED;

    #[inline]
    unsafe fn invoke(&self, state: &mut State, arguments: c_int) -> Result<c_int> {
        // SAFETY: the caller's.
        unsafe { self.function.call(state, arguments, INTERNAL) }.map_err(|error| error.in_function(&self.name))
    }
}

impl<F: HostFunctionMut<M>, M> Invoke for NamedMut<F, M> {
    const COUNTED: bool = F::COUNTED;

    unsafe fn invoke(&self, state: &mut State, arguments: c_int) -> Result<c_int> {
        let Ok(mut function) = self.0.function.try_borrow_mut() else {
            return Err(Error::runtime(format!(
                "'{}' was called while it was still running: a function registered with register_mut cannot be re-entered",
                self.0.name
            )));
        };
        // SAFETY: the caller's.
        unsafe { function.call_mut(state, arguments, INTERNAL) }.map_err(|error| error.in_function(&self.0.name))
    }
}

/// Pushes a Lua function that calls the closure. `[-0, +1, m]` Needs room for two values.
pub(crate) fn push_function<M: 'static>(state: &mut State, name: &str, function: impl HostFunction<M> + Send + 'static) {
    trampoline::push_callback(state, Named { name: name.into(), function, marker: PhantomData });
}

/// As [`push_function`], for `FnMut`.
pub(crate) fn push_function_mut<M: 'static>(state: &mut State, name: &str, function: impl HostFunctionMut<M> + Send + 'static) {
    trampoline::push_callback(state, NamedMut(Named { name: name.into(), function: RefCell::new(function), marker: PhantomData }));
}

/// As [`push_function`], for a closure that is lent. `[-0, +1, m]`
///
/// # Safety
/// As for [`trampoline::push_lent`].
pub(crate) unsafe fn push_lent<M>(state: &mut State, function: impl HostFunction<M>) {
    // SAFETY: the caller's.
    unsafe { trampoline::push_lent(state, Named { name: "".into(), function, marker: PhantomData }) };
}

/// As [`push_lent`], for `FnMut`.
///
/// # Safety
/// As for [`trampoline::push_lent`].
pub(crate) unsafe fn push_lent_mut<M>(state: &mut State, function: impl HostFunctionMut<M>) {
    // SAFETY: the caller's.
    unsafe { trampoline::push_lent(state, NamedMut(Named { name: "".into(), function: RefCell::new(function), marker: PhantomData })) };
}
