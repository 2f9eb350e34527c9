//! What the scripts are given: `use`, `roll`, and a way to the units.

use std::ffi::c_int;
use std::path::Path;

use perilune::game::{ABILITIES, Item, Party, Unit};
use perilune::{Backend, Error, Lua, Result, State, Value};

use super::dice::Dice;

/// Makes `use`, `roll` and the abilities' indices known.
pub fn register(lua: &mut Lua, scripts: &Path, mut dice: Dice) -> Result<()> {
    register_use(lua, scripts)?;
    lua.register_mut("roll", move |_: &mut State, (count, sides): (u32, u32)| -> Result<u32> {
        if (1..=100).contains(&count) && (1..=1_000_000).contains(&sides) {
            return Ok(dice.roll(count, sides));
        }
        Err(Error::runtime(format!("roll({count}, {sides}): expected 1 to 100 dice of 1 to 1000000 sides")))
    })?;
    for (index, name) in ABILITIES.into_iter().enumerate() {
        lua.set(name, index)?;
    }
    Ok(())
}

/// `use "name"` runs `name.lua` once and gives what it returned, so that scripts can be
/// made of parts. They have no `require`, which could load anything from anywhere.
fn register_use(lua: &mut Lua, scripts: &Path) -> Result<()> {
    let scripts = scripts.to_owned();
    let loaded = lua.create_table()?;
    lua.register("use", move |state: &mut State, name: &str| -> Result<Value> {
        match loaded.get::<Value>(state, name)? {
            Value::Nil => {}
            Value::Boolean(_) => {
                return Err(Error::runtime(format!("use: '{name}' is still being loaded: scripts cannot use each other in a circle")));
            }
            found => return Ok(found),
        }
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Err(Error::runtime(format!("use: '{name}' is no name of a script: expected lower-case letters only")));
        }
        // The one place where scripts are given something else on another backend.
        let file = match name {
            "view" if Backend::current().has_ffi => "structs",
            "view" => "functions",
            name => name,
        };
        loaded.set(state, name, false)?;
        let module = state.load_file(scripts.join(file).with_extension("lua"))?.eval::<Value>()?;
        loaded.set(state, name, &module)?;
        Ok(module)
    })
}

/// Gives the party to the VM to keep, and to the scripts to work on.
pub fn share(lua: &mut Lua, mut party: Party) -> Result<()> {
    let (units, items) = (party.units_ptr(), party.items_ptr());
    let (unit_count, item_count) = (party.units().len(), party.items().len());
    lua.set_app_data(party);
    if !Backend::current().has_ffi {
        return register_functions(lua);
    }
    // SAFETY: app data lives until the VM is closed, this program never takes it away
    // again, and moving a party moves none of its units; none is added from here on.
    // While a script runs, nothing here borrows the party. The scripts are the host's
    // own rules: they count from 0 to below the lengths, and follow `gear` and `name`.
    unsafe {
        lua.expose_raw("units", units, unit_count)?;
        lua.expose_raw("items", items, item_count)
    }
}

/// The party, between two runs of scripts.
pub fn party(state: &State) -> Result<&Party> {
    state.app_data().ok_or_else(|| Error::runtime("the VM has no party"))
}

fn party_mut(state: &mut State) -> Result<&mut Party> {
    state.app_data_mut().ok_or_else(|| Error::runtime("the VM has no party"))
}

/// The same fields for a VM without FFI, one function call per access.
fn register_functions(lua: &mut Lua) -> Result<()> {
    lua.register("unit_get", |state: &mut State, (unit, field, place): (usize, &str, usize)| {
        field_of(party_mut(state)?, unit, field, place).map(|field| *field)
    })?;
    lua.register("unit_set", |state: &mut State, (unit, field, place, value): (usize, &str, usize, c_int)| -> Result<()> {
        *field_of(party_mut(state)?, unit, field, place)? = value;
        Ok(())
    })?;
    lua.register("unit_name", |state: &mut State, unit: usize| -> Result<String> {
        let party = party(state)?;
        party.units().get(unit).ok_or_else(|| no_unit(unit, party))?;
        Ok(party.unit_name(unit).to_owned())
    })?;
    lua.register("unit_item", |state: &mut State, (unit, place): (usize, usize)| -> Result<Option<usize>> {
        Ok(party(state)?.item_at(unit, place))
    })?;
    lua.register("unit_put", |state: &mut State, (unit, place, item): (usize, usize, usize)| -> Result<()> {
        let done = party_mut(state)?.put(unit, place, Some(item));
        done.then_some(()).ok_or_else(|| Error::runtime(format!("unit {unit} cannot have item {item} in place {place}")))
    })?;
    lua.register("item_get", |state: &mut State, (item, field): (usize, &str)| -> Result<c_int> {
        let item = party(state)?.items().get(item).ok_or_else(|| Error::runtime(format!("there is no item {item}")))?;
        let Item { damage, armor_bonus, weight, value, .. } = *item;
        match field {
            "damage" => Ok(damage),
            "armor_bonus" => Ok(armor_bonus),
            "weight" => Ok(weight),
            "value" => Ok(value),
            _ => Err(Error::runtime(format!("an item has no number '{field}'"))),
        }
    })
}

/// The number that `units[unit].field[place]` is in C; `place` is 0 where there is no array.
fn field_of<'a>(party: &'a mut Party, unit: usize, field: &str, place: usize) -> Result<&'a mut c_int> {
    if unit >= party.units().len() {
        return Err(no_unit(unit, party));
    }
    let Unit { hp, stats, gear_count, last_item, armour_bonus, alignment, .. } = &mut party.units_mut()[unit];
    let numbers = match field {
        "hp" => &mut hp[..],
        "stats" => &mut stats[..],
        "gear_count" => &mut gear_count[..],
        "last_item" => std::slice::from_mut(last_item),
        "armour_bonus" => std::slice::from_mut(armour_bonus),
        "alignment" => std::slice::from_mut(alignment),
        _ => return Err(Error::runtime(format!("a unit has no number '{field}'"))),
    };
    let length = numbers.len();
    numbers.get_mut(place).ok_or_else(|| Error::runtime(format!("'{field}' has places 0 to {}, not {place}", length - 1)))
}

fn no_unit(unit: usize, party: &Party) -> Error {
    Error::runtime(format!("there is no unit {unit}: they are 0 to {}", party.units().len() - 1))
}
