//! The host's own data is borrowed from the VM: a callback could take it away.
use perilune::Lua;

fn main() {
    let mut lua = Lua::new().unwrap();
    lua.set_app_data(vec![1, 2, 3]);
    let numbers = lua.app_data::<Vec<i32>>().unwrap();
    lua.run("return 1").unwrap();
    println!("{numbers:?}");
}
