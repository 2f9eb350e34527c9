//! Text that is an argument lives as long as the call.
use perilune::{Lua, Result, State};

fn main() {
    let mut lua = Lua::new().unwrap();
    let mut names: Vec<&'static str> = Vec::new();
    lua.register_mut("keep", move |_: &mut State, name: &str| -> Result<()> {
        names.push(name);
        Ok(())
    })
    .unwrap();
}
