//! What part of a limit of memory a script can fill with what it keeps, before it is refused more: for some kinds of data,
//! and with garbage made beside them. `cargo run --release --example usable_memory`

use perilune::{Backend, Error, Lua, Result};

/// Keeps more and more, and says how much is kept by what it leaves in `kept`.
const KINDS: &[(&str, &str)] = &[
    ("texts of 1000 bytes", "('x'):rep(1000) .. i"),
    ("texts of 100 KB", "('x'):rep(100000) .. i"),
    ("small tables", "{ i, i + 1 }"),
    ("tables with names", "{ x = i, y = i, name = 'n' }"),
    ("closures", "function() return i end"),
    ("numbers in one list", "i"),
];

/// How many bytes of garbage are made for each that is kept.
const GARBAGE: [usize; 3] = [0, 1, 10];

fn main() -> Result<()> {
    println!("{}: live data when a script was refused memory, in percent of the limit\n", Backend::current());
    println!("| Limit | What is kept | no garbage | as much garbage | 10 times as much |");
    println!("|---|---|---|---|---|");
    for limit in [1 << 20, 8 << 20, 64 << 20] {
        for &(kind, value) in KINDS {
            print!("| {} MiB | {kind} |", limit >> 20);
            for garbage in GARBAGE {
                print!(" {:.0} |", 100.0 * filled(limit, value, garbage)?);
            }
            println!();
        }
    }
    Ok(())
}

/// Fills a VM, and says what part of the limit is alive then.
#[expect(clippy::cast_precision_loss, reason = "sizes of a few megabytes")]
fn filled(limit: usize, value: &str, garbage: usize) -> Result<f64> {
    let mut lua = Lua::builder().memory_limit(limit).build()?;
    let script = format!(
        "local function make(i) return {value} end
        kept = {{}}
        for i = 1, math.huge do
            kept[i] = make(i)
            for j = 1, {garbage} do make(-i - j) end
        end"
    );
    match lua.run(&script) {
        Err(Error::Memory(_)) => {}
        other => return other.map(|_| 0.0),
    }
    lua.gc_collect()?;
    lua.gc_collect()?;
    Ok(lua.memory().used as f64 / limit as f64)
}
