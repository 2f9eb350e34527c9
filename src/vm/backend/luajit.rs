//! LuaJIT's side of the contract.

use std::ffi::{CStr, c_int, c_void};
use std::ptr;

use super::{BackendKind, Number, Writer};
use crate::build_info;
use crate::sys::{self, lua_State};
use crate::vm::alloc::{self, Inner};
use crate::vm::fields::InC;
use crate::vm::libs::{Library, Libs};
use crate::vm::owner::{Vm, VmRef};
use crate::vm::trampoline;

pub(super) const KIND: BackendKind = BackendKind::LuaJit;

/// Every double up to this magnitude is a whole number exactly when it looks like one.
const EXACT: i64 = 1 << 53;

/// LuaJIT keeps pointers in 47 bits. On x86-64 every user address fits; elsewhere
/// `malloc` may give larger ones, so that LuaJIT's own allocator has to stay.
const OUR_ALLOCATOR: bool = cfg!(target_arch = "x86_64");

/// A new state whose memory is `vm`'s, or null.
///
/// # Safety
/// `vm` is valid, unused, and outlives the state.
pub(crate) unsafe fn new_state(vm: *mut Vm) -> *mut lua_State {
    // SAFETY: I1: the user data is the VM. `luaL_newstate` and what follows raise nothing.
    unsafe {
        // In grace: when memory runs out half-way through this, LuaJIT leaves it by a
        // jump that does not restore r12 and r13 on x86-64, and older ones crash.
        (*vm).memory.strict.set(false);
        if OUR_ALLOCATOR {
            let l = sys::lua_newstate(Some(alloc::allocate), vm.cast());
            // Null: this LuaJIT takes no allocator of ours.
            if !l.is_null() {
                return l;
            }
        }
        let l = sys::luaL_newstate();
        if l.is_null() {
            return l;
        }
        let mut data = ptr::null_mut();
        let Some(function) = sys::lua_getallocf(l, &raw mut data) else { return ptr::null_mut() };
        (*vm).memory.inner = Some(Inner { function, data });
        let bytes = sys::lua_gc(l, sys::LUA_GCCOUNT, 0) as usize * 1024 + sys::lua_gc(l, sys::LUA_GCCOUNTB, 0) as usize;
        (*vm).memory.used.set(bytes);
        sys::lua_setallocf(l, Some(alloc::allocate), vm.cast());
        push_sentinel(l);
        l
    }
}

/// The VM of a state. `[-0, +0, -]`
///
/// # Safety
/// `l` is a live state from [`new_state`], or a thread of one.
#[inline]
pub(crate) unsafe fn vm_of(l: *mut lua_State) -> *mut Vm {
    let mut ud = ptr::null_mut();
    // SAFETY: I1: the allocator's user data is the VM; reading it raises nothing (I2).
    unsafe { sys::lua_getallocf(l, &raw mut ud) };
    ud.cast()
}

/// Anchors the first userdata of the VM, hence the last to be finalized: finalizers
/// find the VM through the allocator, which has to be the built-in one again when
/// `lua_close` frees its arena. `[-0, +0, m]`
///
/// # Safety
/// `l` is a new state.
unsafe fn push_sentinel(l: *mut lua_State) {
    // SAFETY: room and memory of a new state (I3, I4).
    unsafe {
        sys::lua_newuserdata(l, 1);
        sys::lua_createtable(l, 0, 1);
        trampoline::set_function(l, c"__gc", restore_allocator);
        sys::lua_setmetatable(l, -2);
        sys::luaL_ref(l, sys::LUA_REGISTRYINDEX);
    }
}

unsafe extern "C-unwind" fn restore_allocator(l: *mut lua_State) -> c_int {
    // SAFETY: I1; called by `lua_close` after every other finalizer.
    unsafe {
        let vm = VmRef::of(l);
        if let Some(inner) = vm.memory.inner {
            sys::lua_setallocf(l, Some(inner.function), inner.data);
        }
    }
    0
}

/// Closes the state; `vm` is still valid.
///
/// # Safety
/// Nothing uses the state any more.
pub(crate) unsafe fn close_state(l: *mut lua_State, vm: &Vm) {
    // SAFETY: the caller's.
    unsafe { sys::lua_close(l) };
    if vm.memory.inner.is_some() {
        // What was freed behind the counting is gone with the arena.
        vm.memory.used.set(vm.memory.charged.get());
    }
}

/// `[-0, +1, -]`
///
/// # Safety
/// Room for one value.
#[inline]
pub(crate) unsafe fn push_globals(l: *mut lua_State) {
    // SAFETY: raises nothing (I2).
    unsafe { sys::lua_pushvalue(l, sys::LUA_GLOBALSINDEX) };
}

/// What a registry slot holds. `[-0, +1, -]`
///
/// # Safety
/// Room for one value.
#[inline]
pub(crate) unsafe fn registry_get(l: *mut lua_State, slot: c_int) {
    // SAFETY: a raw read raises nothing (I2).
    unsafe { sys::lua_rawgeti(l, sys::LUA_REGISTRYINDEX, slot) };
}

/// Moves the value on top into a registry slot. `[-1, +0, -]`
///
/// # Safety
/// The slot exists, so that nothing is allocated (I6).
#[inline]
pub(crate) unsafe fn registry_set(l: *mut lua_State, slot: c_int) {
    // SAFETY: a raw write to an existing slot raises nothing (I2).
    unsafe { sys::lua_rawseti(l, sys::LUA_REGISTRYINDEX, slot) };
}

/// `[-0, +1, m]`
///
/// # Safety
/// Room for one value, in grace.
#[inline]
pub(crate) unsafe fn new_userdata(l: *mut lua_State, size: usize) -> *mut c_void {
    // SAFETY: only wants memory (I3).
    unsafe { sys::lua_newuserdata(l, size) }
}

/// As [`new_userdata`], for one that can have a table of user values. `[-0, +1, m]`
///
/// # Safety
/// As for [`new_userdata`].
#[inline]
pub(crate) unsafe fn new_object(l: *mut lua_State, size: usize) -> *mut c_void {
    // SAFETY: the caller's.
    unsafe { new_userdata(l, size) }
}

/// Pushes the table of an object's user values, which must have one: its environment
/// here. `[-0, +1, -]`
///
/// # Safety
/// The value at `index` comes from [`new_object`]; room for one value.
pub(crate) unsafe fn push_values(l: *mut lua_State, index: c_int) {
    // SAFETY: reads only (I2).
    unsafe { sys::lua_getfenv(l, index) };
}

/// Gives an object the table on top for its user values. `[-1, +0, -]`
///
/// # Safety
/// The value at `index` comes from [`new_object`], a table is on top.
pub(crate) unsafe fn set_values(l: *mut lua_State, index: c_int) {
    // SAFETY: a store of a table raises nothing (I2).
    unsafe { sys::lua_setfenv(l, index) };
}

/// Metamethods that this backend never calls.
pub(crate) const METAMETHODS_MISSING: &[&str] = &["__band", "__bnot", "__bor", "__bxor", "__close", "__idiv", "__pairs", "__shl", "__shr"];

/// Fields are read and written by Lua functions, which are compiled.
pub(crate) const FIELDS: Option<InC> = None;

/// Pushes an integer if a Lua number can hold it exactly. `[-0, +(0|1), -]`
///
/// # Safety
/// Room for one value.
#[inline]
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "that is what is tested")]
pub(crate) unsafe fn push_integer(l: *mut lua_State, value: i64) -> bool {
    let number = value as f64;
    // 2^63 itself would come back as `i64::MAX`.
    if !(-EXACT..=EXACT).contains(&value) && (number as i64 != value || value == i64::MAX) {
        return false;
    }
    // SAFETY: raises nothing (I2).
    unsafe { sys::lua_pushnumber(l, number) };
    true
}

/// The whole number at `index`; numeric strings count, as everywhere in Lua. `[-0, +0, -]`
///
/// # Safety
/// `index` is acceptable.
#[inline]
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "checked by converting back")]
pub(crate) unsafe fn integer_at(l: *mut lua_State, index: c_int) -> Option<i64> {
    let mut ok = 0;
    // SAFETY: reads only (I2).
    let number = unsafe { sys::lua_tonumberx(l, index, &raw mut ok) };
    let integer = number as i64;
    (ok != 0 && integer as f64 == number && number != 9_223_372_036_854_775_808.0).then_some(integer)
}

/// The number at `index`, which is one: an integer where its value is whole.
///
/// # Safety
/// The value is a number.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "checked by converting back")]
pub(crate) unsafe fn number_at(l: *mut lua_State, index: c_int) -> Number {
    // SAFETY: reads only (I2).
    let number = unsafe { sys::lua_tonumberx(l, index, ptr::null_mut()) };
    let integer = number as i64;
    let whole = (-EXACT..=EXACT).contains(&integer) && integer as f64 == number;
    if whole && !(integer == 0 && number.is_sign_negative()) { Number::Integer(integer) } else { Number::Float(number) }
}

/// The length of a string, table or userdata, without metamethods.
///
/// # Safety
/// `index` is acceptable.
#[inline]
pub(crate) unsafe fn raw_length(l: *mut lua_State, index: c_int) -> usize {
    // SAFETY: reads only (I2).
    unsafe { sys::lua_objlen(l, index) }
}

/// `table[index]` by whole-number key. `[-0, +1, -]`
///
/// # Safety
/// The value at `table` is a table; room for one value.
#[inline]
pub(crate) unsafe fn raw_get_index(l: *mut lua_State, table: c_int, index: usize) {
    // SAFETY: reads only (I2); tables have fewer than 2^31 entries.
    unsafe { sys::lua_rawgeti(l, table, alloc::to_c_int(index)) };
}

/// Pushes a short text. `[-0, +1, m]`
///
/// # Safety
/// Room for one value.
#[inline]
pub(crate) unsafe fn push_c_text(l: *mut lua_State, text: &CStr) {
    // SAFETY: short enough to raise nothing but for memory (I2, I3).
    unsafe { sys::lua_pushlstring(l, text.as_ptr(), text.count_bytes()) };
}

/// A parameter of the collector; here it may be anything.
pub(crate) fn gc_parameter(percent: u16) -> c_int {
    percent.into()
}

/// Whether a hook is called wherever a script runs, compiled code included, and may be set at any moment. The vendored LuaJIT is
/// built with `LUAJIT_ENABLE_CHECKHOOK`, and its own headers tell when its compiler must be left alone (`top.c`).
pub(crate) fn hooks_reach_everything() -> bool {
    build_info::LINKAGE == build_info::Linkage::Vendored
}

/// What has to be done before memory is refused: see `top.c`.
///
/// # Safety
/// `main` is the live main state of a VM, which runs on this thread.
pub(crate) unsafe fn before_refusing(main: *mut lua_State) {
    // SAFETY: the caller's; it raises nothing (I2).
    unsafe { perilune_settle_top(main) };
}

/// Garbage is not collected when memory is refused.
pub(crate) const COUNTS_GARBAGE: bool = true;

/// How much of what was free under a limit is in use when the VM is made to collect: it never does so for want of memory.
pub(crate) const EIGHTHS_BEFORE_COLLECTING: usize = 4;

/// There is no `lua_resetthread`.
pub(crate) const CLOSES_COROUTINES: bool = false;

/// The bytecode of the function on top, given to `write` in pieces; `LUA_OK` if all of it. `[-0, +0, -]`
///
/// # Safety
/// A Lua function is on top; `write` raises nothing.
pub(crate) unsafe fn dump(l: *mut lua_State, write: Writer, data: *mut c_void) -> c_int {
    // SAFETY: LuaJIT protects itself here (I2).
    unsafe { sys::lua_dump(l, Some(write), data) }
}

/// Pushes the table of globals of the function at `index`, if it is one of Lua. `[-0, +(0|1), -]`
///
/// # Safety
/// A function is at `index`; room for one value.
pub(crate) unsafe fn push_environment(l: *mut lua_State, index: c_int) -> bool {
    // SAFETY: reads only (I2).
    unsafe {
        if sys::lua_iscfunction(l, index) != 0 {
            return false;
        }
        sys::lua_getfenv(l, index);
    }
    true
}

/// Gives the function at `index` the table of globals of the one at `donor`, a chunk;
/// says whether it is one of Lua, which can have one. `[-0, +0, -]`
///
/// # Safety
/// Functions at both indices; room for one value.
pub(crate) unsafe fn share_environment(l: *mut lua_State, index: c_int, donor: c_int) -> bool {
    // SAFETY: as above; setting it allocates nothing (I2).
    unsafe {
        if sys::lua_iscfunction(l, index) != 0 {
            return false;
        }
        sys::lua_getfenv(l, donor);
        sys::lua_setfenv(l, index);
    }
    true
}

/// Whether a metatable's `__gc` is called for tables.
pub(crate) const TABLES_ARE_FINALIZED: bool = false;

/// Where `package` keeps its searchers, and what begins a line of what one of them says.
pub(crate) const SEARCHERS: &str = "loaders";
pub(crate) const SEARCHED: &str = "\n\t";

/// A closure that could not be completed for want of memory is freed with too small a size.
pub(crate) const MISCOUNTS_WITHOUT_MEMORY: bool = true;

/// A text for which the parser opens the FFI.
pub(crate) const LITERAL: Option<&CStr> = Some(c"return 0LL");

/// Every library there is, in the order in which they are opened.
pub(crate) const LIBRARIES: &[Library] = &[
    Library { flag: Libs::BASE, name: c"", open: sys::luaopen_base },
    Library { flag: Libs::PACKAGE, name: c"package", open: sys::luaopen_package },
    Library { flag: Libs::TABLE, name: c"table", open: sys::luaopen_table },
    Library { flag: Libs::STRING, name: c"string", open: sys::luaopen_string },
    Library { flag: Libs::MATH, name: c"math", open: sys::luaopen_math },
    Library { flag: Libs::BIT, name: c"bit", open: sys::luaopen_bit },
    Library { flag: Libs::IO, name: c"io", open: sys::luaopen_io },
    Library { flag: Libs::OS.union(Libs::OS_UNSAFE), name: c"os", open: sys::luaopen_os },
    Library { flag: Libs::DEBUG, name: c"debug", open: sys::luaopen_debug },
    Library { flag: Libs::JIT.union(Libs::JIT_UNSAFE), name: c"jit", open: sys::luaopen_jit },
    Library { flag: Libs::FFI, name: c"ffi", open: sys::luaopen_ffi },
];

/// Libraries that this backend lacks.
pub(crate) const MISSING: Libs = Libs::UTF8;

/// The Lua part of the library set; see `libs.rs`.
pub(crate) const PRELUDE: &str = concat!(include_str!("luajit.lua"), include_str!("../prelude.lua"));

/// Functions for the prelude that keep account of the coroutine that runs: none, since all
/// coroutines have one hook.
pub(crate) const TRACKED: &[unsafe extern "C-unwind" fn(*mut lua_State) -> c_int] = &[];

/// The bounded functions of a VM whose scripts are to be stopped; see `libs.rs`.
pub(crate) const BOUNDED: &str = include_str!("luajit_bounded.lua");

/// The prelude's chunk name.
pub(crate) const PRELUDE_NAME: &CStr = c"=perilune";

/// Opened whether scripts see them or not: the prelude needs the base functions, and
/// without its library the JIT compiler is off.
pub(crate) const ALWAYS_OPENED: Libs = Libs::BASE.union(Libs::JIT);

unsafe extern "C" {
    fn perilune_settle_top(main: *mut lua_State);
}
