//! `perilune::lua_sys` is the C API: what a program in C would do with it does the same here, macros included.

#![allow(non_snake_case)]
#![allow(clippy::undocumented_unsafe_blocks)] // Each test keeps the manual's rules on a state of its own.

use perilune::lua_sys::*;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{null, null_mut};

/// Runs a C function in a new state, protected; its message if it raised.
fn protected(function: unsafe extern "C-unwind" fn(*mut lua_State) -> c_int) -> Result<(), String> {
    unsafe {
        let L = luaL_newstate();
        assert!(!L.is_null());
        lua_pushcfunction(L, Some(function));
        let status = lua_pcall(L, 0, 0, 0);
        let message = (status != LUA_OK).then(|| text(L, -1));
        lua_close(L);
        message.map_or(Ok(()), Err)
    }
}

unsafe fn text(L: *mut lua_State, index: c_int) -> String {
    unsafe {
        let text = lua_tostring(L, index);
        assert!(!text.is_null(), "{:?}", CStr::from_ptr(luaL_typename(L, index)));
        CStr::from_ptr(text).to_str().expect("UTF-8").to_owned()
    }
}

#[test]
fn type_macros_tell_types() {
    unsafe extern "C-unwind" fn work(L: *mut lua_State) -> c_int {
        unsafe {
            lua_newtable(L);
            lua_pushcfunction(L, Some(work));
            lua_pushnil(L);
            lua_pushboolean(L, 1);
            lua_pushlightuserdata(L, null_mut());
            lua_newthread(L);
            let is = |index| {
                [
                    lua_istable(L, index),
                    lua_isfunction(L, index),
                    lua_isnil(L, index),
                    lua_isboolean(L, index),
                    lua_islightuserdata(L, index),
                    lua_isthread(L, index),
                    lua_isnone(L, index),
                ]
            };
            for index in 1..=7 {
                let expected: [bool; 7] = std::array::from_fn(|kind| kind as c_int + 1 == index);
                assert_eq!(is(index), expected, "at {index}");
                assert_eq!(lua_isnoneornil(L, index), index == 3 || index == 7);
            }
            assert_eq!(CStr::from_ptr(luaL_typename(L, 1)), c"table");
            lua_pop(L, 5);
            assert_eq!(lua_gettop(L), 1);
            0
        }
    }
    protected(work).unwrap();
}

#[test]
fn stack_macros_move_values_as_in_the_manual() {
    unsafe extern "C-unwind" fn work(L: *mut lua_State) -> c_int {
        unsafe {
            for n in 1..=4 {
                lua_pushinteger(L, n);
            }
            let all = || (1..=lua_gettop(L)).map(|index| lua_tointeger(L, index) as i64).collect::<Vec<_>>();
            lua_insert(L, 2);
            assert_eq!(all(), [1, 4, 2, 3]);
            lua_remove(L, 1);
            assert_eq!(all(), [4, 2, 3]);
            lua_replace(L, 1);
            assert_eq!(all(), [3, 2]);
            assert_eq!(lua_tonumber(L, 1), 3.0);
            0
        }
    }
    protected(work).unwrap();
}

#[test]
fn globals_registry_and_literals() {
    unsafe extern "C-unwind" fn one(L: *mut lua_State) -> c_int {
        unsafe { lua_pushinteger(L, 1) };
        1
    }
    unsafe extern "C-unwind" fn work(L: *mut lua_State) -> c_int {
        unsafe {
            lua_register(L, c"one".as_ptr(), Some(one));
            lua_getglobal(L, c"one".as_ptr());
            lua_call(L, 0, 1);
            lua_setglobal(L, c"result".as_ptr());
            lua_pushglobaltable(L);
            lua_getfield(L, -1, c"result".as_ptr());
            assert_eq!(lua_tointeger(L, -1), 1);
            lua_settop(L, 0);

            lua_pushliteral(L, c"literal");
            assert_eq!(lua_rawlen(L, 1), 7);
            assert_eq!(lua_objlen(L, 1), 7);
            assert_eq!(lua_strlen(L, 1), 7);

            luaL_newmetatable(L, c"perilune.test".as_ptr());
            luaL_getmetatable(L, c"perilune.test".as_ptr());
            assert_eq!(lua_rawequal(L, -1, -2), 1);
            0
        }
    }
    protected(work).unwrap();
}

#[test]
fn upvalues_are_found_at_their_pseudo_index() {
    unsafe extern "C-unwind" fn upvalue(L: *mut lua_State) -> c_int {
        unsafe {
            lua_pushvalue(L, lua_upvalueindex(1));
            lua_pushvalue(L, lua_upvalueindex(2));
        }
        2
    }
    unsafe extern "C-unwind" fn work(L: *mut lua_State) -> c_int {
        unsafe {
            lua_pushinteger(L, 10);
            lua_pushinteger(L, 20);
            lua_pushcclosure(L, Some(upvalue), 2);
            lua_call(L, 0, LUA_MULTRET);
            assert_eq!((lua_tointeger(L, 1), lua_tointeger(L, 2)), (10, 20));
            0
        }
    }
    protected(work).unwrap();
}

#[test]
fn chunks_are_loaded_and_run() {
    unsafe {
        let L = luaL_newstate();
        assert_eq!(luaL_dostring(L, c"x = 6 return x * 7".as_ptr()), LUA_OK);
        assert_eq!(lua_tointeger(L, -1), 42);
        assert_eq!(luaL_dostring(L, c"return return".as_ptr()), LUA_ERRSYNTAX);
        assert_eq!(luaL_dostring(L, c"local t = nil; t.x = 1".as_ptr()), LUA_ERRRUN);
        assert_eq!(luaL_loadbuffer(L, c"return 1".as_ptr(), 8, c"=name".as_ptr()), LUA_OK);
        assert_eq!(luaL_dofile(L, c"/there/is/no/such/file.lua".as_ptr()), LUA_ERRFILE);
        lua_close(L);
    }
}

#[test]
fn argument_macros_check_and_raise() {
    unsafe extern "C-unwind" fn good(L: *mut lua_State) -> c_int {
        unsafe {
            lua_pushliteral(L, c"word");
            luaL_argcheck(L, true, 1, c"never".as_ptr());
            assert_eq!(CStr::from_ptr(luaL_checkstring(L, 1)), c"word");
            assert_eq!(CStr::from_ptr(luaL_optstring(L, 2, c"other".as_ptr())), c"other");
            assert_eq!(luaL_opt(L, luaL_checknumber, 2, 2.5), 2.5);
            lua_pushnumber(L, 3.5);
            assert_eq!(luaL_opt(L, luaL_checknumber, 2, 2.5), 3.5);
            0
        }
    }
    unsafe extern "C-unwind" fn bad(L: *mut lua_State) -> c_int {
        unsafe { luaL_argcheck(L, false, 1, c"not like this".as_ptr()) };
        0
    }
    unsafe extern "C-unwind" fn none(L: *mut lua_State) -> c_int {
        unsafe { luaL_checkstring(L, 1) };
        0
    }
    protected(good).unwrap();
    assert!(protected(bad).unwrap_err().contains("not like this"));
    assert!(protected(none).unwrap_err().contains("string expected"));
}

#[test]
fn a_library_is_a_table_of_its_functions() {
    unsafe extern "C-unwind" fn answer(L: *mut lua_State) -> c_int {
        unsafe { lua_pushinteger(L, 42) };
        1
    }
    unsafe extern "C-unwind" fn work(L: *mut lua_State) -> c_int {
        unsafe {
            let list = [luaL_Reg { name: c"answer".as_ptr(), func: Some(answer) }, luaL_Reg { name: null(), func: None }];
            luaL_newlib(L, &list);
            lua_getfield(L, -1, c"answer".as_ptr());
            lua_call(L, 0, 1);
            assert_eq!(lua_tointeger(L, -1), 42);
            0
        }
    }
    protected(work).unwrap();
}

#[test]
fn buffers_grow_past_their_own_room() {
    unsafe extern "C-unwind" fn work(L: *mut lua_State) -> c_int {
        unsafe {
            let mut buffer = std::mem::MaybeUninit::<luaL_Buffer>::uninit();
            let B = buffer.as_mut_ptr();
            luaL_buffinit(L, B);
            let length = LUAL_BUFFERSIZE as usize * 3;
            for place in 0..length {
                luaL_addchar(B, (b'a' + (place % 26) as u8) as c_char);
            }
            luaL_addlstring(B, c"--".as_ptr(), 2);
            let room = luaL_prepbuffer(B);
            room.write(b'!' as c_char);
            luaL_addsize(B, 1);
            luaL_pushresult(B);
            // The string's two bytes, and the one written in place.
            assert_eq!(lua_rawlen(L, -1) as usize, length + 3);
            let mut size = 0;
            let made = lua_tolstring(L, -1, &mut size);
            let made = std::slice::from_raw_parts(made.cast::<u8>(), size);
            assert!(made.starts_with(b"abcdefghijklmnopqrstuvwxyzabc") && made.ends_with(b"--!"));
            0
        }
    }
    protected(work).unwrap();
}

/// Collects what `lua_dump` writes.
unsafe extern "C-unwind" fn collect(_: *mut lua_State, piece: *const c_void, size: usize, data: *mut c_void) -> c_int {
    unsafe { (*data.cast::<Vec<u8>>()).extend_from_slice(std::slice::from_raw_parts(piece.cast(), size)) };
    0
}

/// Takes a function apart and puts it together again.
unsafe fn dump_and_load(L: *mut lua_State) {
    unsafe {
        assert_eq!(luaL_loadstring(L, c"return 6 * 7".as_ptr()), LUA_OK);
        let mut bytecode = Vec::<u8>::new();
        assert_eq!(dump(L, Some(collect), (&raw mut bytecode).cast()), 0);
        assert!(bytecode.len() > 10);
        assert_eq!(luaL_loadbuffer(L, bytecode.as_ptr().cast(), bytecode.len(), c"=dumped".as_ptr()), LUA_OK);
        assert_eq!(lua_pcall(L, 0, 1, 0), LUA_OK);
        assert_eq!(lua_tointeger(L, -1), 42);
    }
}

#[test]
fn callbacks_of_the_api_are_rust_functions() {
    /// The state's own memory, counted.
    struct Counted {
        allocate: lua_Alloc,
        data: *mut c_void,
        calls: usize,
    }
    unsafe extern "C-unwind" fn count(data: *mut c_void, block: *mut c_void, old: usize, new: usize) -> *mut c_void {
        unsafe {
            let counted = data.cast::<Counted>();
            (*counted).calls += 1;
            (*counted).allocate.expect("a function")((*counted).data, block, old, new)
        }
    }
    unsafe {
        let L = luaL_newstate();
        assert!(!L.is_null());
        let mut counted = Counted { allocate: None, data: null_mut(), calls: 0 };
        counted.allocate = lua_getallocf(L, &mut counted.data);
        let (allocate, data) = (counted.allocate, counted.data);
        let counted = &raw mut counted;
        lua_setallocf(L, Some(count), counted.cast());
        dump_and_load(L);
        assert!((*counted).calls > 10);
        // LuaJIT frees the memory of its own allocator as a whole if that is the one at the end.
        lua_setallocf(L, allocate, data);
        lua_close(L);
    }
}

/// Not of any memory there is: LuaJIT can store addresses of 47 bits, which is all that programs have on x86-64, but not elsewhere.
#[cfg(any(lua_backend = "lua54", target_arch = "x86_64"))]
#[test]
fn a_state_is_made_of_memory_from_rust() {
    /// Plain memory, counted.
    unsafe extern "C-unwind" fn allocate(data: *mut c_void, block: *mut c_void, old: usize, new: usize) -> *mut c_void {
        use std::alloc::{Layout, alloc, dealloc, realloc};
        unsafe {
            let count = data.cast::<usize>();
            let layout = |size| Layout::from_size_align(size, 16).expect("a size that Lua asks for");
            let old = if block.is_null() { 0 } else { old };
            let moved = match (old, new) {
                (0, 0) => null_mut(),
                (0, _) => alloc(layout(new)),
                (_, 0) => {
                    dealloc(block.cast(), layout(old));
                    null_mut()
                }
                _ => realloc(block.cast(), layout(old), new),
            };
            *count = *count + new - old;
            moved.cast()
        }
    }
    unsafe {
        let mut used = 0_usize;
        let L = lua_newstate(Some(allocate), (&raw mut used).cast());
        assert!(!L.is_null());
        dump_and_load(L);
        assert!(used > 1000);
        lua_close(L);
        assert_eq!(used, 0);
    }
}

#[test]
fn the_linked_headers_tell_their_version() {
    let release = LUA_RELEASE.to_str().expect("ASCII");
    assert!(release.starts_with(LUA_VERSION.to_str().expect("ASCII")), "{release}");
    assert!([501, 504].contains(&LUA_VERSION_NUM));
    assert!(LUA_COPYRIGHT.to_str().expect("ASCII").contains("Lua.org"));
}

#[cfg(lua_backend = "luajit")]
unsafe fn dump(L: *mut lua_State, writer: lua_Writer, data: *mut c_void) -> c_int {
    unsafe { lua_dump(L, writer, data) }
}

#[cfg(lua_backend = "lua54")]
unsafe fn dump(L: *mut lua_State, writer: lua_Writer, data: *mut c_void) -> c_int {
    unsafe { lua_dump(L, writer, data, 0) }
}

#[cfg(lua_backend = "luajit")]
#[test]
fn luajit_has_its_own_macros() {
    unsafe extern "C-unwind" fn work(L: *mut lua_State) -> c_int {
        unsafe {
            lua_getregistry(L);
            lua_pushvalue(L, LUA_REGISTRYINDEX);
            assert_eq!(lua_rawequal(L, -1, -2), 1);
            lua_settop(L, 0);
            assert!(lua_getgccount(L) > 0);
            lua_pushinteger(L, 5);
            assert_eq!((luaL_checkint(L, 1), luaL_optint(L, 2, 6)), (5, 6));
            assert_eq!((luaL_checklong(L, 1), luaL_optlong(L, 2, 7)), (5, 7));
            assert_eq!(luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_ON), 1);
            let mut buffer = std::mem::MaybeUninit::<luaL_Buffer>::uninit();
            luaL_buffinit(L, buffer.as_mut_ptr());
            luaL_putchar(buffer.as_mut_ptr(), b'x' as c_char);
            luaL_pushresult(buffer.as_mut_ptr());
            assert_eq!(lua_objlen(L, -1), 1);
            0
        }
    }
    protected(work).unwrap();
    unsafe { lua_close(lua_open()) };
    assert!(LUAJIT_VERSION.to_str().expect("ASCII").starts_with("LuaJIT 2.1"));
}

#[cfg(lua_backend = "lua54")]
#[test]
fn lua_54_has_its_own_macros() {
    unsafe extern "C-unwind" fn work(L: *mut lua_State) -> c_int {
        unsafe {
            luaL_checkversion(L);
            assert!(!lua_newuserdata(L, 8).is_null());
            lua_pushinteger(L, 5);
            assert_eq!(lua_setuservalue(L, 1), 1);
            assert_eq!(lua_getuservalue(L, 1), LUA_TNUMBER);
            luaL_pushfail(L);
            assert!(lua_isnil(L, -1));
            luaL_argexpected(L, true, 1, c"userdata".as_ptr());
            let extra = lua_getextraspace(L).cast::<usize>();
            extra.write(17);
            assert_eq!(lua_getextraspace(L).cast::<usize>().read(), 17);
            lua_settop(L, 0);

            let mut buffer = std::mem::MaybeUninit::<luaL_Buffer>::uninit();
            let B = buffer.as_mut_ptr();
            luaL_buffinit(L, B);
            luaL_addlstring(B, c"words".as_ptr(), 5);
            luaL_buffsub(B, 1);
            assert_eq!(luaL_bufflen(B), 4);
            assert_eq!(std::slice::from_raw_parts(luaL_buffaddr(B).cast::<u8>(), 4), b"word");
            luaL_pushresult(B);
            assert_eq!(text(L, -1), "word");
            0
        }
    }
    unsafe extern "C-unwind" fn wrong(L: *mut lua_State) -> c_int {
        unsafe { luaL_argexpected(L, false, 1, c"sword".as_ptr()) };
        0
    }
    protected(work).unwrap();
    assert!(protected(wrong).unwrap_err().contains("sword expected"));
    assert_eq!(lua_numbertointeger(3.0), Some(3));
    assert_eq!(lua_numbertointeger(1e300), None);
    assert_eq!(lua_numbertointeger(f64::NAN), None);
    assert_eq!(lua_numbertointeger(LUA_MININTEGER as f64), Some(LUA_MININTEGER));
    assert_eq!(lua_numbertointeger(-(LUA_MININTEGER as f64)), None);
}

#[test]
fn a_yield_leaves_the_coroutine_and_comes_back() {
    unsafe extern "C-unwind" fn pause(L: *mut lua_State) -> c_int {
        unsafe { lua_yield(L, 1) }
    }
    unsafe {
        let L = luaL_newstate();
        luaL_openlibs(L);
        lua_register(L, c"pause".as_ptr(), Some(pause));
        let script = c"local co = coroutine.wrap(function() local got = pause(1) return got + 1 end) return co() * 10 + co(4)";
        assert_eq!(luaL_dostring(L, script.as_ptr()), LUA_OK, "{}", text(L, -1));
        assert_eq!(lua_tointeger(L, -1), 15);
        lua_close(L);
    }
}
