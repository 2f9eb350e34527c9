//! Promise: no script gets by pointers to anything but what they lead to, whatever it tries, and
//! whatever the host does with them meanwhile.
//!
//! As `views_attack.rs`, on structs that lead to each other: random programs in a process of their
//! own, memory that ends at a page which nobody may touch, and a look at it afterwards. The seed is
//! printed; `PERILUNE_SEED` sets it.
#![cfg(unix)]

mod common;
#[path = "common/figures.rs"]
mod figures;
#[path = "common/views.rs"]
mod world;

use std::path::Path;
use std::ptr::null_mut;

use common::is_luajit;
use figures::{COUNT, Figure, Gem, World};
use perilune::{Lua, Result, State, Table, Value, ViewAccess};
use world::paths;

/// `lead(i, j)` and `give(i, j)`: to nobody, and nothing, where there is no `j`.
fn host(lua: &mut Lua, world: &World) -> Result<Table> {
    let host = lua.create_table()?;
    let (figures, gems) = (world.figures.expose_provenance(), world.gems.expose_provenance());
    let figure = move |i: usize| std::ptr::with_exposed_provenance_mut::<Figure>(figures).wrapping_add(i);
    let gem = move |i: usize| std::ptr::with_exposed_provenance_mut::<Gem>(gems).wrapping_add(i);
    // SAFETY: of the world, to which there is no reference while the script runs.
    let lead = lua.create_function(move |_: &mut State, (i, to): (usize, usize)| unsafe {
        (*figure(i % COUNT)).leader = if to < COUNT { figure(to) } else { null_mut() };
        Ok(())
    })?;
    host.set(lua, "lead", lead)?;
    // SAFETY: of the world, to which there is no reference while the script runs.
    let give = lua.create_function(move |_: &mut State, (i, to): (usize, usize)| unsafe {
        (*figure(i % COUNT)).gear[1] = if to < COUNT { gem(to) } else { null_mut() };
        Ok(())
    })?;
    host.set(lua, "give", give)?;
    Ok(host)
}

fn attack(lua: &mut Lua, path: ViewAccess, seed: u64) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    for round in 0..30 {
        let mut world = World::new();
        let host = host(lua, &world)?;
        let harness: Table = lua.load_file(folder.join("harness.lua"))?.call((if is_luajit() { "luajit" } else { "lua54" }, &host))?;
        harness.set(lua, "path", if path == ViewAccess::Handles { "handles" } else { "accessors" })?;
        let failed: usize = world.lend(lua, |state| {
            let units: Value = state.get("units")?;
            let program = state.load_file(folder.join("views_pointers_attack.lua"))?;
            program.call((&harness, units, seed.wrapping_add(round) % 2_147_483_646 + 1, 100))
        })?;
        world.check();
        assert!((200..1900).contains(&failed), "{failed} of 2000 steps were refused");
    }
    Ok(())
}

/// The part in a process of its own: it does nothing unless it was called as that.
#[test]
fn child() {
    let Ok(seed) = std::env::var("PERILUNE_ATTACK") else { return };
    let seed = seed.parse().unwrap();
    for (path, mut lua) in paths() {
        attack(&mut lua, path, seed).unwrap_or_else(|error| panic!("{path:?}, seed {seed}: {error:#}"));
        common::check(&mut lua);
        lua.close().unwrap();
    }
}

#[test]
fn random_hostile_programs() {
    common::attack_in_a_child();
}
