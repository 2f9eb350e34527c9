//! Promise: the game's own structs have a checked view on both backends, with everything that they
//! point to.

mod common;
#[path = "common/views.rs"]
mod world;

use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use common::quietly;
use perilune::game::{Building, Item, Party, STR, Unit};
use perilune::{CStruct, CView, Elem, Result, State, Vouched};
use world::paths;

fn text(text: &CString) -> *mut c_char {
    text.as_ptr().cast_mut()
}

#[test]
fn a_unit_with_everything_it_points_to() {
    for (path, mut lua) in paths() {
        let texts = ["Rowan", "hand axe", "for firewood", "tower", "Ash"].map(|name| CString::new(name).unwrap());
        let axe = Box::into_raw(Box::new(Item { name: text(&texts[1]), damage: 6, description: text(&texts[2]), ..Item::default() }));
        let tower = Box::into_raw(Box::new(Building { name: text(&texts[3]), type_: 3 }));
        let ash = Box::into_raw(Box::new(Unit { name: text(&texts[4]), hp: [4, 5], ..Unit::default() }));
        let mut units = [Unit { name: text(&texts[0]), hp: [7, 9], followers_array: ash, buildings_array: tower, ..Unit::default() }; 3];
        units[1].gear[19] = axe;
        units[2].followers_array = std::ptr::null_mut();
        // SAFETY: what they point to is not used otherwise until they are dropped.
        let loan = unsafe { Vouched::new(&mut units) };
        lua.lend("units", loan, |state| {
            state.run(
                "local u = units[1]
                 assert(u.name == 'Rowan' and u.hp[0] == 7 and u.last_item == -1 and u.traits.placeholder == 0)
                 assert(u.gear[19].name == 'hand axe' and u.gear[19].damage == 6 and u.gear[19].description == 'for firewood' and u.gear[0] == nil)
                 assert(u.followers_array.name == 'Ash' and u.followers_array.followers_array == nil and units[2].followers_array == nil)
                 assert(u.buildings_array.name == 'tower' and u.buildings_array.type == 3)
                 u.hp[0], u.stats[1], u.gear_count[19], u.emotions.placeholder = 8, 5, 2, -1
                 u.followers_array.hp[0] = 3
                 u.gear[19].damage = u.gear[19].damage + 1
                 u.buildings_array.type = 4
                 units[2] = u
                 units[0] = u.followers_array
                 assert(units[0].hp[0] == 3 and units[0].name == 'Rowan')
                 for _, f in ipairs({
                   function() u.name = 'x' end, function() u.gear[0] = u.gear[19] end, function() u.followers_array = units[0] end,
                   function() u.gear[19].name = 'x' end, function() u.buildings_array.name = 'x' end, function() units[0] = { name = 'x' } end,
                 }) do
                   local ok, e = pcall(f)
                   assert(not ok and e:find('it can only be read', 1, true), e)
                 end
                 local all = units:totable(1)
                 assert(all.gear[20].name == 'hand axe' and all.followers_array.name == 'Ash' and all.buildings_array.type == 4)
                 local get = units:getter('name', 'hp[0]', 'stats[1]')
                 local name, hp, strength = get(1)
                 assert(name == 'Rowan' and hp == 8 and strength == 5)
                 local s = 0
                 for i = 1, 300 do s = s + u.gear[19].damage + u.followers_array.hp[1] end
                 assert(s == 300 * 12)
                 kept = u.gear[19]",
            )
        })
        .unwrap_or_else(|error| panic!("{path:?}: {error:#}"));
        assert!(lua.run("return kept.damage").unwrap_err().to_string().contains("view revoked"));
        assert_eq!((units[1].hp, units[1].stats[STR], units[2].gear_count[19]), ([8, 9], 5, 2));
        assert_eq!((units[2].gear[19].is_null(), units[2].followers_array.is_null(), units[1].gear[19]), (true, true, axe));
        // SAFETY: as they were made; the view is revoked.
        unsafe {
            assert_eq!(((*axe).damage, (*tower).type_, (*ash).hp), (7, 4, [3, 5]));
            drop((Box::from_raw(axe), Box::from_raw(tower), Box::from_raw(ash)));
        }
        common::check(&mut lua);
    }
}

/// Every field of the C struct is seen, where it is in C.
#[test]
fn the_schema_is_the_declaration() {
    let seen: Vec<_> = Unit::SCHEMA.fields.iter().map(|it| (it.c_name, it.offset, it.kind.size())).collect();
    let declared: Vec<_> = Unit::FIELDS.iter().map(|it| (it.name, it.offset, it.size)).collect();
    assert_eq!(seen, declared);
    assert_eq!(Building::SCHEMA.fields[1].name, "type");
}

/// Both ways that lead to the same struct: its own view, and a pointer in another.
#[test]
fn items_are_seen_from_both_sides() {
    for (path, mut lua) in paths() {
        let mut items = [Item { damage: 1, ..Item::default() }; 3];
        let start = items.as_mut_ptr();
        let mut units = [Unit::default(); 2];
        units[1].gear[0] = start.wrapping_add(2);
        // SAFETY: nobody uses the items but scripts, and those by pointers of one origin.
        let (units, items_loan) = unsafe { (Vouched::new(&mut units), Vouched::from_raw(start, 3)) };
        lua.lend_all((("units", units), ("items", items_loan)), |state| {
            state.run("items[2].damage = 5 assert(units[1].gear[0].damage == 5) units[1].gear[0].damage = 6 assert(items[2].damage == 6)")
        })
        .unwrap_or_else(|error| panic!("{path:?}: {error:#}"));
        assert_eq!(items.map(|item| item.damage), [1, 1, 6]);
        common::check(&mut lua);
    }
}

fn party() -> Party {
    let mut party = Party::new();
    for (name, damage) in [("rope", 0), ("dagger", 4), ("hand axe", 6)] {
        let item = party.add_item(name, "plain");
        party.items_mut()[item].damage = damage;
    }
    for name in ["Rowan", "Ash", "Rue"] {
        let unit = party.add_unit(name);
        party.units_mut()[unit].hp = [7, 9];
    }
    assert!(party.give(0, 2) && party.give(2, 0));
    party
}

#[test]
fn a_party_that_is_lent() {
    for (path, mut lua) in paths() {
        let mut party = party();
        let kept = party
            .lend(&mut lua, |state, lent| {
                state.register("put", move |state: &mut State, (unit, place, item): (Elem<Unit>, usize, Option<Elem<Item>>)| {
                    lent.put(state, unit.index(), place, item.map(|item| item.index()))
                })?;
                state.register("held", move |state: &mut State, (unit, place): (usize, usize)| lent.item_at(state, unit, place))?;
                state.run(
                    "local rowan, ash = units[0], units[1]
                     assert(#units == 3 and #items == 3 and rowan.name == 'Rowan' and items[1].description == 'plain')
                     assert(rowan.gear[0].name == 'hand axe' and held(0, 0) == 2 and ash.gear[0] == nil and held(1, 0) == nil)
                     assert(put(ash, 3, items[1]) and ash.gear[3].name == 'dagger' and held(1, 3) == 1)
                     assert(not put(ash, 20, items[1]))
                     axe = rowan.gear[0]
                     local sum = 0
                     for i = 1, 400 do
                       if i == 200 then put(rowan, 0, items[1]) end
                       if i == 300 then put(rowan, 0, nil) end
                       local ok, damage = pcall(function() return axe.damage end)
                       assert(ok == (i < 300) and (ok or damage:find('a Item is gone', 1, true)))
                       sum = sum + (ok and damage or 0)
                     end
                     assert(sum == 199 * 6 + 100 * 4, sum)
                     ash.last_item, ash.hp[0], ash.gear_count[3] = 3, -4, 2
                     items[0].damage = 1
                     assert(units[2].gear[0].damage == 1)
                     for _, f in ipairs({ function() ash.gear[0] = items[0] end, function() items[0].name = 'x' end, function() put(axe, 0, nil) end }) do
                       assert(not pcall(f))
                     end",
                )?;
                assert_eq!((lent.units(state)?[1].hp[0], lent.items(state)?[0].damage), (-4, 1));
                Ok(lent)
            })
            .unwrap_or_else(|error| panic!("{path:?}: {error:#}"));
        assert_eq!((party.item_at(1, 3), party.item_at(0, 0), party.units()[1].gear_count[3]), (Some(1), None, 2));
        for late in ["return axe.damage", "return units[0]", "return items[0].name", "put(units[0], 0, nil)", "return held(0, 0)"] {
            let error = lua.run(late).unwrap_err().to_string();
            assert!(error.contains("view revoked"), "{path:?}, {late}: {error}");
        }
        assert!(kept.units(&lua).is_err());
        drop(party);
        assert!(lua.run("return axe.name").is_err());
        common::check(&mut lua);
    }
}

/// What safe code put there by mistake is found before a script can follow it.
#[test]
fn bad_pointers_in_a_party_are_refused() {
    for (_, mut lua) in paths() {
        let mut party = party();
        let mut stray = Item::default();
        party.units_mut()[1].gear[7] = &raw mut stray;
        let error = party.lend(&mut lua, |_, _| Ok(())).unwrap_err();
        assert_eq!(error.to_string(), "units[1].gear[7]: expected NULL or a pointer to an item of the party, got another pointer");
        party.units_mut()[1].gear[7] = std::ptr::null_mut();
        // Names are the party's, whatever the structs say.
        party.units_mut()[1].name = std::ptr::without_provenance_mut(64);
        party.lend(&mut lua, |state, _| state.run("assert(units[1].name == 'Ash')").map(drop)).unwrap();
        let first = party.units_ptr();
        party.units_mut()[2].followers_array = first;
        party.lend(&mut lua, |state, _| state.run("assert(units[2].followers_array.name == 'Rowan')").map(drop)).unwrap();
        common::check(&mut lua);
    }
}

#[test]
fn a_party_comes_back_however_the_loan_ends() {
    for (_, mut lua) in paths() {
        let mut party = party();
        let panicked = quietly(|| {
            catch_unwind(AssertUnwindSafe(|| {
                party.lend(&mut lua, |state, _| -> Result<()> {
                    state.run("axe = units[0].gear[0]")?;
                    panic!("on purpose")
                })
            }))
        });
        assert!(panicked.is_err());
        assert!(lua.run("return axe.damage").unwrap_err().to_string().contains("view revoked"));
        let failed: Result<()> = party.lend(&mut lua, |state, _| state.run("error('on purpose')").map(drop));
        assert!(failed.unwrap_err().to_string().contains("on purpose"));
        party.lend(&mut lua, |state, lent| lent.units(state).map(|units| assert_eq!(units.len(), 3))).unwrap();
        party.add_unit("Wren");
        party.lend(&mut lua, |state, _| state.run("assert(#units == 4 and units[3].name == 'Wren')").map(drop)).unwrap();
    }
}
