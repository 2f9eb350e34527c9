//! A scope cannot be used after it has ended what was lent.
use perilune::{Lua, Scope};

fn main() {
    let mut lua = Lua::new().unwrap();
    let mut kept: Option<&Scope> = None;
    lua.scope(|_, scope| {
        kept = Some(scope);
        Ok(())
    })
    .unwrap();
}
