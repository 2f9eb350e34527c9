//! The VM's memory: exact accounting, a limit, and the two modes.
//!
//! *Strict*, while Lua runs: an allocation past the limit is refused, and the VM
//! raises its out-of-memory error inside the protected call. *Grace*, while Rust
//! calls the API unprotected: the allocation passes, a flag is set, and the
//! operation reports the error when it is done (invariant I3).

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr;

use crate::sys;
use crate::vm::backend;
use crate::vm::owner::Vm;
use crate::vm::pool::{self, Pool};

unsafe extern "C" {
    fn realloc(block: *mut c_void, size: usize) -> *mut c_void;
    fn free(block: *mut c_void);
}

/// What the allocator knows. All sizes are in bytes.
#[derive(Debug)]
pub(crate) struct Memory {
    /// Refuse (strict) rather than note (grace).
    pub strict: Cell<bool>,
    /// An allocation passed in grace that strict would have refused.
    pub over: Cell<bool>,
    /// Allocations refused so far, and when the outermost protected call began.
    pub refusals: Cell<u64>,
    pub refusals_before: Cell<u64>,
    pub used: Cell<usize>,
    pub peak: Cell<usize>,
    pub limit: Cell<usize>,
    /// Allocations and growths so far.
    pub count: Cell<u64>,
    /// The values of `count` at which allocations are refused: from the first, below the second.
    pub fail: Cell<(u64, u64)>,
    /// The VM's built-in allocator, where it insists on it.
    pub inner: Option<Inner>,
    /// Small blocks.
    pool: Pool,
}

/// An allocator that ours counts for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inner {
    pub function: unsafe extern "C-unwind" fn(*mut c_void, *mut c_void, usize, usize) -> *mut c_void,
    pub data: *mut c_void,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self {
            strict: Cell::new(false),
            over: Cell::new(false),
            refusals: Cell::new(0),
            refusals_before: Cell::new(0),
            used: Cell::new(0),
            peak: Cell::new(0),
            limit: Cell::new(usize::MAX),
            count: Cell::new(0),
            fail: Cell::new((0, 0)),
            inner: None,
            pool: Pool::new(),
        }
    }

    /// Whether a growth to `used` bytes is allowed; counts it.
    #[inline]
    fn admits(&self, used: usize) -> bool {
        let count = self.count.get() + 1;
        self.count.set(count);
        let (first, end) = self.fail.get();
        used <= self.limit.get() && !(first..end).contains(&count)
    }

    /// Does `work` without refusing it memory.
    pub(crate) fn unrefused<T>(&self, work: impl FnOnce() -> T) -> T {
        let (limit, fail) = (self.limit.replace(usize::MAX), self.fail.replace((0, 0)));
        let result = work();
        self.limit.set(limit);
        self.fail.set(fail);
        result
    }

    /// Whether an allocation was refused since the outermost protected call began.
    pub(crate) fn refused(&self) -> bool {
        self.refusals.get() != self.refusals_before.get()
    }

    /// Whether `used` may be too high: LuaJIT frees a closure as if it were smaller,
    /// by 8 bytes for each upvalue for which there was no memory when it was made.
    pub(crate) fn is_inexact(&self) -> bool {
        backend::FORGETS_UPVALUES && self.refusals.get() != 0
    }

    /// # Safety
    /// As for `lua_Alloc`: `block` came from here with `old` bytes, or is null, with 0.
    #[inline]
    unsafe fn resize(&self, block: *mut c_void, old: usize, size: usize) -> *mut c_void {
        // SAFETY: the caller's contract is the allocator's. Which sizes are pooled
        // depends on the size alone, so every block goes back to where it came from.
        unsafe {
            match (self.inner, pooled(old), pooled(size)) {
                (Some(inner), ..) => (inner.function)(inner.data, block, old, size),
                (None, false, true) if old == 0 => self.pool.take(size),
                (None, true, false) if size == 0 => {
                    self.pool.give(block, old);
                    ptr::null_mut()
                }
                (None, false, false) if size == 0 => {
                    free(block);
                    ptr::null_mut()
                }
                (None, false, false) => realloc(block, size),
                (None, true, true) if Pool::same(old, size) => block,
                _ => self.replace(block, old, size),
            }
        }
    }

    /// Moves a block to another size, at least one of the two pooled.
    ///
    /// # Safety
    /// As for [`Memory::resize`]; neither size is 0.
    unsafe fn replace(&self, block: *mut c_void, old: usize, size: usize) -> *mut c_void {
        // SAFETY: the caller's; both blocks have room for what is copied.
        unsafe {
            let new = if pooled(size) { self.pool.take(size) } else { realloc(ptr::null_mut(), size) };
            if new.is_null() {
                return new;
            }
            ptr::copy_nonoverlapping(block.cast::<u8>(), new.cast::<u8>(), old.min(size));
            if pooled(old) {
                self.pool.give(block, old)
            } else {
                free(block)
            }
            new
        }
    }
}

/// Whether blocks of this size come from the pool. In builds with debug assertions none
/// do, so that sanitizers and valgrind see every block.
#[inline]
fn pooled(size: usize) -> bool {
    !cfg!(debug_assertions) && (1..=pool::LARGEST).contains(&size)
}

/// The `lua_Alloc` of every VM. `ud` is the VM (I1).
pub(crate) unsafe extern "C-unwind" fn allocate(ud: *mut c_void, block: *mut c_void, old: usize, size: usize) -> *mut c_void {
    // SAFETY: I1; the VM outlives its last allocation.
    let memory = unsafe { &(*ud.cast::<Vm>()).memory };
    // For new blocks Lua 5.4 passes the kind of object as the old size.
    let old = if block.is_null() { 0 } else { old };
    let used = memory.used.get() - old + size;
    if size > old && !memory.admits(used) {
        if memory.strict.get() {
            memory.refusals.set(memory.refusals.get() + 1);
            return ptr::null_mut();
        }
        memory.over.set(true);
    }
    // SAFETY: the VM calls its allocator as `lua_Alloc` demands.
    let new = unsafe { memory.resize(block, old, size) };
    if new.is_null() && size != 0 {
        return exhausted(memory, block, old, size);
    }
    memory.used.set(used);
    if used > memory.peak.get() {
        memory.peak.set(used);
    }
    new
}

/// The system itself has no memory left.
#[cold]
fn exhausted(memory: &Memory, block: *mut c_void, old: usize, size: usize) -> *mut c_void {
    if size <= old {
        // Lua relies on shrinking never to fail. The block is as good as it was.
        memory.used.set(memory.used.get() - old + size);
        return block;
    }
    if !memory.strict.get() {
        // Nothing can be raised here: end as Rust's own allocator would.
        std::alloc::handle_alloc_error(std::alloc::Layout::from_size_align(size, 16).unwrap_or(std::alloc::Layout::new::<u8>()));
    }
    memory.refusals.set(memory.refusals.get() + 1);
    ptr::null_mut()
}

/// A registry or memory figure as the API's `int`, capped.
pub(crate) fn to_c_int(number: usize) -> c_int {
    c_int::try_from(number).unwrap_or(c_int::MAX)
}

const _: sys::lua_Alloc = Some(allocate);
