//! Errors on their way through Lua.
//!
//! A Rust error travels as a *carrier*: a userdata that holds it, prints as its
//! message, and is unwrapped again at the next protected call. An empty carrier is
//! kept ready, so that the error that says "no memory" needs none.

use std::ffi::c_int;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result, RuntimeError};
use crate::lang::Value;
use crate::limit::Limit;
use crate::sys::{self, lua_State};
use crate::vm::owner::Vm;
use crate::vm::protect::{self, Body};
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;
use crate::vm::{backend, trampoline, watch};

/// What `__tostring` of an error may take in a VM with limits, whose own is over then.
const FOR_A_MESSAGE: Limit = Limit { wall: Some(Duration::from_millis(5)), ..Limit::NONE };

/// What a carrier's userdata holds: null, or `Arc::into_raw` of the error.
type Cargo = *const Error;

/// Makes `error` the value to raise: clears the frame and leaves it on top.
/// Answers −1, which tells the C door to raise. `[-all, +1, m]`
///
/// For the end of a callback only: its arguments are gone afterwards.
#[cold]
pub(crate) fn raise(state: &mut State, error: Error) -> c_int {
    let vm = state.vm();
    let l = state.raw();
    let over = vm.memory.over.replace(false);
    // SAFETY: an empty frame has room for all of this (I4), which only wants memory (I3).
    unsafe {
        sys::lua_settop(l, 0);
        let pushed = push_raised(state, &error);
        if let (true, Error::Runtime(inner)) = (pushed, &error) {
            *vm.passing.borrow_mut() = Some((inner.message.clone(), inner.traceback.clone()));
        }
        if !pushed {
            push_carrier(&vm, l, error);
        }
    }
    // What was allocated here to report a failure is not a failure of its own.
    vm.memory.over.set(over);
    -1
}

/// Pushes an error as a script's `pcall` would give it. `[-0, +1, m]` Needs room for one value.
pub(crate) fn push(state: &mut State, error: Error) {
    if push_raised(state, &error) {
        return;
    }
    // SAFETY: grace (I3); the doors' own room holds what else is needed (I4).
    unsafe { push_carrier(&state.vm(), state.raw(), error) };
}

/// Pushes a script's own error value as it came, if there is one. `[-0, +(0|1), m]`
fn push_raised(state: &mut State, error: &Error) -> bool {
    match error {
        Error::Runtime(inner) if inner.cause.is_none() => inner.value.clone().is_some_and(|value| value.push(state).is_ok()),
        _ => false,
    }
}

/// `[-0, +1, m]`
///
/// # Safety
/// `l` is the VM's running state in grace, with room for three values.
unsafe fn push_carrier(vm: &Vm, l: *mut lua_State, error: Error) {
    // SAFETY: the spare slot holds a carrier; the rest only wants memory (I3).
    unsafe {
        backend::registry_get(l, vm.fixtures.spare);
        *sys::lua_touserdata(l, -1).cast::<Cargo>() = Arc::into_raw(Arc::new(error));
        push_empty(l, vm.fixtures.carrier);
        backend::registry_set(l, vm.fixtures.spare);
    }
}

/// Pushes a carrier without cargo. `[-0, +1, m]`
///
/// # Safety
/// `metatable` is the registry slot of the carriers' metatable; room for two values.
pub(crate) unsafe fn push_empty(l: *mut lua_State, metatable: c_int) {
    // SAFETY: only wants memory (I3); the userdata is one pointer, null before the metatable is set.
    unsafe {
        *backend::new_userdata(l, size_of::<Cargo>()).cast::<Cargo>() = ptr::null();
        backend::registry_get(l, metatable);
        sys::lua_setmetatable(l, -2);
    }
}

/// Pushes the metatable of carriers. `[-0, +1, m]`
///
/// # Safety
/// `l` is a new state in grace with room for three values.
pub(crate) unsafe fn push_metatable(l: *mut lua_State) {
    // SAFETY: fills a new table: only wants memory (I3).
    unsafe {
        sys::lua_createtable(l, 0, 4);
        trampoline::set_function(l, c"__gc", drop_cargo);
        trampoline::set_function(l, c"__tostring", describe);
        trampoline::lock_metatable(l);
    }
}

/// The carrier's error. `[-0, +0, -]`
///
/// # Safety
/// Room for two values; `index` is absolute.
unsafe fn cargo(vm: &Vm, l: *mut lua_State, index: c_int) -> Option<Arc<Error>> {
    // SAFETY: reads only (I2); a userdata with the carriers' metatable, which no
    // script can set, holds a cargo.
    unsafe {
        if sys::lua_type(l, index) != sys::LUA_TUSERDATA || sys::lua_getmetatable(l, index) == 0 {
            return None;
        }
        backend::registry_get(l, vm.fixtures.carrier);
        let carrier = sys::lua_rawequal(l, -1, -2) != 0;
        sys::lua_settop(l, -3);
        if !carrier {
            return None; // and may be smaller than a cargo
        }
        let error = *sys::lua_touserdata(l, index).cast::<Cargo>();
        if error.is_null() {
            return None;
        }
        Arc::increment_strong_count(error);
        Some(Arc::from_raw(error))
    }
}

/// Makes a Rust error of what a protected call left on top of the stack. `[-0, +0, m]`
///
/// # Safety
/// `status` is not `LUA_OK`, and the error value is on top.
#[cold]
pub(crate) unsafe fn take(state: &mut State, status: c_int) -> Error {
    let vm = state.vm();
    let l = state.raw();
    if vm.memory.ended.get() {
        return vm.memory.error();
    }
    // SAFETY: within the doors' room (I4), balanced (I5).
    if let Some(stopped) = unsafe { stopped(&vm, l, status) } {
        return stopped;
    }
    if status == sys::LUA_ERRMEM {
        return vm.memory.error();
    }
    // SAFETY: reads, and pushes within the room that the doors keep (I4), balanced (I5).
    unsafe {
        let index = sys::lua_gettop(l);
        let traceback = take_traceback(&vm, l);
        if let Some(error) = cargo(&vm, l, index) {
            return unpack(error, traceback);
        }
        let message = match message(state, index) {
            Ok(message) => message,
            Err(error) => return error,
        };
        if vm.memory.refused() && message.ends_with("not enough memory") && sys::lua_type(l, index) == sys::LUA_TSTRING {
            // The VM's own words, passed on by a script or by a coroutine's end.
            return vm.memory.error();
        }
        let traceback = match vm.passing.borrow_mut().take() {
            Some((passed, inner)) if passed == message => deepest(&inner, traceback),
            _ => traceback,
        };
        let value = Value::read(state, index).ok();
        RuntimeError { message, traceback, value, cause: None }.into()
    }
}

/// Why a protected call was stopped, if it was: whatever error it came out with.
///
/// # Safety
/// Room for two values.
#[cold]
unsafe fn stopped(vm: &Vm, l: *mut lua_State, status: c_int) -> Option<Error> {
    let mut report = match status {
        watch::STOPPED => vm.stopped.take()?,
        _ if vm.gate.raised.get() != 0 => watch::report(vm)?,
        _ => return None,
    };
    // SAFETY: the caller's.
    report.traceback = unsafe { take_traceback(vm, l) };
    Some(Error::Timeout(Box::new(report)))
}

/// The value at `index` as an error: what a carrier carries, or an error with this value. `[-0, +0, m]`
///
/// # Safety
/// `index` is absolute and acceptable.
pub(crate) unsafe fn at(state: &mut State, index: c_int) -> Result<Error> {
    // SAFETY: reads, and pushes within the doors' room (I4), balanced (I5); what may raise runs in a body (I2).
    unsafe {
        if let Some(error) = cargo(&state.vm(), state.raw(), index) {
            return Ok((*error).clone());
        }
        let message = message(state, index)?;
        Ok(RuntimeError { message, value: Some(Value::read(state, index)?), ..RuntimeError::default() }.into())
    }
}

/// An error that comes out of a carrier: kinds that mean something to the outer
/// caller stay what they are, the others become the cause of a runtime error.
fn unpack(error: Arc<Error>, traceback: String) -> Error {
    match &*error {
        Error::Memory(short) => Error::Memory(short.clone()),
        Error::Timeout(stopped) => Error::Timeout(stopped.clone()),
        Error::Panic(panic) => Error::Panic(panic.with_traceback(deepest(panic.traceback(), traceback))),
        Error::Runtime(inner) => RuntimeError { traceback: deepest(&inner.traceback, traceback), ..(**inner).clone() }.into(),
        other => RuntimeError { message: other.to_string(), traceback, value: None, cause: Some(error.clone()) }.into(),
    }
}

/// The traceback of an error that came through several protected calls: the first
/// one was taken where it began, and goes down to the stack's end.
fn deepest(inner: &str, outer: String) -> String {
    if inner.is_empty() { outer } else { inner.to_owned() }
}

/// The traceback that the message handler left, which is then cleared. `[-0, +0, -]`
unsafe fn take_traceback(vm: &Vm, l: *mut lua_State) -> String {
    // SAFETY: the slot exists: reading and clearing it raises nothing (I2).
    unsafe {
        let _balance = StackGuard::new(l);
        backend::registry_get(l, vm.fixtures.traceback);
        if sys::lua_type(l, -1) != sys::LUA_TSTRING {
            return String::new();
        }
        let text = String::from_utf8_lossy(stack::text_at(l, -1)).into_owned();
        sys::lua_pushboolean(l, 0);
        backend::registry_set(l, vm.fixtures.traceback);
        text
    }
}

/// The error value as text, by `__tostring` where it has one. `[-0, +0, m]`
unsafe fn message(state: &mut State, index: c_int) -> Result<String> {
    let l = state.raw();
    // SAFETY: a string is only read; anything else is converted in a protected body.
    unsafe {
        if sys::lua_type(l, index) == sys::LUA_TSTRING {
            return Ok(String::from_utf8_lossy(stack::text_at(l, index)).into_owned());
        }
        let _balance = StackGuard::new(l);
        let kind = stack::type_name(l, index);
        protect::push_body(&state.vm(), l, Body::ToString);
        sys::lua_pushvalue(l, index);
        // Not `call_body`: an error in `__tostring` must not come back here.
        let vm = state.vm();
        let status = watch::within_more(state, FOR_A_MESSAGE, |_| protect::pcall(&vm, l, 1, 1, 0));
        if let Some(stopped) = watch::over_by_now() {
            return Err(Error::Timeout(Box::new(stopped)));
        }
        if status == sys::LUA_ERRMEM {
            return Err(vm.memory.error());
        }
        if status != sys::LUA_OK || sys::lua_type(l, -1) != sys::LUA_TSTRING {
            return Ok(format!("(error object is a {kind} value)"));
        }
        let text = String::from_utf8_lossy(stack::text_at(l, -1)).into_owned();
        Ok(match sys::lua_type(l, index) {
            sys::LUA_TNIL => "nil".to_owned(),
            _ => text,
        })
    }
}

/// `__gc` of carriers.
unsafe extern "C-unwind" fn drop_cargo(l: *mut lua_State) -> c_int {
    // SAFETY: Lua calls it with a carrier, once a cargo; dropping an error of the
    // host's may panic, which is caught (I7).
    unsafe {
        let cargo = sys::lua_touserdata(l, 1).cast::<Cargo>();
        let error = ptr::replace(cargo, ptr::null());
        if !error.is_null() {
            trampoline::finalize(l, || drop(Arc::from_raw(error)));
        }
    }
    0
}

/// `__tostring` of carriers.
unsafe extern "C-unwind" fn describe(l: *mut lua_State) -> c_int {
    // SAFETY: called by Lua in a fresh frame, hence `settop` and pushes are fine;
    // `cargo` checks what it is called with, since a script can reach it through
    // `tostring` only, but raw code through the metatable.
    unsafe {
        let state = State::from_raw(l);
        let vm = state.vm();
        let strict = vm.memory.strict.replace(false);
        sys::lua_settop(l, 1);
        let text = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            cargo(&vm, l, 1).map_or_else(|| "error".to_owned(), |error| error.to_string())
        }));
        let text = text.unwrap_or_else(|payload| {
            trampoline::discard(payload);
            "error (its text cannot be made)".to_owned()
        });
        // A very long message would need a protected body; nobody reads so far.
        let end = (0..=text.len().min(60_000)).rfind(|&at| text.is_char_boundary(at)).unwrap_or(0);
        sys::lua_pushlstring(l, text.as_ptr().cast(), end);
        vm.memory.strict.set(strict);
    }
    1
}
