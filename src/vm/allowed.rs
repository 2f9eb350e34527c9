//! The names that scripts may have, and nothing beyond them.
//!
//! Names are allowed, not forbidden, so that what a newer Lua adds is out until somebody
//! has looked at it. The lists hold for both backends: what one of them lacks is not there
//! to be kept.

use std::ffi::c_int;

use crate::sys::{self, lua_State};
use crate::vm::backend;
use crate::vm::libs::Libs;
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;
use crate::vm::trampoline;

/// Names, each packed into a number: comparing those is quick, and a VM has 150 to look up.
type Names = &'static [u128];

/// The base functions without files, bytecode, environments and finalizers.
const BASE: Names = &packed::<24>(
    "_G _VERSION assert collectgarbage error getmetatable ipairs load loadstring next pairs pcall print rawequal \
     rawget rawlen rawset select setmetatable tonumber tostring type unpack xpcall",
);

/// What libraries are globals of; whether one is opened was decided before.
const LIBRARIES: Names = &packed::<12>("bit coroutine debug ffi io jit math os package string table utf8");

const OS: Names = &packed::<4>("clock date difftime time");

/// The libraries of which a part is allowed.
const PARTS: &[(&str, Names)] = &[
    ("bit", &packed::<12>("arshift band bnot bor bswap bxor lshift rol ror rshift tobit tohex")),
    ("coroutine", &packed::<8>("close create isyieldable resume running status wrap yield")),
    (
        "math",
        &packed::<35>(
            "abs acos asin atan atan2 ceil cos cosh deg exp floor fmod frexp huge ldexp log log10 max maxinteger \
             min mininteger modf pi pow rad random randomseed sin sinh sqrt tan tanh tointeger type ult",
        ),
    ),
    ("string", &packed::<16>("byte char find format gmatch gsub len lower match pack packsize rep reverse sub unpack upper")),
    ("table", &packed::<11>("concat foreach foreachi getn insert maxn move pack remove sort unpack")),
    ("utf8", &packed::<6>("char charpattern codepoint codes len offset")),
];

/// The words of `text`, in its order.
const fn packed<const N: usize>(text: &str) -> [u128; N] {
    let (text, mut names) = (text.as_bytes(), [0; N]);
    let (mut at, mut word) = (0, 0);
    while at < text.len() {
        let start = at;
        while at < text.len() && text[at] != b' ' {
            at += 1;
        }
        names[word] = pack(text, start, at);
        word += 1;
        at += 1;
    }
    assert!(word == N, "as many names as are told");
    names
}

/// A name of up to 15 bytes and its length as a number; longer ones are no name of a list.
const fn pack(text: &[u8], start: usize, end: usize) -> u128 {
    if end - start > 15 {
        return 0;
    }
    let (mut number, mut at) = (0, start);
    while at < end {
        number = number << 8 | text[at] as u128;
        at += 1;
    }
    number << 8 | (end - start) as u128
}

/// Leaves scripts what `libs` says. `[-0, +0, m]`
///
/// # Safety
/// A new VM whose libraries are open, with room for eight values, in grace.
pub(crate) unsafe fn restrict(state: &mut State, libs: Libs) {
    let l = state.raw();
    // SAFETY: the caller's; raw access to tables by keys that are there wants no memory,
    // any other only that (I2, I3); balanced (I5).
    unsafe {
        let balance = StackGuard::new(l);
        let globals = balance.top + 1;
        backend::push_globals(l);
        if !libs.contains(Libs::UNCHECKED) {
            for (library, names) in PARTS {
                keep_of(l, globals, library, names);
            }
        }
        if !libs.contains(Libs::OS_UNSAFE) {
            keep_of(l, globals, "os", OS);
        }
        let (unchecked, base) = (libs.contains(Libs::UNCHECKED), libs.contains(Libs::BASE));
        keep(l, globals, |name| match name {
            b"coroutine" => libs.contains(Libs::COROUTINE),
            b"require" => base,
            name => is_in(LIBRARIES, name) || base && (unchecked || is_in(BASE, name)),
        });
        lock_strings(l, globals);
    }
}

/// Keeps these names of a library, if it is there. `[-0, +0, m]`
///
/// # Safety
/// As for [`restrict`]; the table of globals is at `globals`, on top.
unsafe fn keep_of(l: *mut lua_State, globals: c_int, library: &str, names: Names) {
    // SAFETY: the caller's.
    unsafe {
        let balance = StackGuard::new(l);
        push_field(l, globals, library);
        if sys::lua_type(l, balance.top + 1) == sys::LUA_TTABLE {
            keep(l, balance.top + 1, |name| is_in(names, name));
        }
    }
}

/// Removes what is not `allowed` from the table at `table`, on top. `[-0, +0, -]`
///
/// # Safety
/// As for [`restrict`].
unsafe fn keep(l: *mut lua_State, table: c_int, allowed: impl Fn(&[u8]) -> bool) {
    // SAFETY: a traversal by keys that are there raises nothing, nor does taking away what
    // one of them has (I2).
    unsafe {
        sys::lua_pushnil(l);
        while sys::lua_next(l, table) != 0 {
            sys::lua_settop(l, table + 1);
            if sys::lua_type(l, table + 1) == sys::LUA_TSTRING && allowed(stack::text_at(l, table + 1)) {
                continue;
            }
            sys::lua_pushvalue(l, table + 1);
            sys::lua_pushnil(l);
            sys::lua_rawset(l, table);
        }
    }
}

/// Every string's methods: a copy that scripts cannot reach, so that none can change what
/// `s:len()` means to the others. `[-0, +0, m]`
///
/// # Safety
/// As for [`restrict`]; the table of globals is at `globals`, on top.
unsafe fn lock_strings(l: *mut lua_State, globals: c_int) {
    // SAFETY: the caller's.
    unsafe {
        let _balance = StackGuard::new(l);
        let (string, metatable, methods) = (globals + 1, globals + 3, globals + 5);
        push_field(l, globals, "string");
        sys::lua_pushlstring(l, c"".as_ptr(), 0);
        if sys::lua_type(l, string) != sys::LUA_TTABLE || sys::lua_getmetatable(l, string + 1) == 0 {
            return;
        }
        sys::lua_pushlstring(l, c"__index".as_ptr(), 7);
        sys::lua_createtable(l, 0, 17);
        sys::lua_pushnil(l);
        while sys::lua_next(l, string) != 0 {
            sys::lua_pushvalue(l, methods + 1);
            sys::lua_insert(l, methods + 2);
            sys::lua_rawset(l, methods);
        }
        sys::lua_rawset(l, metatable);
        trampoline::lock_metatable(l);
    }
}

/// Pushes `globals[name]`, raw. `[-0, +1, m]`
///
/// # Safety
/// As for [`restrict`].
unsafe fn push_field(l: *mut lua_State, globals: c_int, name: &str) {
    // SAFETY: the caller's.
    unsafe {
        sys::lua_pushlstring(l, name.as_ptr().cast(), name.len());
        sys::lua_rawget(l, globals);
    }
}

fn is_in(names: Names, name: &[u8]) -> bool {
    names.contains(&pack(name, 0, name.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_whole() {
        assert!(is_in(OS, b"clock") && is_in(OS, b"time") && is_in(BASE, b"collectgarbage") && is_in(BASE, b"xpcall"));
        for name in [&b""[..], b"cloc", b"clockk", b"lock", b"execute", b"clock date", b" ", b"a name that is too long to be packed"] {
            assert!(!is_in(OS, name) && !is_in(BASE, name), "{name:?}");
        }
    }
}
