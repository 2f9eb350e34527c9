//! Why a script was stopped, and what it was doing.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::error::Error;

/// A script that was stopped; see [`Error::Timeout`].
///
/// ```
/// use std::time::Duration;
/// use perilune::{Error, Lua, StopReason};
///
/// let mut lua = Lua::new()?;
/// let error = lua.limit(Duration::from_millis(20), |state| state.run("while true do end")).unwrap_err();
/// let Error::Timeout(stopped) = error else { panic!("{error}") };
/// assert_eq!(stopped.reason, StopReason::Time);
/// assert!(stopped.elapsed >= Duration::from_millis(20));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimeoutError {
    /// Why.
    pub reason: StopReason,
    /// The time that was allowed; `None` where it was not time that was over.
    pub limit: Option<Duration>,
    /// How long it took until then, by the clock of the limit; by the one on the wall where it has none.
    pub elapsed: Duration,
    /// What ran: `rules.lua:12 in function 'plan'`; empty where that is not known.
    pub place: String,
    /// Lua's stack when it was stopped; empty where there was none.
    pub traceback: String,
}

/// Why a script was stopped; see [`TimeoutError`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopReason {
    /// It took too long by the clock on the wall.
    Time,
    /// It took too much of its thread's processor time.
    CpuTime,
    /// It took more than so many of the VM's instructions.
    Instructions(u64),
    /// The host interrupted it, and said why.
    Interrupted(String),
}

impl fmt::Display for TimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            StopReason::Time => f.write_str("the script exceeded its time limit")?,
            StopReason::CpuTime => f.write_str("the script exceeded its limit of processor time")?,
            StopReason::Instructions(budget) => write!(f, "the script exceeded its budget of {budget} instructions")?,
            StopReason::Interrupted(reason) if reason.is_empty() => f.write_str("the script was interrupted")?,
            StopReason::Interrupted(reason) => write!(f, "the script was interrupted: {reason}")?,
        }
        if let Some(limit) = self.limit {
            write!(f, " of {limit:?}")?;
        }
        if !self.place.is_empty() {
            write!(f, ", at {}", self.place)?;
        }
        if self.elapsed.is_zero() { Ok(()) } else { write!(f, ", after {:.1?}", self.elapsed) }
    }
}

impl TimeoutError {
    /// One of the host's own, without a place and times.
    ///
    /// ```
    /// use perilune::{Error, StopReason, TimeoutError};
    ///
    /// let error = Error::from(TimeoutError::new(StopReason::Time));
    /// assert_eq!(error.to_string(), "the script exceeded its time limit");
    /// ```
    #[must_use]
    pub fn new(reason: StopReason) -> Self {
        Self { reason, limit: None, elapsed: Duration::ZERO, place: String::new(), traceback: String::new() }
    }
}

impl From<TimeoutError> for Error {
    fn from(error: TimeoutError) -> Self {
        Self::Timeout(Box::new(error))
    }
}

impl StdError for TimeoutError {}
