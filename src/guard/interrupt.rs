//! How a script is stopped by another thread.

use std::sync::Arc;

use crate::error::Result;
use crate::vm::state::State;
use crate::vm::watch::{self, Interrupt};

/// Stops what a VM runs, from any thread. Made by [`State::interrupt_handle`].
///
/// ```
/// use perilune::{Error, Lua, State, StopReason};
///
/// let mut lua = Lua::new()?;
/// let handle = lua.interrupt_handle()?;
/// let (started, has_started) = std::sync::mpsc::channel();
/// lua.register("started", move |_: &mut State, (): ()| { started.send(()).ok(); Ok(()) })?;
/// std::thread::scope(|scope| {
///     let handle = handle.clone();
///     scope.spawn(move || {
///         has_started.recv().unwrap();
///         assert!(handle.interrupt("the player has left"));
///     });
///     let error = lua.run("started() while true do end").unwrap_err();
///     let Error::Timeout(stopped) = error else { panic!("{error}") };
///     assert_eq!(stopped.reason, StopReason::Interrupted("the player has left".into()));
/// });
/// assert!(!handle.interrupt("nothing runs"));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct InterruptHandle(Arc<Interrupt>);

impl InterruptHandle {
    /// Stops the run in progress, as a limit that is over would, and says whether there was
    /// one. A later run is never stopped, nor is the host's own code.
    pub fn interrupt(&self, reason: impl Into<String>) -> bool {
        self.0.request(reason.into())
    }
}

impl State {
    /// Makes a handle by which other threads stop what this VM runs: its outermost call, with all
    /// that is in it. From then on each of them costs a lock that nobody else holds.
    ///
    /// # Errors
    /// As for [`State::limit`].
    pub fn interrupt_handle(&mut self) -> Result<InterruptHandle> {
        watch::interrupt(self).map(InterruptHandle)
    }
}

/// Chooses the signal by which scripts are stopped, for the whole process, before the first limit or
/// [`InterruptHandle`]; without that it is `SIGURG`, which is ignored where nobody waits for it.
///
/// # Errors
/// [`Error::Type`](crate::Error::Type) for what is no signal, or one that cannot be handled;
/// [`Error::Runtime`](crate::Error::Runtime) if another one is in use already;
/// [`Error::Unsupported`](crate::Error::Unsupported) where the system has no such signals.
pub fn set_interrupt_signal(signal: i32) -> Result<()> {
    watch::set_signal(signal)
}
