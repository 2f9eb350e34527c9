//! Promise: a closed VM gives everything back to the system.
//!
//! A single test, because it looks at the memory of the whole process.

use perilune::{Error, Lua, Result, State, Table};

/// Bytes of memory that this process has, where the system tells.
fn resident() -> Option<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

/// The life of a VM that does a little of everything.
fn live(n: usize) {
    let mut lua = Lua::new().unwrap();
    lua.register("double", |_: &mut State, n: usize| Ok(n * 2)).unwrap();
    lua.register("fail", |_: &mut State, (): ()| -> Result<()> { Err(Error::external(std::fmt::Error)) }).unwrap();
    let table: Table = lua.load("local t = {} for i = 1, 100 do t[i] = double(i) end return t").eval().unwrap();
    assert_eq!(table.get::<usize>(&mut lua, 100).unwrap(), 200);
    let error = lua.run("local ok, e = pcall(fail) error({ e })").unwrap_err();
    if n % 2 == 0 {
        lua.close().unwrap();
    }
    drop((table, error));
}

#[test]
fn ten_thousand_vms_leave_nothing_behind() {
    /// Enough to let the allocator find its size.
    const FIRST: usize = 1000;
    /// Less than 500 bytes for each VM: an arena that stayed would be 100 times that.
    const MOST: usize = 4 << 20;
    (0..FIRST).for_each(live);
    let before = resident();
    (FIRST..10_000).for_each(live);
    if let (Some(before), Some(after)) = (before, resident()) {
        assert!(after < before + MOST, "{before} bytes have become {after}");
    }
}
