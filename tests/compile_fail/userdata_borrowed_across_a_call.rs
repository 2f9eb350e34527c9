//! A userdata's value is borrowed from the VM: the call could change or drop it.
use perilune::{Lua, UserData};

struct Gate {
    open: bool,
}

impl UserData for Gate {}

fn main() {
    let mut lua = Lua::new().unwrap();
    let gate = lua.create_userdata(Gate { open: true }).unwrap();
    let borrowed = gate.borrow::<Gate>(&lua).unwrap();
    lua.run("return 1").unwrap();
    assert!(borrowed.open);
}
