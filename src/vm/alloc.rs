//! The VM's memory: exact accounting, a limit, and the two modes.
//!
//! *Strict*, while Lua runs: an allocation past the limit is refused, and the VM
//! raises its out-of-memory error inside the protected call. *Grace*, while Rust
//! calls the API unprotected: the allocation passes, a flag is set, and the
//! operation reports the error when it is done (invariant I3).

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr;

use crate::error::{Error, MemoryError, Shortage};
use crate::sys;
use crate::vm::owner::{Gate, Vm};
use crate::vm::pool::{self, Pool};
use crate::vm::{backend, charge, ended, hook};

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
    /// Why the last one was refused.
    short: Cell<Shortage>,
    pub used: Cell<usize>,
    /// What of it is memory of the host's; see `charge.rs`.
    pub charged: Cell<usize>,
    pub peak: Cell<usize>,
    pub limit: Cell<usize>,
    /// What is refused ends the outermost call, and the same for the one in progress; see `ended.rs`.
    pub is_final: Cell<bool>,
    pub is_final_now: Cell<bool>,
    /// It has been refused, and the call has not ended yet.
    pub ended: Cell<bool>,
    /// It was refused once, and the VM may ask again.
    pub doubt: Cell<Option<ended::Doubt>>,
    /// With more than this in use, a charge collects first; `usize::MAX` where that would not be worth it.
    pub half_way: Cell<usize>,
    /// With more than this in use a collection is asked for: see `press`.
    pub pressing: Cell<usize>,
    /// It was asked for, and has not been made.
    pub pressed: Cell<bool>,
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
            short: Cell::default(),
            used: Cell::new(0),
            charged: Cell::new(0),
            peak: Cell::new(0),
            limit: Cell::new(usize::MAX),
            is_final: Cell::new(false),
            is_final_now: Cell::new(false),
            ended: Cell::new(false),
            doubt: Cell::new(None),
            half_way: Cell::new(usize::MAX),
            pressing: Cell::new(usize::MAX),
            pressed: Cell::new(false),
            count: Cell::new(0),
            fail: Cell::new((0, 0)),
            inner: None,
            pool: Pool::new(),
        }
    }

    /// Sets the limit, and when a collection is asked for on the way there.
    pub(crate) fn set_limit(&self, limit: usize) {
        self.limit.set(limit);
        self.look_ahead();
    }

    /// Says anew when a collection is asked for, after one: when much of what was free is in use.
    pub(crate) fn look_ahead(&self) {
        let (limit, used) = (self.limit.get(), self.used.get());
        self.pressed.set(false);
        // Where hardly anything is free, a collection for half of that would not be worth it.
        let is_worth_it = limit != usize::MAX && limit.saturating_sub(used) > limit / 64;
        let after = |eighths| if is_worth_it { used + (limit - used) / 8 * eighths } else { usize::MAX };
        self.half_way.set(after(4));
        self.pressing.set(after(backend::EIGHTHS_BEFORE_COLLECTING));
    }

    /// Whether a growth to `used` bytes is allowed; counts it.
    #[inline]
    pub(crate) fn admits(&self, used: usize) -> bool {
        self.count.set(self.count.get() + 1);
        self.is_allowed(used)
    }

    /// The same for a growth that is counted already.
    #[inline]
    fn is_allowed(&self, used: usize) -> bool {
        let (first, end) = self.fail.get();
        used <= self.limit.get() && !(first..end).contains(&self.count.get())
    }

    /// Notes why `needed` more bytes are refused. What made a run end is not forgotten for what is refused on its way out.
    pub(crate) fn note(&self, needed: usize, limit: Option<usize>) -> Shortage {
        let short = Shortage { limit, used: self.used.get(), needed };
        if !self.ended.get() {
            self.short.set(short);
        }
        short
    }

    /// The limit, if so many bytes more would pass it.
    pub(crate) fn limit_passed_by(&self, needed: usize) -> Option<usize> {
        let limit = self.limit.get();
        (limit != usize::MAX && needed > limit.saturating_sub(self.used.get())).then_some(limit)
    }

    /// The error for what was refused, or passed in grace. A VM also says that it has no memory where it asked for none,
    /// as the value would be too large.
    #[cold]
    #[inline(never)]
    pub(crate) fn error(&self) -> Error {
        let is_known = self.over.get() || self.refused();
        MemoryError::of(if is_known { self.short.get() } else { Shortage::default() }).into()
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
    /// by 8 bytes for each upvalue for which there was no memory when it was made; an old Lua 5.4 forgets to free buffers.
    pub(crate) fn is_inexact(&self) -> bool {
        backend::MISCOUNTS_WITHOUT_MEMORY && self.refusals.get() != 0
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
    let mut used = memory.used.get() - old + size;
    if size > old && !memory.admits(used) {
        // SAFETY: I1.
        match pass_or_refuse(unsafe { &*ud.cast::<Vm>() }, Request { block, old, size }) {
            Some(passed) => used = passed,
            None => return ptr::null_mut(),
        }
    }
    // SAFETY: the VM calls its allocator as `lua_Alloc` demands.
    let new = unsafe { memory.resize(block, old, size) };
    if new.is_null() && size != 0 {
        // SAFETY: I1.
        return exhausted(unsafe { &*ud.cast::<Vm>() }, Request { block, old, size });
    }
    memory.used.set(used);
    if used > memory.peak.get() {
        memory.peak.set(used);
    }
    if used > memory.pressing.get() {
        // SAFETY: I1.
        near_the_limit(unsafe { &*ud.cast::<Vm>() });
    }
    new
}

/// What the VM asks for: a block that is to have another size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Request {
    block: *mut c_void,
    old: usize,
    size: usize,
}

/// For a growth that does not seem to be allowed: how much is in use with it, if it may pass.
#[cold]
fn pass_or_refuse(vm: &Vm, request: Request) -> Option<usize> {
    let (memory, more) = (&vm.memory, request.size - request.old);
    let is_asked_again = ended::answer_doubt(vm, Some(request));
    charge::take_back(vm);
    let used = memory.used.get() + more;
    if memory.is_allowed(used) {
        return Some(used);
    }
    if !memory.strict.get() {
        if memory.limit.get() != usize::MAX {
            press(vm);
        }
        // The first that passed is what the operation reports.
        if !memory.over.replace(true) {
            memory.note(more, memory.limit_passed_by(more));
        }
        ended::end(vm);
        return Some(used);
    }
    memory.note(more, memory.limit_passed_by(more));
    refuse(vm, request, is_asked_again);
    None
}

fn refuse(vm: &Vm, request: Request, is_asked_again: bool) {
    let main = vm.shared.main();
    if !main.is_null() {
        // SAFETY: the VM's main state, which is live (I1).
        unsafe { backend::before_refusing(main) };
    }
    vm.memory.refusals.set(vm.memory.refusals.get() + 1);
    vm.ending.set(true);
    if !backend::COUNTS_GARBAGE {
        // Lua 5.4 collects by itself, and asks again.
        return if is_asked_again { ended::end(vm) } else { ended::doubt(vm, request) };
    }
    vm.gate.forget.set(1);
    press(vm);
    ended::end(vm);
}

/// Much of what was free is in use, unless charges have been given back.
#[cold]
fn near_the_limit(vm: &Vm) {
    charge::take_back(vm);
    if vm.memory.used.get() > vm.memory.pressing.get() {
        press(vm);
    }
}

/// Asks for a collection, because garbage counts and the limit is near: LuaJIT makes none when it is
/// refused memory, and Lua 5.4 none for its library's buffers and what the host pushes. It happens before the
/// script's next instruction, or the host's next operation; here nothing can be collected.
#[cold]
fn press(vm: &Vm) {
    let (main, current) = (vm.shared.main(), vm.gate.current.get());
    if main.is_null() {
        return;
    }
    vm.memory.pressing.set(usize::MAX);
    vm.memory.pressed.set(true);
    vm.pending.set(true);
    vm.ending.set(true);
    // SAFETY: setting a hook allocates nothing; the gate knows the state that runs, unless that is the main one (I1).
    unsafe { hook::collect_soon(if current.is_null() { main } else { current }) };
}

/// What the hook that collects does last.
pub(crate) unsafe extern "C" fn collected(gate: *const Gate) {
    // SAFETY: I1: the gate is the VM's head.
    let vm = unsafe { &*gate.cast::<Vm>() };
    charge::take_back(vm);
    vm.memory.look_ahead();
    ended::answer_doubt(vm, None);
}

/// The system itself has no memory left.
#[cold]
fn exhausted(vm: &Vm, request: Request) -> *mut c_void {
    let (memory, Request { block, old, size }) = (&vm.memory, request);
    if size <= old {
        // Lua relies on shrinking never to fail. The block is as good as it was.
        memory.used.set(memory.used.get() - old + size);
        return block;
    }
    if !memory.strict.get() {
        // Nothing can be raised here: end as Rust's own allocator would.
        std::alloc::handle_alloc_error(std::alloc::Layout::from_size_align(size, 16).unwrap_or(std::alloc::Layout::new::<u8>()));
    }
    memory.note(size - old, None);
    refuse(vm, request, false);
    ptr::null_mut()
}

/// A registry or memory figure as the API's `int`, capped.
pub(crate) fn to_c_int(number: usize) -> c_int {
    c_int::try_from(number).unwrap_or(c_int::MAX)
}

const _: sys::lua_Alloc = Some(allocate);
