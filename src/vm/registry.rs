//! Registry slots: how Rust keeps hold of Lua values.
//!
//! A [`Slot`] is one value in the VM's registry. It can be cloned, sent and
//! dropped anywhere, at any time, without the VM: dropping the last clone only
//! puts its node on a lock-free stack, and the VM empties that stack at its next
//! use. This file owns the slots and that stack.

use std::ffi::c_int;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering, fence};

use crate::error::{Error, Result};
use crate::sys::lua_State;
use crate::vm::owner::Vm;

/// The part of a VM that its handles share with it, on whatever thread they are.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// The VM and its main state; both null once it is closed. Whoever uses that state
    /// has it from whoever opened it, and so sees these as they were set.
    vm: AtomicPtr<Vm>,
    main: AtomicPtr<lua_State>,
    closed: AtomicBool,
    /// A Treiber stack of dropped slots: pushed one by one, popped all at once,
    /// which leaves no room for the ABA problem.
    drops: AtomicPtr<Node>,
    /// Bytes of charges that were dropped; see `charge.rs`.
    returned: AtomicUsize,
}

impl Shared {
    #[inline]
    pub(crate) fn has_drops(&self) -> bool {
        !self.drops.load(Ordering::Relaxed).is_null()
    }

    /// The main state; null before the VM is open, and once it is closed.
    pub(crate) fn main(&self) -> *mut lua_State {
        self.main.load(Ordering::Relaxed)
    }

    /// Says which VM this is.
    pub(crate) fn open(&self, vm: *mut Vm, main: *mut lua_State) {
        self.vm.store(vm, Ordering::Relaxed);
        self.main.store(main, Ordering::Relaxed);
    }

    /// Says that the VM is gone: from now on nobody empties the stack.
    pub(crate) fn close(&self) {
        self.open(ptr::null_mut(), ptr::null_mut());
        self.closed.store(true, Ordering::Release);
    }

    /// Everything that was dropped since the last call.
    pub(crate) fn take_drops(&self) -> Drops {
        Drops(self.drops.swap(ptr::null_mut(), Ordering::Acquire))
    }

    /// What charges gave back since the last call. Only the sum means something, hence no order with anything else.
    pub(crate) fn take_returned(&self) -> usize {
        // Mostly nothing, which a look tells without writing.
        if self.returned.load(Ordering::Relaxed) == 0 { 0 } else { self.returned.swap(0, Ordering::Relaxed) }
    }

    fn push(&self, node: NonNull<Node>) {
        let mut head = self.drops.load(Ordering::Relaxed);
        loop {
            // SAFETY: the node has no owner but this call: its last handle is being dropped.
            unsafe { (*node.as_ptr()).next = head };
            match self.drops.compare_exchange_weak(head, node.as_ptr(), Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        drop(self.take_drops());
    }
}

/// Which VM something belongs to, for what is no registry slot.
#[derive(Debug, Clone)]
pub(crate) struct Owner(Arc<Shared>);

impl Owner {
    pub(crate) fn of(shared: &Arc<Shared>) -> Self {
        Self(Arc::clone(shared))
    }

    /// Gives back what was charged.
    pub(crate) fn give_back(&self, bytes: usize) {
        self.0.returned.fetch_add(bytes, Ordering::Relaxed);
    }

    /// An error unless `shared` is the VM's.
    pub(crate) fn check(&self, shared: &Arc<Shared>) -> Result<()> {
        if Arc::ptr_eq(&self.0, shared) {
            return Ok(());
        }
        Err(if self.0.closed.load(Ordering::Acquire) { Error::Closed } else { Error::ForeignHandle })
    }
}

/// A registry slot and the count of its handles.
#[derive(Debug)]
pub(crate) struct Node {
    handles: AtomicUsize,
    index: c_int,
    /// `Arc::into_raw` while handles exist, null while the node waits for reuse.
    shared: *const Shared,
    next: *mut Node,
}

/// Dropped slots, taken off the stack. Those not iterated over are freed.
pub(crate) struct Drops(*mut Node);

impl Iterator for Drops {
    type Item = Box<Node>;

    fn next(&mut self) -> Option<Box<Node>> {
        let node = NonNull::new(self.0)?;
        // SAFETY: nodes on the stack came from `Box::into_raw` and belong to the stack alone.
        let node = unsafe { Box::from_raw(node.as_ptr()) };
        self.0 = node.next;
        Some(node)
    }
}

impl Drop for Drops {
    fn drop(&mut self) {
        self.by_ref().for_each(drop);
    }
}

impl Node {
    pub(crate) fn index(&self) -> c_int {
        self.index
    }
}

/// A handle to a Lua value: an index into the registry of one VM.
#[derive(Debug)]
pub(crate) struct Slot(NonNull<Node>);

// SAFETY: the node is shared between handles by an atomic count, its index and
// VM never change while handles exist, and freeing it goes through an atomic stack.
unsafe impl Send for Slot {}
// SAFETY: as above; `&Slot` only reads the unchanging fields and clones.
unsafe impl Sync for Slot {}

impl Slot {
    /// A handle to registry slot `index`, reusing a node where one is at hand.
    pub(crate) fn new(shared: &Arc<Shared>, index: c_int, reuse: Option<Box<Node>>) -> Self {
        let node = Node { handles: AtomicUsize::new(1), index, shared: Arc::into_raw(Arc::clone(shared)), next: ptr::null_mut() };
        let node = match reuse {
            Some(mut old) => {
                *old = node;
                old
            }
            None => Box::new(node),
        };
        Self(NonNull::from(Box::leak(node)))
    }

    #[inline]
    fn node(&self) -> &Node {
        // SAFETY: the node lives as long as the handles that are counted in it.
        unsafe { self.0.as_ref() }
    }

    /// The VM of the handle and what it shares, if `main` is its main state. Null is no VM's.
    #[inline]
    pub(crate) fn vm_at(&self, main: *mut lua_State) -> Option<(NonNull<Vm>, &Shared)> {
        // SAFETY: the handle holds a reference count of its VM's shared part.
        let shared = unsafe { &*self.node().shared };
        if shared.main.load(Ordering::Relaxed) != main {
            return None;
        }
        NonNull::new(shared.vm.load(Ordering::Relaxed)).map(|vm| (vm, shared))
    }

    /// The registry index, of a handle that is known to be the VM's.
    #[inline]
    pub(crate) fn index(&self) -> c_int {
        self.node().index
    }

    /// The registry index, if this handle belongs to the VM of `shared`.
    #[inline]
    pub(crate) fn index_in(&self, shared: &Shared) -> Result<c_int> {
        let node = self.node();
        if ptr::eq(node.shared, shared) {
            return Ok(node.index);
        }
        Err(self.foreign())
    }

    #[cold]
    fn foreign(&self) -> Error {
        // SAFETY: the handle holds a reference count of its VM's shared part.
        let shared = unsafe { &*self.node().shared };
        if shared.closed.load(Ordering::Acquire) { Error::Closed } else { Error::ForeignHandle }
    }
}

impl Clone for Slot {
    fn clone(&self) -> Self {
        // Relaxed as in `Arc::clone`: a new handle is made from one that exists.
        let before = self.node().handles.fetch_add(1, Ordering::Relaxed);
        if before > usize::MAX / 2 {
            std::process::abort(); // only leaked clones get here, as in `Arc`
        }
        Self(self.0)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.node().handles.fetch_sub(1, Ordering::Release) != 1 {
            return;
        }
        fence(Ordering::Acquire);
        let node = self.0;
        // SAFETY: this was the last handle, so the node is ours; `shared` came from `Arc::into_raw`.
        let shared = unsafe { Arc::from_raw(ptr::replace(&raw mut (*node.as_ptr()).shared, ptr::null())) };
        if shared.closed.load(Ordering::Acquire) {
            // SAFETY: ours, and made by `Box::leak`.
            drop(unsafe { Box::from_raw(node.as_ptr()) });
        } else {
            shared.push(node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indices(shared: &Shared) -> Vec<c_int> {
        let mut all: Vec<c_int> = shared.take_drops().map(|node| node.index()).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn the_last_clone_queues_the_slot() {
        let shared = Arc::new(Shared::default());
        let slot = Slot::new(&shared, 7, None);
        let clone = slot.clone();
        drop(slot);
        assert!(!shared.has_drops());
        drop(clone);
        assert_eq!(indices(&shared), [7]);
    }

    #[test]
    fn drops_from_many_threads_all_arrive() {
        let shared = Arc::new(Shared::default());
        let slots: Vec<Vec<Slot>> = (0..4).map(|t| (0..50).map(|i| Slot::new(&shared, t * 50 + i, None)).collect()).collect();
        std::thread::scope(|scope| {
            slots.into_iter().for_each(|part| {
                scope.spawn(move || drop(part));
            })
        });
        assert_eq!(indices(&shared), (0..200).collect::<Vec<_>>());
    }

    #[test]
    fn a_node_is_reused() {
        let shared = Arc::new(Shared::default());
        drop(Slot::new(&shared, 1, None));
        let node = shared.take_drops().next();
        let slot = Slot::new(&shared, 1, node);
        assert_eq!(slot.index_in(&shared).ok(), Some(1));
    }

    #[test]
    fn foreign_and_closed_are_told_apart_and_late_drops_are_freed() {
        let (ours, theirs) = (Arc::new(Shared::default()), Arc::new(Shared::default()));
        let slot = Slot::new(&theirs, 1, None);
        assert!(matches!(slot.index_in(&ours), Err(Error::ForeignHandle)));
        drop(slot.clone());
        theirs.close();
        assert!(matches!(slot.index_in(&ours), Err(Error::Closed)));
        drop(theirs);
        drop(slot);
    }

    #[test]
    fn drops_nobody_collects_are_freed_with_the_last_owner() {
        let shared = Arc::new(Shared::default());
        drop(Slot::new(&shared, 1, None));
        drop(Slot::new(&shared, 2, None));
        drop(shared);
    }
}
