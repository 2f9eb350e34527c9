//! A reference to an element of a view lives as long as the call.
use perilune::{Elem, Lua, State, c_struct};

c_struct! { pub struct Soldier { pub hp: i32 } }

fn main() {
    let mut lua = Lua::new().unwrap();
    lua.register("keep", |state: &mut State, unit: Elem<Soldier>| {
        let mut kept: Option<&mut Soldier> = None;
        unit.with_mut(state, |unit| kept = Some(unit))?;
        state.run("units[0].hp = 1")?;
        kept.map(|unit| unit.hp = 2);
        Ok(())
    })
    .unwrap();
}
