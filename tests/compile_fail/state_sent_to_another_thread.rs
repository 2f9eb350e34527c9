//! A state is used where its owner is.
use perilune::{Lua, State};

fn main() {
    let mut lua = Lua::new().unwrap();
    let state: &mut State = &mut lua;
    std::thread::scope(|scope| {
        scope.spawn(move || state.run("return 1").unwrap());
    });
}
