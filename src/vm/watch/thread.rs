//! The threads on which something runs under a limit.
//!
//! What belongs to a thread alone, and is read by the signal's handler there, is in `HERE`;
//! what the watchdog reads is [`Shared`].

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, compiler_fence};

use crate::vm::cstack;
use crate::vm::owner::Vm;
use crate::vm::watch::dog;
use crate::vm::watch::frame::{self, Frame};

/// Later than any time, in nanoseconds.
pub(super) const NEVER: u64 = u64::MAX;

/// What the watchdog knows of a thread.
#[derive(Debug)]
pub(crate) struct Shared {
    pub id: libc::pid_t,
    pub clock: libc::clockid_t,
    /// When the nearest deadline is, by the monotonic clock and the thread's own.
    pub wall: AtomicU64,
    pub cpu: AtomicU64,
    /// Somebody interrupts what runs there.
    pub urgent: AtomicBool,
    /// The signal was sent by the watchdog or an interrupt, and not yet seen.
    pub signalled: AtomicBool,
}

/// What a thread knows of itself.
pub(super) struct Here {
    /// The innermost frame, or null; null too while it is being changed.
    pub top: Cell<*const Frame>,
    /// The VM that runs, where there is a frame.
    pub running: Cell<*const Vm>,
    /// Null before the first frame, and when the thread ends.
    pub shared: Cell<*const Shared>,
}

thread_local! {
    // Without a destructor and made in advance, so that a signal's handler may read it.
    static HERE: Here = const { Here { top: Cell::new(ptr::null()), running: Cell::new(ptr::null()), shared: Cell::new(ptr::null()) } };
    static REGISTERED: Registered = Registered(dog::register());
}

/// The thread's entry in the watchdog's list, while the thread lives.
struct Registered(Arc<Shared>);

impl Drop for Registered {
    fn drop(&mut self) {
        here(|here| here.shared.set(ptr::null()));
        dog::unregister(&self.0);
    }
}

#[inline]
pub(super) fn here<T>(work: impl FnOnce(&Here) -> T) -> T {
    HERE.with(work)
}

impl Here {
    /// The thread's entry, made when it is first needed; none when the thread ends.
    pub(super) fn shared(&self) -> Option<&Shared> {
        if self.shared.get().is_null() {
            let _ = REGISTERED.try_with(|registered| self.shared.set(Arc::as_ptr(&registered.0)));
        }
        // SAFETY: the entry is there until the thread's end, which clears the pointer.
        unsafe { self.shared.get().as_ref() }
    }

    /// A handle to the entry that others may keep.
    pub(super) fn shared_handle() -> Option<Arc<Shared>> {
        REGISTERED.try_with(|registered| registered.0.clone()).ok()
    }

    /// Changes the list of frames: the handler sees it before or after, or not at all.
    pub(super) fn change(&self, top: *const Frame, running: *const Vm) {
        self.top.set(ptr::null());
        compiler_fence(Ordering::SeqCst);
        self.running.set(running);
        compiler_fence(Ordering::SeqCst);
        self.top.set(top);
        compiler_fence(Ordering::SeqCst);
        cstack::set_watched(!top.is_null());
    }
}

/// What the signal's handler does: whoever has to stop is stopped. Says whether the signal was
/// for this.
///
/// It is async-signal-safe: it reads clocks and the thread's own data, and sets a hook.
pub(super) fn attend() -> bool {
    HERE.with(|here| {
        // SAFETY: as in `shared`.
        let ours = unsafe { here.shared.get().as_ref() }.is_some_and(|shared| shared.signalled.swap(false, Ordering::AcqRel));
        // SAFETY: the frames are further up this thread's stack.
        unsafe { frame::stop_if_over(here) };
        ours
    })
}
