//! Promise: scripts work on a party's units and items through values that have the
//! structs' own fields, count from 0, check every number against its field, and own
//! nothing: names, items and units stay the party's.

mod common;

use std::mem::swap;

use common::with;
use perilune::game::{Alignment, CON, Character, DEX, GEAR, Party, STR, Unit};
use perilune::{AnyUserData, Function, Lua, Result, State, Value};

/// A party of two units and three items, as the global `party`.
fn party(lua: &mut Lua) -> Result<AnyUserData> {
    let mut party = Party::new();
    for (name, damage) in [("rope", 0), ("dagger", 4), ("hand axe", 6)] {
        let item = party.add_item(name, "plain");
        party.items_mut()[item].damage = damage;
    }
    for name in ["Rowan", "Ash"] {
        let unit = party.add_unit(name);
        party.units_mut()[unit].hp = [7, 9];
        party.units_mut()[unit].stats = [1, 2, 3, 4, 5, 6, 1];
    }
    let party = lua.create_userdata(party)?;
    lua.set("party", &party)?;
    Ok(party)
}

/// The message of the error that a script raises.
fn refusal(lua: &mut Lua, script: &str) -> String {
    lua.run(script).expect_err(script).to_string()
}

#[test]
fn fields_are_read_and_written_as_in_the_struct() {
    with(|lua| {
        let party = party(lua)?;
        lua.run(
            "local rowan, ash = party[0], party[1]
             assert(#party == 2 and rowan.name == 'Rowan' and rowan.index == 0)
             assert(rowan.hp[0] == 7 and rowan.hp[1] == 9 and #rowan.hp == 2 and #rowan.stats == 7 and #rowan.gear == 20)
             for i = 0, 5 do assert(rowan.stats[i] == i + 1) end
             rowan.hp[0] = rowan.hp[0] - 9
             rowan.stats[6] = 8
             rowan.alignment, rowan.armour_bonus, rowan.last_item = 17, -2, 3
             rowan.gear_count[19] = 5
             rowan.name = 'Rowan the Red'
             ash.hp = { 3, 4 }
             ash.stats = { 7, 6, 5, 4, 3, 2, 1 }",
        )?;
        let units = party.borrow::<Party>(lua)?.units();
        assert_eq!((units[0].hp, units[0].stats[6], units[0].gear_count[19]), ([-2, 9], 8, 5));
        assert_eq!((units[0].alignment, units[0].armour_bonus, units[0].last_item), (17, -2, 3));
        assert_eq!(Alignment::of(units[0].alignment), Some(Alignment::Chaos));
        assert_eq!((units[1].hp, units[1].stats), ([3, 4], [7, 6, 5, 4, 3, 2, 1]));
        assert_eq!(party.borrow::<Party>(lua)?.unit_name(0), "Rowan the Red");
        Ok(())
    });
}

#[test]
fn what_the_host_changes_scripts_see_and_back() {
    with(|lua| {
        let party = party(lua)?;
        let look: Function = lua.load("local hp = party[1].hp return function() hp[0] = hp[0] + 1 return hp[0] end").eval()?;
        for round in 0..5 {
            party.borrow_mut::<Party>(lua)?.units_mut()[1].hp = [round, 99];
            assert_eq!(look.call::<i32>(lua, ())?, round + 1);
            assert_eq!(party.borrow::<Party>(lua)?.units()[1].hp[0], round + 1);
        }
        Ok(())
    });
}

#[test]
fn numbers_out_of_range_are_refused_by_the_fields_name() {
    with(|lua| {
        party(lua)?;
        for (script, message) in [
            ("party[0].hp[0] = 10", "hp[0]: expected at most 9, which is hp[1], got 10"),
            ("party[0].hp[1] = 3", "hp[1]: expected at least 7, which is hp[0], got 3"),
            ("party[0].hp = { 5, 4 }", "hp[0]: expected at most 4, which is hp[1], got 5"),
            ("party[0].hp = { 5 }", "hp: expected 2 numbers, got 1"),
            ("party[0].stats[3] = 100", "stats[3]: expected 0 to 99, got 100"),
            ("party[0].stats[7] = 1", "stats: expected a place from 0 to 6, got 7"),
            ("return party[0].stats[-1]", "stats: expected a place from 0 to 6, got -1"),
            ("return party[0].stats[0.5]", "stats: expected a place from 0 to 6, got 0.5"),
            ("return party[0].stats.STR", "stats: expected a place from 0 to 6, got \"STR\""),
            ("return party[0].stats['1']", "stats: expected a place from 0 to 6, got \"1\""),
            ("party[0].stats[1] = 'strong'", "stats[1]: expected an integer from -2147483648 to 2147483647, got string \"strong\""),
            ("party[0].stats[1] = 2^31", "stats[1]: expected an integer from -2147483648 to 2147483647, got number 2147483648"),
            ("party[0].alignment = 0", "alignment: expected 1 to 20, got 0"),
            ("party[0].last_item = 20", "last_item: expected -1 to 19, got 20"),
            ("party[0].gear_count[0] = -1", "gear_count[0]: expected 0 or more, got -1"),
            ("return party[0].gear[20]", "gear: expected a place from 0 to 19, got 20"),
            ("party[0].gear[0] = 'spoon'", "expected the name of an item of the party, got \"spoon\""),
            ("party[0].gear[0] = 7", "expected an item or the name of one, got number"),
            ("party[0].name = 'a\\0b'", "expected text without NUL bytes, got one with NUL at byte 1"),
            ("return party[2]", "party: expected a place from 0 to 1, got 2"),
            ("return party.leader", "party: expected a place from 0 to 1, got \"leader\""),
            ("party[0] = party[1]", "cannot set"),
            ("return party.items[3]", "items: expected a place from 0 to 2, got 3"),
            ("return party[0].mana", "mana"),
            ("party[0].mana = 1", "mana"),
            ("party[0].index = 1", "index"),
            ("party[0]:heal(-1)", "hp[0]: expected 0 or more hit points, got -1"),
            ("party[0]:damage(-1)", "hp[0]: expected 0 or more hit points, got -1"),
            ("party[0]:bonus(7)", "stats: expected a place from 0 to 6, got 7"),
            ("party[0]:bonus('LCK')", "stats: expected one of HON, STR, DEX, CON, INT, WIS, CHA, got \"LCK\""),
            ("party[0]:give('rope', 0)", "gear_count: 1 or more of an item, got 0"),
            ("party[0].heal(party, 1)", "Unit"),
        ] {
            let found = refusal(lua, script);
            assert!(found.contains(message), "{script}: {found}");
        }
        let unit = &lua.get::<AnyUserData>("party")?.borrow::<Party>(lua)?.units()[0];
        assert_eq!((unit.hp, unit.stats, unit.alignment), ([7, 9], [1, 2, 3, 4, 5, 6, 1], 10), "nothing was changed");
        Ok(())
    });
}

#[test]
fn stat_functions_do_what_the_rules_say() {
    with(|lua| {
        let party = party(lua)?;
        lua.run(
            "local rowan = party[0]
             assert(rowan:bonus(1) == -1 and rowan:bonus('WIS') == 3)
             assert(rowan:heal(1) == 1 and rowan:heal(5) == 1 and rowan.hp[0] == 9)
             assert(rowan:damage(4) == 5 and rowan:damage(9) == -4 and not rowan:is_alive())
             assert(rowan:give('rope', 3) and rowan:give(party:find_item('hand axe')))
             assert(rowan.gear[0].name == 'rope' and rowan.gear_count[0] == 3 and rowan.gear[1].damage == 6 and rowan.gear[2] == nil)
             assert(rowan.last_item == 1 and rowan:take('rope', 2) and rowan.gear_count[0] == 1)
             assert(rowan:take('rope') and not rowan:take('rope') and rowan.gear[0] == nil and rowan.last_item == 1)
             local shield = party:add_item('shield', 'limewood')
             shield.armor_bonus = 2
             assert(rowan:equip(shield) == 2 and rowan:equip('shield') == 2 and rowan.armour_bonus == 2)
             assert(rowan.gear[0] == shield and rowan.gear[0] ~= rowan.gear[1])
             rowan.gear[1] = nil
             rowan.gear[5] = 'dagger'
             assert(rowan.gear[1] == nil and rowan.gear[5].name == 'dagger')",
        )?;
        let party = party.borrow::<Party>(lua)?;
        assert_eq!((party.item_at(0, 5), party.item_name(3), party.item_description(3)), (Some(1), "shield", "limewood"));
        Ok(())
    });
}

#[test]
fn a_full_unit_is_told_what_to_do() {
    with(|lua| {
        party(lua)?;
        lua.run(&format!("for i = 1, {GEAR} do assert(party[1]:give(party:add_item('thing ' .. i))) end"))?;
        lua.run("assert(party[1]:give('rope') == false and party[1]:give('thing 3') == true)")?;
        assert!(refusal(lua, "party[1]:equip('rope')").contains("take something away first"));
        Ok(())
    });
}

#[test]
fn values_stay_good_while_the_party_grows() {
    with(|lua| {
        party(lua)?;
        lua.run(
            "local rowan, hp, axe = party[0], party[0].hp, party.items[2]
             assert(rowan:give(axe))
             for i = 1, 500 do party:add_unit('extra ' .. i) party:add_item('thing ' .. i) end
             hp[0] = 1
             assert(rowan.hp[0] == 1 and rowan.gear[0] == axe and axe.name == 'hand axe' and #party == 502 and #party.items == 503)
             axe.name, axe.description, axe.weight, axe.value = 'Cleaver', 'hungry', 3, 99
             assert(party.items[2].name == 'Cleaver' and party.items[2].value == 99)
             assert(tostring(rowan) == \"unit 0 'Rowan' (1 of 9 hp)\" and tostring(axe) == \"item 2 'Cleaver'\")
             assert(tostring(hp) == 'hp [1, 9]' and tostring(party) == 'party of 502 units')",
        )
        .map(drop)
    });
}

#[test]
fn units_are_compared_by_what_they_are() {
    with(|lua| {
        party(lua)?;
        lua.run(
            "assert(party[0] == party[0] and party[0] ~= party[1] and party[0].gear ~= party[0].hp)
             local twin = party[0]:clone()
             assert(twin ~= party[0] and twin.name == 'Rowan' and party.items[0] == party.items[0])",
        )
        .map(drop)
    });
}

#[test]
fn what_is_another_partys_is_refused() {
    with(|lua| {
        party(lua)?;
        lua.run("party[0]:give('hand axe') twin = party[0]:clone() axe = party[0].gear[0]")?;
        assert!(refusal(lua, "twin:give(axe)").contains("expected an item of the unit's own party"));
        assert!(refusal(lua, "twin.gear[0] = axe").contains("expected an item of the unit's own party"));
        lua.run("twin.gear[0].damage = 1 assert(axe.damage == 6 and twin.gear[0].name == 'hand axe')").map(drop)
    });
}

#[test]
fn a_character_goes_in_and_comes_out_by_copy() {
    with(|lua| {
        let mut hero = Character::new("Juniper");
        *hero.unit_mut() = Unit { name: hero.unit().name, hp: [5, 8], alignment: 2, ..Unit::default() };
        lua.set("hero", hero.clone())?;
        lua.run("hero.stats[2] = 6 hero.name = hero.name .. '!'")?;
        assert_eq!((hero.unit().stats[DEX], hero.name()), (0, "Juniper"), "the host's own is another one");
        let back: Character = lua.get("hero")?;
        assert_eq!((back.unit().stats[DEX], back.unit().hp, back.unit().alignment, back.name()), (6, [5, 8], 2, "Juniper!"));

        party(lua)?;
        lua.run("party[1]:give('dagger', 2)")?;
        let ash: Character = lua.load("return party[1]").eval()?;
        assert_eq!((ash.party().items().len(), ash.party().item_name(0), ash.unit().gear_count[0]), (1, "dagger", 2));
        let mut other = Party::new();
        other.add_unit("first");
        assert_eq!((ash.join(&mut other), other.unit_name(1), other.item_at(1, 0)), (1, "Ash", Some(0)));
        let error = lua.load("return party").eval::<Character>().unwrap_err();
        assert!(error.to_string().contains("Unit"), "{error}");
        assert_eq!(
            lua.load("return 7").eval::<Character>().unwrap_err().to_string(),
            "result #1: expected a unit, got number".replace("result #1: ", "")
        );
        Ok(())
    });
}

#[test]
fn a_party_that_is_gone_or_shrunk_is_an_error_not_memory() {
    with(|lua| {
        let party = party(lua)?;
        lua.run("rowan, hp, ash, axe, gear = party[0], party[0].hp, party[1], party.items[2], party[1].gear")?;
        let mut small = Party::new();
        small.add_unit("only one");
        swap(party.borrow_mut::<Party>(lua)?, &mut small);
        lua.run("assert(rowan.name == 'only one' and hp[0] == 0)")?;
        for script in [
            "return ash.name",
            "return ash.hp[0]",
            "ash.hp = { 1, 2 }",
            "ash.name = 'x'",
            "return axe.damage",
            "axe.name = 'x'",
            "gear[0] = nil",
        ] {
            assert!(refusal(lua, script).contains("is not in its party any more"), "{script}");
        }
        party.destroy(lua)?;
        for script in ["return rowan.name", "return hp[0]", "rowan:heal(1)", "return #party", "return rowan == party", "return axe.name"] {
            let outcome = lua.run(script);
            assert!(outcome.is_err() || script.contains("=="), "{script}");
        }
        Ok(())
    });
}

#[test]
fn the_host_reads_the_party_where_it_is_also_from_callbacks() {
    with(|lua| {
        let party = party(lua)?;
        let held = party.clone();
        lua.register("strongest", move |state: &mut State, (): ()| -> Result<String> {
            let party = held.borrow::<Party>(state)?;
            let best = (0..party.units().len()).max_by_key(|&unit| party.units()[unit].stats[STR]);
            Ok(best.map_or("nobody", |unit| party.unit_name(unit)).to_owned())
        })?;
        lua.run("party[1].stats[1] = 9 assert(strongest() == 'Ash')")?;
        assert_eq!(party.borrow::<Party>(lua)?.units()[0].stats[CON], 4);
        assert!(matches!(lua.get::<Value>("party")?, Value::UserData(_)));
        Ok(())
    });
}
