//! The macros of LuaJIT's headers (Lua 5.1 with parts of 5.2) that Lua 5.4 has differently or not at all.

#![allow(non_snake_case, clippy::missing_safety_doc)]

use super::lua_sys::*;
use super::macros::api;
use std::ffi::{CStr, c_char, c_int, c_long};

/// The size of a [`luaL_Buffer`]'s own part, which is the C library's `BUFSIZ`.
pub const LUAL_BUFFERSIZE: c_int = (size_of::<luaL_Buffer>() - std::mem::offset_of!(luaL_Buffer, buffer)) as c_int;

/// The pseudo-index of the running C function's upvalue `i`.
#[inline(always)]
pub const fn lua_upvalueindex(i: c_int) -> c_int {
    LUA_GLOBALSINDEX - i
}

api! {
    /// Pops a value and sets it as the global `name`. `[-1, +0, e]`
    fn lua_setglobal(L: *mut lua_State, name: *const c_char) {
        lua_setfield(L, LUA_GLOBALSINDEX, name)
    }

    /// Pushes the global `name`. `[-0, +1, e]`
    fn lua_getglobal(L: *mut lua_State, name: *const c_char) {
        lua_getfield(L, LUA_GLOBALSINDEX, name)
    }

    /// Pushes the table of globals. Lua 5.2's name; a value at a pseudo-index here. `[-0, +1, -]`
    fn lua_pushglobaltable(L: *mut lua_State) {
        lua_pushvalue(L, LUA_GLOBALSINDEX)
    }

    /// Pushes the registry. `[-0, +1, -]`
    fn lua_getregistry(L: *mut lua_State) {
        lua_pushvalue(L, LUA_REGISTRYINDEX)
    }

    /// The memory in use, in KiB. `[-0, +0, -]`
    fn lua_getgccount(L: *mut lua_State) -> c_int {
        lua_gc(L, LUA_GCCOUNT, 0)
    }

    /// The old name of [`luaL_newstate`]. `[-0, +0, -]`
    fn lua_open() -> *mut lua_State {
        luaL_newstate()
    }

    /// The length of a string; the old name of [`lua_objlen`]. `[-0, +0, m]`
    fn lua_strlen(L: *mut lua_State, index: c_int) -> usize {
        lua_objlen(L, index)
    }

    /// [`lua_objlen`] under the name it has had since Lua 5.2. `[-0, +0, m]`
    fn lua_rawlen(L: *mut lua_State, index: c_int) -> usize {
        lua_objlen(L, index)
    }

    /// Pushes a string that is known when the program is compiled. `[-0, +1, m]`
    fn lua_pushliteral(L: *mut lua_State, s: &CStr) {
        lua_pushlstring(L, s.as_ptr(), s.count_bytes())
    }

    /// The argument as a C int, or an error. `[-0, +0, v]`
    fn luaL_checkint(L: *mut lua_State, arg: c_int) -> c_int {
        luaL_checkinteger(L, arg) as c_int
    }

    /// The argument as a C int, `default` where there is none, or an error. `[-0, +0, v]`
    fn luaL_optint(L: *mut lua_State, arg: c_int, default: c_int) -> c_int {
        luaL_optinteger(L, arg, default as lua_Integer) as c_int
    }

    /// The argument as a C long, or an error. `[-0, +0, v]`
    fn luaL_checklong(L: *mut lua_State, arg: c_int) -> c_long {
        luaL_checkinteger(L, arg) as c_long
    }

    /// The argument as a C long, `default` where there is none, or an error. `[-0, +0, v]`
    fn luaL_optlong(L: *mut lua_State, arg: c_int, default: c_long) -> c_long {
        luaL_optinteger(L, arg, default as lua_Integer) as c_long
    }

    /// Pushes what the registry has for the type name: its metatable, or nil. `[-0, +1, m]`
    fn luaL_getmetatable(L: *mut lua_State, tname: *const c_char) {
        lua_getfield(L, LUA_REGISTRYINDEX, tname)
    }

    /// Pushes a new table with the functions of `list`, whose last entry is the null one. `[-0, +1, m]`
    fn luaL_newlib(L: *mut lua_State, list: &[luaL_Reg]) {
        luaL_newlibtable(L, list);
        luaL_setfuncs(L, list.as_ptr(), 0);
    }

    /// Appends one byte to the buffer. `[-?, +?, m]`
    fn luaL_addchar(B: *mut luaL_Buffer, c: c_char) {
        let end = (&raw mut (*B).buffer).cast::<c_char>().add(LUAL_BUFFERSIZE as usize);
        if (*B).p >= end {
            luaL_prepbuffer(B);
        }
        (*B).p.write(c);
        (*B).p = (*B).p.add(1);
    }

    /// The old name of [`luaL_addchar`]. `[-?, +?, m]`
    fn luaL_putchar(B: *mut luaL_Buffer, c: c_char) {
        luaL_addchar(B, c)
    }

    /// Takes `n` bytes, written where [`luaL_prepbuffer`] pointed, into the buffer. `[-?, +?, -]`
    fn luaL_addsize(B: *mut luaL_Buffer, n: usize) {
        (*B).p = (*B).p.add(n);
    }
}
