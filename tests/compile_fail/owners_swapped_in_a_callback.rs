//! A callback has a state, which is no owner that could be swapped for another.
use perilune::{Lua, Result, State};

fn main() {
    let mut lua = Lua::new().unwrap();
    let mut other = Lua::new().unwrap();
    lua.register_mut("swap", move |state: &mut State, (): ()| -> Result<()> {
        std::mem::swap::<Lua>(state, &mut other);
        Ok(())
    })
    .unwrap();
}
