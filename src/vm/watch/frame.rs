//! What runs under a limit: a frame on the stack for each.

use std::ffi::{CStr, c_int};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::error::{Result, StopReason, TimeoutError};
use crate::limit::Limit;
use crate::sys::{self, lua_State};
use crate::vm::owner::{Vm, VmRef};
use crate::vm::slice::Slice;
use crate::vm::state::State;
use crate::vm::watch::dog::{now, read, ready};
use crate::vm::watch::interrupt::Interrupt;
use crate::vm::watch::thread::{Here, NEVER, here};
use crate::vm::{cstack, ended, hook};

/// What [`pcall`] answers for a call that was stopped, beside the statuses of the VM.
pub(crate) const STOPPED: c_int = 0x5354;

/// Something that runs under a limit, or in something that does.
pub(super) struct Frame {
    outer: *const Frame,
    /// What ran before, and where.
    running: *const Vm,
    current: *mut lua_State,
    vm: VmRef,
    limit: Limit,
    /// When it began, and when it has to be over, by the clock on the wall and by the thread's.
    begun: u64,
    wall: u64,
    cpu_begun: u64,
    cpu: u64,
    /// What the VM's count of instructions may come to, and could before.
    budget: u64,
    outer_budget: u64,
    /// When it is over, nothing has to end but this slice.
    slice: *const Slice,
    /// The nearest ends of this frame and those around it.
    nearest_wall: u64,
    nearest_cpu: u64,
    /// Those who may interrupt the VM, if this is its outermost run.
    interrupt: Option<Arc<Interrupt>>,
}

/// A frame that is in its thread's list until this is dropped.
struct Entered<'a>(&'a Frame);

impl Frame {
    /// A frame for a limit, or for a slice that ends with it.
    ///
    /// # Safety
    /// The VM runs on this thread for as long as the frame is there; the slice, if there is one, is its own.
    unsafe fn new(vm: VmRef, limit: Limit, slice: *const Slice) -> Self {
        let (outer, running) = here(|here| (here.top.get(), here.running.get()));
        let interrupt = vm.limits.interrupt.borrow().clone().filter(|interrupt| interrupt.begin());
        let begun = now();
        let cpu_begun = if limit.cpu.is_some() { read(libc::CLOCK_THREAD_CPUTIME_ID) } else { 0 };
        let (wall, cpu) = (end(begun, limit.wall), end(cpu_begun, limit.cpu));
        let outer_budget = vm.gate.budget.get();
        let budget = limit.instructions.map_or(hook::NEVER, |count| vm.gate.counted.get().saturating_add(count));
        // SAFETY: the frames around this one are further up this thread's stack.
        let around = unsafe { outer.as_ref() };
        Self {
            outer,
            running,
            current: vm.gate.current.get(),
            vm,
            limit,
            begun,
            wall,
            cpu_begun,
            cpu,
            budget,
            outer_budget,
            slice,
            nearest_wall: around.map_or(NEVER, |outer| outer.nearest_wall).min(wall),
            nearest_cpu: around.map_or(NEVER, |outer| outer.nearest_cpu).min(cpu),
            interrupt,
        }
    }

    /// # Safety
    /// `l` is the VM's running state; the frame is not moved meanwhile, and left in order.
    unsafe fn enter(&self, l: *mut lua_State) -> Entered<'_> {
        self.vm.gate.current.set(l);
        here(|here| {
            here.change(self, &raw const *self.vm);
            self.expect(here);
            self.set_budget(self.budget.min(self.outer_budget));
            // What is around it may be over already.
            // SAFETY: the frames are on this thread's stack.
            unsafe { stop_if_over(here) };
        });
        Entered(self)
    }

    /// Says what the VM's count of instructions may come to.
    fn set_budget(&self, budget: u64) {
        if self.vm.gate.budget.replace(budget) != budget {
            // SAFETY: the state runs, or ran until now (I9).
            unsafe { hook::set(self.vm.gate.current.get()) };
        }
    }

    fn expect(&self, here: &Here) {
        if let Some(shared) = here.shared() {
            shared.expect(self.nearest_wall, self.nearest_cpu, self.begun);
        }
    }

    /// Whether it has to end, or its slice. Async-signal-safe.
    fn is_over(&self) -> bool {
        self.is_spent()
            || (self.wall != NEVER && now() >= self.wall)
            || (self.cpu != NEVER && read(libc::CLOCK_THREAD_CPUTIME_ID) >= self.cpu)
            || self.interrupt.as_ref().is_some_and(|interrupt| interrupt.is_requested())
    }

    /// Whether the VM's count of instructions has come to what was allowed.
    fn is_spent(&self) -> bool {
        self.vm.gate.counted.get() >= self.budget
    }

    fn explain(&self, place: String) -> TimeoutError {
        let (reason, limit, elapsed) = match &self.interrupt {
            Some(interrupt) if interrupt.is_requested() => (StopReason::Interrupted(interrupt.reason()), None, now() - self.begun),
            _ if self.is_spent() => (StopReason::Instructions(self.limit.instructions.unwrap_or(0)), None, now() - self.begun),
            _ if self.wall != NEVER && now() >= self.wall => (StopReason::Time, self.limit.wall, now() - self.begun),
            _ => (StopReason::CpuTime, self.limit.cpu, read(libc::CLOCK_THREAD_CPUTIME_ID).saturating_sub(self.cpu_begun)),
        };
        TimeoutError { reason, limit, elapsed: Duration::from_nanos(elapsed), place, traceback: String::new() }
    }
}

/// A moment so long after another, NEVER if there is no limit.
fn end(begun: u64, length: Option<Duration>) -> u64 {
    length.and_then(|length| u64::try_from(length.as_nanos()).ok()).map_or(NEVER, |length| begun.saturating_add(length))
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let frame = self.0;
        here(|here| {
            here.change(std::ptr::null(), frame.running);
            go_on(&frame.vm);
            frame.set_budget(frame.outer_budget);
            frame.vm.gate.current.set(frame.current);
            if let Some(interrupt) = &frame.interrupt {
                interrupt.end();
                // Somebody else may be interrupted as well: they are asked below.
                here.shared().inspect(|shared| shared.urgent.store(false, Ordering::SeqCst));
            }
            here.change(frame.outer, frame.running);
            // SAFETY: the frames around this one are further up this thread's stack.
            match unsafe { frame.outer.as_ref() } {
                Some(outer) => {
                    outer.expect(here);
                    // SAFETY: as above.
                    unsafe { stop_if_over(here) };
                }
                None => {
                    here.shared().inspect(|shared| {
                        shared.cpu.store(NEVER, Ordering::Relaxed);
                        shared.wall.store(NEVER, Ordering::Release);
                    });
                }
            }
        });
    }
}

/// The frames of a thread that are over, from the innermost one outward. Async-signal-safe.
///
/// # Safety
/// The frames from `top` on are on this thread's stack, for as long as `'a`.
unsafe fn all_over<'a>(top: *const Frame) -> impl Iterator<Item = &'a Frame> {
    // SAFETY: the caller's.
    let all = std::iter::successors(unsafe { top.as_ref() }, |frame| unsafe { frame.outer.as_ref() });
    all.filter(|frame| frame.is_over())
}

/// The innermost frame that has to end.
///
/// # Safety
/// As for [`all_over`].
unsafe fn over<'a>(top: *const Frame) -> Option<&'a Frame> {
    // SAFETY: the caller's.
    unsafe { all_over(top) }.find(|frame| frame.slice.is_null())
}

/// Stops the VM that runs, if a frame is over, and ends slices that are. Async-signal-safe.
///
/// # Safety
/// The frames are on this thread's stack, and the VM runs here.
pub(super) unsafe fn stop_if_over(here: &Here) {
    // SAFETY: the caller's; a slice outlives its frame.
    unsafe {
        for frame in all_over(here.top.get()) {
            match frame.slice.as_ref() {
                Some(slice) => slice.set_up(),
                None => stop(here),
            }
        }
    }
}

/// Stops the VM that runs. Async-signal-safe.
///
/// # Safety
/// It runs on this thread.
unsafe fn stop(here: &Here) {
    // SAFETY: the caller's.
    unsafe {
        let Some(vm) = here.running.get().as_ref() else { return };
        vm.gate.stop.store(1, Ordering::Relaxed);
        hook::arm(vm.gate.current.get());
    }
}

/// Lets the VM's scripts go on.
fn go_on(vm: &VmRef) {
    if vm.gate.stop.swap(0, Ordering::Relaxed) == 0 {
        return;
    }
    vm.gate.raised.set(0);
    // SAFETY: the state is the one that ran.
    unsafe { hook::set(vm.gate.current.get()) };
    if vm.memory.ended.get() {
        // Within a call that has to end all the same.
        ended::stop(vm);
    }
}

/// Does `work` with the VM under a limit.
///
/// # Errors
/// As for [`ready`].
pub(crate) fn within<T>(state: &mut State, limit: Limit, work: impl FnOnce(&mut State) -> T) -> Result<T> {
    if limit.is_of_time() {
        ready()?;
    }
    hook::interpreting(state, limit, |state| framed(state, limit, ptr::null(), work))
}

/// Does `work`, in which a slice is up when the limit is over.
///
/// # Errors
/// As for [`ready`].
pub(crate) fn until<T>(state: &mut State, limit: Limit, slice: &Slice, work: impl FnOnce(&mut State) -> T) -> Result<T> {
    ready()?;
    Ok(framed(state, limit, slice, work))
}

/// As [`within`], for work that only needs a limit where there are limits anyway.
pub(crate) fn within_more<T>(state: &mut State, limit: Limit, work: impl FnOnce(&mut State) -> T) -> T {
    if state.vm().limits.any.get() || cstack::is_watched() { framed(state, limit, ptr::null(), work) } else { work(state) }
}

fn framed<T>(state: &mut State, limit: Limit, slice: *const Slice, work: impl FnOnce(&mut State) -> T) -> T {
    // SAFETY: the token's state runs here for as long as `work` does (I9); the frame stays where it is.
    unsafe {
        let frame = Frame::new(state.vm(), limit, slice);
        let _entered = frame.enter(state.raw());
        work(state)
    }
}

/// Why what runs on this thread has to end, if it has.
pub(crate) fn over_by_now() -> Option<TimeoutError> {
    // SAFETY: the frames are on this thread's stack.
    unsafe { over(here(|here| here.top.get())) }.map(|frame| frame.explain(String::new()))
}

/// A protected call where something has a limit.
///
/// # Safety
/// As for `lua_pcall`.
#[cold]
#[inline(never)]
pub(crate) unsafe fn pcall(l: *mut lua_State, arguments: c_int, results: c_int, handler: c_int) -> c_int {
    // SAFETY: the caller's; the state runs here until the call is over.
    unsafe {
        let vm = VmRef::of(l);
        let base = sys::lua_gettop(l) - arguments - 1;
        // Without the memory for the switch it is not stopped in compiled code before it fails.
        let limit = vm.limits.limit.get();
        let compiling = !vm.limits.interpreted.get() && hook::pause_compiler(State::from_raw(l), limit).unwrap_or(false);
        let frame = Frame::new(vm, limit, ptr::null());
        let entered = frame.enter(l);
        let status = ended::pcall(&vm, l, arguments, results, handler);
        // A function of C's that caught the error may have come to its end all the same.
        let was_stopped = vm.gate.raised.get() != 0;
        if was_stopped {
            vm.stopped.replace(report(&vm));
            sys::lua_settop(l, base);
            sys::lua_pushboolean(l, 0);
        }
        drop(entered);
        hook::resume_compiler(State::from_raw(l), compiling);
        if was_stopped { STOPPED } else { status }
    }
}

/// Why the VM is being stopped, if it is.
pub(crate) fn report(vm: &Vm) -> Option<TimeoutError> {
    if vm.gate.stop.load(Ordering::Relaxed) == 0 {
        return None;
    }
    let bytes = vm.gate.place.get();
    let place = CStr::from_bytes_until_nul(&bytes).map(|place| place.to_string_lossy().into_owned()).unwrap_or_default();
    // SAFETY: the frames are on this thread's stack: the VM runs here.
    unsafe { over(here(|here| here.top.get())) }.map(|frame| frame.explain(place))
}
