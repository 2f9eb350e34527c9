//! The VM itself: opened once, closed once, and what every door needs to know of it.

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell, UnsafeCell};
use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::AtomicI32;

use crate::error::{Error, PanicPayload, Result, TimeoutError};
use crate::output::Sink;
use crate::sys::{self, lua_State};
use crate::vm::alloc::{self, Memory};
use crate::vm::class::Classes;
use crate::vm::cstack::Bounds;
use crate::vm::libs::Libs;
use crate::vm::protect::{self, Body, Job, Source};
use crate::vm::registry::{Node, Shared, Slot};
use crate::vm::slice::Slice;
use crate::vm::state::State;
use crate::vm::watch::Limits;
use crate::vm::{backend, charge, cstack, failure, hook, trampoline};

/// Free slots that every C frame has above its arguments, less a few that the
/// doors themselves need when the frame is full (I4).
pub(crate) const ROOM: c_int = sys::LUA_MINSTACK - 4;

/// The head of the VM that `door.c` reads; `Gate` in `door.h`.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Gate {
    pub stack: Cell<Bounds>,
    pub job: Cell<*mut Job>,
    pub source: Cell<*mut Source>,
    pub views: Cell<*const c_void>,
    pub slice: Cell<*const Slice>,
    /// Instructions so far, while somebody counts them, and what they may come to.
    pub counted: Cell<u64>,
    pub budget: Cell<u64>,
    /// Under a limit: the state that runs.
    pub current: Cell<*mut lua_State>,
    /// A limit is over: no script may go on. Also written by a signal's handler.
    pub stop: AtomicI32,
    /// Memory is short: the hook is to collect.
    pub collect: Cell<c_int>,
    /// Memory was refused: the hook forgets compiled code when it collects.
    pub forget: Cell<c_int>,
    /// The error that says so has been raised, at this place, which ends in NUL.
    pub raised: Cell<c_int>,
    pub place: Cell<[u8; PLACE_LENGTH]>,
    collected: unsafe extern "C" fn(*const Gate),
    pub traceback_slot: Cell<c_int>,
    pub traceback_body: Cell<c_int>,
    forget_body: Cell<c_int>,
    nested: Cell<c_int>,
    calls: [Cell<usize>; MAX_NESTED],
}

/// As in `door.h`.
const MAX_NESTED: usize = 200;
const PLACE_LENGTH: usize = 160;

impl Gate {
    /// Makes ready for the stack that this is called on, on which nothing of the VM runs yet, and says
    /// whether anything else there runs under a limit.
    #[inline]
    pub(crate) fn enter_stack(&self) -> bool {
        let (bounds, watched) = cstack::bounds_and_watched();
        self.stack.set(bounds);
        self.nested.set(0);
        watched
    }
}

/// What the running C frame offers to operations in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    /// Stack index of a message handler that stands ready, 0 for none.
    pub handler: c_int,
    /// The highest stack index that may be used without asking for room.
    pub ceiling: c_int,
}

impl Frame {
    /// The main state at rest: the handler in slot 1, nothing else.
    const OUTERMOST: Self = Self { handler: 1, ceiling: ROOM };

    /// A callback or body that was called with `arguments` values.
    #[inline]
    pub(crate) fn above(arguments: c_int) -> Self {
        Self { handler: 0, ceiling: arguments + ROOM }
    }
}

/// Registry indices of what the doors fetch.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Fixtures {
    pub handler: c_int,
    pub traceback: c_int,
    /// Metatable of error carriers.
    pub carrier: c_int,
    /// An empty carrier made in advance.
    pub spare: c_int,
    /// Metatable of callbacks.
    pub callback: c_int,
    pub bodies: [c_int; Body::COUNT],
}

/// The host's own values, one of each type.
pub(crate) type AppData = HashMap<TypeId, Box<dyn Any + Send>>;

/// One Lua VM (invariant I1).
#[repr(C)]
pub(crate) struct Vm {
    /// First, because `door.c` finds it through the allocator's user data.
    pub gate: Gate,
    pub memory: Memory,
    pub frame: Cell<Frame>,
    /// Protected calls in progress; 0 when only the host runs.
    pub depth: Cell<u32>,
    /// What holds for every run, and who may interrupt it.
    pub limits: Limits,
    /// Why the protected call that has just ended was stopped.
    pub stopped: RefCell<Option<TimeoutError>>,
    pub fixtures: Fixtures,
    /// Registry slot of the loop by which callbacks go on after yielding, 0 before its first use.
    pub yield_loop: Cell<c_int>,
    pub shared: Arc<Shared>,
    pub classes: Classes,
    /// What opening left in the VM.
    pub libs: Cell<Libs>,
    /// Where printed text goes, and whether a line has begun that has not ended.
    pub output: RefCell<Sink>,
    pub unfinished: Cell<bool>,
    /// The outermost call leaves something to be done: a line, or a hook.
    pub ending: Cell<bool>,
    /// Registry slot of the metatable of weak references, 0 while there are none.
    pub weak: Cell<c_int>,
    /// Registry slot of the functions that the prelude kept for Lua code of ours, 0 for none.
    pub kept: Cell<c_int>,
    /// Message and traceback of a script's error that Rust passes on as it came: the
    /// value itself cannot carry where it began.
    pub passing: RefCell<Option<(String, String)>>,
    /// A failure of a finalizer, waiting for the next outermost call.
    pub pending: Cell<bool>,
    pub failure: RefCell<Option<Error>>,
    #[expect(clippy::vec_box, reason = "a node keeps its allocation from handle to handle")]
    free: RefCell<Vec<Box<Node>>>,
    app_data: UnsafeCell<AppData>,
}

/// A VM found through one of its states. Only a pointer: it stays valid while the state does.
#[derive(Clone, Copy)]
pub(crate) struct VmRef(NonNull<Vm>);

impl VmRef {
    /// # Safety
    /// `l` is a live state of a perilune VM.
    #[inline]
    pub(crate) unsafe fn of(l: *mut lua_State) -> Self {
        // SAFETY: I1: the state leads to its VM.
        unsafe { Self(NonNull::new_unchecked(backend::vm_of(l))) }
    }
}

impl VmRef {
    /// The VM of a handle, if it is the one that runs: found through the handle where
    /// the main state runs, which is quicker than through the state.
    #[inline]
    pub(crate) fn of_handle(state: &State, slot: &Slot) -> Result<Self> {
        if let Some((vm, _)) = slot.vm_at(state.raw()) {
            return Ok(Self(vm));
        }
        let vm = state.vm();
        slot.index_in(&vm.shared).map(|_| vm)
    }

    /// Begins an operation on a handle: [`VmRef::of_handle`] and [`Vm::begin`] in one,
    /// with fewer steps from pointer to pointer.
    #[inline]
    pub(crate) fn begin(state: &mut State, slot: &Slot) -> Result<Self> {
        if let Some((vm, shared)) = slot.vm_at(state.raw()) {
            let vm = Self(vm);
            vm.memory.over.set(false);
            if !shared.has_drops() && !vm.pending.get() {
                return Ok(vm);
            }
        }
        Self::begin_with_care(state, slot)
    }

    #[cold]
    fn begin_with_care(state: &mut State, slot: &Slot) -> Result<Self> {
        let vm = Self::of_handle(state, slot)?;
        vm.begin(state).map(|()| vm)
    }
}

impl Deref for VmRef {
    type Target = Vm;

    #[inline]
    fn deref(&self) -> &Vm {
        // SAFETY: I1: whoever holds a live state may read its VM.
        unsafe { self.0.as_ref() }
    }
}

impl Vm {
    /// Opens a VM without libraries; `limit` in bytes holds from the first allocation on.
    pub(crate) fn open(memory: Memory) -> Result<*mut lua_State> {
        let vm = Box::into_raw(Box::new(Self {
            gate: Gate {
                stack: Cell::new(cstack::bounds()),
                job: Cell::new(ptr::null_mut()),
                source: Cell::new(ptr::null_mut()),
                views: Cell::new(ptr::null()),
                slice: Cell::new(ptr::null()),
                counted: Cell::new(0),
                budget: Cell::new(hook::NEVER),
                current: Cell::new(ptr::null_mut()),
                stop: AtomicI32::new(0),
                collect: Cell::new(0),
                forget: Cell::new(0),
                raised: Cell::new(0),
                place: Cell::new([0; PLACE_LENGTH]),
                collected: alloc::collected,
                traceback_slot: Cell::new(0),
                traceback_body: Cell::new(0),
                forget_body: Cell::new(0),
                nested: Cell::new(0),
                calls: [const { Cell::new(0) }; MAX_NESTED],
            },
            memory,
            frame: Cell::new(Frame::OUTERMOST),
            depth: Cell::new(0),
            limits: Limits::default(),
            stopped: RefCell::default(),
            fixtures: Fixtures::default(),
            yield_loop: Cell::new(0),
            shared: Arc::default(),
            classes: Classes::default(),
            libs: Cell::new(Libs::NONE),
            output: RefCell::default(),
            unfinished: Cell::new(false),
            ending: Cell::new(false),
            weak: Cell::new(0),
            kept: Cell::new(0),
            passing: RefCell::default(),
            pending: Cell::new(false),
            failure: RefCell::default(),
            free: RefCell::default(),
            app_data: UnsafeCell::default(),
        }));
        // SAFETY: `vm` is valid and stays so until `close`; nobody else knows it yet.
        unsafe {
            (*vm).memory.strict.set(true);
            let l = backend::new_state(vm);
            (*vm).memory.strict.set(false);
            if l.is_null() {
                return Err(Box::from_raw(vm).memory.error());
            }
            (*vm).shared.open(vm, l);
            sys::lua_atpanic(l, Some(perilune_unprotected));
            (*vm).fixtures = Fixtures::install(l);
            (*vm).gate.traceback_slot.set((*vm).fixtures.traceback);
            (*vm).gate.traceback_body.set((*vm).fixtures.bodies[Body::Traceback as usize]);
            (*vm).gate.forget_body.set((*vm).fixtures.bodies[Body::Forget as usize]);
            backend::registry_get(l, (*vm).fixtures.handler);
            if let Err(error) = (*vm).settle() {
                Self::close(l);
                return Err(error);
            }
            Ok(l)
        }
    }

    /// Closes the VM and reports what went wrong in finalizers, and with the host's data.
    ///
    /// # Safety
    /// `l` is the main state from [`Vm::open`], nothing of it is borrowed or running,
    /// and it is not used again.
    pub(crate) unsafe fn close(l: *mut lua_State) -> Option<Error> {
        // SAFETY: as the caller promises; the VM is freed after the last state (I1).
        unsafe {
            let vm = VmRef::of(l).0.as_ptr();
            (*vm).shared.close();
            (*vm).gate.enter_stack();
            // The libraries' finalizers must not fail for want of memory.
            (*vm).memory.strict.set(false);
            backend::close_state(l, &*vm);
            (*vm).end_output();
            (*vm).drop_hosts(|| drop((*vm).output.take()));
            let memory = &(*vm).memory;
            // Charges may outlive the VM.
            debug_assert!(memory.used.get() == memory.charged.get() || memory.is_inexact(), "memory left after lua_close");
            let mut vm = Box::from_raw(vm);
            for data in std::mem::take(vm.app_data.get_mut()).into_values() {
                vm.drop_hosts(|| drop(data));
            }
            vm.failure.into_inner()
        }
    }

    /// What every operation does first: collects dropped handles, reports what waits.
    #[inline]
    pub(crate) fn begin(&self, state: &mut State) -> Result<()> {
        // What an operation that failed otherwise left behind is not this one's.
        self.memory.over.set(false);
        if self.shared.has_drops() || self.pending.get() { self.attend(state) } else { Ok(()) }
    }

    #[cold]
    fn attend(&self, state: &mut State) -> Result<()> {
        // SAFETY: the token's state; one slot of room is kept (I4).
        unsafe { self.collect_drops(state.raw()) };
        if self.depth.get() != 0 || !self.pending.get() {
            return Ok(());
        }
        self.pending.set(false);
        if self.memory.pressed.get() {
            // What goes wrong in finalizers waits, or has gone wrong before.
            let _ = protect::collector(state, sys::LUA_GCCOLLECT, 0);
            // Also where it failed: the next one is asked for anew.
            charge::take_back(self);
            self.memory.look_ahead();
        }
        self.failure.borrow_mut().take().map_or(Ok(()), Err)
    }

    /// Clears the slots of dropped handles and keeps them for new ones. `[-0, +0, -]`
    ///
    /// # Safety
    /// `l` is this VM's running state with room for one value.
    #[cold]
    unsafe fn collect_drops(&self, l: *mut lua_State) {
        for node in self.shared.take_drops() {
            // SAFETY: the slot exists, so storing into it allocates nothing (I2, I6).
            unsafe {
                sys::lua_pushboolean(l, 0);
                backend::registry_set(l, node.index());
            }
            self.free.borrow_mut().push(node);
        }
    }

    /// What every operation does last: an allocation that passed in grace is an error.
    #[inline]
    pub(crate) fn settle(&self) -> Result<()> {
        if self.memory.over.get() { Err(self.passed()) } else { Ok(()) }
    }

    /// Apart, so that the usual way of an operation is short.
    #[cold]
    #[inline(never)]
    fn passed(&self) -> Error {
        let error = self.memory.error();
        self.memory.over.set(false);
        error
    }

    /// Runs code of the host's that drops what the VM held. A panic waits for the next
    /// outermost call, or for the VM to be closed (I7).
    pub(crate) fn drop_hosts(&self, work: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(work)) {
            self.postpone(Error::Panic(PanicPayload::new(payload)));
        }
    }

    /// Keeps a finalizer's failure for the next outermost call; the first one counts.
    pub(crate) fn postpone(&self, error: Error) {
        let earlier = self.failure.borrow_mut().take();
        let (first, later) = match earlier {
            Some(first) => (first, Some(error)),
            None => (error, None),
        };
        self.failure.replace(Some(first));
        self.pending.set(true);
        trampoline::discard(later);
    }

    /// Gives away a line that a script began, now that no script runs.
    #[cold]
    pub(crate) fn end_output(&self) {
        self.unfinished.set(false);
        match catch_unwind(AssertUnwindSafe(|| self.output.borrow_mut().end())) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.postpone(error),
            Err(payload) => self.postpone(Error::Panic(PanicPayload::new(payload))),
        }
    }

    /// Moves the value on top of the stack into a slot. `[-1, +0, m]`
    ///
    /// # Safety
    /// `l` is this VM's running state with a value other than nil on top, and room for one more.
    pub(crate) unsafe fn anchor(&self, l: *mut lua_State) -> Slot {
        let mut node = self.free.borrow_mut().pop();
        if node.is_none() && self.shared.has_drops() {
            // A callback that only takes handles and drops them begins no operation.
            // SAFETY: the caller's.
            unsafe { self.collect_drops(l) };
            node = self.free.borrow_mut().pop();
        }
        // SAFETY: both only want memory (I3); a freed slot holds `false` and exists.
        // Slots come from `luaL_ref` so that raw code may use it too.
        let index = unsafe {
            match &node {
                Some(node) => {
                    backend::registry_set(l, node.index());
                    node.index()
                }
                None => sys::luaL_ref(l, sys::LUA_REGISTRYINDEX),
            }
        };
        Slot::new(&self.shared, index, node)
    }

    /// The host's own data, to be read.
    ///
    /// # Safety
    /// A shared borrow of the VM's owner or token covers `'a`.
    pub(crate) unsafe fn app_data<'a>(&self) -> &'a AppData {
        // SAFETY: the caller's borrow keeps everybody from changing it.
        unsafe { &*self.app_data.get() }
    }

    /// The host's own data, to be changed.
    ///
    /// # Safety
    /// A unique borrow of the VM's owner or token covers `'a`.
    pub(crate) unsafe fn app_data_mut<'a>(&self) -> &'a mut AppData {
        // SAFETY: the caller's borrow is the only one.
        unsafe { &mut *self.app_data.get() }
    }
}

impl Fixtures {
    /// Puts into the registry what the doors need. `[-0, +0, m]`
    ///
    /// # Safety
    /// `l` is a new state in grace mode.
    unsafe fn install(l: *mut lua_State) -> Self {
        // SAFETY: pushes into the registry only want memory (I3); the room of a new state is ample (I4).
        unsafe {
            let function = |f| {
                sys::lua_pushcclosure(l, Some(f), 0);
                sys::luaL_ref(l, sys::LUA_REGISTRYINDEX)
            };
            let mut fixtures = Self { handler: function(perilune_handler), ..Self::default() };
            for (slot, body) in fixtures.bodies.iter_mut().zip(&perilune_bodies) {
                sys::lua_pushcclosure(l, *body, 0);
                *slot = sys::luaL_ref(l, sys::LUA_REGISTRYINDEX);
            }
            sys::lua_pushboolean(l, 0);
            fixtures.traceback = sys::luaL_ref(l, sys::LUA_REGISTRYINDEX);
            failure::push_metatable(l);
            fixtures.carrier = sys::luaL_ref(l, sys::LUA_REGISTRYINDEX);
            trampoline::push_metatable(l);
            fixtures.callback = sys::luaL_ref(l, sys::LUA_REGISTRYINDEX);
            failure::push_empty(l, fixtures.carrier);
            fixtures.spare = sys::luaL_ref(l, sys::LUA_REGISTRYINDEX);
            fixtures
        }
    }
}

unsafe extern "C-unwind" {
    pub(crate) fn perilune_handler(l: *mut lua_State) -> c_int;
    pub(crate) fn perilune_bounded(l: *mut lua_State) -> c_int;
    pub(crate) fn perilune_guard(l: *mut lua_State) -> c_int;
    pub(crate) fn perilune_guarded(l: *mut lua_State) -> c_int;
    pub(crate) fn perilune_pairs_of(l: *mut lua_State) -> c_int;
    pub(crate) fn perilune_yield(l: *mut lua_State) -> c_int;
    pub(crate) fn perilune_is_deep(l: *mut lua_State) -> c_int;
    fn perilune_unprotected(l: *mut lua_State) -> c_int;
    static perilune_bodies: [sys::lua_CFunction; Body::COUNT];
}
