//! What is lent to a scope has to outlive it.
use perilune::{Lua, Result, State};

fn main() {
    let mut lua = Lua::new().unwrap();
    lua.scope(|lua, scope| {
        let inside = vec![1];
        scope.create_function(lua, |_: &mut State, (): ()| -> Result<usize> { Ok(inside.len()) }).map(drop)
    })
    .unwrap();
}
