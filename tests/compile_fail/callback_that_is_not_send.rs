//! A VM can be sent to another thread, and its callbacks go with it.
use perilune::{Lua, Result, State};
use std::rc::Rc;

fn main() {
    let mut lua = Lua::new().unwrap();
    let counter = Rc::new(1);
    lua.register("count", move |_: &mut State, (): ()| -> Result<i32> { Ok(*counter) }).unwrap();
}
