//! How deep this thread's C stack may be used before Lua is no longer re-entered.
//!
//! LuaJIT has no guard of its own and Lua 5.4 only counts calls, so every way
//! back into Lua compares its frame address with the floor kept here (I8).

use std::cell::Cell;
use std::mem::MaybeUninit;

unsafe extern "C" {
    fn perilune_stack_bounds(low: *mut usize, high: *mut usize);
}

/// Bytes kept for whatever runs below the last checked re-entry: a callback and what
/// it calls, a `gsub` frame (9 KiB), the JIT compiler, the unwinder. Where a stack is
/// small, a fifth of it will do, but not less than [`LEAST`].
const RESERVE: usize = 256 << 10;

/// What Lua 5.4 may use without any check, by its own limit of 200 calls from C:
/// 500 bytes for each of `table.insert` and its like with metamethods.
const LEAST: usize = 112 << 10;

/// Of the reserve, what is not given to a parser. How much one needs is told by the
/// text that it is to compile; see `door.c`.
const END: usize = 32 << 10;

/// What is left of a stack too small for all of that.
const TINY: usize = 16 << 10;

/// Where the thread's stack must not be used any more.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// The lowest frame address from which Lua may be re-entered.
    pub floor: usize,
    /// The address above which a parser has to find what it needs.
    pub end: usize,
}

impl Bounds {
    fn of(low: usize, high: usize) -> Self {
        let size = high - low;
        let reserve = (size / 5).clamp(LEAST, RESERVE).min(size.saturating_sub(TINY));
        Self { floor: low + reserve, end: low + END.min(reserve / 2) }
    }
}

/// A thread's stack: its highest address, 0 while it is not known, and its bounds.
struct Range {
    high: Cell<usize>,
    bounds: Cell<Bounds>,
    /// Something on the thread runs under a limit: here, because whoever asks has the bounds in hand.
    watched: Cell<bool>,
}

thread_local! {
    static RANGE: Range =
        const { Range { high: Cell::new(0), bounds: Cell::new(Bounds { floor: 0, end: 0 }), watched: Cell::new(false) } };
}

/// The bounds of the stack that this is called on, and whether anything on the thread runs under a limit.
#[inline]
pub(crate) fn bounds_and_watched() -> (Bounds, bool) {
    let here = here();
    RANGE.with(|range| {
        let bounds = if here <= range.high.get() { range.bounds.get() } else { measure(range, here) };
        (bounds, range.watched.get())
    })
}

/// Whether anything on this thread runs under a limit.
pub(crate) fn is_watched() -> bool {
    RANGE.with(|range| range.watched.get())
}

/// Notes that something on this thread runs under a limit, or nothing does any more.
pub(crate) fn set_watched(watched: bool) {
    RANGE.with(|range| range.watched.set(watched));
}

/// The bounds of the stack that this is called on.
pub(crate) fn bounds() -> Bounds {
    bounds_and_watched().0
}

/// About where the stack stands: the address of a local, which costs no access.
#[inline(always)]
fn here() -> usize {
    let marker = MaybeUninit::<u8>::uninit();
    (&raw const marker).addr()
}

#[cold]
fn measure(range: &Range, here: usize) -> Bounds {
    let (mut low, mut high) = (0, 0);
    // SAFETY: it only writes the two numbers.
    unsafe { perilune_stack_bounds(&raw mut low, &raw mut high) };
    if here < low || here > high {
        // A fiber's stack, or a system that does not tell: assume that as much
        // is left as is kept in reserve elsewhere, and look again next time.
        return Bounds::of(here.saturating_sub(RESERVE), here);
    }
    let bounds = Bounds::of(low, high);
    range.high.set(high);
    range.bounds.set(bounds);
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stack_keeps_a_reserve_and_leaves_something_to_use() {
        for kib in [16, 64, 128, 160, 256, 512, 2048, 8192, 1 << 20] {
            let (low, high) = (1 << 30, (1 << 30) + (kib << 10));
            let bounds = Bounds::of(low, high);
            assert!(low <= bounds.end && bounds.end <= bounds.floor && bounds.floor <= high, "{kib} KiB: {bounds:?}");
            assert!(kib < 128 || bounds.floor - low >= LEAST, "{kib} KiB: {bounds:?}");
            assert!(kib < 512 || high - bounds.floor >= 384 << 10, "{kib} KiB: {bounds:?}");
        }
    }
}
