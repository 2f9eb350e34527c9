//! What the scripts are given: `use`, `roll`, and a way to the units.

use std::path::Path;

use perilune::game::{ABILITIES, Party};
use perilune::{AnyUserData, Backend, Error, Lua, Result, State, Value};

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
            "view" => "values",
            name => name,
        };
        loaded.set(state, name, false)?;
        let module = state.load_file(scripts.join(file).with_extension("lua"))?.eval::<Value>()?;
        loaded.set(state, name, &module)?;
        Ok(module)
    })
}

/// Gives the party to the VM to keep, and to the scripts to work on.
pub fn share(lua: &mut Lua, party: Party) -> Result<()> {
    let party = lua.create_userdata(party)?;
    lua.set_app_data(party.clone());
    if !Backend::current().has_ffi {
        let items: Value = party.get(lua, "items")?;
        lua.set("units", &party)?;
        return lua.set("items", items);
    }
    let party = party.borrow_mut::<Party>(lua)?;
    let (units, items) = (party.units_ptr(), party.items_ptr());
    let (unit_count, item_count) = (party.units().len(), party.items().len());
    // SAFETY: the VM's own data keeps the party until the VM is closed, and moving a party
    // moves none of its units; none is added from here on. While a script runs, nothing
    // here borrows the party. The scripts are the host's own rules: they count from 0 to
    // below the lengths, and follow `gear` and `name`.
    unsafe {
        lua.expose_raw("units", units, unit_count)?;
        lua.expose_raw("items", items, item_count)
    }
}

/// The party, between two runs of scripts.
pub fn party(state: &State) -> Result<&Party> {
    let party: Option<&AnyUserData> = state.app_data();
    party.ok_or_else(|| Error::runtime("the VM has no party"))?.borrow(state)
}
