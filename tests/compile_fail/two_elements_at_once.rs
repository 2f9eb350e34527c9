//! Two arguments could mean the same element: there is at most one as a reference.
use perilune::{Lua, Result, c_struct};

c_struct! { pub struct Soldier { pub hp: i32 } }

fn swap(a: &mut Soldier, b: &mut Soldier) -> Result<()> {
    std::mem::swap(a, b);
    Ok(())
}

fn main() {
    let mut lua = Lua::new().unwrap();
    lua.register_elem("swap", swap).unwrap();
}
