//! What a host function may answer: results, or [`Yield`].
//!
//! To yield is the last thing that a callback does: all of its Rust is done when the C door
//! gives control to whoever resumed the coroutine. What is to happen after that is another
//! closure, which a small loop in Lua (`yielding.lua`) calls with what the coroutine is resumed
//! with. Only functions that can go on so are wrapped in the loop; their type tells.

use std::cell::Cell;
use std::ffi::c_int;
use std::fmt;
use std::ops::ControlFlow;

use crate::error::{Error, Result};
use crate::lang::convert::{INTERNAL, Internal, push_results};
use crate::lang::{FromArgs, IntoLuaMulti};
use crate::sys;
use crate::vm::owner::perilune_yield;
use crate::vm::protect::{self, Body, Source};
use crate::vm::state::State;
use crate::vm::trampoline::{self, Invoke, YIELD_NONE};
use crate::vm::{backend, stack};

/// What a host function may give as its result: whatever is [`IntoLuaMulti`] is returned,
/// [`Yield`] and [`YieldThen`] are yielded. A function that does now this, now that, gives a
/// [`ControlFlow`] of both.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a host function",
    note = "implement `perilune::IntoLua` for it, or give a `perilune::Yield`"
)]
pub trait HostResult: Sized {
    /// Whether there may be more to do after a yield.
    #[doc(hidden)]
    const CONTINUES: bool = false;

    /// Pushes it and says what the door is to do, or, `in_loop`, what the loop is.
    #[doc(hidden)]
    fn give(self, state: &mut State, in_loop: bool, _: Internal) -> Result<c_int>;
}

/// Yields from a host function: whoever resumed the coroutine gets these values, and what the
/// coroutine is resumed with next is what the call returns in Lua.
///
/// ```
/// use perilune::{Coroutine, Function, Lua, Result, State, Yield};
///
/// let mut lua = Lua::new()?;
/// lua.register("ask", |_: &mut State, question: String| -> Result<Yield<String>> { Ok(Yield(question)) })?;
///
/// let talk: Function = lua.load("return function() return 'Hello, ' .. ask('Who are you?') end").eval()?;
/// let talk = lua.create_coroutine(&talk)?;
/// assert_eq!(talk.resume::<String>(&mut lua, ())?, "Who are you?");
/// assert_eq!(talk.resume::<String>(&mut lua, "Rowan")?, "Hello, Rowan");
/// # Ok::<(), perilune::Error>(())
/// ```
///
/// Outside a coroutine, and in one below a call from the host or the C library (`table.sort`,
/// `string.gsub`), yielding is an error, which the script can catch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Yield<V>(pub V);

/// A [`Yield`] after which Rust goes on; made by [`Yield::then`].
#[must_use = "a host function yields by returning it"]
pub struct YieldThen<V> {
    values: V,
    next: Continuation,
}

impl<V: IntoLuaMulti> Yield<V> {
    /// Yields, and goes on with `next` when the coroutine is resumed, with what it is resumed
    /// with, as owned values. It may yield again, for any number of times.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    ///
    /// use perilune::{Function, Lua, Result, State, Yield, YieldThen};
    ///
    /// /// Asks until the answer is a number.
    /// fn ask(question: String) -> YieldThen<String> {
    ///     Yield(question).then(|_: &mut State, answer: String| match answer.parse::<u32>() {
    ///         Ok(number) => Ok(ControlFlow::Break(number)),
    ///         Err(_) => Ok(ControlFlow::Continue(ask(format!("{answer} is no number")))),
    ///     })
    /// }
    ///
    /// let mut lua = Lua::new()?;
    /// lua.register("ask_number", |_: &mut State, question: String| -> Result<YieldThen<String>> { Ok(ask(question)) })?;
    ///
    /// let script: Function = lua.load("return function() return ask_number('How many?') * 2 end").eval()?;
    /// let script = lua.create_coroutine(&script)?;
    /// assert_eq!(script.resume::<String>(&mut lua, ())?, "How many?");
    /// assert_eq!(script.resume::<String>(&mut lua, "many")?, "many is no number");
    /// assert_eq!(script.resume::<u32>(&mut lua, "21")?, 42);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    pub fn then<A, R, F>(self, next: F) -> YieldThen<V>
    where
        A: for<'a> FromArgs<Item<'a> = A>,
        R: HostResult,
        F: FnOnce(&mut State, A) -> Result<R> + Send + 'static,
    {
        let next = move |state: &mut State, arguments: c_int| {
            // SAFETY: called as a callback: the arguments stay in their slots until it returns (I6).
            let values = unsafe { A::take(state, 1, arguments, INTERNAL) }?;
            next(state, values)?.give(state, true, INTERNAL)
        };
        YieldThen { values: self.0, next: Continuation(Cell::new(Some(Box::new(next)))) }
    }
}

impl<V: fmt::Debug> fmt::Debug for YieldThen<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("YieldThen").field("values", &self.values).finish_non_exhaustive()
    }
}

impl<T: IntoLuaMulti> HostResult for T {
    #[inline]
    fn give(self, state: &mut State, in_loop: bool, _: Internal) -> Result<c_int> {
        if in_loop { push_led(state, self, |state| push_boolean(state, false)) } else { push_results(state, self) }
    }
}

impl<V: IntoLuaMulti> HostResult for Yield<V> {
    fn give(self, state: &mut State, in_loop: bool, _: Internal) -> Result<c_int> {
        check_yieldable(state)?;
        if in_loop {
            return push_led(state, self.0, |state| push_boolean(state, true));
        }
        push_results(state, self.0).map(|count| YIELD_NONE - count)
    }
}

impl<V: IntoLuaMulti> HostResult for YieldThen<V> {
    const CONTINUES: bool = true;

    fn give(self, state: &mut State, _: bool, _: Internal) -> Result<c_int> {
        check_yieldable(state)?;
        push_led(state, self.values, |state| trampoline::push_callback(state, self.next))
    }
}

impl<B: HostResult, C: HostResult> HostResult for ControlFlow<B, C> {
    const CONTINUES: bool = B::CONTINUES || C::CONTINUES;

    fn give(self, state: &mut State, in_loop: bool, internal: Internal) -> Result<c_int> {
        match self {
            Self::Break(results) => results.give(state, in_loop, internal),
            Self::Continue(results) => results.give(state, in_loop, internal),
        }
    }
}

/// What is called when the coroutine is resumed, once.
struct Continuation(Cell<Option<Box<Next>>>);

type Next = dyn FnOnce(&mut State, c_int) -> Result<c_int> + Send;

impl Invoke for Continuation {
    const COUNTED: bool = true;

    unsafe fn invoke(&self, state: &mut State, arguments: c_int) -> Result<c_int> {
        let next = self.0.take().ok_or_else(|| Error::runtime("what comes after a yield was called a second time"))?;
        next(state, arguments).map_err(|error| error.in_function("what comes after a yield"))
    }
}

/// Pushes what leads, and the values. `[-0, +(count+1), m]`
fn push_led<V: IntoLuaMulti>(state: &mut State, values: V, lead: impl FnOnce(&mut State)) -> Result<c_int> {
    let count = values.count();
    // A callback takes a second slot while it is made.
    let slots = count.saturating_add(2);
    let push = |state: &mut State| {
        lead(state);
        Ok(1 + values.push_all(state, INTERNAL)?)
    };
    // SAFETY: raises nothing (I2).
    let top = unsafe { sys::lua_gettop(state.raw()) };
    if stack::has_room(&state.vm(), top, slots) { push(state) } else { protect::in_fresh_frame(state, slots, count + 1, push) }
}

fn push_boolean(state: &mut State, value: bool) {
    // SAFETY: raises nothing (I2); room is the caller's (I4).
    unsafe { sys::lua_pushboolean(state.raw(), value.into()) };
}

/// An error where the running function cannot yield.
pub(crate) fn check_yieldable(state: &mut State) -> Result<()> {
    let l = state.raw();
    // SAFETY: raises nothing (I2); one value within the doors' own room (I4), popped again (I5).
    unsafe {
        if sys::lua_isyieldable(l) != 0 {
            return Ok(());
        }
        let main = sys::lua_pushthread(l) != 0;
        sys::lua_settop(l, -2);
        Err(Error::runtime(if main {
            "attempt to yield outside a coroutine: call this function from one, which the host or coroutine.resume resumes"
        } else {
            "attempt to yield across a call of the host or the C library: what is to yield must be called by Lua code of the coroutine"
        }))
    }
}

/// Pushes the function that wraps a callback in the loop, made at its first use.
/// `[-0, +1, m]` Needs room for two values.
pub(crate) fn push_loop(state: &mut State) -> Result<()> {
    const TEXT: &str = include_str!("yielding.lua");
    let (vm, l) = (state.vm(), state.raw());
    if vm.yield_loop.get() != 0 {
        // SAFETY: a registry read raises nothing (I2).
        unsafe { backend::registry_get(l, vm.yield_loop.get()) };
        return Ok(());
    }
    let mut source = Source {
        text: TEXT.as_ptr().cast(),
        length: TEXT.len(),
        name: c"=perilune".as_ptr(),
        mode: c"t".as_ptr(),
        environment: 0,
        status: 0,
    };
    // SAFETY: room is the caller's (I4); compiling and running are protected (I2), the rest only
    // wants memory (I3).
    unsafe {
        protect::push_body(&vm, l, Body::Load);
        vm.gate.source.set(&raw mut source);
        protect::call_body(state, 0, 1)?;
        sys::lua_pushcclosure(l, Some(perilune_yield), 0);
        protect::call_body(state, 1, 1)?;
        sys::lua_pushvalue(l, -1);
        vm.yield_loop.set(sys::luaL_ref(l, sys::LUA_REGISTRYINDEX));
    }
    Ok(())
}
