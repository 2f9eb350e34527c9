//! Who takes part: heroes by chance, foes and items as the scripts describe them.

use std::ffi::c_int;
use std::ops::Range;

use perilune::game::{CON, Party};
use perilune::{Error, FromLua, Lua, Result, State, Table, Value};

use super::dice::Dice;

/// `scenario.lua`.
#[derive(Debug)]
pub struct Scenario {
    pub title: String,
    pub level: u32,
    pub rounds: u32,
    pub encounters: Vec<Encounter>,
}

/// One of its encounters.
#[derive(Debug)]
pub struct Encounter {
    pub place: String,
    pub foes: Vec<Foe>,
}

/// One kind of foe in an encounter.
#[derive(Debug)]
pub struct Foe {
    name: String,
    /// How many come for every ten heroes.
    of_ten: usize,
    hp: c_int,
    stats: [c_int; 7],
    alignment: c_int,
    /// Names of items; only the rules read them.
    pub gear: Table,
}

impl FromLua for Scenario {
    fn from_lua(value: Value, state: &mut State) -> Result<Self> {
        let table = Table::from_lua(value, state)?;
        let encounters: Vec<Encounter> = field(&table, state, "encounters")?;
        if encounters.iter().any(|encounter| encounter.foes.is_empty()) {
            return Err(Error::runtime("every encounter needs at least one kind of foe"));
        }
        let (title, level, rounds) = (field(&table, state, "title")?, field(&table, state, "level")?, field(&table, state, "rounds")?);
        Ok(Self { title, level, rounds, encounters })
    }
}

impl FromLua for Encounter {
    fn from_lua(value: Value, state: &mut State) -> Result<Self> {
        let table = Table::from_lua(value, state)?;
        Ok(Self { place: field(&table, state, "place")?, foes: field(&table, state, "foes")? })
    }
}

impl FromLua for Foe {
    fn from_lua(value: Value, state: &mut State) -> Result<Self> {
        let table = Table::from_lua(value, state)?;
        Ok(Self {
            name: field(&table, state, "name")?,
            of_ten: field::<u16>(&table, state, "of_ten")?.into(),
            hp: field(&table, state, "hp")?,
            stats: field(&table, state, "stats")?,
            alignment: field(&table, state, "alignment")?,
            gear: field(&table, state, "gear")?,
        })
    }
}

/// A field of a table, or an error that says which one is wrong.
fn field<T: FromLua>(table: &Table, state: &mut State, name: &str) -> Result<T> {
    table.get(state, name).map_err(|error| Error::runtime(format!("{name}: {error}")))
}

/// Makes an item of every entry of the list that `items.lua` returns.
pub fn fill_catalogue(party: &mut Party, lua: &mut Lua, catalogue: &Table) -> Result<()> {
    for entry in catalogue.to_vec::<Table>(lua)? {
        let (name, note): (String, String) = (field(&entry, lua, "name")?, field(&entry, lua, "note")?);
        let index = party.add_item(&name, &note);
        let item = &mut party.items_mut()[index];
        item.damage = field::<Option<_>>(&entry, lua, "damage")?.unwrap_or(0);
        item.armor_bonus = field::<Option<_>>(&entry, lua, "armour")?.unwrap_or(0);
        item.weight = field(&entry, lua, "weight")?;
        item.value = field(&entry, lua, "value")?;
    }
    Ok(())
}

const NAMES: [&str; 24] = [
    "Rowan", "Ash", "Briar", "Corin", "Dunstan", "Elswyth", "Fenn", "Gisla", "Hale", "Ivo", "Juniper", "Kestrel", "Linnet", "Maud",
    "Nettle", "Osric", "Perrin", "Quill", "Rue", "Sorrel", "Tamsin", "Ulf", "Wren", "Yarrow",
];

/// Heroes, whose every ability is the highest of three dice.
pub fn add_heroes(party: &mut Party, chance: &mut Dice, count: usize) {
    // Everybody gets a name of their own: after the last one the list begins again.
    let start = chance.die(NAMES.len() as u32) as usize;
    for number in start..start + count {
        let name = NAMES[number % NAMES.len()];
        let index = match (number - start) / NAMES.len() {
            0 => party.add_unit(name),
            before => party.add_unit(&format!("{name} {}", before + 1)),
        };
        let unit = &mut party.units_mut()[index];
        unit.stats = std::array::from_fn(|_| (0..3).map(|_| chance.die(6)).max().unwrap_or(1) as c_int);
        unit.alignment = chance.die(20) as c_int;
        unit.hp = [4 + unit.stats[CON]; 2];
    }
}

/// The foes of all encounters, in order: for each encounter, the units of each kind.
pub fn add_foes(party: &mut Party, scenario: &Scenario, heroes: usize) -> Vec<Vec<Range<usize>>> {
    let mut group = |kind: &Foe| {
        let start = party.units().len();
        // At least one comes, or the story would miss somebody.
        for number in 1..=(heroes * kind.of_ten).div_ceil(10).max(1) {
            let index = party.add_unit(&format!("{} {number}", kind.name));
            let unit = &mut party.units_mut()[index];
            (unit.hp, unit.stats, unit.alignment) = ([kind.hp; 2], kind.stats, kind.alignment);
        }
        start..party.units().len()
    };
    scenario.encounters.iter().map(|encounter| encounter.foes.iter().map(&mut group).collect()).collect()
}
