//! No script can change a table while it is iterated over.
use perilune::{Lua, Table};

fn main() {
    let mut lua = Lua::new().unwrap();
    let stats: Table = lua.load("return { STR = 3 }").eval().unwrap();
    for _ in stats.pairs::<String, i32>(&mut lua).unwrap() {
        lua.run("return 1").unwrap();
    }
}
