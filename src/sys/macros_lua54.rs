//! The macros of Lua 5.4's headers that LuaJIT has differently or not at all.

#![allow(non_snake_case, clippy::missing_safety_doc)]

use super::lua_sys::*;
use super::macros::api;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{null, null_mut};

/// The size of a [`luaL_Buffer`]'s own part.
pub const LUAL_BUFFERSIZE: c_int = (16 * size_of::<*mut c_void>() * size_of::<lua_Number>()) as c_int;

/// The sizes of Lua's numbers, as [`luaL_checkversion_`] compares them.
pub const LUAL_NUMSIZES: usize = size_of::<lua_Integer>() * 16 + size_of::<lua_Number>();

/// The bytes in front of each state that belong to the host: see [`lua_getextraspace`].
pub const LUA_EXTRASPACE: usize = size_of::<*mut c_void>();

/// The smallest integer.
pub const LUA_MININTEGER: lua_Integer = lua_Integer::MIN;

/// The largest integer.
pub const LUA_MAXINTEGER: lua_Integer = lua_Integer::MAX;

/// The pseudo-index of the running C function's upvalue `i`.
#[inline(always)]
pub const fn lua_upvalueindex(i: c_int) -> c_int {
    LUA_REGISTRYINDEX - i
}

/// The float as an integer, if it has an integral value that fits.
#[inline(always)]
pub fn lua_numbertointeger(n: lua_Number) -> Option<lua_Integer> {
    let fits = n >= LUA_MININTEGER as lua_Number && n < -(LUA_MININTEGER as lua_Number);
    fits.then_some(n as lua_Integer)
}

api! {
    /// Calls a function; errors pass through. `[-(nargs+1), +nresults, e]`
    fn lua_call(L: *mut lua_State, nargs: c_int, nresults: c_int) {
        lua_callk(L, nargs, nresults, 0, None)
    }

    /// Calls a function in protected mode; its status. `[-(nargs+1), +(nresults|1), -]`
    fn lua_pcall(L: *mut lua_State, nargs: c_int, nresults: c_int, msgh: c_int) -> c_int {
        lua_pcallk(L, nargs, nresults, msgh, 0, None)
    }

    /// Yields; the last act of a C function. `[-?, +?, v]`
    fn lua_yield(L: *mut lua_State, nresults: c_int) -> c_int {
        lua_yieldk(L, nresults, 0, None)
    }

    /// The value as a float, 0 if it is none. `[-0, +0, -]`
    fn lua_tonumber(L: *mut lua_State, index: c_int) -> lua_Number {
        lua_tonumberx(L, index, null_mut())
    }

    /// The value as an integer, 0 if it is none. `[-0, +0, -]`
    fn lua_tointeger(L: *mut lua_State, index: c_int) -> lua_Integer {
        lua_tointegerx(L, index, null_mut())
    }

    /// Moves the top value to the index, shifting up those above. `[-1, +1, -]`
    fn lua_insert(L: *mut lua_State, index: c_int) {
        lua_rotate(L, index, 1)
    }

    /// Removes the value at the index, shifting down those above. `[-1, +0, -]`
    fn lua_remove(L: *mut lua_State, index: c_int) {
        lua_rotate(L, index, -1);
        lua_pop(L, 1);
    }

    /// Pops the top value into the index. `[-1, +0, -]`
    fn lua_replace(L: *mut lua_State, index: c_int) {
        lua_copy(L, -1, index);
        lua_pop(L, 1);
    }

    /// Pushes the table of globals. `[-0, +1, -]`
    fn lua_pushglobaltable(L: *mut lua_State) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS as lua_Integer);
    }

    /// Pushes a string that is known when the program is compiled; Lua's own copy of it. `[-0, +1, m]`
    fn lua_pushliteral(L: *mut lua_State, s: &CStr) -> *const c_char {
        lua_pushstring(L, s.as_ptr())
    }

    /// The memory that belongs to the host in front of each state, [`LUA_EXTRASPACE`] bytes. `[-0, +0, -]`
    fn lua_getextraspace(L: *mut lua_State) -> *mut c_void {
        L.cast::<u8>().sub(LUA_EXTRASPACE).cast()
    }

    /// [`lua_rawlen`] under the name it has in Lua 5.1. `[-0, +0, -]`
    fn lua_objlen(L: *mut lua_State, index: c_int) -> usize {
        lua_rawlen(L, index) as usize
    }

    /// [`lua_rawlen`] of a string, under its old name. `[-0, +0, -]`
    fn lua_strlen(L: *mut lua_State, index: c_int) -> usize {
        lua_rawlen(L, index) as usize
    }

    /// Pushes a new full userdata with one user value. `[-0, +1, m]`
    fn lua_newuserdata(L: *mut lua_State, size: usize) -> *mut c_void {
        lua_newuserdatauv(L, size, 1)
    }

    /// Pushes the userdata's first user value; its type. `[-0, +1, -]`
    fn lua_getuservalue(L: *mut lua_State, index: c_int) -> c_int {
        lua_getiuservalue(L, index, 1)
    }

    /// Pops a value into the userdata's first user value; 0 if it has none. `[-1, +0, -]`
    fn lua_setuservalue(L: *mut lua_State, index: c_int) -> c_int {
        lua_setiuservalue(L, index, 1)
    }

    /// Raises an error unless library and caller agree on version and number sizes. `[-0, +0, v]`
    fn luaL_checkversion(L: *mut lua_State) {
        luaL_checkversion_(L, LUA_VERSION_NUM as lua_Number, LUAL_NUMSIZES)
    }

    /// Loads a file, text or binary. `[-0, +1, m]`
    fn luaL_loadfile(L: *mut lua_State, filename: *const c_char) -> c_int {
        luaL_loadfilex(L, filename, null())
    }

    /// Loads a buffer, text or binary. `[-0, +1, -]`
    fn luaL_loadbuffer(L: *mut lua_State, buff: *const c_char, size: usize, name: *const c_char) -> c_int {
        luaL_loadbufferx(L, buff, size, name, null())
    }

    /// Raises "expected …, got …" about `arg` unless `condition` holds. `[-0, +0, v]`
    fn luaL_argexpected(L: *mut lua_State, condition: bool, arg: c_int, tname: *const c_char) {
        if !condition {
            luaL_typeerror(L, arg, tname);
        }
    }

    /// Pushes what the registry has for the type name, its metatable or nil, and tells its type. `[-0, +1, m]`
    fn luaL_getmetatable(L: *mut lua_State, tname: *const c_char) -> c_int {
        lua_getfield(L, LUA_REGISTRYINDEX, tname)
    }

    /// Pushes the value that library functions return for a failure: nil. `[-0, +1, -]`
    fn luaL_pushfail(L: *mut lua_State) {
        lua_pushnil(L)
    }

    /// Pushes a new table with the functions of `list`, whose last entry is the null one. `[-0, +1, m]`
    fn luaL_newlib(L: *mut lua_State, list: &[luaL_Reg]) {
        luaL_checkversion(L);
        luaL_newlibtable(L, list);
        luaL_setfuncs(L, list.as_ptr(), 0);
    }

    /// Room for [`LUAL_BUFFERSIZE`] bytes behind the buffer's content. `[-?, +?, m]`
    fn luaL_prepbuffer(B: *mut luaL_Buffer) -> *mut c_char {
        luaL_prepbuffsize(B, LUAL_BUFFERSIZE as usize)
    }

    /// Appends one byte to the buffer. `[-?, +?, m]`
    fn luaL_addchar(B: *mut luaL_Buffer, c: c_char) {
        if (*B).n >= (*B).size {
            luaL_prepbuffsize(B, 1);
        }
        (*B).b.add((*B).n).write(c);
        (*B).n += 1;
    }

    /// Takes `n` bytes, written where [`luaL_prepbuffer`] pointed, into the buffer. `[-?, +?, -]`
    fn luaL_addsize(B: *mut luaL_Buffer, n: usize) {
        (*B).n += n;
    }

    /// Drops the last `n` bytes of the buffer. `[-?, +?, -]`
    fn luaL_buffsub(B: *mut luaL_Buffer, n: usize) {
        (*B).n -= n;
    }

    /// The number of bytes in the buffer. `[-0, +0, -]`
    fn luaL_bufflen(B: *const luaL_Buffer) -> usize {
        (*B).n
    }

    /// Where the buffer's bytes are. `[-0, +0, -]`
    fn luaL_buffaddr(B: *const luaL_Buffer) -> *mut c_char {
        (*B).b
    }
}
