//! Async: Rust's async functions that scripts call, and scripts that are polled.
//!
//! A call that is polled runs in a coroutine. When its script calls an async function whose
//! future is not ready, the coroutine yields a mark, the future goes to the call that drives it,
//! and that call is pending; polled again, it goes on in the same loop as after
//! [`Yield::then`], which polls the future. No executor is known here: wakers are passed through.
//!
//! Two facts hold for the length of a poll, and are kept by its thread: which call drives which
//! coroutine ([`Turn`]), and the state that a polled future may use (`LENT`).

use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};
use std::fmt;
use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread::LocalKey;

use crate::error::{Error, Result};
use crate::lang::convert::Internal;
use crate::lang::coroutine::Step;
use crate::lang::yielding::check_yieldable;
use crate::lang::{
    Coroutine, CoroutineStatus, FromArgs, FromLua, FromLuaMulti, Function, HostResult, IntoLua, IntoLuaMulti, Value, Yield, YieldThen,
};
use crate::sys::{self, lua_State};
use crate::vm::backend;
use crate::vm::registry::Shared;
use crate::vm::state::State;

/// The future of an async function, on its way to results whose type is forgotten.
type Pending = Pin<Box<dyn Future<Output = Result<Erased>> + Send>>;

/// The results of an async function.
struct Erased(Box<Give>);

type Give = dyn FnOnce(&mut State, bool, Internal) -> Result<c_int>;

impl HostResult for Erased {
    fn give(self, state: &mut State, in_loop: bool, internal: Internal) -> Result<c_int> {
        (self.0)(state, in_loop, internal)
    }
}

/// What an async function does next: return, or wait and be polled again.
type Flow = ControlFlow<Erased, YieldThen<Mark>>;

/// What a coroutine yields that waits for a future; no script has it.
struct Mark;

static MARK: u8 = 0;

impl IntoLua for Mark {
    fn into_lua(self, _: &mut State) -> Result<Value> {
        Err(Error::runtime("the mark of a waiting coroutine is no value"))
    }

    fn push_into(self, state: &mut State, _: Internal) -> Result<()> {
        // SAFETY: only wants memory (I3); room is the caller's (I4).
        unsafe { sys::lua_pushlightuserdata(state.raw(), ptr::from_ref(&MARK).cast_mut().cast::<c_void>()) };
        Ok(())
    }
}

/// Whether what was yielded is the mark.
struct Waits(bool);

impl FromLua for Waits {
    fn from_lua(_: Value, _: &mut State) -> Result<Self> {
        Ok(Self(false))
    }

    fn from_stack(state: &mut State, index: c_int, _: Internal) -> Result<Self> {
        // SAFETY: reads an acceptable index (I2).
        let yielded = unsafe { sys::lua_touserdata(state.raw(), index) };
        Ok(Self(ptr::eq(yielded.cast::<u8>(), &raw const MARK)))
    }
}

/// A call that is being polled.
struct Turn<'a> {
    co: *mut lua_State,
    waker: &'a Waker,
    /// The future for which the coroutine waits.
    pending: RefCell<Option<Pending>>,
}

thread_local! {
    /// The innermost call that is being polled.
    static TURN: Cell<*const Turn<'static>> = const { Cell::new(ptr::null()) };
    /// The running state, while a future that is being polled may take it.
    static LENT: Cell<*mut lua_State> = const { Cell::new(ptr::null_mut()) };
}

/// Puts a thread's pointer back when it is dropped.
struct Restore<T: Copy + 'static>(&'static LocalKey<Cell<T>>, T);

impl<T: Copy + 'static> Restore<T> {
    fn after_setting(key: &'static LocalKey<Cell<T>>, value: T) -> Self {
        Self(key, key.replace(value))
    }
}

impl<T: Copy + 'static> Drop for Restore<T> {
    fn drop(&mut self) {
        self.0.set(self.1);
    }
}

/// Does something with the call that drives the running coroutine.
fn with_turn<T>(state: &mut State, work: impl FnOnce(&Turn<'_>) -> T) -> Result<T> {
    // SAFETY: it is set while the turn lives in the frame of `AsyncCall::step`, further up this
    // thread's stack, which touches it again only after it is unset.
    let turn = unsafe { TURN.get().as_ref() };
    match turn {
        Some(turn) if ptr::eq(turn.co, state.raw()) => {
            check_yieldable(state)?;
            Ok(work(turn))
        }
        _ => Err(Error::runtime(
            "an async function was called where nothing awaits it: call the script with `call_async`, and the function in the coroutine that this starts, not in one of the script's own",
        )),
    }
}

/// Polls the future of the running async function.
fn poll_future(state: &mut State, mut future: Pending) -> Result<Flow> {
    let l = state.raw();
    let polled = with_turn(state, |turn| {
        let _lent = Restore::after_setting(&LENT, l);
        future.as_mut().poll(&mut Context::from_waker(turn.waker))
    })?;
    match polled {
        Poll::Ready(results) => results.map(ControlFlow::Break),
        Poll::Pending => {
            drop(with_turn(state, |turn| turn.pending.replace(Some(future)))?);
            Ok(ControlFlow::Continue(Yield(Mark).then(poll_again)))
        }
    }
}

fn poll_again(state: &mut State, (): ()) -> Result<Flow> {
    let future = with_turn(state, |turn| turn.pending.take())?;
    poll_future(state, future.ok_or_else(|| Error::runtime("the future that this coroutine waited for is gone"))?)
}

/// What an async function is given of the VM: the right to use it for a moment.
///
/// While the function waits, the script's caller has the VM, so that it cannot be held across an
/// `await`; [`AsyncContext::with`] lends it for the length of a closure.
///
/// ```
/// # use perilune::{AsyncContext, Result, State};
/// async fn count(cx: AsyncContext) -> Result<i32> {
///     let now: i32 = cx.with(|state: &mut State| state.get("count"))?;
///     futures_lite::future::yield_now().await;
///     cx.with(|state: &mut State| state.set("count", now + 1))?;
///     Ok(now)
/// }
/// ```
///
/// What was lent cannot be kept:
///
/// ```compile_fail
/// # use perilune::{AsyncContext, Result, State};
/// async fn count(cx: AsyncContext) -> Result<i32> {
///     let state = cx.with(|state: &mut State| Ok(state))?;
///     futures_lite::future::yield_now().await;
///     state.get("count")
/// }
/// ```
#[derive(Clone)]
pub struct AsyncContext {
    shared: Arc<Shared>,
}

impl AsyncContext {
    /// Uses the VM, inside the async function that this context was given to.
    ///
    /// # Errors
    /// What the closure gives; [`Error::Runtime`] inside another `with`, and anywhere but in a future
    /// that is being polled by a call of this VM; [`Error::ForeignHandle`] if that is of another VM.
    pub fn with<T>(&self, work: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        let taken = Restore::after_setting(&LENT, ptr::null_mut());
        if taken.1.is_null() {
            return Err(Error::runtime(
                "the VM is not at hand: `with` works in an async function that a script has called, while it is polled, and not inside itself",
            ));
        }
        // SAFETY: I9: it was lent by `poll_future`, which has the running state and does not use
        // it until the poll is over; as long as it is taken nobody else can take it.
        let state = unsafe { State::from_raw(taken.1) };
        if !Arc::ptr_eq(&self.shared, &state.vm().shared) {
            return Err(Error::ForeignHandle);
        }
        work(state)
    }
}

impl fmt::Debug for AsyncContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncContext").finish_non_exhaustive()
    }
}

/// A call of a Lua function that is polled until it is done.
///
/// [`Function::call_async`] is the usual way; this one does not hold the VM meanwhile, so that
/// a host can have many such calls in one VM. What drops it cancels it.
///
/// ```
/// use std::future::poll_fn;
/// use std::task::Poll;
///
/// use perilune::{AsyncContext, Function, Lua};
///
/// let mut lua = Lua::new()?;
/// lua.register_async("pause", |_: AsyncContext, (): ()| async { futures_lite::future::yield_now().await; Ok(()) })?;
/// let work: Function = lua.load("return function(n) for i = 1, n do pause() end return n end").eval()?;
///
/// let mut calls = (1..=3).map(|n| lua.start_async::<u32>(&work, n)).collect::<Result<Vec<_>, _>>()?;
/// let mut done = Vec::new();
/// futures_lite::future::block_on(poll_fn(|context| {
///     calls.retain_mut(|call| match call.poll(&mut lua, context) {
///         Poll::Ready(result) => { done.push(result); false }
///         Poll::Pending => true,
///     });
///     if calls.is_empty() { Poll::Ready(()) } else { Poll::Pending }
/// }));
/// let done = done.into_iter().collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(done, [1, 2, 3]);
/// # Ok::<(), perilune::Error>(())
/// ```
#[must_use = "a call does nothing until it is polled"]
pub struct AsyncCall<R> {
    coroutine: Coroutine,
    pending: Option<Pending>,
    results: PhantomData<fn() -> R>,
}

impl<R: FromLuaMulti> AsyncCall<R> {
    /// Runs it until it is done, or has to wait; then the waker is told when to poll again. What
    /// a script yields by itself gives others a turn, and returns nothing.
    ///
    /// # Errors
    /// As for [`Function::call`]; [`Error::Runtime`] once it is done.
    pub fn poll(&mut self, state: &mut State, context: &mut Context<'_>) -> Poll<Result<R>> {
        match self.step(state, context.waker()) {
            Ok(Step::Returned(values)) => Poll::Ready(Ok(values)),
            Err(error) => Poll::Ready(Err(error)),
            Ok(Step::Yielded(Waits(waits))) => {
                if !waits {
                    context.waker().wake_by_ref();
                }
                Poll::Pending
            }
        }
    }

    fn step(&mut self, state: &mut State, waker: &Waker) -> Result<Step<Waits, R>> {
        let turn = Turn { co: self.coroutine.thread(state)?.as_ptr(), waker, pending: RefCell::new(self.pending.take()) };
        let set = Restore::after_setting(&TURN, ptr::from_ref(&turn).cast());
        let step = self.coroutine.step(state, ());
        drop(set);
        self.pending = turn.pending.into_inner();
        step
    }

    /// Ends it where it stands: the future that it waits for is dropped, and its coroutine
    /// closed where the VM can do that. Errors on the way are nobody's any more.
    pub fn cancel(mut self, state: &mut State) {
        self.pending = None;
        if backend::CLOSES_COROUTINES && matches!(self.coroutine.status(state), Ok(CoroutineStatus::Resumable)) {
            drop(self.coroutine.close(state));
        }
    }
}

impl<R> fmt::Debug for AsyncCall<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncCall").field("coroutine", &self.coroutine).field("waits", &self.pending.is_some()).finish_non_exhaustive()
    }
}

impl State {
    /// Makes a call that is polled by hand; see [`AsyncCall`].
    ///
    /// # Errors
    /// [`Error::Memory`]; what the conversions say.
    pub fn start_async<R: FromLuaMulti>(&mut self, function: &Function, arguments: impl IntoLuaMulti) -> Result<AsyncCall<R>> {
        Ok(AsyncCall { coroutine: self.create_coroutine_with(function, arguments)?, pending: None, results: PhantomData })
    }

    /// Makes a Lua function of an async one: `Fn(AsyncContext, arguments) -> future`, whose
    /// arguments are owned. See [`State::register_async`].
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn create_async_function<A, R, F, P>(&mut self, function: F) -> Result<Function>
    where
        A: for<'a> FromArgs<Item<'a> = A> + 'static,
        R: IntoLuaMulti + 'static,
        F: Fn(AsyncContext, A) -> P + Send + 'static,
        P: Future<Output = Result<R>> + Send + 'static,
    {
        self.create_named_async("", function)
    }

    pub(crate) fn create_named_async<A, R, F, P>(&mut self, name: &str, function: F) -> Result<Function>
    where
        A: for<'a> FromArgs<Item<'a> = A> + 'static,
        R: IntoLuaMulti + 'static,
        F: Fn(AsyncContext, A) -> P + Send + 'static,
        P: Future<Output = Result<R>> + Send + 'static,
    {
        self.create_named(name, move |state: &mut State, arguments: A| -> Result<Flow> {
            with_turn(state, |_| ())?;
            let future = function(AsyncContext { shared: state.vm().shared.clone() }, arguments);
            let erased = async move {
                let results = future.await?;
                Ok(Erased(Box::new(move |state, in_loop, internal| results.give(state, in_loop, internal))))
            };
            poll_future(state, Box::pin(erased))
        })
    }
}
