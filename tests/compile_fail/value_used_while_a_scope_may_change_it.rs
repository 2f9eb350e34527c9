//! What is lent to be changed is not the host's until the scope ends.
use perilune::{Lua, UserData};

struct World {
    turn: u32,
}

impl UserData for World {}

fn main() {
    let mut lua = Lua::new().unwrap();
    let mut world = World { turn: 3 };
    lua.scope(|lua, scope| {
        let lent = scope.create_userdata_ref_mut(lua, &mut world)?;
        world.turn += 1;
        lua.set("world", lent)
    })
    .unwrap();
}
