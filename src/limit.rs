//! How long a script may run, as a value.

use std::time::Duration;

/// How long a piece of work with a VM may take: by the clock on the wall, by the processor time
/// of its thread, by the VM's instructions, or several of these. Without any there is no limit.
///
/// A `Duration` is a limit by the clock on the wall.
///
/// ```
/// use std::time::Duration;
/// use perilune::Limit;
///
/// let limit = Limit::cpu_time(Duration::from_millis(5)).and_time(Duration::from_secs(1));
/// assert_ne!(limit, Limit::from(Duration::from_secs(1)));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limit {
    /// By the clock on the wall.
    pub(crate) wall: Option<Duration>,
    /// Of the thread's processor time.
    pub(crate) cpu: Option<Duration>,
    /// Of the VM's instructions.
    pub(crate) instructions: Option<u64>,
}

impl Limit {
    /// No limit.
    pub const NONE: Self = Self { wall: None, cpu: None, instructions: None };

    /// So long by the clock on the wall, waiting included.
    #[must_use]
    pub fn time(length: Duration) -> Self {
        Self::NONE.and_time(length)
    }

    /// So much processor time of the thread, whatever it is spent on.
    #[must_use]
    pub fn cpu_time(length: Duration) -> Self {
        Self::NONE.and_cpu_time(length)
    }

    /// So many of the VM's instructions: a *budget*, for scripts that have to stop in the same place each time.
    ///
    /// ```
    /// use perilune::{Error, Limit, Lua};
    ///
    /// let mut lua = Lua::new()?;
    /// let mut reached = || {
    ///     let result = lua.limit(Limit::instructions(10_000), |state| state.run("n = 0 while true do n = n + 1 end"));
    ///     assert!(matches!(result, Err(Error::Timeout(_))));
    ///     lua.get::<u32>("n")
    /// };
    /// assert_eq!(reached()?, reached()?);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// A script that does not hang on the order of `pairs`, on addresses, the clock or the collector stops in the same place
    /// in every run of the same program. (Other builds of the same Lua may compile to other instructions.) Counted are the
    /// VM's own instructions, in its coroutines too: calling a C or a host function is one, whatever that takes, hence for scripts that may
    /// be hostile there should be a limit of time as well. On Lua 5.4 each coroutine that is begun counts as 100 more, and a limit that
    /// begins or ends within another, or a slice, as up to 100 for that one.
    ///
    /// LuaJIT interprets meanwhile, and what it has compiled before is given up. A debug hook that raw code has set is lost.
    #[must_use]
    pub fn instructions(count: u64) -> Self {
        Self::NONE.and_instructions(count)
    }

    /// And so many of the VM's instructions.
    #[must_use]
    pub fn and_instructions(self, count: u64) -> Self {
        Self { instructions: Some(count), ..self }
    }

    /// Whether it needs a clock.
    pub(crate) fn is_of_time(self) -> bool {
        self.wall.is_some() || self.cpu.is_some()
    }

    /// And so long by the clock on the wall.
    #[must_use]
    pub fn and_time(self, length: Duration) -> Self {
        Self { wall: Some(length), ..self }
    }

    /// And so much processor time.
    #[must_use]
    pub fn and_cpu_time(self, length: Duration) -> Self {
        Self { cpu: Some(length), ..self }
    }
}

impl From<Duration> for Limit {
    fn from(length: Duration) -> Self {
        Self::time(length)
    }
}
