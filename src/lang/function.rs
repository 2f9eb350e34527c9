//! Lua functions, called from Rust.

use std::ffi::c_int;

use crate::error::Result;
use crate::lang::convert::INTERNAL;
use crate::lang::value::handle;
use crate::lang::{FromLuaMulti, HostFunction, HostFunctionMut, IntoLuaMulti, callback};
use crate::sys;
use crate::vm::backend;
use crate::vm::owner::VmRef;
use crate::vm::protect::{self, Body, Call};
use crate::vm::registry::Slot;
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;

/// A function in a VM, written in Lua or in Rust.
///
/// ```
/// use perilune::{Function, Lua};
///
/// let mut lua = Lua::new()?;
/// let divide: Function = lua.load("return function(a, b) return math.floor(a / b), a % b end").eval()?;
/// let (quotient, rest): (i64, i64) = divide.call(&mut lua, (17, 5))?;
/// assert_eq!((quotient, rest), (3, 2));
/// # Ok::<(), perilune::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Function {
    slot: Slot,
}

handle!(Function, Function, LUA_TFUNCTION, "a function");

impl Function {
    /// Calls it with `arguments` and converts what it returns: results beyond those
    /// asked for are dropped, missing ones are nil.
    ///
    /// # Errors
    /// What the function raises, as [`Error::Runtime`](crate::Error::Runtime) with a
    /// traceback; [`Error::Type`](crate::Error::Type) for results of another kind.
    pub fn call<R: FromLuaMulti>(&self, state: &mut State, arguments: impl IntoLuaMulti) -> Result<R> {
        call_slot(state, &self.slot, arguments)
    }

    /// A function that calls this one with `arguments` in front of its own.
    ///
    /// ```
    /// use perilune::{Function, Lua};
    ///
    /// let mut lua = Lua::new()?;
    /// let roll: Function = lua.load("return function(dice, sides, bonus) return dice * sides + bonus end").eval()?;
    /// let roll_2d6 = roll.bind(&mut lua, (2, 6))?;
    /// assert_eq!(roll_2d6.call::<i32>(&mut lua, 1)?, 13);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// It is a Lua function, so that the bound one can yield, and compiled code inlines it.
    ///
    /// # Errors
    /// [`Error::Memory`](crate::Error::Memory); what the conversions say.
    pub fn bind(&self, state: &mut State, arguments: impl IntoLuaMulti) -> Result<Self> {
        let count = arguments.count();
        state.load(include_str!("bind.lua")).name("perilune").call((count, self, arguments))
    }
}

/// Calls what `slot` holds.
///
/// Calls nest, so that little is kept on the stack while Lua runs, in builds without
/// optimisation too, where every expression takes some: hence the parts.
#[inline]
pub(crate) fn call_slot<A: IntoLuaMulti, R: FromLuaMulti>(state: &mut State, slot: &Slot, arguments: A) -> Result<R> {
    let vm = VmRef::begin(state, slot)?;
    // SAFETY: raises nothing; everything above `top` is ours and goes with the guard (I5).
    let balance = unsafe { StackGuard::new(state.raw()) };
    // The handler, a body to take many results, the function; then the arguments,
    // or the results in their place.
    let slots = 3 + arguments.count().max(R::COUNT);
    if !stack::has_room(&vm, balance.top, slots) {
        return call_in_fresh_frame(state, slots, slot, arguments);
    }
    // SAFETY: there is room (I4); what is pushed is what the call documents.
    unsafe {
        let call = prepare::<R>(vm, state, balance.top);
        match push_call(state, slot, arguments) {
            Ok(count) => finish(&call, state, count),
            Err(error) => Err(error),
        }
    }
}

/// Pushes a function and its arguments, and says how many those were.
///
/// # Safety
/// There is room for them (I4).
#[inline]
unsafe fn push_call<A: IntoLuaMulti>(state: &mut State, slot: &Slot, arguments: A) -> Result<c_int> {
    // SAFETY: the caller's.
    unsafe { backend::registry_get(state.raw(), slot.index()) };
    arguments.push_all(state, INTERNAL)
}

#[cold]
fn call_in_fresh_frame<A: IntoLuaMulti, R: FromLuaMulti>(state: &mut State, slots: c_int, slot: &Slot, arguments: A) -> Result<R> {
    protect::in_fresh_frame(state, slots, 0, |state| call_slot(state, slot, arguments))
}

/// Makes ready for a call that gives `R`.
///
/// # Safety
/// `top` is the stack's top, with room for two values.
#[inline]
pub(crate) unsafe fn prepare<R: FromLuaMulti>(vm: VmRef, state: &mut State, top: c_int) -> Call {
    // SAFETY: the caller's.
    unsafe { expect::<R>(Call::begin(vm, state.raw(), top)) }
}

/// Makes a call ready to give `R`.
///
/// # Safety
/// Nothing was pushed since the call began, and there is room for one value.
#[inline]
pub(crate) unsafe fn expect<R: FromLuaMulti>(mut call: Call) -> Call {
    if R::COUNT == sys::LUA_MULTRET {
        // Any number of results is read in a frame of their own: its body stands ready below them.
        // SAFETY: the caller's.
        unsafe { call.push_body(Body::Job) };
        call.first += 1;
    }
    call
}

/// Calls the function with the `arguments` values above it and reads the results.
///
/// # Safety
/// `call` comes from [`prepare`] or [`expect`] for the same `R`; function and arguments are on top.
// Inlined, a call's state stays in registers; without optimisation that would only be
// more of the stack.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) unsafe fn finish<R: FromLuaMulti>(call: &Call, state: &mut State, arguments: c_int) -> Result<R> {
    // SAFETY: the caller's; then the results stand where the function did.
    unsafe {
        match call.finish(arguments, R::COUNT) {
            Ok(()) => take_results(call, state),
            Err(error) => Err(error),
        }
    }
}

/// Reads the results of a call that has succeeded.
// Inlined for the same reason.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn take_results<R: FromLuaMulti>(call: &Call, state: &mut State) -> Result<R> {
    // SAFETY: the caller's.
    let results = unsafe {
        if R::COUNT == sys::LUA_MULTRET { take_many(state, call.first) } else { R::take_all(state, call.first, R::COUNT, INTERNAL) }
    };
    // In this order the usual way has one branch, and the result stays in registers.
    match results {
        Ok(values) if !call.vm.memory.over.get() => Ok(values),
        other => call.vm.settle().and(other),
    }
}

/// Reads any number of results, from `first` to the top.
unsafe fn take_many<R: FromLuaMulti>(state: &mut State, first: c_int) -> Result<R> {
    let (vm, l) = (state.vm(), state.raw());
    // SAFETY: the results stand on top, the body for reading them right below (`prepare`).
    unsafe {
        let top = sys::lua_gettop(l);
        let count = top - first + 1;
        if stack::has_room(&vm, top, 0) {
            return R::take_all(state, first, count, INTERNAL);
        }
        protect::run_job(state, count, 0, 0, |state| R::take_all(state, 1, count, INTERNAL))
    }
}

impl State {
    /// Makes a Lua function of a closure: `Fn(&mut State, arguments) -> Result<results>`.
    ///
    /// Write out the types of the state and the arguments; `&str` and `&[u8]` borrow
    /// from the call.
    ///
    /// ```
    /// use perilune::{Function, Lua, Result, State};
    ///
    /// let mut lua = Lua::new()?;
    /// let shout: Function = lua.create_function(|_: &mut State, text: &str| -> Result<String> { Ok(text.to_uppercase()) })?;
    /// assert_eq!(shout.call::<String>(&mut lua, "hey")?, "HEY");
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Memory`](crate::Error::Memory).
    pub fn create_function<M: 'static>(&mut self, function: impl HostFunction<M> + Send + 'static) -> Result<Function> {
        self.create_named("", function)
    }

    /// As [`State::create_function`], for a closure that changes what it captured.
    ///
    /// # Errors
    /// [`Error::Memory`](crate::Error::Memory). Calling it while it runs is an error in Lua.
    pub fn create_function_mut<M: 'static>(&mut self, function: impl HostFunctionMut<M> + Send + 'static) -> Result<Function> {
        self.create_named_mut("", function)
    }

    pub(crate) fn create_named_mut<M: 'static>(
        &mut self,
        name: &str,
        function: impl HostFunctionMut<M> + Send + 'static,
    ) -> Result<Function> {
        self.anchor_pushed(callback::SLOTS, |state| callback::push_function_mut(state, name, function)).map(Function::new)
    }

    pub(crate) fn create_named<M: 'static>(&mut self, name: &str, function: impl HostFunction<M> + Send + 'static) -> Result<Function> {
        self.anchor_pushed(callback::SLOTS, |state| callback::push_function(state, name, function)).map(Function::new)
    }

    /// A slot for the value that `push` pushes, with `slots` of room to do it in.
    pub(crate) fn anchor_pushed(&mut self, slots: c_int, push: impl FnOnce(&mut Self) -> Result<()>) -> Result<Slot> {
        let vm = self.vm();
        vm.begin(self)?;
        stack::with_room(self, slots, |state| {
            push(state)?;
            // SAFETY: the value just pushed, which is not nil.
            let slot = unsafe { vm.anchor(state.raw()) };
            vm.settle()?;
            Ok(slot)
        })
    }
}
