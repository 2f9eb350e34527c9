//! The watchdog: one thread of the process, which sleeps until the next deadline of all
//! threads, and the signal by which it reaches them.

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::vm::watch::thread::{NEVER, Shared, attend};

/// Until a signal that changed nothing yet is sent again.
const REPEAT: u64 = 5_000_000;

/// By how much it may wake up late without need.
const SLACK: u64 = 500_000;

/// Who is watched.
static THREADS: Mutex<Vec<Arc<Shared>>> = Mutex::new(Vec::new());
/// Wakes the watchdog up, with `THREADS`.
static CHANGED: Condvar = Condvar::new();
/// When it will wake up by itself.
static AWAKE_AT: AtomicU64 = AtomicU64::new(NEVER);

/// The signal's number, 0 before it is chosen; negative once it is in use.
static SIGNAL: AtomicI32 = AtomicI32::new(0);
/// What handled the signal before.
static EARLIER: OnceLock<libc::sigaction> = OnceLock::new();
static STARTED: OnceLock<std::result::Result<c_int, String>> = OnceLock::new();

/// Nanoseconds of a clock. Async-signal-safe.
pub(super) fn read(clock: libc::clockid_t) -> u64 {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: it fills the time, and leaves it as it is if there is no such clock.
    let time = unsafe {
        libc::clock_gettime(clock, time.as_mut_ptr());
        time.assume_init()
    };
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

pub(super) fn now() -> u64 {
    read(libc::CLOCK_MONOTONIC)
}

fn threads() -> MutexGuard<'static, Vec<Arc<Shared>>> {
    THREADS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the watchdog ready to watch; the first call starts it.
pub(crate) fn ready() -> Result<()> {
    STARTED.get_or_init(start).as_ref().map(drop).map_err(|error| Error::runtime(format!("no limit of time can be kept: {error}")))
}

/// Chooses the signal, before anything was limited.
pub(crate) fn set_signal(signal: c_int) -> Result<()> {
    if !(1..=libc::SIGRTMAX()).contains(&signal)
        || [libc::SIGKILL, libc::SIGSTOP, libc::SIGSEGV, libc::SIGFPE, libc::SIGILL, libc::SIGBUS].contains(&signal)
    {
        return Err(Error::type_mismatch("a signal that a process can handle, such as SIGURG or SIGUSR1", signal.to_string()));
    }
    match SIGNAL.compare_exchange(0, signal, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => Ok(()),
        Err(used) if used.abs() == signal => Ok(()),
        Err(_) => Err(Error::runtime("the signal for limits of time was already chosen, or is in use")),
    }
}

fn start() -> std::result::Result<c_int, String> {
    let _ = SIGNAL.compare_exchange(0, libc::SIGURG, Ordering::AcqRel, Ordering::Acquire);
    let signal = SIGNAL.load(Ordering::Acquire).abs();
    SIGNAL.store(-signal, Ordering::Release);
    install(signal)?;
    std::thread::Builder::new()
        .name("perilune-watchdog".into())
        .stack_size(64 << 10)
        .spawn(move || watch(signal))
        .map_err(|error| error.to_string())?;
    Ok(signal)
}

/// Puts the handler before the one that is there.
fn install(signal: c_int) -> std::result::Result<(), String> {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    let mut earlier = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: the handler is async-signal-safe; both structs are the system's own, and zeros
    // are a valid one.
    let status = unsafe {
        // Whoever handled it before is known before it can be needed.
        libc::sigaction(signal, std::ptr::null(), earlier.as_mut_ptr());
        let _ = EARLIER.set(earlier.assume_init());
        let set = &mut *action.as_mut_ptr();
        set.sa_sigaction = handle as *const () as usize;
        set.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
        libc::sigemptyset(&raw mut set.sa_mask);
        libc::sigaction(signal, action.as_ptr(), std::ptr::null_mut())
    };
    if status == 0 { Ok(()) } else { Err(std::io::Error::last_os_error().to_string()) }
}

/// The signal's handler: for us, or for whoever was there before.
extern "C" fn handle(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the thread's own number, which a handler has to leave as it was.
    let error = unsafe { *libc::__errno_location() };
    if !attend() {
        if let Some(earlier) = EARLIER.get() {
            // SAFETY: what the system said of the handler, and what it gave to this one.
            unsafe { pass_on(earlier, signal, info, context) };
        }
    }
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = error };
}

/// # Safety
/// The arguments are a handler's, and `earlier` was in force before it.
unsafe fn pass_on(earlier: &libc::sigaction, signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let address = earlier.sa_sigaction;
    if address == libc::SIG_DFL || address == libc::SIG_IGN {
        return; // SIGURG is ignored where nobody handles it
    }
    // SAFETY: an address that is none of the two is a function's, of the kind that the flags say.
    unsafe {
        if earlier.sa_flags & libc::SA_SIGINFO == 0 {
            std::mem::transmute::<usize, extern "C" fn(c_int)>(address)(signal);
        } else {
            std::mem::transmute::<usize, extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void)>(address)(signal, info, context);
        }
    }
}

/// Adds the calling thread.
pub(super) fn register() -> Arc<Shared> {
    let (mut clock, mut mask) = (libc::CLOCK_THREAD_CPUTIME_ID, MaybeUninit::<libc::sigset_t>::zeroed());
    // SAFETY: of the calling thread: its clock, its number, and that it takes the signal.
    let id = unsafe {
        libc::pthread_getcpuclockid(libc::pthread_self(), &raw mut clock);
        if let Some(Ok(signal)) = STARTED.get() {
            libc::sigemptyset(mask.as_mut_ptr());
            libc::sigaddset(mask.as_mut_ptr(), *signal);
            libc::pthread_sigmask(libc::SIG_UNBLOCK, mask.as_ptr(), std::ptr::null_mut());
        }
        libc::gettid()
    };
    let thread = Arc::new(Shared {
        id,
        clock,
        wall: AtomicU64::new(NEVER),
        cpu: AtomicU64::new(NEVER),
        urgent: false.into(),
        signalled: false.into(),
    });
    threads().push(thread.clone());
    thread
}

/// Takes the calling thread out; no signal is on its way afterwards that was not sent.
pub(super) fn unregister(thread: &Arc<Shared>) {
    threads().retain(|other| !Arc::ptr_eq(other, thread));
}

impl Shared {
    /// Says when the nearest deadlines are, and sees to it that the watchdog is awake then.
    pub(super) fn expect(&self, wall: u64, cpu: u64, now: u64) {
        self.cpu.store(cpu, Ordering::Relaxed);
        // In one order with the watchdog's own: either it sees this, or this sees how long it sleeps.
        self.wall.store(wall, Ordering::SeqCst);
        let nearest = if cpu == NEVER { wall } else { wall.min(now + cpu.saturating_sub(read(self.clock))) };
        if nearest < AWAKE_AT.load(Ordering::SeqCst) {
            wake();
        }
    }

    /// Sends the signal. The thread has to be alive.
    pub(super) fn signal(&self, signal: c_int) {
        self.signalled.store(true, Ordering::Release);
        // SAFETY: to a thread of this process; what it does is `handle`.
        unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), self.id, signal) };
    }

    /// Sends the signal until it is heard. The thread has to be alive.
    pub(super) fn interrupt(&self) {
        self.urgent.store(true, Ordering::SeqCst);
        self.signal(SIGNAL.load(Ordering::Acquire).abs());
        wake();
    }

    /// When the thread has to be looked at, if it is not now.
    fn due(&self, now: u64) -> Option<u64> {
        if self.urgent.load(Ordering::SeqCst) {
            return None;
        }
        let wall = self.wall.load(Ordering::SeqCst);
        let cpu = match self.cpu.load(Ordering::Relaxed) {
            NEVER => NEVER,
            // Its clock goes no faster than the one on the wall.
            cpu => now + cpu.saturating_sub(read(self.clock)),
        };
        Some(wall.min(cpu)).filter(|&due| due > now)
    }
}

#[cold]
fn wake() {
    let _lock = threads();
    CHANGED.notify_one();
}

/// The watchdog's life.
fn watch(signal: c_int) {
    let mut all = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: the process's signals are for the threads that the host has.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), std::ptr::null_mut());
    }
    let mut threads = threads();
    loop {
        let now = now();
        let mut next = NEVER;
        for thread in threads.iter() {
            let due = thread.due(now);
            if due.is_none() {
                // Alive: to leave the list it takes the lock.
                thread.signal(signal);
            }
            next = next.min(due.unwrap_or(now + REPEAT));
        }
        AWAKE_AT.store(next, Ordering::SeqCst);
        // Who has come to expect something earlier meanwhile may not have seen this. A clock of
        // processor time has gone on since it was read above.
        if threads.iter().any(|thread| thread.due(now).unwrap_or(now + REPEAT).saturating_add(SLACK) < next) {
            continue;
        }
        threads = if next == NEVER {
            CHANGED.wait(threads).unwrap_or_else(PoisonError::into_inner)
        } else {
            let wait = Duration::from_nanos(next - now);
            CHANGED.wait_timeout(threads, wait).unwrap_or_else(PoisonError::into_inner).0
        };
    }
}
