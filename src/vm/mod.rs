//! One VM and its two doors.
//!
//! This floor owns every `lua_State`, its memory, its registry slots and every
//! crossing between Rust and Lua. Above it, Rust code never sees a raise, a
//! `longjmp` or an unbalanced stack. It may touch `sys`, `error` and `output` only.
//!
//! # Invariants
//!
//! Every `unsafe` block cites the ones that make it sound.
//!
//! - **I1, one owner.** A [`Vm`] is boxed, created with its `lua_State`, and freed
//!   only after `lua_close`. The allocator's user data of each of its threads
//!   points to it, so whoever holds a live `lua_State` pointer may read its `Vm`.
//!   It is touched only by the thread that currently runs the VM.
//! - **I2, no raise in Rust.** Rust calls an API function directly only if it can
//!   raise nothing, or nothing but an out-of-memory error; everything else runs
//!   in a body of `door.c` under `lua_pcall`. To raise or to yield is the last act of a
//!   C frame that owns nothing.
//! - **I3, grace.** Outside protected calls the allocator refuses nothing
//!   ([`alloc`]): it lets the allocation pass, notes it, and the operation reports
//!   [`Error::Memory`](crate::Error::Memory) on its way out. Every door saves and
//!   restores the mode; Lua code always runs strict. Sizes that could hit a limit
//!   of the VM itself, where grace cannot help, go through a protected body.
//! - **I4, room.** Before pushing, an operation makes sure that the frame has
//!   room: a C frame has `LUA_MINSTACK` free slots, [`stack::with_room`] opens a
//!   fresh frame when they run out.
//! - **I5, balance.** An operation leaves the stack as it found it, or with exactly
//!   the values it documents, also when it fails or panics ([`stack::StackGuard`]).
//! - **I6, anchored.** A value that Rust refers to is held by a registry slot
//!   ([`registry`]) or by the argument slot of the running callback; no safe code
//!   can clear either while the reference lives.
//! - **I7, no unwind into Lua.** Every function that C calls catches panics.
//! - **I8, C stack.** Lua is re-entered from C only above the thread's stack floor
//!   ([`cstack`]).
//! - **I9, the token.** A `&mut State` is the running `lua_State` pointer; it is
//!   made only by the owner of the VM and by the trampoline, for the length of a
//!   borrow of the owner or of a callback.

pub(crate) mod alloc;
mod allowed;
pub(crate) mod backend;
pub(crate) mod block;
pub(crate) mod charge;
pub(crate) mod class;
pub(crate) mod cstack;
pub(crate) mod ended;
pub(crate) mod failure;
pub(crate) mod fields;
pub(crate) mod hook;
pub(crate) mod libs;
pub(crate) mod owner;
pub(crate) mod pool;
pub(crate) mod protect;
pub(crate) mod registry;
pub(crate) mod slice;
pub(crate) mod stack;
pub(crate) mod state;
pub(crate) mod trampoline;
pub(crate) mod views;
pub(crate) mod watch;

pub(crate) use owner::Vm;
