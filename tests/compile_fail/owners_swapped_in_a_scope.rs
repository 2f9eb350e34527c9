//! A scope has a state, which is no owner that could be swapped for another.
use perilune::Lua;

fn main() {
    let (mut lua, mut other) = (Lua::new().unwrap(), Lua::new().unwrap());
    lua.scope(|state, _| {
        std::mem::swap::<Lua>(state, &mut other);
        Ok(())
    })
    .unwrap();
}
