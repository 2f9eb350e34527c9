//! The check of the bindings covers every declaration in them, and both shipped copies keep what `lua_sys` promises.

use crate::steps::bindings::with_buffer_size;
use crate::steps::contract::{c_text, differences};
use crate::steps::request::Backend;
use std::collections::BTreeSet;

const COPIES: [(Backend, &str); 2] =
    [(Backend::LuaJit, include_str!("../../src/sys/shipped/luajit.rs")), (Backend::Lua54, include_str!("../../src/sys/shipped/lua54.rs"))];
const UNITS: &str = include_str!("../../src/sys/shipped/unit_defs.rs");

/// The word behind each `before` in the text.
fn words<'t>(text: &'t str, before: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(before).skip(1).map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(""))
}

#[test]
fn every_function_and_every_callback_type_is_c_unwind() {
    for (backend, api) in COPIES {
        let abis: BTreeSet<&str> = words(api, "extern \"").collect();
        assert_eq!(abis, BTreeSet::from(["C"]), "{backend:?}");
        assert_eq!(api.matches("extern \"").count(), api.matches("extern \"C-unwind\"").count(), "{backend:?}");
        // Functions are declared in blocks, callback types as `Option<unsafe extern "C-unwind" fn(…)>`; nothing else is a function.
        let text = api.split_whitespace().collect::<Vec<_>>().join(" ");
        let callbacks = text.matches("unsafe extern \"C-unwind\" fn(").count();
        assert_eq!(text.matches(" fn(").count() + text.matches("<fn(").count(), callbacks, "{backend:?}");
        assert!(callbacks >= 5, "{backend:?} has {callbacks} callback types");
        let (_, blocks) = text.split_once("unsafe extern \"C-unwind\" {").expect("a block of functions");
        assert_eq!(blocks.matches("pub fn ").count(), text.matches("pub fn ").count(), "{backend:?}");
    }
}

#[test]
fn every_function_is_declared_again_in_c() {
    for (backend, api) in COPIES {
        let c = c_text(backend, api, UNITS);
        for name in words(api, "pub fn ") {
            assert!(c.contains(&format!(" ({name})(")), "{name} is not in the check of {backend:?}");
        }
    }
}

#[test]
fn every_constant_size_offset_and_type_is_asserted_in_c() {
    for (backend, api) in COPIES {
        let c = c_text(backend, api, UNITS);
        for name in words(api, "pub const ") {
            assert!(c.contains(&format!("(({name}) ==")) || c.contains(&format!("(sizeof({name}) ==")), "{name}, {backend:?}");
        }
        for text in [api, UNITS] {
            for name in words(text, "pub struct ").filter(|name| text.contains(&format!("\"Size of {name}\""))) {
                assert!(c.contains(&format!("sizeof({name}) ==")), "{name}, {backend:?}");
                assert!(c.contains(&format!("_Alignof({name}) ==")), "{name}, {backend:?}");
            }
            for path in text.split("\"Offset of field: ").skip(1).filter_map(|rest| rest.split('"').next()) {
                let (name, field) = path.split_once("::").expect("Struct::field");
                let field = if field == "type_" { "type" } else { field };
                let nameless = name.contains("__bindgen_ty_");
                assert!(nameless || c.contains(&format!("offsetof({name}, {field}) ==")), "{path}, {backend:?}");
            }
        }
        for name in words(api, "pub type ").filter(|name| !["FILE", "luaJIT_mode"].contains(name)) {
            assert!(c.contains(&format!("(*{name})(")) || c.contains(&format!("sizeof({name}) == sizeof(")), "{name}, {backend:?}");
        }
    }
}

#[test]
fn declarations_become_the_c_that_the_headers_have() {
    let c = c_text(Backend::LuaJit, COPIES[0].1, UNITS);
    for line in [
        "_Static_assert((LUA_REGISTRYINDEX) == (-10000), \"perilune: LUA_REGISTRYINDEX is -10000 in the bindings\");",
        "_Static_assert(sizeof(lua_Debug) == 120, \"perilune: lua_Debug has 120 bytes in the bindings\");",
        "_Static_assert(offsetof(Building, type) == 8, \"perilune: Building.type is at byte 8 in the bindings\");",
        "typedef int (*lua_CFunction)(lua_State *);",
        "typedef char const * (*lua_Reader)(lua_State *, void *, size_t *);",
        "extern lua_State * (luaL_newstate)(void);",
        "extern char const * (lua_pushfstring)(lua_State *, char const *, ...);",
        "extern int (luaL_checkoption)(lua_State *, int, char const *, char const * const *);",
    ] {
        assert!(c.lines().any(|made| made == line), "missing: {line}");
    }
}

#[test]
fn differences_are_told_in_words_whatever_the_compiler() {
    let gcc = "contract.c:9:1: error: static assertion failed: \"perilune: LUA_IDSIZE is 60 in the bindings\"\n    9 | _Static_assert((LUA_IDSIZE) == (60), \"perilune: LUA_IDSIZE is 60 in the bindings\");\n      | ^~~~\n";
    assert_eq!(differences(gcc), "LUA_IDSIZE is 60 in the bindings");
    let clang = "contract.c:9:1: error: static assertion failed due to requirement '80 == 60': perilune: LUA_IDSIZE is 60 in the bindings\n\
        contract.c:10:1: error: static assertion failed due to requirement '140 == 120': perilune: lua_Debug has 120 bytes in the bindings\n";
    assert_eq!(differences(clang), "LUA_IDSIZE is 60 in the bindings (and 1 more)");
    let conflict = "contract.c:7:13: error: conflicting types for 'lua_resume'; have 'int(lua_State *, int)'\n";
    assert_eq!(differences(conflict), "conflicting types for 'lua_resume'; have 'int(lua_State *, int)'");
}

#[test]
fn another_c_library_changes_the_shipped_buffer_and_nothing_else() {
    let changed = with_buffer_size(COPIES[0].1, 1024);
    let lines = COPIES[0].1.lines().zip(changed.lines()).filter(|(old, new)| old != new).collect::<Vec<_>>();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].1.contains("pub buffer: [::std::os::raw::c_char; 1024usize]"), "{lines:?}");
    assert!(c_text(Backend::LuaJit, &changed, UNITS).contains("sizeof(luaL_Buffer) == 1048"));
    assert_eq!(with_buffer_size(COPIES[0].1, 8192), COPIES[0].1);
}
