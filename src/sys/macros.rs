//! The macros of `lua.h` and `lauxlib.h` that mean the same on both backends.
//!
//! Each is one inline function, with its effect as the manual writes it. [`api!`] spares them the `unsafe` bookkeeping that
//! would say the same eighty times: the caller keeps the rules of the API, which is what `lua_sys` asks of every call.

#![allow(non_snake_case, clippy::missing_safety_doc)]

use super::lua_sys::*;
use std::ffi::{c_char, c_int};
use std::ptr::null_mut;

/// Defines macros of the C API as functions: `/// docs` then `fn name(L, …) -> T { body }`, where the body may call the API.
macro_rules! api {
    ($($(#[$doc:meta])* fn $name:ident $(<$generic:ident>)? ($($arg:ident: $kind:ty),* $(,)?) $(-> $result:ty)? $body:block)*) => {
        $(
            $(#[$doc])*
            #[inline(always)]
            pub unsafe fn $name $(<$generic>)? ($($arg: $kind),*) $(-> $result)? {
                // SAFETY: the caller keeps the rules of the API (`lua_sys`, "Safety"), and so every call that the macro stands for.
                unsafe { $body }
            }
        )*
    };
}
pub(super) use api;

api! {
    /// Pops `n` values. `[-n, +0, -]`
    fn lua_pop(L: *mut lua_State, n: c_int) {
        lua_settop(L, -n - 1)
    }

    /// Pushes a new empty table. `[-0, +1, m]`
    fn lua_newtable(L: *mut lua_State) {
        lua_createtable(L, 0, 0)
    }

    /// Pushes a C function. `[-0, +1, m]` on LuaJIT, which allocates it; `[-0, +1, -]` on Lua 5.4.
    fn lua_pushcfunction(L: *mut lua_State, f: lua_CFunction) {
        lua_pushcclosure(L, f, 0)
    }

    /// Sets a C function as the global `name`. `[-0, +0, e]`
    fn lua_register(L: *mut lua_State, name: *const c_char, f: lua_CFunction) {
        lua_pushcfunction(L, f);
        lua_setglobal(L, name);
    }

    /// Whether the value is a function, of Lua or C. `[-0, +0, -]`
    fn lua_isfunction(L: *mut lua_State, index: c_int) -> bool {
        lua_type(L, index) == LUA_TFUNCTION
    }

    /// Whether the value is a table. `[-0, +0, -]`
    fn lua_istable(L: *mut lua_State, index: c_int) -> bool {
        lua_type(L, index) == LUA_TTABLE
    }

    /// Whether the value is a light userdata. `[-0, +0, -]`
    fn lua_islightuserdata(L: *mut lua_State, index: c_int) -> bool {
        lua_type(L, index) == LUA_TLIGHTUSERDATA
    }

    /// Whether the value is nil. `[-0, +0, -]`
    fn lua_isnil(L: *mut lua_State, index: c_int) -> bool {
        lua_type(L, index) == LUA_TNIL
    }

    /// Whether the value is a boolean. `[-0, +0, -]`
    fn lua_isboolean(L: *mut lua_State, index: c_int) -> bool {
        lua_type(L, index) == LUA_TBOOLEAN
    }

    /// Whether the value is a coroutine. `[-0, +0, -]`
    fn lua_isthread(L: *mut lua_State, index: c_int) -> bool {
        lua_type(L, index) == LUA_TTHREAD
    }

    /// Whether the index is beyond the stack's top. `[-0, +0, -]`
    fn lua_isnone(L: *mut lua_State, index: c_int) -> bool {
        lua_type(L, index) == LUA_TNONE
    }

    /// Whether the index is beyond the stack's top or its value nil. `[-0, +0, -]`
    fn lua_isnoneornil(L: *mut lua_State, index: c_int) -> bool {
        lua_type(L, index) <= 0
    }

    /// The value as a string; **changes a number in its stack slot into one**. Null for any other type. `[-0, +0, m]`
    fn lua_tostring(L: *mut lua_State, index: c_int) -> *const c_char {
        lua_tolstring(L, index, null_mut())
    }

    /// The name of the value's type. `[-0, +0, -]`
    fn luaL_typename(L: *mut lua_State, index: c_int) -> *const c_char {
        lua_typename(L, lua_type(L, index))
    }

    /// Raises "bad argument" about `arg` unless `condition` holds. `[-0, +0, v]`
    fn luaL_argcheck(L: *mut lua_State, condition: bool, arg: c_int, message: *const c_char) {
        if !condition {
            luaL_argerror(L, arg, message);
        }
    }

    /// The argument as a string, or an error. `[-0, +0, v]`
    fn luaL_checkstring(L: *mut lua_State, arg: c_int) -> *const c_char {
        luaL_checklstring(L, arg, null_mut())
    }

    /// The argument as a string, `default` where there is none, or an error. `[-0, +0, v]`
    fn luaL_optstring(L: *mut lua_State, arg: c_int, default: *const c_char) -> *const c_char {
        luaL_optlstring(L, arg, default, null_mut())
    }

    /// What `check` says of the argument, `default` where there is none. `[-0, +0, e]`
    fn luaL_opt<T>(L: *mut lua_State, check: unsafe extern "C-unwind" fn(*mut lua_State, c_int) -> T, arg: c_int, default: T) -> T {
        if lua_isnoneornil(L, arg) { default } else { check(L, arg) }
    }

    /// Loads a file and runs it; the status of whichever failed, and its message, or all results. `[-0, +?, m]`
    fn luaL_dofile(L: *mut lua_State, filename: *const c_char) -> c_int {
        match luaL_loadfile(L, filename) {
            LUA_OK => lua_pcall(L, 0, LUA_MULTRET, 0),
            failed => failed,
        }
    }

    /// Loads a string and runs it; the status of whichever failed, and its message, or all results. `[-0, +?, -]`
    fn luaL_dostring(L: *mut lua_State, s: *const c_char) -> c_int {
        match luaL_loadstring(L, s) {
            LUA_OK => lua_pcall(L, 0, LUA_MULTRET, 0),
            failed => failed,
        }
    }

    /// Pushes a new table with room for the functions of `list`, whose last entry is the null one. `[-0, +1, m]`
    fn luaL_newlibtable(L: *mut lua_State, list: &[luaL_Reg]) {
        lua_createtable(L, 0, list.len() as c_int - 1)
    }
}
