//! One thread at a time uses a VM, also for reading.
use perilune::Lua;

fn main() {
    let lua = Lua::new().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| lua.memory());
    });
}
