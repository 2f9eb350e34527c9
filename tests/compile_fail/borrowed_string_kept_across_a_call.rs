//! A string is borrowed from the VM: the call could collect it.
use perilune::{Lua, LuaString};

fn main() {
    let mut lua = Lua::new().unwrap();
    let name: LuaString = lua.load("return 'Alan'").eval().unwrap();
    let text = name.to_str(&lua).unwrap();
    lua.run("collectgarbage()").unwrap();
    println!("{text}");
}
