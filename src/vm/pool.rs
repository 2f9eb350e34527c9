//! Small blocks for one VM: slabs of blocks of one size each, and some that all sizes share.
//!
//! A VM belongs to one thread at a time and tells the size of what it frees, so that
//! neither locks nor headers of blocks are needed: taking and giving a block is a few
//! instructions. Each slab has a free list of its own, and blocks are taken from one slab
//! until it has no more, so that what a script makes together lies together: with one
//! list for all, programs that make much garbage ended up walking over the whole heap.
//! The first few blocks of a size are cut from slabs that all sizes share, because a small
//! VM has only one or two blocks of many sizes.
//! Slabs go back to the system with the pool, when the VM is closed.
//! This file owns the slabs and knows nothing of Lua.

use std::alloc::{GlobalAlloc, Layout, System};
use std::array;
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;

/// The largest size that is pooled. Not less than LuaJIT's largest closure (520 bytes
/// with 60 upvalues), whose size it may understate when it frees one that it could not
/// complete for want of memory: the block must come back here.
pub(crate) const LARGEST: usize = 576;

/// Sizes are rounded up to this, which is also the alignment.
const GRAIN: usize = 16;

const SIZES: usize = LARGEST / GRAIN;

/// Bytes of a slab, its head included; and where it begins is a multiple of it, so that
/// every block leads to its slab.
const SLAB: usize = 2 << 10;

/// Bytes of each size, or one block, that come from shared slabs.
const FEW: usize = 1280;

/// What a slab that is shared has for the number of its queue.
const SHARED: u8 = u8::MAX;

/// Slabs that are asked of the system at once.
const SLABS: usize = 8;

/// Those together.
const CHUNK: Layout = match Layout::from_size_align(SLABS * SLAB, SLAB) {
    Ok(layout) => layout,
    Err(_) => panic!("a slab is a power of two"),
};

/// What a free block holds: the next one.
struct Link {
    next: *mut Link,
}

/// How a slab begins; its blocks follow.
struct Slab {
    /// Blocks that came back.
    free: *mut Link,
    /// What was never given out, and how many bytes that is.
    rest: *mut u8,
    left: u32,
    /// The number of its queue, or [`SHARED`].
    list: u8,
    /// Whether it is in there.
    waits: bool,
    /// The next one in there.
    next: *mut Slab,
    /// In the first slab of a chunk: the chunk before.
    chunk: *mut Slab,
}

/// Where the blocks of a slab begin.
const FIRST: usize = size_of::<Slab>().next_multiple_of(GRAIN);

/// The slabs of one size that have free blocks, except that the first may have run out.
/// One that gets a block back waits at the end, so that it has got more when its turn comes.
#[derive(Debug)]
struct Queue {
    first: Cell<*mut Slab>,
    last: Cell<*mut Slab>,
    /// Blocks of shared slabs that came back.
    free: Cell<*mut Link>,
    /// Bytes that came from shared slabs.
    shared: Cell<u32>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Pool {
    queues: [Queue; SIZES],
    /// The slab from which blocks of all sizes are cut.
    shared: Cell<*mut Slab>,
    /// The newest chunk, by its first slab, and how many slabs of it are not in use yet.
    chunk: Cell<*mut Slab>,
    unused: Cell<usize>,
}

impl Pool {
    pub(crate) fn new() -> Self {
        let queue = || Queue {
            first: Cell::new(ptr::null_mut()),
            last: Cell::new(ptr::null_mut()),
            free: Cell::new(ptr::null_mut()),
            shared: Cell::new(0),
        };
        Self {
            queues: array::from_fn(|_| queue()),
            shared: Cell::new(ptr::null_mut()),
            chunk: Cell::new(ptr::null_mut()),
            unused: Cell::new(0),
        }
    }

    /// Whether two sizes share their blocks.
    pub(crate) fn same(a: usize, b: usize) -> bool {
        Self::list(a) == Self::list(b)
    }

    /// A size from 1 to [`LARGEST`] as the number of its queue.
    #[inline]
    fn list(size: usize) -> usize {
        (size - 1) / GRAIN
    }

    /// A block for `size` bytes, from 1 to [`LARGEST`]; null if the system has none.
    #[inline]
    pub(crate) fn take(&self, size: usize) -> *mut c_void {
        let list = Self::list(size);
        let slab = self.queues[list].first.get();
        if !slab.is_null() {
            // SAFETY: slabs in a queue are the pool's, and what is on a free list is a block that nobody uses.
            unsafe {
                let block = (*slab).free;
                if !block.is_null() {
                    (*slab).free = (*block).next;
                    return block.cast();
                }
            }
        }
        self.take_new(list)
    }

    /// Takes a block back.
    ///
    /// # Safety
    /// It came from [`Pool::take`] with this size, or a larger one, and is not used any more.
    #[inline]
    pub(crate) unsafe fn give(&self, block: *mut c_void, size: usize) {
        let slab = block.map_addr(|at| at & !(SLAB - 1)).cast::<Slab>();
        let block = block.cast::<Link>();
        // SAFETY: the caller's: the block lies in a slab of this pool, which begins where
        // a multiple of its size is; and it is at least as large and as aligned as a link.
        unsafe {
            if (*slab).list == SHARED {
                return self.give_shared(block, size);
            }
            block.write(Link { next: (*slab).free });
            (*slab).free = block;
            if !(*slab).waits {
                self.enqueue(slab);
            }
        }
    }

    /// Takes back a block of a shared slab. A size that is understated costs little: few blocks of each size are of those.
    ///
    /// # Safety
    /// Nobody uses the block, and it is at least as large as `size`.
    #[cold]
    unsafe fn give_shared(&self, block: *mut Link, size: usize) {
        let list = &self.queues[Self::list(size)].free;
        // SAFETY: the caller's; and a block is at least as large and as aligned as a link.
        unsafe { block.write(Link { next: list.get() }) };
        list.set(block);
    }

    /// A block that is none of the first slab's free ones.
    #[cold]
    fn take_new(&self, list: usize) -> *mut c_void {
        let queue = &self.queues[list];
        let block = queue.free.get();
        if !block.is_null() {
            // SAFETY: what is on a free list is a block that nobody uses, and holds a link.
            queue.free.set(unsafe { (*block).next });
            return block.cast();
        }
        let size = (list + 1) * GRAIN;
        loop {
            let slab = queue.first.get();
            if slab.is_null() {
                if (queue.shared.get() as usize) + size <= FEW.max(size) {
                    return self.take_shared(queue, size);
                }
                let slab = self.slab(list as u8);
                if slab.is_null() {
                    return ptr::null_mut();
                }
                self.enqueue(slab);
                continue;
            }
            // SAFETY: slabs in a queue are the pool's; what is on a free list is a block that nobody uses.
            unsafe {
                let block = (*slab).free;
                if !block.is_null() {
                    (*slab).free = (*block).next;
                    return block.cast();
                }
                if (*slab).left as usize >= size {
                    return Self::cut(slab, size);
                }
                (*slab).waits = false;
                queue.first.set((*slab).next);
            }
        }
    }

    /// A block of the shared slab, or of a new one. What does not fit into the old one is left for its own size.
    #[cold]
    fn take_shared(&self, queue: &Queue, size: usize) -> *mut c_void {
        let mut slab = self.shared.get();
        // SAFETY: slabs are the pool's; what is left of the shared one is a block that was never given out.
        unsafe {
            if slab.is_null() || ((*slab).left as usize) < size {
                let new = self.slab(SHARED);
                if new.is_null() {
                    return ptr::null_mut();
                }
                if !slab.is_null() && (*slab).left > 0 {
                    self.give_shared((*slab).rest.cast(), (*slab).left as usize);
                }
                self.shared.set(new);
                slab = new;
            }
            queue.shared.set(queue.shared.get() + size as u32);
            Self::cut(slab, size)
        }
    }

    /// Cuts a block off what is left of a slab.
    ///
    /// # Safety
    /// The slab is the pool's, and so much is left of it.
    unsafe fn cut(slab: *mut Slab, size: usize) -> *mut c_void {
        // SAFETY: `left` bytes of the slab follow `rest`.
        unsafe {
            let block = (*slab).rest;
            (*slab).left -= size as u32;
            (*slab).rest = block.add(size);
            block.cast()
        }
    }

    /// Puts a slab at the end of its queue.
    #[cold]
    fn enqueue(&self, slab: *mut Slab) {
        // SAFETY: the slab is the pool's and in no queue; those of the queue are the pool's too.
        unsafe {
            let queue = &self.queues[usize::from((*slab).list)];
            (*slab).waits = true;
            (*slab).next = ptr::null_mut();
            if queue.first.get().is_null() {
                queue.first.set(slab);
            } else {
                (*queue.last.get()).next = slab;
            }
            queue.last.set(slab);
        }
    }

    /// A new slab for the blocks of a queue, or to be shared; null if the system has no memory.
    fn slab(&self, list: u8) -> *mut Slab {
        if self.unused.get() == 0 && !self.grow() {
            return ptr::null_mut();
        }
        let used = SLABS - self.unused.get();
        self.unused.set(self.unused.get() - 1);
        let first = self.chunk.get();
        // SAFETY: the unused slabs are the last of the chunk, and there was one; a slab is larger than its head.
        // The first slab keeps the link to the chunk before.
        unsafe {
            let slab = first.byte_add(used * SLAB);
            let chunk = if used == 0 { (*first).chunk } else { ptr::null_mut() };
            slab.write(Slab {
                free: ptr::null_mut(),
                rest: slab.cast::<u8>().add(FIRST),
                left: (SLAB - FIRST) as u32,
                list,
                waits: false,
                next: ptr::null_mut(),
                chunk,
            });
            slab
        }
    }

    #[cold]
    fn grow(&self) -> bool {
        // SAFETY: the layout's size is not 0.
        let chunk = unsafe { System.alloc(CHUNK) }.cast::<Slab>();
        if chunk.is_null() {
            return false;
        }
        // SAFETY: new memory, larger than a slab's head and aligned for it.
        unsafe { (&raw mut (*chunk).chunk).write(self.chunk.get()) };
        self.chunk.set(chunk);
        self.unused.set(SLABS);
        true
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut chunk = self.chunk.get();
        while !chunk.is_null() {
            // SAFETY: chunks came from the system with this layout; with the pool, nobody uses their blocks any more.
            unsafe {
                let before = (*chunk).chunk;
                System.dealloc(chunk.cast(), CHUNK);
                chunk = before;
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
        unsafe { pool.give(block, 40) };
        assert_eq!(pool.take(48), block, "33 to 48 bytes share their blocks");
    }

    fn slab_of(block: *mut c_void) -> usize {
        block.addr() & !(SLAB - 1)
    }

    /// LuaJIT understates the size of a closure that it could not complete.
    #[test]
    fn a_block_may_come_back_as_a_smaller_one() {
        let pool = Pool::new();
        let shared = pool.take(LARGEST);
        // SAFETY: it came from here and is larger.
        unsafe { pool.give(shared, 24) };
        assert_eq!(pool.take(32), shared);
        // The next ones have slabs of their own, which they go back to whatever their size is said to be.
        let blocks: [*mut c_void; 8] = array::from_fn(|_| pool.take(LARGEST));
        // SAFETY: as above.
        unsafe { pool.give(blocks[7], 24) };
        assert!((0..4).any(|_| pool.take(LARGEST) == blocks[7]));
    }

    #[test]
    fn the_first_blocks_of_all_sizes_share_slabs_and_fill_them() {
        let pool = Pool::new();
        let sizes = [16, LARGEST, 160, 400, 560];
        let blocks = sizes.map(|size| pool.take(size));
        assert!(blocks.iter().all(|&block| slab_of(block) == slab_of(blocks[0])));
        let rest = SLAB - FIRST - sizes.iter().sum::<usize>();
        assert!((GRAIN..LARGEST).contains(&rest));
        assert_ne!(slab_of(pool.take(LARGEST)), slab_of(blocks[0]), "there was no more room");
        assert_eq!(slab_of(pool.take(rest)), slab_of(blocks[0]));
    }

    /// What was given back all over the heap is given out again slab by slab.
    #[test]
    fn blocks_of_a_slab_are_used_together() {
        const FULL: usize = 10;
        let pool = Pool::new();
        (0..FEW / 64).for_each(|_| _ = pool.take(64));
        let blocks: Vec<*mut c_void> = (0..FULL * SLAB / 64).map(|_| pool.take(64)).collect();
        // Every second block stays; the others come back in an order that jumps.
        for start in [1, 5, 3, 7] {
            for &block in blocks.iter().skip(start).step_by(8) {
                // SAFETY: each of them once.
                unsafe { pool.give(block, 64) };
            }
        }
        let again: Vec<usize> = (0..blocks.len() / 3).map(|_| slab_of(pool.take(64))).collect();
        let changes = again.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(changes <= FULL, "{changes} changes of the slab for {} blocks", again.len());
    }
}
