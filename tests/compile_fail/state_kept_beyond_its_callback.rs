//! A callback's state is lent to it for the call.
use perilune::{Lua, Result, State};

fn main() {
    let mut lua = Lua::new().unwrap();
    let mut kept: Option<&'static mut State> = None;
    lua.register_mut("keep", move |state: &mut State, (): ()| -> Result<()> {
        kept = Some(state);
        Ok(())
    })
    .unwrap();
}
