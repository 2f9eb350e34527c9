//! How other threads stop what a VM runs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::vm::watch::thread::{Here, Shared};

/// What a VM and those who may interrupt it share.
#[derive(Debug, Default)]
pub(crate) struct Interrupt {
    run: Mutex<Run>,
    /// Whether the run in progress was interrupted. Read by the signal's handler.
    requested: AtomicBool,
}

/// The run in progress, if there is one.
#[derive(Debug, Default)]
struct Run {
    thread: Option<Arc<Shared>>,
    reason: Option<String>,
}

impl Interrupt {
    fn run(&self) -> MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops the run in progress, and says whether there was one. The first reason counts.
    pub(crate) fn request(&self, reason: String) -> bool {
        let mut run = self.run();
        let Some(thread) = run.thread.clone() else { return false };
        run.reason.get_or_insert(reason);
        self.requested.store(true, Ordering::SeqCst);
        // The thread is alive: the run cannot end while the lock is held.
        thread.interrupt();
        true
    }

    /// Whether the run in progress has to stop. Async-signal-safe.
    pub(super) fn is_requested(&self) -> bool {
        self.requested.load(Ordering::SeqCst)
    }

    pub(super) fn reason(&self) -> String {
        self.run().reason.clone().unwrap_or_default()
    }

    /// Notes that a run begins on this thread; whether it is the outermost one of the VM.
    pub(super) fn begin(&self) -> bool {
        let mut run = self.run();
        if run.thread.is_some() {
            return false;
        }
        run.thread = Here::shared_handle();
        true
    }

    /// Notes that the run has ended: whoever comes now comes too late.
    pub(super) fn end(&self) {
        let mut run = self.run();
        *run = Run::default();
        self.requested.store(false, Ordering::SeqCst);
    }
}
