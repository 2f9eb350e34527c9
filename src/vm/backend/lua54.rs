//! Lua 5.4's side of the contract.

use std::ffi::{CStr, c_int, c_void};
use std::ptr;

use super::{BackendKind, Number, Writer};
use crate::build_info;
use crate::sys::{self, lua_State};
use crate::vm::alloc;
use crate::vm::fields::InC;
use crate::vm::libs::{Library, Libs};
use crate::vm::owner::Vm;

pub(super) const KIND: BackendKind = BackendKind::Lua54;

/// A new state whose memory is `vm`'s, or null.
///
/// # Safety
/// `vm` is valid, unused, and outlives the state.
pub(crate) unsafe fn new_state(vm: *mut Vm) -> *mut lua_State {
    // SAFETY: I1: the user data is the VM. The extra space before a state is one
    // pointer wide at least, and new threads inherit the main one's.
    unsafe {
        let l = sys::lua_newstate(Some(alloc::allocate), vm.cast());
        if !l.is_null() {
            *sys::lua_getextraspace(l).cast::<*mut Vm>() = vm;
        }
        l
    }
}

/// The VM of a state. `[-0, +0, -]`
///
/// # Safety
/// `l` is a live state from [`new_state`], or a thread of one.
#[inline]
pub(crate) unsafe fn vm_of(l: *mut lua_State) -> *mut Vm {
    // SAFETY: `new_state` put it there; nobody else writes to it (I1).
    unsafe { *sys::lua_getextraspace(l).cast::<*mut Vm>() }
}

/// Closes the state; `vm` is still valid.
///
/// # Safety
/// Nothing uses the state any more.
pub(crate) unsafe fn close_state(l: *mut lua_State, _: &Vm) {
    // SAFETY: the caller's.
    unsafe { sys::lua_close(l) };
}

/// `[-0, +1, -]`
///
/// # Safety
/// Room for one value.
#[inline]
pub(crate) unsafe fn push_globals(l: *mut lua_State) {
    // SAFETY: raises nothing (I2).
    unsafe { sys::lua_rawgeti(l, sys::LUA_REGISTRYINDEX, sys::LUA_RIDX_GLOBALS.into()) };
}

/// What a registry slot holds. `[-0, +1, -]`
///
/// # Safety
/// Room for one value.
#[inline]
pub(crate) unsafe fn registry_get(l: *mut lua_State, slot: c_int) {
    // SAFETY: a raw read raises nothing (I2).
    unsafe { sys::lua_rawgeti(l, sys::LUA_REGISTRYINDEX, slot.into()) };
}

/// Moves the value on top into a registry slot. `[-1, +0, -]`
///
/// # Safety
/// The slot exists, so that nothing is allocated (I6).
#[inline]
pub(crate) unsafe fn registry_set(l: *mut lua_State, slot: c_int) {
    // SAFETY: a raw write to an existing slot raises nothing (I2).
    unsafe { sys::lua_rawseti(l, sys::LUA_REGISTRYINDEX, slot.into()) };
}

/// `[-0, +1, m]`
///
/// # Safety
/// Room for one value, in grace.
#[inline]
pub(crate) unsafe fn new_userdata(l: *mut lua_State, size: usize) -> *mut c_void {
    // SAFETY: only wants memory (I3).
    unsafe { sys::lua_newuserdatauv(l, size, 0) }
}

/// As [`new_userdata`], for one that can have a table of user values. `[-0, +1, m]`
///
/// # Safety
/// As for [`new_userdata`].
#[inline]
pub(crate) unsafe fn new_object(l: *mut lua_State, size: usize) -> *mut c_void {
    // SAFETY: only wants memory (I3).
    unsafe { sys::lua_newuserdatauv(l, size, 1) }
}

/// Pushes the table of an object's user values, which must have one. `[-0, +1, -]`
///
/// # Safety
/// The value at `index` comes from [`new_object`]; room for one value.
pub(crate) unsafe fn push_values(l: *mut lua_State, index: c_int) {
    // SAFETY: reads only (I2).
    unsafe { sys::lua_getiuservalue(l, index, 1) };
}

/// Gives an object the table on top for its user values. `[-1, +0, -]`
///
/// # Safety
/// The value at `index` comes from [`new_object`], a table is on top.
pub(crate) unsafe fn set_values(l: *mut lua_State, index: c_int) {
    // SAFETY: a store into an existing slot raises nothing (I2).
    unsafe { sys::lua_setiuservalue(l, index, 1) };
}

/// Metamethods that this backend never calls.
pub(crate) const METAMETHODS_MISSING: &[&str] = &[];

/// Fields are read and written by C functions.
pub(crate) const FIELDS: Option<InC> = Some(InC { index: perilune_index, new_index: perilune_new_index });

unsafe extern "C-unwind" {
    fn perilune_index(l: *mut lua_State) -> c_int;
    fn perilune_new_index(l: *mut lua_State) -> c_int;
}

/// Pushes an integer; here every one fits. `[-0, +1, -]`
///
/// # Safety
/// Room for one value.
#[inline]
pub(crate) unsafe fn push_integer(l: *mut lua_State, value: i64) -> bool {
    // SAFETY: raises nothing (I2).
    unsafe { sys::lua_pushinteger(l, value) };
    true
}

/// The whole number at `index`; numeric strings count, as everywhere in Lua. `[-0, +0, -]`
///
/// # Safety
/// `index` is acceptable.
#[inline]
pub(crate) unsafe fn integer_at(l: *mut lua_State, index: c_int) -> Option<i64> {
    let mut ok = 0;
    // SAFETY: reads only (I2).
    let integer = unsafe { sys::lua_tointegerx(l, index, &raw mut ok) };
    (ok != 0).then_some(integer)
}

/// The number at `index`, which is one.
///
/// # Safety
/// The value is a number.
pub(crate) unsafe fn number_at(l: *mut lua_State, index: c_int) -> Number {
    // SAFETY: reads only (I2).
    unsafe {
        if sys::lua_isinteger(l, index) != 0 {
            return Number::Integer(sys::lua_tointegerx(l, index, ptr::null_mut()));
        }
        Number::Float(sys::lua_tonumberx(l, index, ptr::null_mut()))
    }
}

/// The length of a string, table or userdata, without metamethods.
///
/// # Safety
/// `index` is acceptable.
#[inline]
pub(crate) unsafe fn raw_length(l: *mut lua_State, index: c_int) -> usize {
    // SAFETY: reads only (I2).
    let length = unsafe { sys::lua_rawlen(l, index) };
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// `table[index]` by whole-number key. `[-0, +1, -]`
///
/// # Safety
/// The value at `table` is a table; room for one value.
#[inline]
pub(crate) unsafe fn raw_get_index(l: *mut lua_State, table: c_int, index: usize) {
    // SAFETY: reads only (I2).
    unsafe { sys::lua_rawgeti(l, table, index as i64) };
}

/// Pushes a short text. `[-0, +1, m]` The VM finds one that was pushed from the same place before without hashing it.
///
/// # Safety
/// Room for one value.
#[inline]
pub(crate) unsafe fn push_c_text(l: *mut lua_State, text: &CStr) {
    // SAFETY: short enough to raise nothing but for memory (I2, I3).
    unsafe { sys::lua_pushstring(l, text.as_ptr()) };
}

/// A parameter of the collector. They are kept in a byte, divided by four; what is more
/// is cut off without a word, so that 1024 % would become 0.
pub(crate) fn gc_parameter(percent: u16) -> c_int {
    percent.min(4 * 255).into()
}

/// Whether a hook is called wherever a script runs.
pub(crate) fn hooks_reach_everything() -> bool {
    true
}

/// See `luajit.rs`: nothing.
///
/// # Safety
/// As there.
pub(crate) unsafe fn before_refusing(_: *mut lua_State) {}

/// Garbage is collected before memory is refused.
pub(crate) const COUNTS_GARBAGE: bool = false;

/// See `luajit.rs`; here it is for what the VM does not collect for by itself: its library's buffers, and the host's pushes.
pub(crate) const EIGHTHS_BEFORE_COLLECTING: usize = 7;

/// Suspended and failed coroutines can be closed, and used for another function.
pub(crate) const CLOSES_COROUTINES: bool = true;

/// The bytecode of the function on top, given to `write` in pieces; `LUA_OK` if all of it. `[-0, +0, -]`
///
/// # Safety
/// A Lua function is on top; `write` raises nothing.
pub(crate) unsafe fn dump(l: *mut lua_State, write: Writer, data: *mut c_void) -> c_int {
    // SAFETY: dumping allocates nothing (I2).
    unsafe { sys::lua_dump(l, Some(write), data, 0) }
}

/// The upvalue of the function at `index` that holds its globals.
///
/// # Safety
/// A function is at `index`; room for one value.
unsafe fn environment_of(l: *mut lua_State, index: c_int) -> Option<c_int> {
    // SAFETY: reads only (I2); names are C strings; balanced (I5).
    unsafe {
        if sys::lua_iscfunction(l, index) != 0 {
            return None;
        }
        for upvalue in 1.. {
            let name = sys::lua_getupvalue(l, index, upvalue);
            if name.is_null() {
                return None;
            }
            sys::lua_settop(l, -2);
            if CStr::from_ptr(name) == c"_ENV" {
                return Some(upvalue);
            }
        }
    }
    None
}

/// Pushes the table of globals of the function at `index`, if it uses one. `[-0, +(0|1), -]`
///
/// # Safety
/// A function is at `index`; room for one value.
pub(crate) unsafe fn push_environment(l: *mut lua_State, index: c_int) -> bool {
    // SAFETY: the caller's; reads only (I2).
    unsafe {
        let Some(upvalue) = environment_of(l, index) else { return false };
        !sys::lua_getupvalue(l, index, upvalue).is_null()
    }
}

/// Gives the function at `index` the table of globals of the one at `donor`, a chunk;
/// says whether it uses one. `[-0, +0, -]`
///
/// # Safety
/// Functions at both indices; room for one value.
pub(crate) unsafe fn share_environment(l: *mut lua_State, index: c_int, donor: c_int) -> bool {
    // SAFETY: the caller's. Joining makes it this function's own, whoever shared its
    // upvalue before, and allocates nothing (I2).
    unsafe {
        let Some(upvalue) = environment_of(l, index) else { return false };
        sys::lua_upvaluejoin(l, index, upvalue, donor, 1);
    }
    true
}

/// Whether a metatable's `__gc` is called for tables.
pub(crate) const TABLES_ARE_FINALIZED: bool = true;

/// Where `package` keeps its searchers, and what begins a line of what one of them says.
pub(crate) const SEARCHERS: &str = "searchers";
pub(crate) const SEARCHED: &str = "";

/// An old one, such as a system may have, loses finalizers of its library's buffers where it has no memory to call them. See `luajit.rs`.
pub(crate) const MISCOUNTS_WITHOUT_MEMORY: bool = matches!(build_info::LINKAGE, build_info::Linkage::System);

/// Literals open nothing.
pub(crate) const LITERAL: Option<&CStr> = None;

/// Every library there is, in the order in which they are opened.
pub(crate) const LIBRARIES: &[Library] = &[
    Library { flag: Libs::BASE, name: c"_G", open: sys::luaopen_base },
    Library { flag: Libs::PACKAGE, name: c"package", open: sys::luaopen_package },
    Library { flag: Libs::COROUTINE, name: c"coroutine", open: sys::luaopen_coroutine },
    Library { flag: Libs::TABLE, name: c"table", open: sys::luaopen_table },
    Library { flag: Libs::STRING, name: c"string", open: sys::luaopen_string },
    Library { flag: Libs::UTF8, name: c"utf8", open: sys::luaopen_utf8 },
    Library { flag: Libs::MATH, name: c"math", open: sys::luaopen_math },
    Library { flag: Libs::IO, name: c"io", open: sys::luaopen_io },
    Library { flag: Libs::OS.union(Libs::OS_UNSAFE), name: c"os", open: sys::luaopen_os },
    Library { flag: Libs::DEBUG, name: c"debug", open: sys::luaopen_debug },
];

/// Libraries that this backend lacks.
pub(crate) const MISSING: Libs = Libs::BIT.union(Libs::JIT).union(Libs::JIT_UNSAFE).union(Libs::FFI);

/// The Lua part of the library set; see `libs.rs`.
pub(crate) const PRELUDE: &str = concat!(include_str!("lua54.lua"), include_str!("../prelude.lua"));

/// Functions of `tracked.c` for the prelude: resume, wrap and close, which keep account of the
/// coroutine that runs, because each has a hook of its own; and what makes `debug.getinfo` raise its errors there.
pub(crate) const TRACKED: &[unsafe extern "C-unwind" fn(*mut lua_State) -> c_int] =
    &[perilune_co_resume, perilune_co_wrap, perilune_co_close, perilune_info];

/// What puts the bounded functions of a VM whose scripts are to be stopped into the libraries; see
/// `libs.rs`. Here that is C, see `bounded.c`.
pub(crate) const BOUNDED: &str = "";

/// The prelude's chunk name.
pub(crate) const PRELUDE_NAME: &CStr = c"=perilune";

/// Opened whether scripts see it or not: the prelude needs the base functions.
pub(crate) const ALWAYS_OPENED: Libs = Libs::BASE;

unsafe extern "C-unwind" {
    fn perilune_co_resume(l: *mut lua_State) -> c_int;
    fn perilune_co_wrap(l: *mut lua_State) -> c_int;
    fn perilune_co_close(l: *mut lua_State) -> c_int;
    fn perilune_info(l: *mut lua_State) -> c_int;
}
