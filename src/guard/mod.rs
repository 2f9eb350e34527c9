//! What scripts are kept from: to run for too long, and to take too much memory.
//!
//! `vm/watch` and `vm/alloc.rs` have the mechanisms; this folder is how hosts ask for them.
#![forbid(unsafe_code)]

mod interrupt;
mod limit;
mod memory;

pub use interrupt::{InterruptHandle, set_interrupt_signal};
