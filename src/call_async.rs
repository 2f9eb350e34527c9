//! Awaiting scripts: calls as futures that hold the whole VM, and async functions by name.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::{Error, Result};
use crate::lang::{AsyncCall, AsyncContext, FromArgs, FromLuaMulti, Function, IntoLuaMulti};
use crate::lua::Lua;
use crate::vm::state::State;

/// The future of [`Function::call_async`].
#[must_use = "a future does nothing until it is awaited"]
pub struct CallFuture<'a, R: FromLuaMulti> {
    lua: &'a mut Lua,
    /// The call, until it is done; or why there is none.
    call: Option<Result<AsyncCall<R>>>,
}

impl Function {
    /// Calls it in a coroutine of its own, in which it can await async functions
    /// ([`State::register_async`]), and converts what it returns. Any executor will do.
    ///
    /// ```
    /// use perilune::{AsyncContext, Function, Lua, Result};
    ///
    /// # futures_lite::future::block_on(async {
    /// let mut lua = Lua::new()?;
    /// lua.register_async("fetch", |_: AsyncContext, name: String| async move {
    ///     futures_lite::future::yield_now().await; // or a timer, a socket, a database
    ///     Ok(format!("the {name} of Rowan"))
    /// })?;
    /// let read: Function = lua.load("return function() return fetch('diary') .. ' and ' .. fetch('map') end").eval()?;
    /// let found: String = read.call_async(&mut lua, ()).await?;
    /// assert_eq!(found, "the diary of Rowan and the map of Rowan");
    /// # Ok::<(), perilune::Error>(())
    /// # })?;
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// Meanwhile the future has the VM:
    ///
    /// ```compile_fail,E0499
    /// # use perilune::{Function, Lua};
    /// # let mut lua = Lua::new().unwrap();
    /// # let read: Function = lua.get("print").unwrap();
    /// let reading = read.call_async::<String>(&mut lua, ());
    /// lua.run("print('meanwhile')").unwrap();
    /// futures_lite::future::block_on(reading).unwrap();
    /// ```
    ///
    /// Dropping the future cancels the call: what it waits for is dropped at once, its
    /// coroutine is closed (on Lua 5.4, with its pending variables) and later collected.
    ///
    /// # Errors
    /// As for [`Function::call`].
    pub fn call_async<'a, R: FromLuaMulti>(&self, lua: &'a mut Lua, arguments: impl IntoLuaMulti) -> CallFuture<'a, R> {
        let call = lua.start_async(self, arguments);
        CallFuture { lua, call: Some(call) }
    }
}

// Nothing in it is pinned: the Rust future in the call has a box of its own.
impl<R: FromLuaMulti> Unpin for CallFuture<'_, R> {}

impl<R: FromLuaMulti> Future for CallFuture<'_, R> {
    type Output = Result<R>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<R>> {
        let Self { lua, call } = &mut *self;
        let polled = match call {
            Some(Ok(running)) => running.poll(lua, context),
            Some(Err(error)) => Poll::Ready(Err(error.clone())),
            None => Poll::Ready(Err(Error::runtime("this call is done: a future is not to be polled again"))),
        };
        if polled.is_ready() {
            *call = None;
        }
        polled
    }
}

impl<R: FromLuaMulti> Drop for CallFuture<'_, R> {
    fn drop(&mut self) {
        if let Some(Ok(call)) = self.call.take() {
            call.cancel(self.lua);
        }
    }
}

impl<R: FromLuaMulti> fmt::Debug for CallFuture<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallFuture").field("call", &self.call).finish_non_exhaustive()
    }
}

impl State {
    /// Makes an async closure callable from Lua under a name, which may be dotted:
    /// `Fn(AsyncContext, arguments) -> future`. To the script it is a function that returns
    /// when the future is done. It can be called in the coroutine that [`Function::call_async`]
    /// drives; anywhere else it raises an error.
    ///
    /// ```
    /// use perilune::{AsyncContext, Function, Lua, State};
    ///
    /// let mut lua = Lua::new()?;
    /// lua.register_async("later", |cx: AsyncContext, then: Function| async move {
    ///     futures_lite::future::yield_now().await;
    ///     cx.with(|state: &mut State| then.call::<i32>(state, 20))
    /// })?;
    /// let script: Function = lua.load("return function() return later(function(n) return n + 1 end) * 2 end").eval()?;
    /// assert_eq!(futures_lite::future::block_on(script.call_async::<i32>(&mut lua, ()))?, 42);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`State::set`].
    pub fn register_async<A, R, F, P>(&mut self, name: &str, function: F) -> Result<()>
    where
        A: for<'a> FromArgs<Item<'a> = A> + 'static,
        R: IntoLuaMulti + 'static,
        F: Fn(AsyncContext, A) -> P + Send + 'static,
        P: Future<Output = Result<R>> + Send + 'static,
    {
        let function = self.create_named_async(name, function)?;
        self.set(name, function)
    }
}
