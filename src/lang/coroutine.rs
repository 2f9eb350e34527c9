//! Coroutines: made, resumed, iterated over and ended from Rust.
//!
//! Resuming goes through one protected body of `door.c`, which moves the values, and leaves
//! the traceback of a coroutine that has failed where that of any error is found.

use std::ffi::c_int;
use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;

use crate::error::{Error, Result};
use crate::lang::convert::{INTERNAL, Internal};
use crate::lang::function::{expect, finish};
use crate::lang::value::{handle, push_slot};
use crate::lang::{FromLuaMulti, Function, IntoLuaMulti};
use crate::sys::{self, lua_State};
use crate::vm::backend;
use crate::vm::owner::VmRef;
use crate::vm::protect::{self, Body, Call};
use crate::vm::registry::Slot;
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;

/// A coroutine: a function that can be left in the middle and gone on with later. Lua calls
/// its type "thread".
///
/// ```
/// use perilune::{CoroutineStatus, Function, Lua};
///
/// let mut lua = Lua::new()?;
/// let greet: Function = lua.load("return function(name) local more = coroutine.yield('Hello, ' .. name) return 'and ' .. more end").eval()?;
/// let greet = lua.create_coroutine(&greet)?;
/// assert_eq!(greet.resume::<String>(&mut lua, "Rowan")?, "Hello, Rowan");
/// assert_eq!(greet.status(&lua)?, CoroutineStatus::Resumable);
/// assert_eq!(greet.resume::<String>(&mut lua, "Ash")?, "and Ash");
/// assert_eq!(greet.status(&lua)?, CoroutineStatus::Finished);
/// # Ok::<(), perilune::Error>(())
/// ```
///
/// One that nothing refers to any more is collected, wherever it was left.
#[derive(Debug, Clone)]
pub struct Coroutine {
    slot: Slot,
}

handle!(Coroutine, Coroutine, LUA_TTHREAD, "a coroutine");

/// What a coroutine is doing; see [`Coroutine::status`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CoroutineStatus {
    /// It has not begun, or has yielded.
    Resumable,
    /// It is what runs now, and asks itself.
    Running,
    /// It has resumed the one that runs now.
    Normal,
    /// It has come to its end, or was closed.
    Finished,
    /// An error has ended it.
    Failed,
}

/// What came of a resume.
pub(crate) enum Step<Y, R> {
    Yielded(Y),
    Returned(R),
}

impl<Y: FromLuaMulti, R: FromLuaMulti> FromLuaMulti for Step<Y, R> {
    // One more for the flag, where it is known how many there are.
    const COUNT: c_int = if Y::COUNT == R::COUNT && R::COUNT != sys::LUA_MULTRET { R::COUNT + 1 } else { sys::LUA_MULTRET };

    fn take_all(state: &mut State, first: c_int, count: c_int, internal: Internal) -> Result<Self> {
        if bool::take_all(state, first, 1, internal)? {
            Y::take_all(state, first + 1, count - 1, internal).map(Self::Yielded)
        } else {
            R::take_all(state, first + 1, count - 1, internal).map(Self::Returned)
        }
    }
}

impl Coroutine {
    /// Goes on with the coroutine until it yields or ends, and converts what it yields or
    /// returns. At first the arguments are those of its function, afterwards what its
    /// `coroutine.yield` returns.
    ///
    /// # Errors
    /// What it raises, with its own traceback; it has [`Failed`](CoroutineStatus::Failed)
    /// then. [`Error::Runtime`] if it is not [`Resumable`](CoroutineStatus::Resumable).
    pub fn resume<R: FromLuaMulti>(&self, state: &mut State, arguments: impl IntoLuaMulti) -> Result<R> {
        match self.step::<R, R>(state, arguments)? {
            Step::Yielded(values) | Step::Returned(values) => Ok(values),
        }
    }

    /// As [`Coroutine::resume`], and says which it was.
    pub(crate) fn step<Y: FromLuaMulti, R: FromLuaMulti>(&self, state: &mut State, arguments: impl IntoLuaMulti) -> Result<Step<Y, R>> {
        resume_slot(state, &self.slot, arguments)
    }

    /// What it is doing.
    ///
    /// # Errors
    /// [`Error::ForeignHandle`], [`Error::Closed`].
    pub fn status(&self, state: &State) -> Result<CoroutineStatus> {
        let co = self.thread(state)?;
        // SAFETY: both states are alive; it only reads.
        Ok(match unsafe { perilune_status(state.raw(), co.as_ptr()) } {
            0 => CoroutineStatus::Resumable,
            1 => CoroutineStatus::Running,
            2 => CoroutineStatus::Normal,
            3 => CoroutineStatus::Finished,
            _ => CoroutineStatus::Failed,
        })
    }

    /// The coroutine itself, which lives as long as this handle.
    pub(crate) fn thread(&self, state: &State) -> Result<NonNull<lua_State>> {
        VmRef::of_handle(state, &self.slot)?;
        let l = state.raw();
        // SAFETY: reads only (I2); one value within the doors' own room (I4), popped again (I5).
        let co = unsafe {
            backend::registry_get(l, self.slot.index());
            let co = sys::lua_tothread(l, -1);
            sys::lua_settop(l, -2);
            co
        };
        NonNull::new(co).ok_or(Error::Closed)
    }

    /// Ends it where it stands. On Lua 5.4 its pending to-be-closed variables are closed, unless a limit has
    /// stopped it: then nothing of it runs any more.
    ///
    /// ```
    /// use perilune::{Backend, BackendKind, CoroutineStatus, Error, Function, Lua};
    ///
    /// let mut lua = Lua::new()?;
    /// let endless: Function = lua.load("return function() while true do coroutine.yield() end end").eval()?;
    /// let endless = lua.create_coroutine(&endless)?;
    /// endless.resume::<()>(&mut lua, ())?;
    /// match endless.close(&mut lua) {
    ///     Ok(()) => assert_eq!(endless.status(&lua)?, CoroutineStatus::Finished),
    ///     Err(error) => assert!(matches!(error, Error::Unsupported(_)) && Backend::current().kind == BackendKind::LuaJit),
    /// }
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Unsupported`] on LuaJIT for one that has yielded: drop its handles instead. What
    /// a variable's `__close` raises; the coroutine is closed all the same. [`Error::Runtime`]
    /// if it is running, or waits for one that does.
    pub fn close(&self, state: &mut State) -> Result<()> {
        match self.status(state)? {
            CoroutineStatus::Finished => Ok(()),
            // There is nothing pending in it.
            CoroutineStatus::Failed if !backend::CLOSES_COROUTINES => Ok(()),
            _ => self.end(state, None),
        }
    }

    /// Ends it as [`Coroutine::close`] does, and makes it ready to run another function.
    ///
    /// ```
    /// use perilune::{Function, Lua};
    ///
    /// let mut lua = Lua::new()?;
    /// let max: Function = lua.get("math.max")?;
    /// let coroutine = lua.create_coroutine(&max)?;
    /// assert_eq!(coroutine.resume::<i32>(&mut lua, (1, 2))?, 2);
    /// coroutine.reset(&mut lua, &max)?;
    /// assert_eq!(coroutine.resume::<i32>(&mut lua, (3, 4))?, 4);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Coroutine::close`]; on LuaJIT [`Error::Unsupported`] also for one that has failed; on Lua 5.4
    /// [`Error::Runtime`] for one that was stopped by a limit, which can run nothing any more.
    pub fn reset(&self, state: &mut State, function: &Function) -> Result<()> {
        self.end(state, Some(function))
    }

    fn end(&self, state: &mut State, function: Option<&Function>) -> Result<()> {
        self.check_endable(state)?;
        let vm = state.vm();
        vm.begin(state)?;
        stack::with_room(state, 4, |state| {
            let l = state.raw();
            // SAFETY: there is room (I4); the body runs protected (I2); balanced (I5).
            unsafe {
                let balance = StackGuard::new(l);
                let call = Call::begin(vm, l, balance.top);
                call.push_body(Body::Close);
                push_slot(state, &self.slot)?;
                if let Some(function) = function {
                    push_slot(state, function.slot())?;
                }
                call.finish(1 + c_int::from(function.is_some()), 0)
            }
        })?;
        vm.settle()
    }

    fn check_endable(&self, state: &State) -> Result<()> {
        let unsupported = |reason| Err(Error::unsupported("ending this coroutine", reason));
        match self.status(state)? {
            CoroutineStatus::Running => Err(Error::runtime("cannot end the coroutine that is running: return from it")),
            CoroutineStatus::Normal => Err(Error::runtime("cannot end a coroutine that waits for one that it has resumed")),
            CoroutineStatus::Failed if !backend::CLOSES_COROUTINES => {
                unsupported("LuaJIT cannot use one again that has failed: create another one")
            }
            CoroutineStatus::Resumable if !backend::CLOSES_COROUTINES && self.has_begun(state)? => {
                unsupported("LuaJIT cannot end one that has yielded: drop its handles, and create another one")
            }
            _ => Ok(()),
        }
    }

    fn has_begun(&self, state: &State) -> Result<bool> {
        // SAFETY: reads only (I2), of a live coroutine.
        Ok(unsafe { sys::lua_status(self.thread(state)?.as_ptr()) } == sys::LUA_YIELD)
    }

    /// Resumes it again and again without arguments, and gives what it yields each time. What it
    /// returns at its end is not among that, as in Lua's own `for`.
    ///
    /// ```
    /// use perilune::{Function, Lua};
    ///
    /// let mut lua = Lua::new()?;
    /// let count: Function = lua.load("return function() for i = 1, 3 do coroutine.yield(i, i * i) end end").eval()?;
    /// let squares = lua.create_coroutine(&count)?.values::<(i32, i32)>(&mut lua).collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!(squares, [(1, 1), (2, 4), (3, 9)]);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// The iterator has the VM until it is dropped:
    ///
    /// ```compile_fail,E0499
    /// # use perilune::{Coroutine, Lua};
    /// # let mut lua = Lua::new().unwrap();
    /// # let coroutine: Coroutine = lua.get("coroutine").unwrap();
    /// for value in coroutine.values::<i32>(&mut lua) {
    ///     lua.set("last", value.unwrap()).unwrap();
    /// }
    /// ```
    ///
    /// An error of the coroutine is the last item; a value that cannot be converted is an
    /// item too, but not the last.
    pub fn values<'a, R: FromLuaMulti>(&self, state: &'a mut State) -> CoroutineValues<'a, R> {
        CoroutineValues { state, coroutine: self.clone(), done: false, types: PhantomData }
    }
}

/// The iterator of [`Coroutine::values`].
pub struct CoroutineValues<'a, R> {
    state: &'a mut State,
    coroutine: Coroutine,
    done: bool,
    types: PhantomData<fn() -> R>,
}

impl<R> fmt::Debug for CoroutineValues<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoroutineValues").field("coroutine", &self.coroutine).field("done", &self.done).finish_non_exhaustive()
    }
}

impl<R: FromLuaMulti> Iterator for CoroutineValues<'_, R> {
    type Item = Result<R>;

    fn next(&mut self) -> Option<Result<R>> {
        if self.done {
            return None;
        }
        let step = self.coroutine.step::<R, ()>(self.state, ());
        self.done = !matches!(self.coroutine.status(self.state), Ok(CoroutineStatus::Resumable));
        match step {
            Ok(Step::Yielded(values)) => Some(Ok(values)),
            Ok(Step::Returned(())) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// Resumes what `slot` holds; in parts as `Function::call`.
fn resume_slot<A: IntoLuaMulti, R: FromLuaMulti>(state: &mut State, slot: &Slot, arguments: A) -> Result<R> {
    let vm = VmRef::of_handle(state, slot)?;
    vm.begin(state)?;
    // SAFETY: raises nothing; everything above `top` is ours and goes with the guard (I5).
    let balance = unsafe { StackGuard::new(state.raw()) };
    // A body to take many results, that which resumes, the coroutine; then the arguments, or the
    // results in their place.
    let slots = 3 + arguments.count().max(R::COUNT);
    if !stack::has_room(&vm, balance.top, slots) {
        return resume_in_fresh_frame(state, slots, slot, arguments);
    }
    // SAFETY: there is room (I4); what is pushed is what the body documents.
    unsafe {
        let call = expect::<R>(Call::without_handler(vm, state.raw(), balance.top));
        call.push_body(Body::Resume);
        backend::registry_get(state.raw(), slot.index());
        match arguments.push_all(state, INTERNAL) {
            Ok(count) => finish(&call, state, 1 + count),
            Err(error) => Err(error),
        }
    }
}

#[cold]
fn resume_in_fresh_frame<A: IntoLuaMulti, R: FromLuaMulti>(state: &mut State, slots: c_int, slot: &Slot, arguments: A) -> Result<R> {
    protect::in_fresh_frame(state, slots, 0, |state| resume_slot(state, slot, arguments))
}

impl State {
    /// Makes a coroutine that will run `function`.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn create_coroutine(&mut self, function: &Function) -> Result<Coroutine> {
        self.create_coroutine_with(function, ())
    }

    /// The coroutine that is running, or `None` outside of all: for a host function that
    /// notes who waits for something.
    ///
    /// ```
    /// use perilune::{Coroutine, Function, Lua, Result, State, Yield};
    ///
    /// let mut lua = Lua::new()?;
    /// lua.register("wait_for_dawn", |state: &mut State, (): ()| -> Result<Yield<()>> {
    ///     let waiting = state.current_coroutine()?;
    ///     state.set_app_data(waiting);
    ///     Ok(Yield(()))
    /// })?;
    /// let guard: Function = lua.load("return function() return wait_for_dawn() .. ' is up' end").eval()?;
    /// lua.create_coroutine(&guard)?.resume::<()>(&mut lua, ())?;
    ///
    /// let waiting = lua.remove_app_data::<Option<Coroutine>>().flatten().unwrap();
    /// assert_eq!(waiting.resume::<String>(&mut lua, "the sun")?, "the sun is up");
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn current_coroutine(&mut self) -> Result<Option<Coroutine>> {
        // The main state is a thread as well, but nobody can resume it.
        let mut main = false;
        let slot = self.anchor_pushed(1, |state| {
            // SAFETY: raises nothing (I2); there is room (I4).
            main = unsafe { sys::lua_pushthread(state.raw()) } != 0;
            Ok(())
        })?;
        Ok((!main).then(|| Coroutine::new(slot)))
    }

    /// As [`State::create_coroutine`], with its first arguments.
    pub(crate) fn create_coroutine_with(&mut self, function: &Function, arguments: impl IntoLuaMulti) -> Result<Coroutine> {
        let slots = 3 + arguments.count();
        self.anchor_pushed(slots, |state| {
            let (vm, l) = (state.vm(), state.raw());
            // SAFETY: there is room (I4); the body runs protected (I2); balanced but for what it gives (I5).
            unsafe {
                let balance = StackGuard::new(l);
                protect::push_body(&vm, l, Body::Thread);
                push_slot(state, function.slot())?;
                let count = arguments.push_all(state, INTERNAL)?;
                protect::call_body(state, 1 + count, 1)?;
                balance.keep();
            }
            Ok(())
        })
        .map(Coroutine::new)
    }
}

unsafe extern "C" {
    fn perilune_status(l: *mut lua_State, co: *mut lua_State) -> c_int;
}
