//! The door into Lua: every protected call goes through here, one that something limits by way of [`watch`].

use std::ffi::{c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::error::Result;
use crate::sys::{self, lua_State};
use crate::vm::owner::{Frame, Vm, VmRef};
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;
use crate::vm::{backend, charge, failure, hook, watch};

/// The protected bodies, in the order of `perilune_bodies` in `door.c`, which
/// documents what each takes and gives.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Body {
    Job,
    Load,
    Run,
    Index,
    SetIndex,
    RawSet,
    Len,
    Equal,
    ToString,
    Next,
    Text,
    Table,
    Collect,
    Open,
    Traceback,
    Thread,
    Resume,
    Close,
    Compiler,
    Forget,
}

impl Body {
    pub(crate) const COUNT: usize = Self::Forget as usize + 1;
}

/// `Job` in `door.h`.
#[repr(C)]
pub(crate) struct Job {
    room: c_int,
    run: unsafe extern "C" fn(*mut lua_State, *mut Job) -> isize,
}

/// `Source` in `door.h`: a text for the VM to take in.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Source {
    pub text: *const c_char,
    pub length: usize,
    pub name: *const c_char,
    pub mode: *const c_char,
    pub environment: c_int,
    pub status: c_int,
}

/// A protected call being set up: where the stack stood, where the handler is.
pub(crate) struct Call {
    pub vm: VmRef,
    l: *mut lua_State,
    handler: c_int,
    /// Stack index of the function, and afterwards of the first result.
    pub first: c_int,
}

impl Call {
    /// Makes the message handler ready. `[-0, +(0|1), -]`
    ///
    /// # Safety
    /// `top` is the stack's top, with room for one value (I4).
    #[inline]
    pub(crate) unsafe fn begin(vm: VmRef, l: *mut lua_State, top: c_int) -> Self {
        let handler = vm.frame.get().handler;
        if handler != 0 {
            return Self { vm, l, handler, first: top + 1 };
        }
        // SAFETY: a registry read raises nothing (I2).
        unsafe { backend::registry_get(l, vm.fixtures.handler) };
        Self { vm, l, handler: top + 1, first: top + 2 }
    }

    /// A call without the handler: for bodies that leave a traceback of their own.
    #[inline]
    pub(crate) fn without_handler(vm: VmRef, l: *mut lua_State, top: c_int) -> Self {
        Self { vm, l, handler: 0, first: top + 1 }
    }

    /// Pushes a protected body as the function to call. `[-0, +1, -]`
    ///
    /// # Safety
    /// There is room for it (I4).
    #[inline]
    pub(crate) unsafe fn push_body(&self, body: Body) {
        // SAFETY: a registry read raises nothing (I2).
        unsafe { push_body(&self.vm, self.l, body) };
    }

    /// Calls the function above which `arguments` values stand. `[-(arguments+1), +results, -]`
    ///
    /// # Safety
    /// Function and arguments are on top of the stack.
    #[inline]
    pub(crate) unsafe fn finish(&self, arguments: c_int, results: c_int) -> Result<()> {
        // SAFETY: the caller's.
        let status = unsafe { pcall(&self.vm, self.l, arguments, results, self.handler) };
        if status == sys::LUA_OK {
            return Ok(());
        }
        // SAFETY: the error value is on top; the running state is ours (I9).
        Err(unsafe { failure::take(State::from_raw(self.l), status) })
    }
}

/// Pushes a protected body. `[-0, +1, -]`
///
/// # Safety
/// `l` is the VM's running state with room for one value.
#[inline]
pub(crate) unsafe fn push_body(vm: &Vm, l: *mut lua_State, body: Body) {
    // SAFETY: a registry read raises nothing (I2).
    unsafe { backend::registry_get(l, vm.fixtures.bodies[body as usize]) };
}

/// `lua_pcall`, strict while Lua runs (I3), with the C stack's floor known (I8).
///
/// # Safety
/// As for `lua_pcall`: function and arguments are on top of the stack.
#[inline(always)]
pub(crate) unsafe fn pcall(vm: &Vm, l: *mut lua_State, arguments: c_int, results: c_int, handler: c_int) -> c_int {
    let strict = vm.memory.strict.replace(true);
    let depth = vm.depth.get();
    let mut is_limited = false;
    if depth == 0 {
        is_limited = vm.gate.enter_stack() || vm.limits.any.get();
        vm.memory.refusals_before.set(vm.memory.refusals.get());
    }
    vm.depth.set(depth + 1);
    // SAFETY: the caller's; nothing raises through a protected call.
    let status =
        unsafe { if is_limited { watch::pcall(l, arguments, results, handler) } else { sys::lua_pcall(l, arguments, results, handler) } };
    vm.depth.set(depth);
    vm.memory.strict.set(strict);
    if depth == 0 && vm.ending.get() {
        end_outermost(vm, l);
    }
    status
}

/// Runs a body without a traceback, for C code that runs no script. `[-arguments, +results, -]`
///
/// # Safety
/// The body was pushed below its arguments with [`push_body`].
pub(crate) unsafe fn call_body(state: &mut State, arguments: c_int, results: c_int) -> Result<()> {
    let vm = state.vm();
    // SAFETY: the caller's.
    let status = unsafe { pcall(&vm, state.raw(), arguments, results, 0) };
    if status == sys::LUA_OK {
        return Ok(());
    }
    // SAFETY: the error value is on top, and is popped (I5).
    unsafe {
        let error = failure::take(state, status);
        sys::lua_settop(state.raw(), -2);
        Err(error)
    }
}

/// What an outermost call does when it has left something to be done.
#[cold]
fn end_outermost(vm: &Vm, l: *mut lua_State) {
    vm.ending.set(false);
    if vm.memory.refused() && vm.memory.limit.get() != usize::MAX {
        // What filled the VM is garbage now, most likely.
        vm.memory.pressed.set(true);
        vm.pending.set(true);
    }
    if vm.unfinished.get() {
        vm.end_output();
    }
    if vm.memory.pressed.get() {
        // The next operation collects, or a script's next instruction if memory is short again.
        vm.gate.collect.set(0);
        // SAFETY: the state that ran is live.
        unsafe { hook::set(l) };
    }
}

/// `lua_gc`, in a protected body, because finalizers may run. `[-0, +0, -]`
pub(crate) fn collector(state: &mut State, what: c_int, data: c_int) -> Result<c_int> {
    stack::with_room(state, 4, |state| {
        let (vm, l) = (state.vm(), state.raw());
        // SAFETY: there is room (I4); balanced (I5); protected (I2).
        unsafe {
            let _balance = StackGuard::new(l);
            push_body(&vm, l, Body::Collect);
            sys::lua_pushnumber(l, what.into());
            sys::lua_pushnumber(l, data.into());
            // LuaJIT may want memory to come to an end, for its table of texts; without that a VM that is full
            // of garbage would stay so.
            let limit = vm.memory.limit.replace(usize::MAX);
            let collected = call_body(state, 2, 1);
            vm.memory.limit.set(limit);
            collected?;
            charge::take_back(&vm);
            vm.memory.look_ahead();
            #[expect(clippy::cast_possible_truncation, reason = "it was an int")]
            Ok(sys::lua_tonumberx(l, -1, std::ptr::null_mut()) as c_int)
        }
    })
}

/// A job together with what it runs and what came of it.
#[repr(C)]
struct Task<F, T> {
    job: Job,
    /// Values that the work leaves on the stack when it succeeds.
    leaves: c_int,
    work: Option<F>,
    outcome: Option<std::thread::Result<Result<T>>>,
}

/// Runs `work` in a fresh C frame with `room` free slots. The `leaves` values that
/// it leaves on top of that frame are moved to the caller's. `[-0, +leaves, -]`
pub(crate) fn in_fresh_frame<T, F>(state: &mut State, room: c_int, leaves: c_int, work: F) -> Result<T>
where
    F: FnOnce(&mut State) -> Result<T>,
{
    // SAFETY: the doors' own room is always kept (I4); the body stands below no arguments.
    unsafe {
        push_body(&state.vm(), state.raw(), Body::Job);
        run_job(state, 0, room, leaves, work)
    }
}

/// As [`in_fresh_frame`], with `arguments` values that the frame starts with.
/// `[-(arguments+1), +leaves, -]`
///
/// # Safety
/// `Body::Job` was pushed below the arguments.
pub(crate) unsafe fn run_job<T, F>(state: &mut State, arguments: c_int, room: c_int, leaves: c_int, work: F) -> Result<T>
where
    F: FnOnce(&mut State) -> Result<T>,
{
    let (vm, l) = (state.vm(), state.raw());
    let job = Job { room: room + ROOM_FOR_DOORS, run: run_task::<F, T> };
    let mut task = Task { job, leaves, work: Some(work), outcome: None };
    let refusals = vm.memory.refusals.get();
    // SAFETY: the caller's; the task outlives the call. Any number of results fits
    // with `LUA_MULTRET`.
    unsafe {
        let balance = StackGuard { l, top: sys::lua_gettop(l) - arguments - 1 };
        vm.gate.job.set((&raw mut task).cast());
        let called = call_body(state, arguments, sys::LUA_MULTRET);
        if task.work.is_some() && vm.memory.refusals.get() != refusals {
            // Asking for stack does not tell "too much" and "no memory" apart.
            return Err(vm.memory.error());
        }
        called?;
        match task.outcome {
            Some(Ok(Ok(value))) => {
                balance.keep();
                Ok(value)
            }
            Some(Ok(Err(error))) => Err(error),
            Some(Err(payload)) => {
                drop(balance);
                resume_unwind(payload)
            }
            None => Err(vm.memory.error()),
        }
    }
}

/// The slots by which [`owner::ROOM`](crate::vm::owner::ROOM) is less than what a frame has.
const ROOM_FOR_DOORS: c_int = 4;

/// # Safety
/// Called by `body_job` with the job of a `Task<F, T>`, once.
unsafe extern "C" fn run_task<F, T>(l: *mut lua_State, job: *mut Job) -> isize
where
    F: FnOnce(&mut State) -> Result<T>,
{
    // SAFETY: `job` is the first field of the task that `in_fresh_frame` keeps alive;
    // the running state is handed to it for this frame (I9).
    let (task, state) = unsafe { (&mut *job.cast::<Task<F, T>>(), State::from_raw(l)) };
    let Some(work) = task.work.take() else { return 0 };
    let vm = state.vm();
    // SAFETY: raises nothing (I2).
    let arguments = unsafe { sys::lua_gettop(l) };
    let frame = vm.frame.replace(Frame { handler: 0, ceiling: arguments + task.job.room - ROOM_FOR_DOORS });
    let strict = vm.memory.strict.replace(false);
    // The call resets `strict` on its way out; Rust runs in grace (I3).
    task.outcome = Some(catch_unwind(AssertUnwindSafe(|| work(state))));
    vm.memory.strict.set(strict);
    vm.frame.set(frame);
    if matches!(task.outcome, Some(Ok(Ok(_)))) { task.leaves as isize } else { 0 }
}
