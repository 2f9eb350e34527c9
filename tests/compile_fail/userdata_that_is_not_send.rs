//! Values in a VM go where it goes.
use perilune::{Lua, UserData};
use std::rc::Rc;

struct Shared(Rc<i32>);

impl UserData for Shared {}

fn main() {
    let mut lua = Lua::new().unwrap();
    lua.create_userdata(Shared(Rc::new(1))).unwrap();
}
