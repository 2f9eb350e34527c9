pub type FILE = ::std::os::raw::c_void;

pub const LUAI_MAXSTACK: i32 = 65500;
pub const LUAI_MAXCSTACK: i32 = 8000;
pub const LUA_MAXCAPTURES: i32 = 32;
pub const LUA_IDSIZE: i32 = 60;
pub const LUA_SIGNATURE: &::std::ffi::CStr = c"\u{1b}Lua";
pub const LUA_MULTRET: i32 = -1;
pub const LUA_REGISTRYINDEX: i32 = -10000;
pub const LUA_ENVIRONINDEX: i32 = -10001;
pub const LUA_GLOBALSINDEX: i32 = -10002;
pub const LUA_OK: i32 = 0;
pub const LUA_YIELD: i32 = 1;
pub const LUA_ERRRUN: i32 = 2;
pub const LUA_ERRSYNTAX: i32 = 3;
pub const LUA_ERRMEM: i32 = 4;
pub const LUA_ERRERR: i32 = 5;
pub const LUA_TNONE: i32 = -1;
pub const LUA_TNIL: i32 = 0;
pub const LUA_TBOOLEAN: i32 = 1;
pub const LUA_TLIGHTUSERDATA: i32 = 2;
pub const LUA_TNUMBER: i32 = 3;
pub const LUA_TSTRING: i32 = 4;
pub const LUA_TTABLE: i32 = 5;
pub const LUA_TFUNCTION: i32 = 6;
pub const LUA_TUSERDATA: i32 = 7;
pub const LUA_TTHREAD: i32 = 8;
pub const LUA_MINSTACK: i32 = 20;
pub const LUA_GCSTOP: i32 = 0;
pub const LUA_GCRESTART: i32 = 1;
pub const LUA_GCCOLLECT: i32 = 2;
pub const LUA_GCCOUNT: i32 = 3;
pub const LUA_GCCOUNTB: i32 = 4;
pub const LUA_GCSTEP: i32 = 5;
pub const LUA_GCSETPAUSE: i32 = 6;
pub const LUA_GCSETSTEPMUL: i32 = 7;
pub const LUA_GCISRUNNING: i32 = 9;
pub const LUA_HOOKCALL: i32 = 0;
pub const LUA_HOOKRET: i32 = 1;
pub const LUA_HOOKLINE: i32 = 2;
pub const LUA_HOOKCOUNT: i32 = 3;
pub const LUA_HOOKTAILRET: i32 = 4;
pub const LUA_MASKCALL: i32 = 1;
pub const LUA_MASKRET: i32 = 2;
pub const LUA_MASKLINE: i32 = 4;
pub const LUA_MASKCOUNT: i32 = 8;
pub const LUA_ERRFILE: i32 = 6;
pub const LUA_NOREF: i32 = -2;
pub const LUA_REFNIL: i32 = -1;
pub const LUA_FILEHANDLE: &::std::ffi::CStr = c"FILE*";
pub const LUA_COLIBNAME: &::std::ffi::CStr = c"coroutine";
pub const LUA_MATHLIBNAME: &::std::ffi::CStr = c"math";
pub const LUA_STRLIBNAME: &::std::ffi::CStr = c"string";
pub const LUA_TABLIBNAME: &::std::ffi::CStr = c"table";
pub const LUA_IOLIBNAME: &::std::ffi::CStr = c"io";
pub const LUA_OSLIBNAME: &::std::ffi::CStr = c"os";
pub const LUA_LOADLIBNAME: &::std::ffi::CStr = c"package";
pub const LUA_DBLIBNAME: &::std::ffi::CStr = c"debug";
pub const LUA_BITLIBNAME: &::std::ffi::CStr = c"bit";
pub const LUA_JITLIBNAME: &::std::ffi::CStr = c"jit";
pub const LUA_FFILIBNAME: &::std::ffi::CStr = c"ffi";
pub const LUAJIT_MODE_MASK: i32 = 255;
pub const LUAJIT_MODE_OFF: i32 = 0;
pub const LUAJIT_MODE_ON: i32 = 256;
pub const LUAJIT_MODE_FLUSH: i32 = 512;
#[repr(C)]
#[derive(Debug)]
pub struct lua_State {
    _unused: [u8; 0],
}
pub type lua_CFunction = ::std::option::Option<
    unsafe extern "C-unwind" fn(L: *mut lua_State) -> ::std::os::raw::c_int,
>;
pub type lua_Reader = ::std::option::Option<
    unsafe extern "C-unwind" fn(
        L: *mut lua_State,
        ud: *mut ::std::os::raw::c_void,
        sz: *mut usize,
    ) -> *const ::std::os::raw::c_char,
>;
pub type lua_Writer = ::std::option::Option<
    unsafe extern "C-unwind" fn(
        L: *mut lua_State,
        p: *const ::std::os::raw::c_void,
        sz: usize,
        ud: *mut ::std::os::raw::c_void,
    ) -> ::std::os::raw::c_int,
>;
pub type lua_Alloc = ::std::option::Option<
    unsafe extern "C-unwind" fn(
        ud: *mut ::std::os::raw::c_void,
        ptr: *mut ::std::os::raw::c_void,
        osize: usize,
        nsize: usize,
    ) -> *mut ::std::os::raw::c_void,
>;
pub type lua_Number = f64;
pub type lua_Integer = isize;
pub type lua_Hook = ::std::option::Option<
    unsafe extern "C-unwind" fn(L: *mut lua_State, ar: *mut lua_Debug),
>;
#[repr(C)]
#[derive(Copy, Clone)]
pub struct lua_Debug {
    pub event: ::std::os::raw::c_int,
    pub name: *const ::std::os::raw::c_char,
    pub namewhat: *const ::std::os::raw::c_char,
    pub what: *const ::std::os::raw::c_char,
    pub source: *const ::std::os::raw::c_char,
    pub currentline: ::std::os::raw::c_int,
    pub nups: ::std::os::raw::c_int,
    pub linedefined: ::std::os::raw::c_int,
    pub lastlinedefined: ::std::os::raw::c_int,
    pub short_src: [::std::os::raw::c_char; 60usize],
    pub i_ci: ::std::os::raw::c_int,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of lua_Debug"][::std::mem::size_of::<lua_Debug>() - 120usize];
    ["Alignment of lua_Debug"][::std::mem::align_of::<lua_Debug>() - 8usize];
    [
        "Offset of field: lua_Debug::event",
    ][::std::mem::offset_of!(lua_Debug, event) - 0usize];
    [
        "Offset of field: lua_Debug::name",
    ][::std::mem::offset_of!(lua_Debug, name) - 8usize];
    [
        "Offset of field: lua_Debug::namewhat",
    ][::std::mem::offset_of!(lua_Debug, namewhat) - 16usize];
    [
        "Offset of field: lua_Debug::what",
    ][::std::mem::offset_of!(lua_Debug, what) - 24usize];
    [
        "Offset of field: lua_Debug::source",
    ][::std::mem::offset_of!(lua_Debug, source) - 32usize];
    [
        "Offset of field: lua_Debug::currentline",
    ][::std::mem::offset_of!(lua_Debug, currentline) - 40usize];
    [
        "Offset of field: lua_Debug::nups",
    ][::std::mem::offset_of!(lua_Debug, nups) - 44usize];
    [
        "Offset of field: lua_Debug::linedefined",
    ][::std::mem::offset_of!(lua_Debug, linedefined) - 48usize];
    [
        "Offset of field: lua_Debug::lastlinedefined",
    ][::std::mem::offset_of!(lua_Debug, lastlinedefined) - 52usize];
    [
        "Offset of field: lua_Debug::short_src",
    ][::std::mem::offset_of!(lua_Debug, short_src) - 56usize];
    [
        "Offset of field: lua_Debug::i_ci",
    ][::std::mem::offset_of!(lua_Debug, i_ci) - 116usize];
};
#[repr(C)]
#[derive(Copy, Clone)]
pub struct luaL_Reg {
    pub name: *const ::std::os::raw::c_char,
    pub func: lua_CFunction,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of luaL_Reg"][::std::mem::size_of::<luaL_Reg>() - 16usize];
    ["Alignment of luaL_Reg"][::std::mem::align_of::<luaL_Reg>() - 8usize];
    ["Offset of field: luaL_Reg::name"][::std::mem::offset_of!(luaL_Reg, name) - 0usize];
    ["Offset of field: luaL_Reg::func"][::std::mem::offset_of!(luaL_Reg, func) - 8usize];
};
#[repr(C)]
#[derive(Copy, Clone)]
pub struct luaL_Buffer {
    pub p: *mut ::std::os::raw::c_char,
    pub lvl: ::std::os::raw::c_int,
    pub L: *mut lua_State,
    pub buffer: [::std::os::raw::c_char; 8192usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of luaL_Buffer"][::std::mem::size_of::<luaL_Buffer>() - 8216usize];
    ["Alignment of luaL_Buffer"][::std::mem::align_of::<luaL_Buffer>() - 8usize];
    ["Offset of field: luaL_Buffer::p"][::std::mem::offset_of!(luaL_Buffer, p) - 0usize];
    [
        "Offset of field: luaL_Buffer::lvl",
    ][::std::mem::offset_of!(luaL_Buffer, lvl) - 8usize];
    [
        "Offset of field: luaL_Buffer::L",
    ][::std::mem::offset_of!(luaL_Buffer, L) - 16usize];
    [
        "Offset of field: luaL_Buffer::buffer",
    ][::std::mem::offset_of!(luaL_Buffer, buffer) - 24usize];
};
pub const LUAJIT_MODE_ENGINE: luaJIT_mode = 0;
pub const LUAJIT_MODE_DEBUG: luaJIT_mode = 1;
pub const LUAJIT_MODE_FUNC: luaJIT_mode = 2;
pub const LUAJIT_MODE_ALLFUNC: luaJIT_mode = 3;
pub const LUAJIT_MODE_ALLSUBFUNC: luaJIT_mode = 4;
pub const LUAJIT_MODE_TRACE: luaJIT_mode = 5;
pub const LUAJIT_MODE_WRAPCFUNC: luaJIT_mode = 16;
pub const LUAJIT_MODE_MAX: luaJIT_mode = 17;
pub type luaJIT_mode = ::std::os::raw::c_int;
pub type luaJIT_profile_callback = ::std::option::Option<
    unsafe extern "C-unwind" fn(
        data: *mut ::std::os::raw::c_void,
        L: *mut lua_State,
        samples: ::std::os::raw::c_int,
        vmstate: ::std::os::raw::c_int,
    ),
>;
unsafe extern "C-unwind" {
    pub fn lua_newstate(f: lua_Alloc, ud: *mut ::std::os::raw::c_void) -> *mut lua_State;
    pub fn lua_close(L: *mut lua_State);
    pub fn lua_newthread(L: *mut lua_State) -> *mut lua_State;
    pub fn lua_atpanic(L: *mut lua_State, panicf: lua_CFunction) -> lua_CFunction;
    pub fn lua_gettop(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn lua_settop(L: *mut lua_State, idx: ::std::os::raw::c_int);
    pub fn lua_pushvalue(L: *mut lua_State, idx: ::std::os::raw::c_int);
    pub fn lua_remove(L: *mut lua_State, idx: ::std::os::raw::c_int);
    pub fn lua_insert(L: *mut lua_State, idx: ::std::os::raw::c_int);
    pub fn lua_replace(L: *mut lua_State, idx: ::std::os::raw::c_int);
    pub fn lua_checkstack(
        L: *mut lua_State,
        sz: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_xmove(from: *mut lua_State, to: *mut lua_State, n: ::std::os::raw::c_int);
    pub fn lua_isnumber(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_isstring(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_iscfunction(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_isuserdata(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_type(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_typename(
        L: *mut lua_State,
        tp: ::std::os::raw::c_int,
    ) -> *const ::std::os::raw::c_char;
    pub fn lua_equal(
        L: *mut lua_State,
        idx1: ::std::os::raw::c_int,
        idx2: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_rawequal(
        L: *mut lua_State,
        idx1: ::std::os::raw::c_int,
        idx2: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_lessthan(
        L: *mut lua_State,
        idx1: ::std::os::raw::c_int,
        idx2: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_tonumber(L: *mut lua_State, idx: ::std::os::raw::c_int) -> lua_Number;
    pub fn lua_tointeger(L: *mut lua_State, idx: ::std::os::raw::c_int) -> lua_Integer;
    pub fn lua_toboolean(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_tolstring(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        len: *mut usize,
    ) -> *const ::std::os::raw::c_char;
    pub fn lua_objlen(L: *mut lua_State, idx: ::std::os::raw::c_int) -> usize;
    pub fn lua_tocfunction(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
    ) -> lua_CFunction;
    pub fn lua_touserdata(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
    ) -> *mut ::std::os::raw::c_void;
    pub fn lua_tothread(L: *mut lua_State, idx: ::std::os::raw::c_int) -> *mut lua_State;
    pub fn lua_topointer(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
    ) -> *const ::std::os::raw::c_void;
    pub fn lua_pushnil(L: *mut lua_State);
    pub fn lua_pushnumber(L: *mut lua_State, n: lua_Number);
    pub fn lua_pushinteger(L: *mut lua_State, n: lua_Integer);
    pub fn lua_pushlstring(
        L: *mut lua_State,
        s: *const ::std::os::raw::c_char,
        l: usize,
    );
    pub fn lua_pushstring(L: *mut lua_State, s: *const ::std::os::raw::c_char);
    pub fn lua_pushfstring(
        L: *mut lua_State,
        fmt: *const ::std::os::raw::c_char,
        ...
    ) -> *const ::std::os::raw::c_char;
    pub fn lua_pushcclosure(
        L: *mut lua_State,
        fn_: lua_CFunction,
        n: ::std::os::raw::c_int,
    );
    pub fn lua_pushboolean(L: *mut lua_State, b: ::std::os::raw::c_int);
    pub fn lua_pushlightuserdata(L: *mut lua_State, p: *mut ::std::os::raw::c_void);
    pub fn lua_pushthread(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn lua_gettable(L: *mut lua_State, idx: ::std::os::raw::c_int);
    pub fn lua_getfield(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        k: *const ::std::os::raw::c_char,
    );
    pub fn lua_rawget(L: *mut lua_State, idx: ::std::os::raw::c_int);
    pub fn lua_rawgeti(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        n: ::std::os::raw::c_int,
    );
    pub fn lua_createtable(
        L: *mut lua_State,
        narr: ::std::os::raw::c_int,
        nrec: ::std::os::raw::c_int,
    );
    pub fn lua_newuserdata(L: *mut lua_State, sz: usize) -> *mut ::std::os::raw::c_void;
    pub fn lua_getmetatable(
        L: *mut lua_State,
        objindex: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_getfenv(L: *mut lua_State, idx: ::std::os::raw::c_int);
    pub fn lua_settable(L: *mut lua_State, idx: ::std::os::raw::c_int);
    pub fn lua_setfield(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        k: *const ::std::os::raw::c_char,
    );
    pub fn lua_rawset(L: *mut lua_State, idx: ::std::os::raw::c_int);
    pub fn lua_rawseti(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        n: ::std::os::raw::c_int,
    );
    pub fn lua_setmetatable(
        L: *mut lua_State,
        objindex: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_setfenv(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_call(
        L: *mut lua_State,
        nargs: ::std::os::raw::c_int,
        nresults: ::std::os::raw::c_int,
    );
    pub fn lua_pcall(
        L: *mut lua_State,
        nargs: ::std::os::raw::c_int,
        nresults: ::std::os::raw::c_int,
        errfunc: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_cpcall(
        L: *mut lua_State,
        func: lua_CFunction,
        ud: *mut ::std::os::raw::c_void,
    ) -> ::std::os::raw::c_int;
    pub fn lua_load(
        L: *mut lua_State,
        reader: lua_Reader,
        dt: *mut ::std::os::raw::c_void,
        chunkname: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn lua_dump(
        L: *mut lua_State,
        writer: lua_Writer,
        data: *mut ::std::os::raw::c_void,
    ) -> ::std::os::raw::c_int;
    pub fn lua_yield(
        L: *mut lua_State,
        nresults: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_resume(
        L: *mut lua_State,
        narg: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_status(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn lua_gc(
        L: *mut lua_State,
        what: ::std::os::raw::c_int,
        data: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_error(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn lua_next(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_concat(L: *mut lua_State, n: ::std::os::raw::c_int);
    pub fn lua_getallocf(
        L: *mut lua_State,
        ud: *mut *mut ::std::os::raw::c_void,
    ) -> lua_Alloc;
    pub fn lua_setallocf(
        L: *mut lua_State,
        f: lua_Alloc,
        ud: *mut ::std::os::raw::c_void,
    );
    pub fn lua_setlevel(from: *mut lua_State, to: *mut lua_State);
    pub fn lua_getstack(
        L: *mut lua_State,
        level: ::std::os::raw::c_int,
        ar: *mut lua_Debug,
    ) -> ::std::os::raw::c_int;
    pub fn lua_getinfo(
        L: *mut lua_State,
        what: *const ::std::os::raw::c_char,
        ar: *mut lua_Debug,
    ) -> ::std::os::raw::c_int;
    pub fn lua_getlocal(
        L: *mut lua_State,
        ar: *const lua_Debug,
        n: ::std::os::raw::c_int,
    ) -> *const ::std::os::raw::c_char;
    pub fn lua_setlocal(
        L: *mut lua_State,
        ar: *const lua_Debug,
        n: ::std::os::raw::c_int,
    ) -> *const ::std::os::raw::c_char;
    pub fn lua_getupvalue(
        L: *mut lua_State,
        funcindex: ::std::os::raw::c_int,
        n: ::std::os::raw::c_int,
    ) -> *const ::std::os::raw::c_char;
    pub fn lua_setupvalue(
        L: *mut lua_State,
        funcindex: ::std::os::raw::c_int,
        n: ::std::os::raw::c_int,
    ) -> *const ::std::os::raw::c_char;
    pub fn lua_sethook(
        L: *mut lua_State,
        func: lua_Hook,
        mask: ::std::os::raw::c_int,
        count: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_gethook(L: *mut lua_State) -> lua_Hook;
    pub fn lua_gethookmask(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn lua_gethookcount(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn lua_upvalueid(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        n: ::std::os::raw::c_int,
    ) -> *mut ::std::os::raw::c_void;
    pub fn lua_upvaluejoin(
        L: *mut lua_State,
        idx1: ::std::os::raw::c_int,
        n1: ::std::os::raw::c_int,
        idx2: ::std::os::raw::c_int,
        n2: ::std::os::raw::c_int,
    );
    pub fn lua_loadx(
        L: *mut lua_State,
        reader: lua_Reader,
        dt: *mut ::std::os::raw::c_void,
        chunkname: *const ::std::os::raw::c_char,
        mode: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn lua_version(L: *mut lua_State) -> *const lua_Number;
    pub fn lua_copy(
        L: *mut lua_State,
        fromidx: ::std::os::raw::c_int,
        toidx: ::std::os::raw::c_int,
    );
    pub fn lua_tonumberx(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        isnum: *mut ::std::os::raw::c_int,
    ) -> lua_Number;
    pub fn lua_tointegerx(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        isnum: *mut ::std::os::raw::c_int,
    ) -> lua_Integer;
    pub fn lua_isyieldable(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaL_openlib(
        L: *mut lua_State,
        libname: *const ::std::os::raw::c_char,
        l: *const luaL_Reg,
        nup: ::std::os::raw::c_int,
    );
    pub fn luaL_register(
        L: *mut lua_State,
        libname: *const ::std::os::raw::c_char,
        l: *const luaL_Reg,
    );
    pub fn luaL_getmetafield(
        L: *mut lua_State,
        obj: ::std::os::raw::c_int,
        e: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_callmeta(
        L: *mut lua_State,
        obj: ::std::os::raw::c_int,
        e: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_typerror(
        L: *mut lua_State,
        narg: ::std::os::raw::c_int,
        tname: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_argerror(
        L: *mut lua_State,
        numarg: ::std::os::raw::c_int,
        extramsg: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_checklstring(
        L: *mut lua_State,
        numArg: ::std::os::raw::c_int,
        l: *mut usize,
    ) -> *const ::std::os::raw::c_char;
    pub fn luaL_optlstring(
        L: *mut lua_State,
        numArg: ::std::os::raw::c_int,
        def: *const ::std::os::raw::c_char,
        l: *mut usize,
    ) -> *const ::std::os::raw::c_char;
    pub fn luaL_checknumber(
        L: *mut lua_State,
        numArg: ::std::os::raw::c_int,
    ) -> lua_Number;
    pub fn luaL_optnumber(
        L: *mut lua_State,
        nArg: ::std::os::raw::c_int,
        def: lua_Number,
    ) -> lua_Number;
    pub fn luaL_checkinteger(
        L: *mut lua_State,
        numArg: ::std::os::raw::c_int,
    ) -> lua_Integer;
    pub fn luaL_optinteger(
        L: *mut lua_State,
        nArg: ::std::os::raw::c_int,
        def: lua_Integer,
    ) -> lua_Integer;
    pub fn luaL_checkstack(
        L: *mut lua_State,
        sz: ::std::os::raw::c_int,
        msg: *const ::std::os::raw::c_char,
    );
    pub fn luaL_checktype(
        L: *mut lua_State,
        narg: ::std::os::raw::c_int,
        t: ::std::os::raw::c_int,
    );
    pub fn luaL_checkany(L: *mut lua_State, narg: ::std::os::raw::c_int);
    pub fn luaL_newmetatable(
        L: *mut lua_State,
        tname: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_checkudata(
        L: *mut lua_State,
        ud: ::std::os::raw::c_int,
        tname: *const ::std::os::raw::c_char,
    ) -> *mut ::std::os::raw::c_void;
    pub fn luaL_where(L: *mut lua_State, lvl: ::std::os::raw::c_int);
    pub fn luaL_error(
        L: *mut lua_State,
        fmt: *const ::std::os::raw::c_char,
        ...
    ) -> ::std::os::raw::c_int;
    pub fn luaL_checkoption(
        L: *mut lua_State,
        narg: ::std::os::raw::c_int,
        def: *const ::std::os::raw::c_char,
        lst: *const *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_ref(
        L: *mut lua_State,
        t: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_unref(
        L: *mut lua_State,
        t: ::std::os::raw::c_int,
        ref_: ::std::os::raw::c_int,
    );
    pub fn luaL_loadfile(
        L: *mut lua_State,
        filename: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_loadbuffer(
        L: *mut lua_State,
        buff: *const ::std::os::raw::c_char,
        sz: usize,
        name: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_loadstring(
        L: *mut lua_State,
        s: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_newstate() -> *mut lua_State;
    pub fn luaL_gsub(
        L: *mut lua_State,
        s: *const ::std::os::raw::c_char,
        p: *const ::std::os::raw::c_char,
        r: *const ::std::os::raw::c_char,
    ) -> *const ::std::os::raw::c_char;
    pub fn luaL_findtable(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        fname: *const ::std::os::raw::c_char,
        szhint: ::std::os::raw::c_int,
    ) -> *const ::std::os::raw::c_char;
    pub fn luaL_fileresult(
        L: *mut lua_State,
        stat: ::std::os::raw::c_int,
        fname: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_execresult(
        L: *mut lua_State,
        stat: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_loadfilex(
        L: *mut lua_State,
        filename: *const ::std::os::raw::c_char,
        mode: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_loadbufferx(
        L: *mut lua_State,
        buff: *const ::std::os::raw::c_char,
        sz: usize,
        name: *const ::std::os::raw::c_char,
        mode: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_traceback(
        L: *mut lua_State,
        L1: *mut lua_State,
        msg: *const ::std::os::raw::c_char,
        level: ::std::os::raw::c_int,
    );
    pub fn luaL_setfuncs(
        L: *mut lua_State,
        l: *const luaL_Reg,
        nup: ::std::os::raw::c_int,
    );
    pub fn luaL_pushmodule(
        L: *mut lua_State,
        modname: *const ::std::os::raw::c_char,
        sizehint: ::std::os::raw::c_int,
    );
    pub fn luaL_testudata(
        L: *mut lua_State,
        ud: ::std::os::raw::c_int,
        tname: *const ::std::os::raw::c_char,
    ) -> *mut ::std::os::raw::c_void;
    pub fn luaL_setmetatable(L: *mut lua_State, tname: *const ::std::os::raw::c_char);
    pub fn luaL_buffinit(L: *mut lua_State, B: *mut luaL_Buffer);
    pub fn luaL_prepbuffer(B: *mut luaL_Buffer) -> *mut ::std::os::raw::c_char;
    pub fn luaL_addlstring(
        B: *mut luaL_Buffer,
        s: *const ::std::os::raw::c_char,
        l: usize,
    );
    pub fn luaL_addstring(B: *mut luaL_Buffer, s: *const ::std::os::raw::c_char);
    pub fn luaL_addvalue(B: *mut luaL_Buffer);
    pub fn luaL_pushresult(B: *mut luaL_Buffer);
    pub fn luaopen_base(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaopen_math(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaopen_string(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaopen_table(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaopen_io(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaopen_os(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaopen_package(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaopen_debug(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaopen_bit(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaopen_jit(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaopen_ffi(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaopen_string_buffer(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaL_openlibs(L: *mut lua_State);
    pub fn luaJIT_setmode(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        mode: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn luaJIT_profile_start(
        L: *mut lua_State,
        mode: *const ::std::os::raw::c_char,
        cb: luaJIT_profile_callback,
        data: *mut ::std::os::raw::c_void,
    );
    pub fn luaJIT_profile_stop(L: *mut lua_State);
    pub fn luaJIT_profile_dumpstack(
        L: *mut lua_State,
        fmt: *const ::std::os::raw::c_char,
        depth: ::std::os::raw::c_int,
        len: *mut usize,
    ) -> *const ::std::os::raw::c_char;
}
