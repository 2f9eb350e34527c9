//! Tasks: coroutines that the host runs a slice at a time.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::lang::coroutine::Step;
use crate::lang::{Coroutine, CoroutineStatus, Function, IntoLuaMulti, MultiValue};
use crate::limit::Limit;
use crate::vm::slice::{self, End};
use crate::vm::state::State;

/// How long a [`Task`] may run before the host has its turn again.
#[derive(Debug, Clone, Copy)]
pub struct Slice(Option<End>);

impl Slice {
    /// Until it yields or ends.
    pub const UNLIMITED: Self = Self(None);

    /// About so many of the VM's instructions, one at least. A slice of this kind ends at the same place in
    /// every run on the same Lua.
    #[must_use]
    pub fn instructions(count: u32) -> Self {
        Self(Some(End::Instructions(u64::from(count.max(1)))))
    }

    /// This long, by the clock on the wall; compiled code is not slower for it.
    ///
    /// A task that does not leave where it cannot be cut runs on; together with a limit it is stopped then:
    ///
    /// ```
    /// use std::time::Duration;
    /// use perilune::{Error, Function, Lua, Progress, Slice};
    ///
    /// let mut lua = Lua::new()?;
    /// let spin: Function = lua.load("return function(f) f(function() while true do end end) end").eval()?;
    /// let frame = |lua: &mut Lua, task: &mut perilune::Task| {
    ///     lua.limit(Duration::from_millis(200), |state| task.run(state, Slice::time(Duration::from_millis(2))))
    /// };
    /// let call: Function = lua.load("return function(f) f() end").eval()?;
    /// let mut task = lua.create_task(&spin, &call)?;
    /// assert!(matches!(frame(&mut lua, &mut task)?, Progress::SliceUp));
    /// let inside: Function = lua.load("return function(f) coroutine.wrap(f)() end").eval()?;
    /// let mut task = lua.create_task(&spin, &inside)?;
    /// assert!(matches!(frame(&mut lua, &mut task), Err(Error::Timeout(_))));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn time(length: Duration) -> Self {
        Self(Some(End::Time(Limit::time(length))))
    }

    /// So much of its thread's processor time.
    #[must_use]
    pub fn cpu_time(length: Duration) -> Self {
        Self(Some(End::Time(Limit::cpu_time(length))))
    }
}

/// Where a [`Task`] has come to.
#[derive(Debug, Clone)]
pub enum Progress {
    /// It has yielded these values.
    Yielded(MultiValue),
    /// Its slice is up; it goes on where it is.
    SliceUp,
    /// It has come to its end and returned these values.
    Done(MultiValue),
}

/// A function that the host runs a slice at a time, such as a thousand instructions a frame.
///
/// ```
/// use perilune::{Function, Lua, Progress, Slice};
///
/// let mut lua = Lua::new()?;
/// let count: Function = lua.load("return function(n) local sum = 0 for i = 1, n do sum = sum + i end return sum end").eval()?;
/// let mut task = lua.create_task(&count, 100_000)?;
/// let mut frames = 1;
/// let sum = loop {
///     match task.run(&mut lua, Slice::instructions(10_000))? {
///         Progress::Done(values) => break values[0].to::<u64>(&mut lua)?,
///         Progress::SliceUp | Progress::Yielded(_) => frames += 1,
///     }
/// };
/// assert_eq!(sum, 5_000_050_000);
/// assert!(frames > 10);
/// # Ok::<(), perilune::Error>(())
/// ```
///
/// A slice ends in Lua code of the task's own coroutine. While it is inside a host function, a
/// function of the C library, or a coroutine that it has resumed itself, it runs on until it is back.
/// That makes it no guard against scripts that mean harm: a limit is, see [`Slice::time`].
///
/// While instructions are counted, LuaJIT interprets; with other slices it compiles as ever, unless it is the system's (see
/// [`Backend::interruptible_compiled_code`](crate::Backend::interruptible_compiled_code)).
#[derive(Debug)]
pub struct Task {
    coroutine: Coroutine,
    /// The last slice was up before the task yielded.
    cut: bool,
}

impl Task {
    /// Runs it until it yields, ends, or its slice is up.
    ///
    /// # Errors
    /// What the task raises, with its traceback; then, and when it is done, it cannot be run
    /// again. [`Error::Runtime`] if raw code has set a debug hook, which a slice would replace. A slice of time fails as
    /// [`State::limit`] does where the system has no means to keep limits.
    pub fn run(&mut self, state: &mut State, slice: Slice) -> Result<Progress> {
        self.go_on(state, slice, ())
    }

    /// As [`Task::run`], with values that the `coroutine.yield` at which the task stands returns.
    ///
    /// ```
    /// use perilune::{Function, Lua, Progress, Slice};
    ///
    /// let mut lua = Lua::new()?;
    /// let double: Function = lua.load("return function() return coroutine.yield('a number, please') * 2 end").eval()?;
    /// let mut task = lua.create_task(&double, ())?;
    /// assert!(matches!(task.run(&mut lua, Slice::UNLIMITED)?, Progress::Yielded(_)));
    /// let Progress::Done(values) = task.run_with(&mut lua, Slice::UNLIMITED, 21)? else { unreachable!() };
    /// assert_eq!(values[0].to::<i32>(&mut lua)?, 42);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Task::run`]; [`Error::Runtime`] if the last slice was up before the task yielded:
    /// nobody is there to take the values.
    pub fn run_with(&mut self, state: &mut State, slice: Slice, values: impl IntoLuaMulti) -> Result<Progress> {
        if self.cut && values.count() > 0 {
            return Err(Error::runtime("this task did not yield, its slice was up: go on with `run`, without values"));
        }
        self.go_on(state, slice, values)
    }

    fn go_on(&mut self, state: &mut State, Slice(end): Slice, values: impl IntoLuaMulti) -> Result<Progress> {
        let step = |state: &mut State| self.coroutine.step::<MultiValue, MultiValue>(state, values);
        let (step, cut) = match end {
            Some(end) => slice::within(state, self.coroutine.thread(state)?, end, step)?,
            None => (step(state)?, false),
        };
        self.cut = cut;
        Ok(match step {
            Step::Returned(values) => Progress::Done(values),
            Step::Yielded(_) if cut => Progress::SliceUp,
            Step::Yielded(values) => Progress::Yielded(values),
        })
    }

    /// Whether there is nothing left to run, because it is done or has failed.
    ///
    /// # Errors
    /// [`Error::ForeignHandle`], [`Error::Closed`].
    pub fn is_done(&self, state: &State) -> Result<bool> {
        Ok(matches!(self.coroutine.status(state)?, CoroutineStatus::Finished | CoroutineStatus::Failed))
    }

    /// Its coroutine, to be closed, or compared with what a script has.
    #[must_use]
    pub fn coroutine(&self) -> &Coroutine {
        &self.coroutine
    }
}

impl State {
    /// Makes a task of a function and its arguments. It does nothing until it is run.
    ///
    /// # Errors
    /// [`Error::Memory`]; what the conversions say.
    pub fn create_task(&mut self, function: &Function, arguments: impl IntoLuaMulti) -> Result<Task> {
        Ok(Task { coroutine: self.create_coroutine_with(function, arguments)?, cut: false })
    }
}
