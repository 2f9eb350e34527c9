//! How long a script may run.

use crate::error::Result;
use crate::limit::Limit;
use crate::vm::state::State;
use crate::vm::watch;

/// Limits of time.
impl State {
    /// Does `work` under a limit: a script that runs when it is over is stopped, wherever it is, in compiled code too, and
    /// every later use of the VM within `work` is an error at once. A script cannot catch that.
    ///
    /// Limits nest: the one that is over first holds, also where the inner work is another VM's.
    /// Rust code is not stopped; a host function that takes long should look at a clock of its own.
    ///
    /// ```
    /// use std::time::Duration;
    /// use perilune::{Error, Lua};
    ///
    /// let mut lua = Lua::new()?;
    /// let endless = "while true do pcall(function() while true do end end) end";
    /// let error = lua.limit(Duration::from_millis(20), |state| state.run(endless)).unwrap_err();
    /// assert!(matches!(error, Error::Timeout(_)));
    /// assert_eq!(lua.load("return 6 * 7").eval::<i32>()?, 42);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// A signal, `SIGURG`, reaches the thread when time is over: system calls that cannot be
    /// begun again, such as `sleep`, end early with `EINTR`, as they may after any signal. A handler that the
    /// program has for the signal is called for all others of them; see
    /// [`set_interrupt_signal`](crate::set_interrupt_signal).
    ///
    /// # Errors
    /// [`Error::Timeout`](crate::Error::Timeout), by way of what `work` says;
    /// [`Error::Unsupported`](crate::Error::Unsupported) where the system has no such signals;
    /// [`Error::Runtime`](crate::Error::Runtime) if the thread that watches cannot be started.
    pub fn limit<R>(&mut self, limit: impl Into<Limit>, work: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        watch::within(self, limit.into(), work)?
    }

    /// Sets what every outermost call of this VM is allowed from now on; see [`State::limit`].
    /// The call in progress, if there is one, keeps what it has.
    ///
    /// # Errors
    /// As for [`State::limit`].
    pub fn set_limit(&mut self, limit: impl Into<Limit>) -> Result<()> {
        watch::set_limit(self, limit.into())
    }
}
