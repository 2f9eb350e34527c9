//! How deep this thread's C stack may be used before Lua is no longer re-entered.
//!
//! LuaJIT has no guard of its own and Lua 5.4 only counts calls, so every way
//! back into Lua compares its frame address with the floor kept here (I8).

use std::cell::Cell;
use std::hint::black_box;

unsafe extern "C" {
    fn perilune_stack_bounds(low: *mut usize, high: *mut usize);
}

/// Bytes kept for whatever runs below the last re-entry: the VM's own C code
/// (a `gsub` frame is 9 KiB, the parser up to 100 KiB), the unwinder, a callback.
const RESERVE: usize = 256 << 10;

/// Usable range of the thread's stack: addresses from `floor` to `high`.
#[derive(Clone, Copy)]
struct Range {
    floor: usize,
    high: usize,
}

thread_local! {
    static RANGE: Cell<Option<Range>> = const { Cell::new(None) };
}

/// The lowest frame address from which Lua may be re-entered on this thread.
#[inline]
pub(crate) fn floor() -> usize {
    let marker = 0_u8;
    let here = std::ptr::from_ref(black_box(&marker)).addr();
    match RANGE.get() {
        Some(range) if here <= range.high => range.floor,
        _ => measure(here),
    }
}

#[cold]
fn measure(here: usize) -> usize {
    let (mut low, mut high) = (0, 0);
    // SAFETY: it only writes the two numbers.
    unsafe { perilune_stack_bounds(&raw mut low, &raw mut high) };
    if here < low || here > high {
        // A fiber's stack, or a system that does not tell: assume that as much
        // is left as is kept in reserve elsewhere, and look again next time.
        return here.saturating_sub(RESERVE / 2);
    }
    let range = Range { floor: low + RESERVE.min((high - low) / 4), high };
    RANGE.set(Some(range));
    range.floor
}
