//! What the scripts are given: `use`, `roll`, and a way to the units.

use std::path::Path;

use perilune::game::{ABILITIES, GEAR, Item, LentParty, Unit};
use perilune::{Elem, Error, Lua, Result, State, Value};

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
        loaded.set(state, name, false)?;
        let module = state.load_file(scripts.join(name).with_extension("lua"))?.eval::<Value>()?;
        loaded.set(state, name, &module)?;
        Ok(module)
    })
}

/// Makes known what scripts need of the host to say who carries what: they can write numbers, and
/// follow pointers, but not set them.
pub fn register_gear(state: &mut State, party: LentParty) -> Result<()> {
    state.register("carried", move |state: &mut State, (unit, place): (Elem<Unit>, usize)| party.item_at(state, unit.index(), place))?;
    state.register("put", move |state: &mut State, (unit, place, item): (Elem<Unit>, usize, Elem<Item>)| -> Result<()> {
        if party.put(state, unit.index(), place, Some(item.index()))? {
            return Ok(());
        }
        Err(Error::runtime(format!("put: expected a place from 0 to {}, got {place}", GEAR - 1)))
    })
}
