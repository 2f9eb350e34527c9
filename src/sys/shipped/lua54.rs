pub type FILE = ::std::os::raw::c_void;

pub const LUAI_MAXSTACK: i32 = 1000000;
pub const LUA_IDSIZE: i32 = 60;
pub const LUA_SIGNATURE: &::std::ffi::CStr = c"\u{1b}Lua";
pub const LUA_MULTRET: i32 = -1;
pub const LUA_REGISTRYINDEX: i32 = -1001000;
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
pub const LUA_NUMTYPES: i32 = 9;
pub const LUA_MINSTACK: i32 = 20;
pub const LUA_RIDX_MAINTHREAD: i32 = 1;
pub const LUA_RIDX_GLOBALS: i32 = 2;
pub const LUA_RIDX_LAST: i32 = 2;
pub const LUA_OPADD: i32 = 0;
pub const LUA_OPSUB: i32 = 1;
pub const LUA_OPMUL: i32 = 2;
pub const LUA_OPMOD: i32 = 3;
pub const LUA_OPPOW: i32 = 4;
pub const LUA_OPDIV: i32 = 5;
pub const LUA_OPIDIV: i32 = 6;
pub const LUA_OPBAND: i32 = 7;
pub const LUA_OPBOR: i32 = 8;
pub const LUA_OPBXOR: i32 = 9;
pub const LUA_OPSHL: i32 = 10;
pub const LUA_OPSHR: i32 = 11;
pub const LUA_OPUNM: i32 = 12;
pub const LUA_OPBNOT: i32 = 13;
pub const LUA_OPEQ: i32 = 0;
pub const LUA_OPLT: i32 = 1;
pub const LUA_OPLE: i32 = 2;
pub const LUA_GCSTOP: i32 = 0;
pub const LUA_GCRESTART: i32 = 1;
pub const LUA_GCCOLLECT: i32 = 2;
pub const LUA_GCCOUNT: i32 = 3;
pub const LUA_GCCOUNTB: i32 = 4;
pub const LUA_GCSTEP: i32 = 5;
pub const LUA_GCSETPAUSE: i32 = 6;
pub const LUA_GCSETSTEPMUL: i32 = 7;
pub const LUA_GCISRUNNING: i32 = 9;
pub const LUA_GCGEN: i32 = 10;
pub const LUA_GCINC: i32 = 11;
pub const LUA_NUMTAGS: i32 = 9;
pub const LUA_HOOKCALL: i32 = 0;
pub const LUA_HOOKRET: i32 = 1;
pub const LUA_HOOKLINE: i32 = 2;
pub const LUA_HOOKCOUNT: i32 = 3;
pub const LUA_HOOKTAILCALL: i32 = 4;
pub const LUA_MASKCALL: i32 = 1;
pub const LUA_MASKRET: i32 = 2;
pub const LUA_MASKLINE: i32 = 4;
pub const LUA_MASKCOUNT: i32 = 8;
pub const LUA_GNAME: &::std::ffi::CStr = c"_G";
pub const LUA_ERRFILE: i32 = 6;
pub const LUA_LOADED_TABLE: &::std::ffi::CStr = c"_LOADED";
pub const LUA_PRELOAD_TABLE: &::std::ffi::CStr = c"_PRELOAD";
pub const LUA_NOREF: i32 = -2;
pub const LUA_REFNIL: i32 = -1;
pub const LUA_FILEHANDLE: &::std::ffi::CStr = c"FILE*";
pub const LUA_COLIBNAME: &::std::ffi::CStr = c"coroutine";
pub const LUA_TABLIBNAME: &::std::ffi::CStr = c"table";
pub const LUA_IOLIBNAME: &::std::ffi::CStr = c"io";
pub const LUA_OSLIBNAME: &::std::ffi::CStr = c"os";
pub const LUA_STRLIBNAME: &::std::ffi::CStr = c"string";
pub const LUA_UTF8LIBNAME: &::std::ffi::CStr = c"utf8";
pub const LUA_MATHLIBNAME: &::std::ffi::CStr = c"math";
pub const LUA_DBLIBNAME: &::std::ffi::CStr = c"debug";
pub const LUA_LOADLIBNAME: &::std::ffi::CStr = c"package";
#[repr(C)]
#[derive(Debug)]
pub struct lua_State {
    _unused: [u8; 0],
}
pub type lua_Number = f64;
pub type lua_Integer = ::std::os::raw::c_longlong;
pub type lua_Unsigned = ::std::os::raw::c_ulonglong;
pub type lua_KContext = isize;
pub type lua_CFunction = ::std::option::Option<
    unsafe extern "C-unwind" fn(L: *mut lua_State) -> ::std::os::raw::c_int,
>;
pub type lua_KFunction = ::std::option::Option<
    unsafe extern "C-unwind" fn(
        L: *mut lua_State,
        status: ::std::os::raw::c_int,
        ctx: lua_KContext,
    ) -> ::std::os::raw::c_int,
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
pub type lua_WarnFunction = ::std::option::Option<
    unsafe extern "C-unwind" fn(
        ud: *mut ::std::os::raw::c_void,
        msg: *const ::std::os::raw::c_char,
        tocont: ::std::os::raw::c_int,
    ),
>;
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
    pub srclen: usize,
    pub currentline: ::std::os::raw::c_int,
    pub linedefined: ::std::os::raw::c_int,
    pub lastlinedefined: ::std::os::raw::c_int,
    pub nups: ::std::os::raw::c_uchar,
    pub nparams: ::std::os::raw::c_uchar,
    pub isvararg: ::std::os::raw::c_char,
    pub istailcall: ::std::os::raw::c_char,
    pub ftransfer: ::std::os::raw::c_ushort,
    pub ntransfer: ::std::os::raw::c_ushort,
    pub short_src: [::std::os::raw::c_char; 60usize],
    pub i_ci: *mut CallInfo,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of lua_Debug"][::std::mem::size_of::<lua_Debug>() - 136usize];
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
        "Offset of field: lua_Debug::srclen",
    ][::std::mem::offset_of!(lua_Debug, srclen) - 40usize];
    [
        "Offset of field: lua_Debug::currentline",
    ][::std::mem::offset_of!(lua_Debug, currentline) - 48usize];
    [
        "Offset of field: lua_Debug::linedefined",
    ][::std::mem::offset_of!(lua_Debug, linedefined) - 52usize];
    [
        "Offset of field: lua_Debug::lastlinedefined",
    ][::std::mem::offset_of!(lua_Debug, lastlinedefined) - 56usize];
    [
        "Offset of field: lua_Debug::nups",
    ][::std::mem::offset_of!(lua_Debug, nups) - 60usize];
    [
        "Offset of field: lua_Debug::nparams",
    ][::std::mem::offset_of!(lua_Debug, nparams) - 61usize];
    [
        "Offset of field: lua_Debug::isvararg",
    ][::std::mem::offset_of!(lua_Debug, isvararg) - 62usize];
    [
        "Offset of field: lua_Debug::istailcall",
    ][::std::mem::offset_of!(lua_Debug, istailcall) - 63usize];
    [
        "Offset of field: lua_Debug::ftransfer",
    ][::std::mem::offset_of!(lua_Debug, ftransfer) - 64usize];
    [
        "Offset of field: lua_Debug::ntransfer",
    ][::std::mem::offset_of!(lua_Debug, ntransfer) - 66usize];
    [
        "Offset of field: lua_Debug::short_src",
    ][::std::mem::offset_of!(lua_Debug, short_src) - 68usize];
    [
        "Offset of field: lua_Debug::i_ci",
    ][::std::mem::offset_of!(lua_Debug, i_ci) - 128usize];
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
    pub b: *mut ::std::os::raw::c_char,
    pub size: usize,
    pub n: usize,
    pub L: *mut lua_State,
    pub init: luaL_Buffer__bindgen_ty_1,
}
#[repr(C)]
#[derive(Copy, Clone)]
pub union luaL_Buffer__bindgen_ty_1 {
    pub n: lua_Number,
    pub u: f64,
    pub s: *mut ::std::os::raw::c_void,
    pub i: lua_Integer,
    pub l: ::std::os::raw::c_long,
    pub b: [::std::os::raw::c_char; 1024usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of luaL_Buffer__bindgen_ty_1",
    ][::std::mem::size_of::<luaL_Buffer__bindgen_ty_1>() - 1024usize];
    [
        "Alignment of luaL_Buffer__bindgen_ty_1",
    ][::std::mem::align_of::<luaL_Buffer__bindgen_ty_1>() - 8usize];
    [
        "Offset of field: luaL_Buffer__bindgen_ty_1::n",
    ][::std::mem::offset_of!(luaL_Buffer__bindgen_ty_1, n) - 0usize];
    [
        "Offset of field: luaL_Buffer__bindgen_ty_1::u",
    ][::std::mem::offset_of!(luaL_Buffer__bindgen_ty_1, u) - 0usize];
    [
        "Offset of field: luaL_Buffer__bindgen_ty_1::s",
    ][::std::mem::offset_of!(luaL_Buffer__bindgen_ty_1, s) - 0usize];
    [
        "Offset of field: luaL_Buffer__bindgen_ty_1::i",
    ][::std::mem::offset_of!(luaL_Buffer__bindgen_ty_1, i) - 0usize];
    [
        "Offset of field: luaL_Buffer__bindgen_ty_1::l",
    ][::std::mem::offset_of!(luaL_Buffer__bindgen_ty_1, l) - 0usize];
    [
        "Offset of field: luaL_Buffer__bindgen_ty_1::b",
    ][::std::mem::offset_of!(luaL_Buffer__bindgen_ty_1, b) - 0usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of luaL_Buffer"][::std::mem::size_of::<luaL_Buffer>() - 1056usize];
    ["Alignment of luaL_Buffer"][::std::mem::align_of::<luaL_Buffer>() - 8usize];
    ["Offset of field: luaL_Buffer::b"][::std::mem::offset_of!(luaL_Buffer, b) - 0usize];
    [
        "Offset of field: luaL_Buffer::size",
    ][::std::mem::offset_of!(luaL_Buffer, size) - 8usize];
    [
        "Offset of field: luaL_Buffer::n",
    ][::std::mem::offset_of!(luaL_Buffer, n) - 16usize];
    [
        "Offset of field: luaL_Buffer::L",
    ][::std::mem::offset_of!(luaL_Buffer, L) - 24usize];
    [
        "Offset of field: luaL_Buffer::init",
    ][::std::mem::offset_of!(luaL_Buffer, init) - 32usize];
};
#[repr(C)]
#[derive(Copy, Clone)]
pub struct luaL_Stream {
    pub f: *mut FILE,
    pub closef: lua_CFunction,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of luaL_Stream"][::std::mem::size_of::<luaL_Stream>() - 16usize];
    ["Alignment of luaL_Stream"][::std::mem::align_of::<luaL_Stream>() - 8usize];
    ["Offset of field: luaL_Stream::f"][::std::mem::offset_of!(luaL_Stream, f) - 0usize];
    [
        "Offset of field: luaL_Stream::closef",
    ][::std::mem::offset_of!(luaL_Stream, closef) - 8usize];
};
#[repr(C)]
#[derive(Copy, Clone)]
pub struct CallInfo {
    pub _address: u8,
}
unsafe extern "C-unwind" {
    pub fn lua_newstate(f: lua_Alloc, ud: *mut ::std::os::raw::c_void) -> *mut lua_State;
    pub fn lua_close(L: *mut lua_State);
    pub fn lua_newthread(L: *mut lua_State) -> *mut lua_State;
    pub fn lua_closethread(
        L: *mut lua_State,
        from: *mut lua_State,
    ) -> ::std::os::raw::c_int;
    pub fn lua_resetthread(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn lua_atpanic(L: *mut lua_State, panicf: lua_CFunction) -> lua_CFunction;
    pub fn lua_version(L: *mut lua_State) -> lua_Number;
    pub fn lua_absindex(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_gettop(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn lua_settop(L: *mut lua_State, idx: ::std::os::raw::c_int);
    pub fn lua_pushvalue(L: *mut lua_State, idx: ::std::os::raw::c_int);
    pub fn lua_rotate(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        n: ::std::os::raw::c_int,
    );
    pub fn lua_copy(
        L: *mut lua_State,
        fromidx: ::std::os::raw::c_int,
        toidx: ::std::os::raw::c_int,
    );
    pub fn lua_checkstack(
        L: *mut lua_State,
        n: ::std::os::raw::c_int,
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
    pub fn lua_isinteger(
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
    pub fn lua_toboolean(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_tolstring(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        len: *mut usize,
    ) -> *const ::std::os::raw::c_char;
    pub fn lua_rawlen(L: *mut lua_State, idx: ::std::os::raw::c_int) -> lua_Unsigned;
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
    pub fn lua_arith(L: *mut lua_State, op: ::std::os::raw::c_int);
    pub fn lua_rawequal(
        L: *mut lua_State,
        idx1: ::std::os::raw::c_int,
        idx2: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_compare(
        L: *mut lua_State,
        idx1: ::std::os::raw::c_int,
        idx2: ::std::os::raw::c_int,
        op: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_pushnil(L: *mut lua_State);
    pub fn lua_pushnumber(L: *mut lua_State, n: lua_Number);
    pub fn lua_pushinteger(L: *mut lua_State, n: lua_Integer);
    pub fn lua_pushlstring(
        L: *mut lua_State,
        s: *const ::std::os::raw::c_char,
        len: usize,
    ) -> *const ::std::os::raw::c_char;
    pub fn lua_pushstring(
        L: *mut lua_State,
        s: *const ::std::os::raw::c_char,
    ) -> *const ::std::os::raw::c_char;
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
    pub fn lua_getglobal(
        L: *mut lua_State,
        name: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn lua_gettable(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_getfield(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        k: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn lua_geti(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        n: lua_Integer,
    ) -> ::std::os::raw::c_int;
    pub fn lua_rawget(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_rawgeti(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        n: lua_Integer,
    ) -> ::std::os::raw::c_int;
    pub fn lua_rawgetp(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        p: *const ::std::os::raw::c_void,
    ) -> ::std::os::raw::c_int;
    pub fn lua_createtable(
        L: *mut lua_State,
        narr: ::std::os::raw::c_int,
        nrec: ::std::os::raw::c_int,
    );
    pub fn lua_newuserdatauv(
        L: *mut lua_State,
        sz: usize,
        nuvalue: ::std::os::raw::c_int,
    ) -> *mut ::std::os::raw::c_void;
    pub fn lua_getmetatable(
        L: *mut lua_State,
        objindex: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_getiuservalue(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        n: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_setglobal(L: *mut lua_State, name: *const ::std::os::raw::c_char);
    pub fn lua_settable(L: *mut lua_State, idx: ::std::os::raw::c_int);
    pub fn lua_setfield(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        k: *const ::std::os::raw::c_char,
    );
    pub fn lua_seti(L: *mut lua_State, idx: ::std::os::raw::c_int, n: lua_Integer);
    pub fn lua_rawset(L: *mut lua_State, idx: ::std::os::raw::c_int);
    pub fn lua_rawseti(L: *mut lua_State, idx: ::std::os::raw::c_int, n: lua_Integer);
    pub fn lua_rawsetp(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        p: *const ::std::os::raw::c_void,
    );
    pub fn lua_setmetatable(
        L: *mut lua_State,
        objindex: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_setiuservalue(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        n: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_callk(
        L: *mut lua_State,
        nargs: ::std::os::raw::c_int,
        nresults: ::std::os::raw::c_int,
        ctx: lua_KContext,
        k: lua_KFunction,
    );
    pub fn lua_pcallk(
        L: *mut lua_State,
        nargs: ::std::os::raw::c_int,
        nresults: ::std::os::raw::c_int,
        errfunc: ::std::os::raw::c_int,
        ctx: lua_KContext,
        k: lua_KFunction,
    ) -> ::std::os::raw::c_int;
    pub fn lua_load(
        L: *mut lua_State,
        reader: lua_Reader,
        dt: *mut ::std::os::raw::c_void,
        chunkname: *const ::std::os::raw::c_char,
        mode: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn lua_dump(
        L: *mut lua_State,
        writer: lua_Writer,
        data: *mut ::std::os::raw::c_void,
        strip: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_yieldk(
        L: *mut lua_State,
        nresults: ::std::os::raw::c_int,
        ctx: lua_KContext,
        k: lua_KFunction,
    ) -> ::std::os::raw::c_int;
    pub fn lua_resume(
        L: *mut lua_State,
        from: *mut lua_State,
        narg: ::std::os::raw::c_int,
        nres: *mut ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_status(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn lua_isyieldable(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn lua_setwarnf(
        L: *mut lua_State,
        f: lua_WarnFunction,
        ud: *mut ::std::os::raw::c_void,
    );
    pub fn lua_warning(
        L: *mut lua_State,
        msg: *const ::std::os::raw::c_char,
        tocont: ::std::os::raw::c_int,
    );
    pub fn lua_gc(
        L: *mut lua_State,
        what: ::std::os::raw::c_int,
        ...
    ) -> ::std::os::raw::c_int;
    pub fn lua_error(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn lua_next(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
    pub fn lua_concat(L: *mut lua_State, n: ::std::os::raw::c_int);
    pub fn lua_len(L: *mut lua_State, idx: ::std::os::raw::c_int);
    pub fn lua_stringtonumber(
        L: *mut lua_State,
        s: *const ::std::os::raw::c_char,
    ) -> usize;
    pub fn lua_getallocf(
        L: *mut lua_State,
        ud: *mut *mut ::std::os::raw::c_void,
    ) -> lua_Alloc;
    pub fn lua_setallocf(
        L: *mut lua_State,
        f: lua_Alloc,
        ud: *mut ::std::os::raw::c_void,
    );
    pub fn lua_toclose(L: *mut lua_State, idx: ::std::os::raw::c_int);
    pub fn lua_closeslot(L: *mut lua_State, idx: ::std::os::raw::c_int);
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
    pub fn lua_upvalueid(
        L: *mut lua_State,
        fidx: ::std::os::raw::c_int,
        n: ::std::os::raw::c_int,
    ) -> *mut ::std::os::raw::c_void;
    pub fn lua_upvaluejoin(
        L: *mut lua_State,
        fidx1: ::std::os::raw::c_int,
        n1: ::std::os::raw::c_int,
        fidx2: ::std::os::raw::c_int,
        n2: ::std::os::raw::c_int,
    );
    pub fn lua_sethook(
        L: *mut lua_State,
        func: lua_Hook,
        mask: ::std::os::raw::c_int,
        count: ::std::os::raw::c_int,
    );
    pub fn lua_gethook(L: *mut lua_State) -> lua_Hook;
    pub fn lua_gethookmask(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn lua_gethookcount(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn lua_setcstacklimit(
        L: *mut lua_State,
        limit: ::std::os::raw::c_uint,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_checkversion_(L: *mut lua_State, ver: lua_Number, sz: usize);
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
    pub fn luaL_tolstring(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        len: *mut usize,
    ) -> *const ::std::os::raw::c_char;
    pub fn luaL_argerror(
        L: *mut lua_State,
        arg: ::std::os::raw::c_int,
        extramsg: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_typeerror(
        L: *mut lua_State,
        arg: ::std::os::raw::c_int,
        tname: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_checklstring(
        L: *mut lua_State,
        arg: ::std::os::raw::c_int,
        l: *mut usize,
    ) -> *const ::std::os::raw::c_char;
    pub fn luaL_optlstring(
        L: *mut lua_State,
        arg: ::std::os::raw::c_int,
        def: *const ::std::os::raw::c_char,
        l: *mut usize,
    ) -> *const ::std::os::raw::c_char;
    pub fn luaL_checknumber(L: *mut lua_State, arg: ::std::os::raw::c_int) -> lua_Number;
    pub fn luaL_optnumber(
        L: *mut lua_State,
        arg: ::std::os::raw::c_int,
        def: lua_Number,
    ) -> lua_Number;
    pub fn luaL_checkinteger(
        L: *mut lua_State,
        arg: ::std::os::raw::c_int,
    ) -> lua_Integer;
    pub fn luaL_optinteger(
        L: *mut lua_State,
        arg: ::std::os::raw::c_int,
        def: lua_Integer,
    ) -> lua_Integer;
    pub fn luaL_checkstack(
        L: *mut lua_State,
        sz: ::std::os::raw::c_int,
        msg: *const ::std::os::raw::c_char,
    );
    pub fn luaL_checktype(
        L: *mut lua_State,
        arg: ::std::os::raw::c_int,
        t: ::std::os::raw::c_int,
    );
    pub fn luaL_checkany(L: *mut lua_State, arg: ::std::os::raw::c_int);
    pub fn luaL_newmetatable(
        L: *mut lua_State,
        tname: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_setmetatable(L: *mut lua_State, tname: *const ::std::os::raw::c_char);
    pub fn luaL_testudata(
        L: *mut lua_State,
        ud: ::std::os::raw::c_int,
        tname: *const ::std::os::raw::c_char,
    ) -> *mut ::std::os::raw::c_void;
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
        arg: ::std::os::raw::c_int,
        def: *const ::std::os::raw::c_char,
        lst: *const *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_fileresult(
        L: *mut lua_State,
        stat: ::std::os::raw::c_int,
        fname: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_execresult(
        L: *mut lua_State,
        stat: ::std::os::raw::c_int,
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
    pub fn luaL_loadstring(
        L: *mut lua_State,
        s: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_newstate() -> *mut lua_State;
    pub fn luaL_len(L: *mut lua_State, idx: ::std::os::raw::c_int) -> lua_Integer;
    pub fn luaL_addgsub(
        b: *mut luaL_Buffer,
        s: *const ::std::os::raw::c_char,
        p: *const ::std::os::raw::c_char,
        r: *const ::std::os::raw::c_char,
    );
    pub fn luaL_gsub(
        L: *mut lua_State,
        s: *const ::std::os::raw::c_char,
        p: *const ::std::os::raw::c_char,
        r: *const ::std::os::raw::c_char,
    ) -> *const ::std::os::raw::c_char;
    pub fn luaL_setfuncs(
        L: *mut lua_State,
        l: *const luaL_Reg,
        nup: ::std::os::raw::c_int,
    );
    pub fn luaL_getsubtable(
        L: *mut lua_State,
        idx: ::std::os::raw::c_int,
        fname: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
    pub fn luaL_traceback(
        L: *mut lua_State,
        L1: *mut lua_State,
        msg: *const ::std::os::raw::c_char,
        level: ::std::os::raw::c_int,
    );
    pub fn luaL_requiref(
        L: *mut lua_State,
        modname: *const ::std::os::raw::c_char,
        openf: lua_CFunction,
        glb: ::std::os::raw::c_int,
    );
    pub fn luaL_buffinit(L: *mut lua_State, B: *mut luaL_Buffer);
    pub fn luaL_prepbuffsize(
        B: *mut luaL_Buffer,
        sz: usize,
    ) -> *mut ::std::os::raw::c_char;
    pub fn luaL_addlstring(
        B: *mut luaL_Buffer,
        s: *const ::std::os::raw::c_char,
        l: usize,
    );
    pub fn luaL_addstring(B: *mut luaL_Buffer, s: *const ::std::os::raw::c_char);
    pub fn luaL_addvalue(B: *mut luaL_Buffer);
    pub fn luaL_pushresult(B: *mut luaL_Buffer);
    pub fn luaL_pushresultsize(B: *mut luaL_Buffer, sz: usize);
    pub fn luaL_buffinitsize(
        L: *mut lua_State,
        B: *mut luaL_Buffer,
        sz: usize,
    ) -> *mut ::std::os::raw::c_char;
    pub fn luaopen_base(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaopen_coroutine(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaopen_table(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaopen_io(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaopen_os(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaopen_string(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaopen_utf8(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaopen_math(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaopen_debug(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaopen_package(L: *mut lua_State) -> ::std::os::raw::c_int;
    pub fn luaL_openlibs(L: *mut lua_State);
}
