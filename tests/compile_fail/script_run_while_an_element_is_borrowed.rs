//! While there is a reference to an element of a view, no script can run.
use perilune::{Elem, Lua, Result, State, c_struct};

c_struct! { pub struct Soldier { pub hp: i32 } }

fn main() {
    let mut lua = Lua::new().unwrap();
    lua.register("reenter", |state: &mut State, unit: Elem<Soldier>| -> Result<()> {
        unit.with_mut(state, |unit| {
            unit.hp = 1;
            state.run("units[0].hp = 2").map(drop)
        })?
    })
    .unwrap();
    lua.register("reread", |state: &mut State, unit: Elem<Soldier>| -> Result<i32> {
        unit.with(state, |soldier| {
            unit.set(state, Soldier { hp: 2 }).map(|()| soldier.hp)
        })?
    })
    .unwrap();
}
