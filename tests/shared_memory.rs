//! A real C pointer for trusted scripts: what `expose_raw` promises. On Lua 5.4 the
//! one promise is a clear refusal; the other tests have nothing to look at there.

use std::mem::{offset_of, size_of};

use perilune::game::{CON, HON, Item, Party, STR, Unit};
use perilune::{Backend, CDeclaration, CField, CStruct, Error, Function, Libs, Lua, Result, State};

/// A VM that has an FFI, where the linked Lua does.
fn lua_with_ffi() -> Option<Lua> {
    Backend::current().has_ffi.then(|| Lua::new().unwrap())
}

fn expose<T: CStruct>(lua: &mut State, name: &str, data: &mut Vec<T>) -> Result<()> {
    // SAFETY: the tests' own scripts stay within the vector, and every test keeps it
    // untouched and in place while one runs.
    unsafe { lua.expose_raw(name, data.as_mut_ptr(), data.len()) }
}

fn units(count: usize) -> Vec<Unit> {
    (0..count).map(|_| Unit::default()).collect()
}

/// A struct of this file, with whatever description a test gives it.
macro_rules! described {
    ($Type:ident { $($field:ident: $Field:ty),* }, $name:literal, $text:literal, [$($c:literal @ $offset:expr, $size:expr);*]) => {
        #[repr(C)]
        #[derive(Default)]
        #[allow(dead_code, reason = "the fields are C's")]
        struct $Type { $($field: $Field),* }

        // SAFETY: numbers only. Where the description is wrong, no pointer is ever made.
        unsafe impl CStruct for $Type {
            const NAME: &'static str = $name;
            const DECLARATIONS: &'static [CDeclaration] = &[CDeclaration { name: $name, text: $text }];
            const FIELDS: &'static [CField] = &[$(CField { name: $c, offset: $offset, size: $size }),*];
        }
    };
}

#[test]
fn what_scripts_write_is_in_rust_and_back() {
    let Some(mut lua) = lua_with_ffi() else { return };
    let mut units = units(3);
    units[0].hp = [5, 9];
    units[2].stats[CON] = 4;
    expose(&mut lua, "units", &mut units).unwrap();
    lua.run(&format!(
        "assert(units[0].hp[0] == 5 and units[0].hp[1] == 9 and units[2].stats[{CON}] == 4)
         units[0].hp[0] = units[0].hp[0] - 7
         units[1].stats[{STR}] = 6
         units[2].traits.placeholder = 77
         units[2].gear_count[19] = -1"
    ))
    .unwrap();
    assert_eq!(units[0].hp, [-2, 9]);
    assert_eq!(units[1].stats[STR], 6);
    assert_eq!((units[2].traits.placeholder, units[2].gear_count[19]), (77, -1));

    units[1].stats[HON] = 3;
    lua.run(&format!("assert(units[1].stats[{HON}] == 3)")).unwrap();
}

#[test]
fn every_field_is_the_same_on_both_sides() {
    let Some(mut lua) = lua_with_ffi() else { return };
    let mut units = units(2);
    expose(&mut lua, "units", &mut units).unwrap();
    // Each number field gets a value of its own from the script.
    lua.run(
        "local u, n = units[1], 0
         local function fresh() n = n + 1 return n end
         for i = 0, 1 do u.hp[i] = fresh() end
         for i = 0, 6 do u.stats[i] = fresh() end
         for i = 0, 19 do u.gear_count[i] = fresh() end
         u.last_item, u.armour_bonus = fresh(), fresh()
         u.traits.placeholder, u.emotions.placeholder, u.opinions.placeholder = fresh(), fresh(), fresh()
         u.alignment = fresh()
         assert(u.name == nil and u.gear[19] == nil and u.followers_array == nil and u.buildings_array == nil)
         u.followers_array = units",
    )
    .unwrap();
    let unit = &units[1];
    let mut seen: Vec<i32> = unit.hp.into_iter().chain(unit.stats).chain(unit.gear_count).collect();
    seen.extend([unit.last_item, unit.armour_bonus, unit.traits.placeholder, unit.emotions.placeholder]);
    seen.extend([unit.opinions.placeholder, unit.alignment]);
    assert_eq!(seen, (1..=35).collect::<Vec<_>>());
    assert_eq!(unit.followers_array.addr(), units.as_ptr().addr());
}

#[test]
fn units_carry_items_of_a_catalogue_that_scripts_count_in() {
    let Some(mut lua) = lua_with_ffi() else { return };
    let mut party = Party::new();
    for name in ["dagger", "mace", "spear"] {
        party.add_item(name, "sharp or heavy");
    }
    party.add_unit("Rowan");
    let (items, units) = (party.items_ptr(), party.units_ptr());
    // SAFETY: nothing is added to the party from here on, and the script stays within it.
    unsafe {
        lua.expose_raw("stock.items", items, 3).unwrap();
        lua.expose_raw("stock.units", units, 1).unwrap();
    }
    let name: String = lua
        .load(
            "local unit, items = stock.units[0], stock.items
             unit.gear[0] = items + 2
             unit.last_item, unit.gear_count[0] = 0, 1
             unit.gear[0].damage = 6
             assert(unit.gear[0] - items == 2 and unit.gear[1] == nil)
             local text, i = '', 0
             while unit.gear[0].name[i] ~= 0 do
               text, i = text .. string.char(unit.gear[0].name[i]), i + 1
             end
             return text",
        )
        .eval()
        .unwrap();
    assert_eq!(name, "spear");
    assert_eq!(party.item_at(0, 0), Some(2));
    assert_eq!(party.items()[2].damage, 6);
}

#[test]
fn scripts_get_the_pointer_and_not_the_library() {
    let Some(mut lua) = lua_with_ffi() else { return };
    let before: Vec<String> = globals(&mut lua);
    let mut units = units(1);
    expose(&mut lua, "units", &mut units).unwrap();
    let mut after = globals(&mut lua);
    after.retain(|name| name != "units");
    assert_eq!(before, after);
    lua.run(
        "assert(ffi == nil and require == nil and package == nil)
         assert(getmetatable(units) == 'ffi', 'the metatable is closed')
         assert(type(units) == 'cdata')",
    )
    .unwrap();
}

fn globals(lua: &mut Lua) -> Vec<String> {
    let table = lua.globals().unwrap();
    let mut names: Vec<String> = table.pairs::<String, perilune::Value>(lua).unwrap().map(|entry| entry.unwrap().0).collect();
    names.sort();
    names
}

#[test]
fn what_scripts_do_to_the_globals_does_not_matter() {
    let Some(mut lua) = lua_with_ffi() else { return };
    lua.run("local G = _G for name in pairs(G) do G[name] = nil end ffi = { cast = 1 }").unwrap();
    let mut units = units(1);
    expose(&mut lua, "units", &mut units).unwrap();
    lua.run("units[0].alignment = 3").unwrap();
    assert_eq!(units[0].alignment, 3);
}

#[test]
fn a_library_that_is_open_already_stays_as_it_is() {
    let Some(mut lua) = lua_with_ffi() else { return };
    // A literal opens it behind the scenes; values that it made must keep their types.
    lua.run("wide = 5LL").unwrap();
    let mut units = units(1);
    expose(&mut lua, "units", &mut units).unwrap();
    lua.run("assert(wide + 1LL == 6LL) units[0].alignment = wide").unwrap();
    assert_eq!(units[0].alignment, 5);

    // SAFETY: the scripts below are the only ones.
    let mut lua = unsafe { Lua::builder().unsafe_libs(Libs::FFI) }.build().unwrap();
    lua.run("pair = ffi.new('struct { int a, b; }', 1, 2)").unwrap();
    expose(&mut lua, "units", &mut units).unwrap();
    lua.run("assert(pair.a + pair.b == 3 and ffi.sizeof('Unit') == ffi.sizeof(units[0])) units[0].hp[1] = pair.b").unwrap();
    assert_eq!(units[0].hp[1], 2);
}

#[test]
fn a_type_is_declared_once_and_exposed_often() {
    let Some(mut lua) = lua_with_ffi() else { return };
    let (mut first, mut second) = (units(1), units(1));
    let mut items = vec![Item::default()];
    expose(&mut lua, "items", &mut items).unwrap(); // declared alone, then as a part of Unit
    expose(&mut lua, "first", &mut first).unwrap();
    expose(&mut lua, "deeply.nested.second", &mut second).unwrap();
    expose(&mut lua, "again", &mut first).unwrap();
    lua.run("first[0].hp[0] = 1 deeply.nested.second[0].hp[0] = 2 again[0].hp[1] = 3").unwrap();
    assert_eq!((first[0].hp, second[0].hp), ([1, 3], [2, 0]));
    // The name can be used for other memory.
    expose(&mut lua, "first", &mut second).unwrap();
    lua.run("first[0].hp[1] = 4").unwrap();
    assert_eq!((first[0].hp, second[0].hp), ([1, 3], [2, 4]));
    // Each VM knows its own types.
    let mut other = Lua::new().unwrap();
    assert!(other.run("return units[0]").is_err());
    expose(&mut other, "units", &mut first).unwrap();
}

#[test]
fn two_rust_types_may_stand_for_one_c_type() {
    described!(Mine { x: f64, y: f64 }, "Spot", "typedef struct Spot { double x, y; } Spot;", ["x" @ 0, 8; "y" @ 8, 8]);
    described!(Yours { y: f64, x: f64 }, "Spot", "typedef struct Spot {\n  double x, y;\n} Spot;\n", ["x" @ 0, 8; "y" @ 8, 8]);
    described!(Wrong { y: f64, x: f64 }, "Spot", "typedef struct Spot { double x, y; } Spot;", ["x" @ 8, 8; "y" @ 0, 8]);
    let Some(mut lua) = lua_with_ffi() else { return };
    expose(&mut lua, "mine", &mut vec![Mine::default()]).unwrap();
    expose(&mut lua, "yours", &mut vec![Yours::default()]).unwrap();
    // The layout of each is compared, also when the declaration is known.
    let error = expose(&mut lua, "wrong", &mut vec![Wrong::default()]).unwrap_err();
    assert_eq!(error.to_string(), "struct 'Spot', field 'x': expected offset 8 as in Rust, got 0 from its C declaration");
}

#[test]
fn another_layout_under_a_known_name_is_an_error() {
    described!(Old { x: f32 }, "Mark", "typedef struct Mark { float x; } Mark;", ["x" @ 0, 4]);
    described!(New { x: f64 }, "Mark", "typedef struct Mark { double x; } Mark;", ["x" @ 0, 8]);
    let Some(mut lua) = lua_with_ffi() else { return };
    let mut old = vec![Old::default()];
    expose(&mut lua, "old", &mut old).unwrap();
    let error = expose(&mut lua, "new", &mut vec![New::default()]).unwrap_err();
    assert_eq!(error.to_string(), "C type 'Mark': expected the declaration that this VM has already, got another one of the same name");
    assert!(lua.get::<Option<bool>>("new").unwrap().is_none());
    lua.run("old[0].x = 1.5").unwrap();
    assert_eq!(old[0].x, 1.5);
}

#[test]
fn a_mismatch_names_the_struct_the_field_and_both_numbers() {
    described!(Offset { a: u8, b: u32, c: u32 }, "Offset", "typedef struct Offset { uint8_t a; uint32_t c, b; } Offset;",
        ["a" @ 0, 1; "b" @ offset_of!(Offset, b), 4; "c" @ offset_of!(Offset, c), 4]);
    described!(Narrow { a: u8, b: u32 }, "Narrow", "typedef struct Narrow { uint16_t a; uint32_t b; } Narrow;",
        ["a" @ 0, size_of::<u8>(); "b" @ 4, 4]);
    described!(Array { a: [u32; 4], b: u32 }, "Array", "typedef struct Array { uint32_t a[5]; } Array;",
        ["a" @ 0, size_of::<[u32; 4]>()]);
    described!(Renamed { a: u32, b: u32 }, "Renamed", "typedef struct Renamed { uint32_t a, c; } Renamed;", ["a" @ 0, 4; "b" @ 4, 4]);
    described!(Short { a: u32 }, "Short", "typedef struct Short { uint32_t a, b; } Short;", ["a" @ 0, 4]);
    described!(Loose { a: [u8; 8] }, "Loose", "typedef struct Loose { uint64_t a; } Loose;", ["a" @ 0, 8]);

    fn refusal<T: CStruct + Default>(lua: &mut Lua) -> String {
        let error = expose(lua, "it", &mut vec![T::default()]).unwrap_err();
        assert!(matches!(error, Error::Type(_)), "{error:?}");
        assert!(lua.get::<Option<bool>>("it").unwrap().is_none(), "nothing is exposed");
        error.to_string()
    }
    let Some(lua) = &mut lua_with_ffi() else { return };
    assert_eq!(refusal::<Offset>(lua), "struct 'Offset', field 'b': expected offset 4 as in Rust, got 8 from its C declaration");
    assert_eq!(refusal::<Narrow>(lua), "struct 'Narrow', field 'a': expected size 1 as in Rust, got 2 from its C declaration");
    assert_eq!(refusal::<Array>(lua), "struct 'Array', field 'a': expected size 16 as in Rust, got 20 from its C declaration");
    assert_eq!(refusal::<Renamed>(lua), "struct 'Renamed', field 'b': expected a field of the C declaration, got a name that is not in it");
    assert_eq!(refusal::<Short>(lua), "struct 'Short': expected size 4 as in Rust, got 8 from its C declaration");
    assert_eq!(refusal::<Loose>(lua), "struct 'Loose': expected alignment 1 as in Rust, got 8 from its C declaration");
    // It is found every time, not only when the type is declared.
    assert!(refusal::<Short>(lua).contains("expected size 4"));
}

#[test]
fn a_declaration_that_is_no_c_is_refused_with_the_parsers_words() {
    described!(Broken { a: u32 }, "Broken", "typedef struct Broken { uint32_t a } Broken;", ["a" @ 0, 4]);
    let Some(mut lua) = lua_with_ffi() else { return };
    let error = expose(&mut lua, "it", &mut vec![Broken::default()]).unwrap_err();
    assert!(matches!(error, Error::Runtime(_)), "{error:?}");
    assert!(error.to_string().starts_with("LuaJIT cannot take the C declaration of 'Broken': "), "{error}");
}

#[test]
fn pointers_that_cannot_be_right_are_refused() {
    let Some(mut lua) = lua_with_ffi() else { return };
    let mut units = units(2);
    let data = units.as_mut_ptr();
    let mut refusal = |data: *mut Unit, len: usize| {
        // SAFETY: no script runs, and the pointer is refused.
        let error = unsafe { lua.expose_raw("units", data, len) }.unwrap_err();
        assert!(matches!(error, Error::Type(_)), "{error:?}");
        error.to_string()
    };
    let null = std::ptr::null_mut();
    assert_eq!(refusal(null, 2), "exposing 'units': expected a pointer to 2 'Unit', got a null pointer");
    assert_eq!(refusal(data, 0), "exposing 'units': expected at least one 'Unit', got a length of 0");
    assert_eq!(refusal(null, 0), "exposing 'units': expected at least one 'Unit', got a length of 0");
    let odd = data.wrapping_byte_add(4);
    assert_eq!(
        refusal(odd, 1),
        format!("exposing 'units': expected a pointer to 1 'Unit', got {:#x}, which is not a multiple of 8", odd.addr())
    );
    for len in [usize::MAX, usize::MAX / size_of::<Unit>(), isize::MAX as usize / size_of::<Unit>() + 1] {
        assert!(refusal(data, len).ends_with("got a length beyond the end of memory"), "{len}");
    }
}

#[test]
fn a_name_that_cannot_be_set_is_an_error_and_no_more() {
    let Some(mut lua) = lua_with_ffi() else { return };
    lua.set("number", 7).unwrap();
    let mut units = units(1);
    for name in ["", "a..b", "number.units"] {
        assert!(matches!(expose(&mut lua, name, &mut units), Err(Error::Type(_))), "{name}");
    }
    expose(&mut lua, "units", &mut units).unwrap();
}

#[test]
fn it_works_from_inside_a_callback_and_in_compiled_code() {
    let Some(mut lua) = lua_with_ffi() else { return };
    // Memory that lives as long as the VM: the host's own data.
    lua.set_app_data(Party::new());
    lua.register("muster", |state: &mut State, count: usize| -> Result<usize> {
        let party = state.app_data_mut::<Party>().unwrap();
        for n in 0..count {
            party.add_unit(&format!("unit {n}"));
        }
        let data = party.units_ptr();
        // SAFETY: app data lives until the VM is closed, and nothing is added to the
        // party after this. The script stays within the units.
        unsafe { state.expose_raw("units", data, count)? };
        Ok(count)
    })
    .unwrap();
    let sum: Function = lua
        .load(
            "local n = muster(100)
             return function()
               local sum = 0
               for round = 1, 200 do
                 for i = 0, n - 1 do units[i].hp[0] = units[i].hp[0] + i sum = sum + units[i].hp[0] end
               end
               return sum
             end",
        )
        .eval()
        .unwrap();
    assert_eq!(sum.call::<i64>(&mut lua, ()).unwrap(), (1..=200).map(|round| round * 4950).sum());
    assert_eq!(lua.app_data::<Party>().unwrap().units()[99].hp[0], 200 * 99);
}

#[test]
fn when_memory_runs_out_it_is_that_error_and_works_the_next_time() {
    if !Backend::current().has_ffi {
        return;
    }
    let mut units = units(1);
    for nth in 1.. {
        let mut lua = Lua::new().unwrap();
        lua.fail_allocation(nth);
        let outcome = expose(&mut lua, "units", &mut units);
        lua.fail_allocation(0);
        if let Err(error) = &outcome {
            assert!(matches!(error, Error::Memory(_)), "allocation {nth}: {error:?}");
            expose(&mut lua, "units", &mut units).unwrap();
        }
        lua.run("units[0].hp[0] = units[0].hp[0] + 1").unwrap();
        lua.close().unwrap();
        assert_eq!(units[0].hp[0], nth as i32);
        if outcome.is_ok() {
            assert!(nth > 20, "only {nth} allocations were seen");
            break;
        }
    }
}

#[test]
fn without_an_ffi_it_says_so() {
    if Backend::current().has_ffi {
        return;
    }
    let mut lua = Lua::new().unwrap();
    let error = expose(&mut lua, "units", &mut units(1)).unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "exposing a struct to scripts as a C pointer is not supported: \
         Lua 5.4 has no FFI: register functions that read and write the values, or use LuaJIT"
    );
    lua.run("assert(units == nil)").unwrap();
}

#[test]
fn columns_of_numbers() {
    use perilune::RawColumn;
    let (mut x, mut id, mut flags) = (vec![0.5_f32; 100], vec![0_i64; 100], vec![0_u8; 100]);
    let columns = [RawColumn::new("x", x.as_mut_ptr()), RawColumn::new("id", id.as_mut_ptr()), RawColumn::new("flags", flags.as_mut_ptr())];
    let mut lua = Lua::new().unwrap();
    // SAFETY: the vectors have 100 numbers each and are not used before the VM is closed;
    // the scripts stay within them.
    let exposed = unsafe { lua.expose_columns_raw("world.swarm", 100, &columns) };
    if !Backend::current().has_ffi {
        let error = exposed.unwrap_err();
        assert!(matches!(error, Error::Unsupported(_)), "{error:?}");
        assert!(error.to_string().contains("lend a slice of structs and use columns of the view, or use LuaJIT"), "{error}");
        return;
    }
    exposed.unwrap();
    lua.run(
        "local swarm = world.swarm
         local x, id, flags = swarm.x, swarm.id, swarm.flags
         for i = 0, swarm.n - 1 do x[i], id[i], flags[i] = x[i] + i, -i, i end",
    )
    .unwrap();
    let mut refusal = |len: usize, columns: &[RawColumn]| {
        // SAFETY: no script runs, and the pointers are refused.
        unsafe { lua.expose_columns_raw("swarm", len, columns) }.unwrap_err().to_string()
    };
    let null = RawColumn::new("y", std::ptr::null_mut::<f64>());
    assert!(refusal(1, &[columns[0], null]).ends_with("column 'y': expected a pointer to 1 'double', got a null pointer"));
    assert!(refusal(0, &columns).contains("expected at least one 'float', got a length of 0"));
    assert!(refusal(0, &[]).contains("exposing 'swarm': expected at least one column, got none"));
    assert!(refusal(100, &[columns[0], columns[1], columns[0]]).contains("names of their own, and none called 'n', got 'x'"));
    assert!(refusal(100, &[RawColumn::new("n", x.as_mut_ptr())]).contains("got 'n'"));
    assert!(refusal(1, &[RawColumn::new("odd", id.as_mut_ptr().wrapping_byte_add(1))]).contains("which is not a multiple of 8"));
    lua.close().unwrap();
    assert_eq!((x[99], id[99], flags[99]), (99.5, -99, 99));
}
