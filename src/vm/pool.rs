//! Small blocks for one VM: a free list for each size, cut from slabs.
//!
//! A VM belongs to one thread at a time and tells the size of what it frees, so that
//! neither locks nor headers are needed: taking and giving a block is a few
//! instructions. Slabs go back to the system with the pool, when the VM is closed.
//! This file owns the slabs and knows nothing of Lua.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;

unsafe extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn free(block: *mut c_void);
}

/// The largest size that is pooled. Not less than LuaJIT's largest closure (520 bytes
/// with 60 upvalues), whose size it may understate when it frees one that it could not
/// complete for want of memory: the block must come back here.
pub(crate) const LARGEST: usize = 576;

/// Sizes are rounded up to this, which is also the alignment.
const GRAIN: usize = 16;

const SIZES: usize = LARGEST / GRAIN;

/// Bytes of a slab, its link included.
const SLAB: usize = 16 << 10;

/// What a free block, and the beginning of a slab, holds: the next one.
struct Link {
    next: *mut Link,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Pool {
    free: [Cell<*mut Link>; SIZES],
    slabs: Cell<*mut Link>,
    /// The part of the newest slab that was never given out.
    rest: Cell<*mut u8>,
    left: Cell<usize>,
}

impl Pool {
    pub(crate) fn new() -> Self {
        Self {
            free: [const { Cell::new(ptr::null_mut()) }; SIZES],
            slabs: Cell::new(ptr::null_mut()),
            rest: Cell::new(ptr::null_mut()),
            left: Cell::new(0),
        }
    }

    /// Whether two sizes share their blocks.
    pub(crate) fn same(a: usize, b: usize) -> bool {
        Self::list(a) == Self::list(b)
    }

    /// A size from 1 to [`LARGEST`] as the number of its free list.
    #[inline]
    fn list(size: usize) -> usize {
        (size - 1) / GRAIN
    }

    /// A block for `size` bytes, from 1 to [`LARGEST`]; null if the system has none.
    #[inline]
    pub(crate) fn take(&self, size: usize) -> *mut c_void {
        let list = &self.free[Self::list(size)];
        let block = list.get();
        if block.is_null() {
            return self.cut((Self::list(size) + 1) * GRAIN);
        }
        // SAFETY: what is on a free list is a block of the pool that nobody uses, and holds a link.
        list.set(unsafe { (*block).next });
        block.cast()
    }

    /// Takes a block back.
    ///
    /// # Safety
    /// It came from [`Pool::take`] with this size, or a larger one, and is not used any more.
    #[inline]
    pub(crate) unsafe fn give(&self, block: *mut c_void, size: usize) {
        let list = &self.free[Self::list(size)];
        let block = block.cast::<Link>();
        // SAFETY: the caller's; a block is at least as large and as aligned as a link.
        unsafe { block.write(Link { next: list.get() }) };
        list.set(block);
    }

    /// Cuts a new block off the newest slab. What is left of a slab that is too small is given up.
    fn cut(&self, size: usize) -> *mut c_void {
        if self.left.get() < size && !self.grow() {
            return ptr::null_mut();
        }
        let block = self.rest.get();
        self.left.set(self.left.get() - size);
        // SAFETY: `left` bytes of the slab follow `rest`, and there were at least `size`.
        self.rest.set(unsafe { block.add(size) });
        block.cast()
    }

    #[cold]
    fn grow(&self) -> bool {
        // SAFETY: any size may be asked for.
        let slab = unsafe { malloc(SLAB) }.cast::<Link>();
        if slab.is_null() {
            return false;
        }
        // SAFETY: a new slab, larger than a link and aligned for anything.
        unsafe {
            slab.write(Link { next: self.slabs.get() });
            self.rest.set(slab.cast::<u8>().add(GRAIN));
        }
        self.slabs.set(slab);
        self.left.set(SLAB - GRAIN);
        true
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut slab = self.slabs.get();
        while !slab.is_null() {
            // SAFETY: slabs came from `malloc`; with the pool, nobody uses their blocks any more.
            unsafe {
                let next = (*slab).next;
                free(slab.cast());
                slab = next;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_aligned_apart_and_used_again() {
        let pool = Pool::new();
        let mut blocks: Vec<(*mut u8, usize)> = Vec::new();
        // Miri is slow, and a size of each list will do for it.
        let step = if cfg!(miri) { GRAIN + 1 } else { 1 };
        for round in 0..3 {
            for size in (1..=LARGEST).step_by(step) {
                let block = pool.take(size).cast::<u8>();
                assert!(!block.is_null() && block.addr() % GRAIN == 0);
                // SAFETY: a block of this size, which is written from end to end.
                unsafe { block.write_bytes(u8::try_from(size % 251).unwrap(), size) };
                blocks.push((block, size));
            }
            for (block, size) in blocks.drain(..) {
                // SAFETY: as above; no other block has overwritten it.
                unsafe {
                    assert!((0..size).all(|at| *block.add(at) == u8::try_from(size % 251).unwrap()), "round {round}, size {size}");
                    pool.give(block.cast(), size);
                }
            }
        }
        let block = pool.take(40);
        // SAFETY: given back at once.
        unsafe { pool.give(block, 33) };
        assert_eq!(pool.take(48), block, "33 to 48 bytes share their blocks");
    }

    #[test]
    fn a_block_may_come_back_as_a_smaller_one() {
        let pool = Pool::new();
        let block = pool.take(LARGEST);
        // SAFETY: it came from here and is larger.
        unsafe { pool.give(block, 24) };
        assert_eq!(pool.take(32), block);
    }
}
