//! The control blocks of a VM: who has which memory, and who has it no more.
//!
//! There is one for each view that is alive. A block is used again when its view has been
//! revoked, in another epoch; none is freed before the VM.

use std::alloc::{self, Layout};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};
use crate::vm::views::Control;

/// Views that a VM can have at the same time. The system gives memory for a block when it
/// is first used.
pub(super) const MOST_VIEWS: usize = 1 << 14;

/// Elements that a view can have.
const MOST_ELEMENTS: usize = i32::MAX as usize;

/// A control block in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    index: u32,
    epoch: i32,
}

/// The control blocks of a VM.
#[derive(Debug)]
pub(super) struct Controls {
    /// No other VM's blocks have it.
    id: u64,
    blocks: NonNull<Control>,
    /// Blocks from this one on have never been used.
    unused: u32,
    free: Vec<Slot>,
}

// SAFETY: the blocks are its own; what they point to belongs to lenders who wait for the
// loan's end on the thread that runs the VM, or is the VM's own and `Send`.
unsafe impl Send for Controls {}

impl Controls {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let layout = layout();
        // SAFETY: the layout has a size. Zeros are a block of no memory.
        let Some(blocks) = NonNull::new(unsafe { alloc::alloc_zeroed(layout) }.cast()) else { alloc::handle_alloc_error(layout) };
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), blocks, unused: 0, free: Vec::new() }
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// The first of the blocks.
    pub(super) fn blocks(&self) -> *mut Control {
        self.blocks.as_ptr()
    }

    /// A block for memory of `count` elements.
    pub(super) fn take(&mut self, memory: *mut u8, count: usize, is_writable: bool) -> Result<Slot> {
        let count = elements(count)?;
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None if (self.unused as usize) < MOST_VIEWS => {
                self.unused += 1;
                // Revoking never has to allocate.
                self.free.reserve(self.unused as usize);
                Slot { index: self.unused - 1, epoch: 1 }
            }
            None => {
                let error = Error::type_mismatch(format!("at most {MOST_VIEWS} views in a VM at the same time"), "one more");
                return Err(error);
            }
        };
        self.write(slot, Control::new(slot.epoch, memory, count, is_writable));
        Ok(slot)
    }

    /// Notes that the memory of a block in use is elsewhere, or has another length. If there
    /// is too much of it, scripts see nothing.
    pub(super) fn moved(&mut self, slot: Slot, memory: *mut u8, count: usize) -> Result<()> {
        let count = elements(count);
        self.write(slot, Control::new(slot.epoch, memory, *count.as_ref().unwrap_or(&0), true));
        count.map(drop)
    }

    /// The slot with this index in this epoch, which a script had.
    pub(super) fn slot(index: u32, epoch: i32) -> Slot {
        Slot { index, epoch }
    }

    /// Which block it is, by its address.
    pub(super) fn index_of(&self, block: *const Control) -> Option<u32> {
        let bytes = block.addr().checked_sub(self.blocks.as_ptr().addr())?;
        u32::try_from(bytes / size_of::<Control>()).ok().filter(|&index| index < self.unused)
    }

    /// Whether the slot is in use.
    pub(super) fn has(&self, slot: Slot) -> bool {
        // SAFETY: a slot is of one of the blocks.
        slot.index < self.unused && unsafe { (*self.block(slot)).epoch32 } == slot.epoch
    }

    /// Ends the use of a block: whatever scripts kept is stale from now on.
    pub(super) fn revoke(&mut self, slot: Slot) {
        let Slot { index, epoch } = slot;
        // A block whose epochs are used up stays stale for good.
        let next = Slot { index, epoch: epoch.saturating_add(1) };
        self.write(slot, Control::new(next.epoch, std::ptr::null_mut(), 0, false));
        if next.epoch < i32::MAX {
            self.free.push(next);
        }
    }

    fn write(&mut self, slot: Slot, control: Control) {
        // SAFETY: a slot is of one of the blocks, and no script runs while `self` is
        // borrowed: Lua reads them, and nobody else has a reference.
        unsafe { self.blocks.add(slot.index as usize).write(control) };
    }

    /// The block of a slot.
    pub(super) fn block(&self, slot: Slot) -> *mut Control {
        // SAFETY: a slot is of one of the blocks.
        unsafe { self.blocks.as_ptr().add(slot.index as usize) }
    }
}

impl Slot {
    pub(super) fn index(self) -> u32 {
        self.index
    }

    pub(super) fn epoch(self) -> i32 {
        self.epoch
    }
}

impl Drop for Controls {
    fn drop(&mut self) {
        // SAFETY: made by `new` with this layout.
        unsafe { alloc::dealloc(self.blocks.as_ptr().cast(), layout()) };
    }
}

fn elements(count: usize) -> Result<i32> {
    match i32::try_from(count) {
        Ok(count) => Ok(count),
        Err(_) => Err(Error::type_mismatch(format!("at most {MOST_ELEMENTS} elements in a view"), count.to_string())),
    }
}

fn layout() -> Layout {
    Layout::array::<Control>(MOST_VIEWS).unwrap_or(Layout::new::<Control>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(controls: &Controls, slot: Slot) -> Control {
        // SAFETY: nobody else has the blocks.
        unsafe { controls.block(slot).read() }
    }

    #[test]
    fn pure_a_block_is_used_again_in_another_epoch() {
        let mut controls = Controls::new();
        let memory = std::ptr::dangling_mut();
        let first = controls.take(memory, 3, true).unwrap();
        let second = controls.take(memory, 5, false).unwrap();
        assert_ne!(first.index(), second.index());
        assert_eq!((block(&controls, first).count, block(&controls, first).writable), (3.0, 1.0));
        assert_eq!((block(&controls, second).count, block(&controls, second).writable), (5.0, 0.0));
        controls.revoke(first);
        assert!(block(&controls, first).memory.is_null());
        assert_eq!(block(&controls, first).count32, 0);
        let third = controls.take(memory, 1, true).unwrap();
        assert_eq!(third, Slot { index: first.index(), epoch: first.epoch() + 1 });
        assert_eq!(block(&controls, third).epoch32, third.epoch());
    }

    #[test]
    fn pure_a_block_without_epochs_left_is_not_used_again() {
        let mut controls = Controls::new();
        controls.free.push(Slot { index: 7, epoch: i32::MAX - 1 });
        let last = controls.take(std::ptr::dangling_mut(), 1, true).unwrap();
        controls.revoke(last);
        assert!(controls.free.is_empty());
        assert_eq!(block(&controls, last).epoch32, i32::MAX);
    }

    #[test]
    fn pure_too_much_is_an_error() {
        let mut controls = Controls::new();
        assert!(controls.take(std::ptr::dangling_mut(), 1 << 31, true).unwrap_err().to_string().contains("2147483647 elements"));
        for _ in 0..MOST_VIEWS {
            controls.take(std::ptr::dangling_mut(), 1, true).unwrap();
        }
        assert!(controls.take(std::ptr::dangling_mut(), 1, true).unwrap_err().to_string().contains("16384 views"));
    }
}
