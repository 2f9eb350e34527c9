//! Promise: a struct is described once, and what cannot be shown to scripts is refused with
//! a sentence when its first view is made, if not by the compiler.

mod common;
#[path = "common/views.rs"]
mod world;

use std::ffi::{c_char, c_int};
use std::mem::{offset_of, size_of};

use common::is_luajit;
use perilune::{
    Access, CDeclaration, CField, CStruct, CView, Error, FieldType, Kind, Lua, Schema, ViewAccess, ViewField, c_enum, c_struct,
};
use world::{Soldier, Vec2, paths};

/// As C has it: with a pointer, and a name that is a word of Rust.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
struct Thing {
    owner: *mut u8,
    kind: c_int,
    label: [c_char; 4],
    weights: [f64; 2],
}

// SAFETY: scripts and tests never follow the pointer.
unsafe impl Send for Thing {}

// SAFETY: `repr(C)` with the fields of the declaration.
unsafe impl CStruct for Thing {
    const NAME: &'static str = "struct Thing";
    const DECLARATIONS: &'static [CDeclaration] =
        &[CDeclaration { name: "struct Thing", text: "struct Thing { void *owner; int type; char label[4]; double weights[2]; };" }];
    const FIELDS: &'static [CField] = &[
        CField { name: "owner", offset: offset_of!(Thing, owner), size: size_of::<*mut u8>() },
        CField { name: "type", offset: offset_of!(Thing, kind), size: 4 },
        CField { name: "label", offset: offset_of!(Thing, label), size: 4 },
        CField { name: "weights", offset: offset_of!(Thing, weights), size: 16 },
    ];
}

const fn seen(name: &'static str, offset: usize, kind: Kind, access: Access) -> ViewField {
    ViewField { name, c_name: name, doc: "", offset, kind, access }
}

// SAFETY: as Rust laid it out; numbers and text.
unsafe impl CView for Thing {
    const SCHEMA: &'static Schema = &Schema {
        name: "Thing",
        size: size_of::<Self>(),
        fields: &[
            seen("owner", offset_of!(Thing, owner), Kind::Pointer, Access::Hidden),
            ViewField { c_name: "type", ..seen("class", offset_of!(Thing, kind), Kind::I32, Access::ReadWrite) },
            seen("label", offset_of!(Thing, label), Kind::Text(4), Access::ReadWrite),
            seen("weights", offset_of!(Thing, weights), Kind::Array(&Kind::F64, 2), Access::ReadWrite),
        ],
    };
}

#[test]
fn a_struct_described_by_hand() {
    for (path, mut lua) in paths() {
        let owner = 7_usize as *mut u8;
        let mut things = [Thing { owner, kind: 1, label: [0; 4], weights: [0.5, 1.5] }; 3];
        lua.lend("things", &mut things, |state| {
            state.run(
                "local thing = things[1]
                 thing.class, thing.label, thing.weights[1] = -7, 'abc', 0.1
                 things[2] = thing
                 assert(not pcall(function() return thing.owner end) and not pcall(function() return thing.type end))
                 local copy = things:totable(2)
                 assert(copy.owner == nil and copy.class == -7 and copy.label == 'abc' and copy.weights[2] == 0.1)",
            )
        })
        .unwrap();
        let changed = Thing { owner, kind: -7, label: b"abc\0".map(|byte| byte as c_char), weights: [0.5, 0.1] };
        assert_eq!(things[1..], [changed; 2], "{path:?}");
        assert_eq!(things[0].kind, 1);
    }
}

mod other {
    perilune::c_struct! {
        #[derive(Default)]
        pub struct Vec2 { pub x: f64, pub y: f64 }
    }
}

#[test]
fn a_name_means_one_struct_in_a_vm() {
    for (path, mut lua) in paths() {
        let (mut first, mut second) = ([Vec2::default()], [other::Vec2::default()]);
        lua.lend("a", &mut first, |_| Ok(())).unwrap();
        let error = lua.lend("b", &mut second, |_| Ok(())).unwrap_err();
        assert!(matches!(error, Error::Type(_)), "{path:?}: {error:?}");
        let message = "struct 'Vec2': expected the struct that this VM knows by that name, got another one, with other fields";
        assert_eq!(error.to_string(), message, "{path:?}");
        lua.lend("a", &mut first, |state| state.run("a[0].x = 1")).unwrap();
        assert_eq!(first[0].x, 1.0);
    }
    let mut lua = Lua::new().unwrap();
    lua.lend("b", &mut [other::Vec2::default()], |state| state.run("b[0].x = 0.1 assert(b[0].x == 0.1)")).unwrap();
}

c_struct! {
    #[derive(Default)]
    struct Four { a: [i32; 1], b: [i32; 1], c: [i32; 1], d: [i32; 1] }

    #[derive(Default)]
    struct Twenty { a: Four, b: Four, c: Four, d: Four, e: Four }

    #[derive(Default)]
    struct Hundred { a: Twenty, b: Twenty, c: Twenty, d: Twenty, e: Twenty }

    #[derive(Default)]
    struct Eighty { a: Twenty, b: Twenty, c: Twenty, d: Twenty }
}

/// LuaJIT lets a function name 60 variables outside of it.
#[test]
fn many_places_of_a_kind_can_be_copied_to_each_other() {
    for (path, mut lua) in paths() {
        lua.lend("all", &mut [Eighty::default()], |state| {
            state.run(
                "local one = all[0]
                 one.d.e.d = { 7 }
                 one.a.a.a = one.d.e.d
                 one.b = { b = one.d.e }
                 assert(one.a.a.a[0] == 7 and one.b.b.d[0] == 7)",
            )
        })
        .unwrap_or_else(|error| panic!("{path:?}: {error:#}"));
    }
}

#[test]
fn too_many_places_are_refused_where_each_is_a_type() {
    for (path, mut lua) in paths() {
        let result = lua.lend("all", &mut [Hundred::default()], |state| state.run("all[0].e.e.d[0] = 5 assert(all[0].e.e.d[0] == 5)"));
        if path == ViewAccess::Handles {
            let message = "expected a struct with at most 120 arrays and structs in it, got 'Hundred', which has 131";
            assert_eq!(result.map(drop).unwrap_err().to_string(), message);
        } else {
            result.unwrap();
        }
        common::check(&mut lua);
    }
}

#[test]
fn what_is_shared_out_is_a_type_of_its_own() {
    let mut lua = Lua::new().unwrap();
    assert_eq!(lua.lend("none", &mut Vec::<Soldier>::new(), |state| state.load("return #none").eval::<usize>()).unwrap(), 0);
    let error = lua.lend("a name..that is none", &mut [Vec2::default()], |_| Ok(())).unwrap_err();
    assert!(error.to_string().contains("a name such as 'speed' or 'rules.speed'"), "{error}");
}

c_enum! {
    #[derive(Debug, PartialEq)]
    enum Sparse: u16 { A = 3, B = 500, C = 65_535 }

    enum Signed: i8 { Low = -128, High = 127 }
}

c_struct! {
    /// A struct with documentation.
    struct Documented {
        /// First line.
        /// Second line.
        #[read_only]
        #[rename("end")]
        last: Sparse,
        signed: [Signed; 2],
        flags: [bool; 3],
        names: [[c_char; 4]; 2],
    }
}

#[test]
fn the_schema_says_it_all() {
    let fields = Documented::SCHEMA.fields;
    assert_eq!((fields[0].name, fields[0].c_name, fields[0].access), ("end", "last", Access::ReadOnly));
    assert_eq!(fields[0].doc, " First line.\n Second line.\n");
    assert_eq!(fields[3].offset, offset_of!(Documented, names));
    assert!(matches!(Sparse::KIND, Kind::Enum(all) if all.repr == Kind::U16 && all.values == [3, 500, 65_535]));
    let text = "typedef struct Documented { uint16_t last; int8_t signed[2]; bool flags[3]; int8_t names[2][4]; } Documented;";
    let text = if c_char::MIN == 0 { text.replace("int8_t names", "uint8_t names") } else { text.to_owned() };
    if is_luajit() {
        assert_eq!(Documented::DECLARATIONS[0].text, text);
    }
}

c_struct! {
    struct Mixed {
        #[rename("end")]
        last: Sparse,
        low: [Signed; 2],
        flags: [bool; 3],
    }
}

/// Words of Lua as names, and arrays of what is checked.
#[test]
fn arrays_of_enumerations_and_booleans() {
    for (path, mut lua) in paths() {
        let mut all = [Mixed { last: Sparse::A, low: [Signed::Low, Signed::High], flags: [true, false, true] }];
        lua.lend("all", &mut all, |state| {
            state.run(
                "local one = all[0]
                 assert(one['end'] == 3 and one.low[0] == -128 and one.flags[0] and not one.flags[1])
                 one['end'], one.low[0], one.flags[1] = 500, 127, true
                 for _, v in ipairs({ 4, 499, 0, -1, 65536 }) do assert(not pcall(function() one['end'] = v end)) end
                 for _, v in ipairs({ 0, -127, 126, 128 }) do assert(not pcall(function() one.low[1] = v end)) end
                 assert(not pcall(function() one.flags[0] = 1 end) and not pcall(function() one.flags[3] = true end))
                 one.flags = { false, false, true }
                 assert(not pcall(function() one.flags = { true, 0, true } end))
                 assert(all:column('flags[2]')[0] == true and all:getter('end')(0) == 500)",
            )
        })
        .unwrap_or_else(|error| panic!("{path:?}: {error:#}"));
        assert_eq!((all[0].last, all[0].low.map(|it| it as i8), all[0].flags), (Sparse::B, [127, 127], [false, false, true]));
    }
}

/// Pointers, also to such a struct itself.
#[test]
fn a_schema_with_pointers_in_words() {
    let text = perilune::game::Unit::SCHEMA.to_markdown();
    for line in [
        "| `gear` | array of 20: Item, or nil | read |",
        "| `followers_array` | Unit, or nil | read |",
        "| `hp` | array of 2: integer (i32) | read, write |",
    ] {
        assert!(text.lines().any(|other| other.starts_with(line)), "{line} in {text}");
    }
    assert!(text.lines().any(|line| line.starts_with("| `name` | text of at most")), "{text}");
}

/// What only the documentation of a schema says.
#[test]
fn a_schema_in_words() {
    let text = Soldier::SCHEMA.to_markdown();
    for line in [
        "| `hp` | array of 2: integer (i32) | read, write | Hit points: now, and at most. |",
        "| `kind` | integer (i32) | read, write | |",
        "| `stance` | one of 0 (Idle), 1 (Guard), 7 (Attack) | read, write | |",
        "| `tag` | text of at most 7 bytes | read, write | |",
        "| `home` | Vec2 | read | |",
        "| `home.x` | number (f32) | read | |",
        "| `slots` | array of 3: Slot | read, write | |",
        "| `slots[].id` | integer (i32) | read | |",
        "| `slots[].n` | integer (i16) | read, write | |",
        "| `grid` | array of 2: array of 3: integer (i16) | read, write | |",
    ] {
        assert!(text.lines().any(|other| other == line), "{line} in {text}");
    }
    assert!(!text.contains("secret"));
    let mut lua = Lua::new().unwrap();
    let fields = Documented::SCHEMA.to_table(&mut lua).unwrap();
    lua.set("fields", fields).unwrap();
    lua.run(
        "assert(#fields == 4 and fields[1].name == 'end' and fields[1].read_only and fields[1].doc == 'First line. Second line.')
         assert(fields[3].holds == 'array of 3: boolean' and fields[3].doc == '')",
    )
    .unwrap();
}
