//! The door out of Lua: the one place where Lua calls Rust.
//!
//! `perilune_door` in `door.c` is the Lua function; its upvalue is a userdata with
//! a [`Callback`], which leads to the Rust value to call. Whatever happens there,
//! an answer comes back: results, or an error for the C frame to raise.

use std::ffi::{CStr, c_int, c_void};
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Error, PanicPayload, Result};
use crate::sys::{self, lua_State};
use crate::vm::owner::{Frame, Vm};
use crate::vm::state::State;
use crate::vm::{backend, failure};

/// Something that Lua can call.
pub(crate) trait Invoke {
    /// Whether it wants to know how many arguments there are; otherwise it is told 0.
    const COUNTED: bool;

    /// Takes `arguments` values from stack index 1 on, leaves results on top, and
    /// says how many; or leaves what is to be yielded, and says [`YIELD_NONE`] less how many.
    ///
    /// # Safety
    /// Called in the frame of a callback only, with the number of its arguments.
    unsafe fn invoke(&self, state: &mut State, arguments: c_int) -> Result<c_int>;
}

/// What tells the door to yield no value; less one for each value. As in `door.h`.
pub(crate) const YIELD_NONE: c_int = -2;

/// `Callback` in `door.h`, followed by what only Rust reads.
#[repr(C)]
struct Callback {
    /// The VM; to C its gate, with which it begins.
    vm: *const Vm,
    call: unsafe extern "C" fn(*mut lua_State, *mut Callback) -> isize,
    drop: unsafe fn(*mut ()),
    object: *mut (),
}

/// Pushes a Lua function that calls `object`. `[-0, +1, m]`
///
/// Needs room for two values.
#[inline]
pub(crate) fn push_callback<I: Invoke + Send + 'static>(state: &mut State, object: I) {
    // SAFETY: it may live and go wherever the VM does.
    unsafe { push_lent(state, object) };
}

/// As [`push_callback`], for what may not live as long as the VM. `[-0, +1, m]`
///
/// # Safety
/// Whatever of `object` is not `'static` or not `Send` is gone ([`end`]) before it may be
/// no longer used, and before the VM can be sent to another thread.
pub(crate) unsafe fn push_lent<I: Invoke>(state: &mut State, object: I) {
    let vm = state.vm();
    let l = state.raw();
    // SAFETY: everything only wants memory (I3). The userdata is complete before its
    // metatable makes it known to the collector; userdata is aligned for pointers.
    unsafe {
        let callback = backend::new_userdata(l, size_of::<Callback>()).cast::<Callback>();
        callback.write(Callback {
            vm: &raw const *vm,
            call: call::<I>,
            drop: |object| drop(Box::from_raw(object.cast::<I>())),
            object: Box::into_raw(Box::new(object)).cast(),
        });
        backend::registry_get(l, vm.fixtures.callback);
        sys::lua_setmetatable(l, -2);
        sys::lua_pushcclosure(l, Some(perilune_door), 1);
    }
}

/// A callback on its way.
struct Visit<'a, I> {
    state: &'a mut State,
    vm: &'a Vm,
    object: &'a I,
    arguments: c_int,
    /// What the VM goes back to afterwards.
    frame: Frame,
    strict: bool,
    /// Not dropped by itself: it is a number on the usual way, which need not ask.
    outcome: ManuallyDrop<Result<c_int>>,
}

// Calls nest, so that little is kept on the stack while the callback runs, in builds
// without optimisation too, where every expression takes some: hence the parts.
unsafe extern "C" fn call<I: Invoke>(l: *mut lua_State, callback: *mut Callback) -> isize {
    // SAFETY: the door's promise.
    let mut visit = unsafe { arrive::<I>(l, callback) };
    let it = &mut visit;
    let caught = catch_unwind(AssertUnwindSafe(move || {
        // SAFETY: this is the callback's frame.
        it.outcome = ManuallyDrop::new(unsafe { it.object.invoke(it.state, it.arguments) });
    }));
    leave(&mut visit, caught)
}

/// # Safety
/// The door calls with the running state and the callback.
#[inline]
unsafe fn arrive<'a, I: Invoke>(l: *mut lua_State, callback: *mut Callback) -> Visit<'a, I> {
    // SAFETY: the callback is kept alive by the running function (I6); the frame is
    // ours until we return (I9).
    let (state, vm, object) = unsafe { (State::from_raw(l), &*(*callback).vm, &*(*callback).object.cast::<I>()) };
    // Without the count the frame is taken to have less room than it has (I4).
    // SAFETY: raises nothing (I2).
    let arguments = if I::COUNTED { unsafe { sys::lua_gettop(l) } } else { 0 };
    let frame = vm.frame.replace(Frame::above(arguments));
    let strict = vm.memory.strict.replace(false);
    Visit { state, vm, object, arguments, frame, strict, outcome: ManuallyDrop::new(Ok(0)) }
}

/// Says what C is told.
#[inline]
fn leave<I>(visit: &mut Visit<'_, I>, caught: std::thread::Result<()>) -> isize {
    let vm = visit.vm;
    let results = match (&caught, &*visit.outcome) {
        (Ok(()), Ok(results)) if !vm.memory.over.get() => *results,
        _ => fail(visit.state, caught, std::mem::replace(&mut *visit.outcome, Ok(0))),
    };
    vm.memory.strict.set(visit.strict);
    vm.frame.set(visit.frame);
    results as isize
}

#[cold]
fn fail(state: &mut State, caught: std::thread::Result<()>, outcome: Result<c_int>) -> c_int {
    let vm = state.vm();
    vm.frame.set(Frame::above(0));
    let error = match (caught, outcome) {
        (Err(payload), _) => Error::Panic(PanicPayload::new(payload)),
        (Ok(()), Err(error)) => error,
        (Ok(()), Ok(_)) => vm.memory.error(),
    };
    vm.memory.over.set(false);
    failure::raise(state, error)
}

/// Pushes the metatable of callbacks. `[-0, +1, m]`
///
/// # Safety
/// `l` is a new state in grace with room for three values.
pub(crate) unsafe fn push_metatable(l: *mut lua_State) {
    // SAFETY: fills a new table: only wants memory (I3).
    unsafe {
        sys::lua_createtable(l, 0, 2);
        set_function(l, c"__gc", drop_object);
        lock_metatable(l);
    }
}

/// `__gc` of callbacks: drops the Rust value, and leaves a callback that says so.
unsafe extern "C-unwind" fn drop_object(l: *mut lua_State) -> c_int {
    // SAFETY: Lua calls it with a callback's userdata, which no script can reach.
    unsafe {
        let callback = sys::lua_touserdata(l, 1).cast::<Callback>();
        let object = std::mem::replace(&mut (*callback).object, std::ptr::null_mut());
        (*callback).call = call_dropped;
        if !object.is_null() {
            finalize(l, || ((*callback).drop)(object));
        }
    }
    0
}

/// Ends the host function on top of the stack before its time: what it captured is
/// dropped, and calling it is an error from now on. `[-1, +0, -]`
///
/// A closure that panics when dropped is reported by the next outermost call.
///
/// # Safety
/// Room for one value; a function from [`push_lent`] is on top, and is not running.
pub(crate) unsafe fn end(l: *mut lua_State) {
    // SAFETY: the only upvalue of such a function is its callback; reading it raises
    // nothing (I2), and the function keeps it alive (I6).
    unsafe {
        sys::lua_getupvalue(l, -1, 1);
        let callback = sys::lua_touserdata(l, -1).cast::<Callback>();
        let object = std::mem::replace(&mut (*callback).object, std::ptr::null_mut());
        (*callback).call = call_ended;
        if !object.is_null() {
            finalize(l, || ((*callback).drop)(object));
        }
        sys::lua_settop(l, -3);
    }
}

/// The callback of the host function on top of the stack, if it is one: what its
/// `Callback` is to C. `[-0, +0, -]` Needs room for one value.
///
/// # Safety
/// A function is on top.
pub(crate) unsafe fn callback_on_top(l: *mut lua_State) -> Option<*mut c_void> {
    // SAFETY: reads only (I2); the door's upvalue is its callback.
    unsafe {
        let door: unsafe extern "C-unwind" fn(*mut lua_State) -> c_int = perilune_door;
        if !sys::lua_tocfunction(l, -1).is_some_and(|function| std::ptr::fn_addr_eq(function, door)) {
            return None;
        }
        sys::lua_getupvalue(l, -1, 1);
        let callback = sys::lua_touserdata(l, -1);
        sys::lua_settop(l, -2);
        Some(callback)
    }
}

/// What is left of a callback after its finalizer, for other finalizers that still call it.
unsafe extern "C" fn call_dropped(l: *mut lua_State, _: *mut Callback) -> isize {
    // SAFETY: the door's promise.
    unsafe { refuse(l, "this host function has been dropped: its VM is closing") }
}

/// What is left of a callback whose scope has ended.
unsafe extern "C" fn call_ended(l: *mut lua_State, _: *mut Callback) -> isize {
    // SAFETY: the door's promise.
    unsafe { refuse(l, "this host function was lent for a scope that has ended") }
}

/// # Safety
/// As for [`arrive`].
unsafe fn refuse(l: *mut lua_State, message: &str) -> isize {
    // SAFETY: as in `arrive`.
    let state = unsafe { State::from_raw(l) };
    let strict = state.vm().memory.strict.replace(false);
    let results = failure::raise(state, Error::runtime(message));
    state.vm().memory.strict.set(strict);
    results as isize
}

/// Runs the Rust part of a finalizer. It never raises: a panic waits for the next
/// outermost call (I7).
///
/// # Safety
/// `l` is the running state.
pub(crate) unsafe fn finalize(l: *mut lua_State, work: impl FnOnce()) {
    // SAFETY: the caller's.
    let vm = unsafe { State::from_raw(l) }.vm();
    let strict = vm.memory.strict.replace(false);
    vm.drop_hosts(work);
    vm.memory.strict.set(strict);
}

/// Drops what may panic when dropped, where no panic may pass. The payload of such a
/// panic may do the same: after a few of them the last is forgotten.
pub(crate) fn discard<T>(value: T) {
    let mut outcome = catch_unwind(AssertUnwindSafe(|| drop(value)));
    for _ in 0..3 {
        let Err(payload) = outcome else { return };
        outcome = catch_unwind(AssertUnwindSafe(|| drop(payload)));
    }
    std::mem::forget(outcome);
}

/// `table[name] = function` for the table on top. `[-0, +0, m]`
///
/// # Safety
/// A table is on top, with room for two values above it, in grace.
pub(crate) unsafe fn set_function(l: *mut lua_State, name: &CStr, function: unsafe extern "C-unwind" fn(*mut lua_State) -> c_int) {
    // SAFETY: raw access with a string key only wants memory (I3).
    unsafe {
        sys::lua_pushlstring(l, name.as_ptr(), name.count_bytes());
        sys::lua_pushcclosure(l, Some(function), 0);
        sys::lua_rawset(l, -3);
    }
}

/// `table[name] = text` for the table on top. `[-0, +0, m]`
///
/// # Safety
/// As for [`set_function`].
pub(crate) unsafe fn set_text(l: *mut lua_State, name: &CStr, text: &CStr) {
    // SAFETY: as in `set_function`.
    unsafe {
        sys::lua_pushlstring(l, name.as_ptr(), name.count_bytes());
        sys::lua_pushlstring(l, text.as_ptr(), text.count_bytes());
        sys::lua_rawset(l, -3);
    }
}

/// Hides the metatable on top from scripts. `[-0, +0, m]`
///
/// # Safety
/// As for [`set_function`].
pub(crate) unsafe fn lock_metatable(l: *mut lua_State) {
    // SAFETY: as in `set_function`.
    unsafe {
        sys::lua_pushlstring(l, c"__metatable".as_ptr(), 11);
        sys::lua_pushboolean(l, 0);
        sys::lua_rawset(l, -3);
    }
}

unsafe extern "C-unwind" {
    fn perilune_door(l: *mut lua_State) -> c_int;
}
