//! What views of the host's memory are made of, for C and Lua code to read.
//!
//! A [`Control`] says where the memory is that a view shows, how many elements it has, and
//! in which epoch; everything that a script holds names a control block and the epoch in
//! which it was made. To revoke a view is to empty its block and to begin another epoch.
//! The blocks stay where they are until their VM is closed, so that whatever a script kept
//! finds out. This file owns the twins of the structs in `views.h`, and makes the
//! metatables of `views.c`, by which scripts reach the memory where no compiled code does it
//! (`share/accessors.rs`).

use std::ffi::{c_char, c_int};
use std::ptr;

use crate::error::Result;
use crate::sys::{self, lua_State};
use crate::vm::alloc::to_c_int;
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;
use crate::vm::{backend, protect};

/// `Control` in `views.h`. The numbers are there twice, because compiled code is quickest
/// with those of a type that no field of the struct has: it then knows that no store to
/// a field can change them.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Control {
    pub memory: *mut u8,
    /// Elements that can be read.
    pub count: f64,
    /// 1 if they can be written too, otherwise 0. No comparison with an index, so that a
    /// compiled loop asks once.
    pub writable: f64,
    pub epoch: f64,
    pub count32: i32,
    pub writable32: i32,
    pub epoch32: i32,
    pub unused: i32,
    pub reserved: [*mut u8; 2],
}

impl Control {
    /// A block in its `epoch`-th use.
    pub(crate) fn new(epoch: i32, memory: *mut u8, count: i32, is_writable: bool) -> Self {
        let writable = i32::from(is_writable);
        Self {
            memory,
            count: count.into(),
            writable: writable.into(),
            epoch: epoch.into(),
            count32: count,
            writable32: writable,
            epoch32: epoch,
            unused: 0,
            reserved: [ptr::null_mut(); 2],
        }
    }
}

/// `Range` in `views.h`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub offset: usize,
    pub length: usize,
}

/// What a place holds, in the order of the enumeration in `views.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum PlaceKind {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
    Bool,
    Text,
    TextBehind,
    Array,
    Struct,
    Follow,
}

/// `Place` in `views.h`: a field, an element of an array, or a whole struct.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Place {
    pub name: *const c_char,
    /// What it is, in messages.
    pub what: *const c_char,
    /// What can be stored in it, in messages.
    pub expected: *const c_char,
    /// From the start of what it is in; for a leaf, of the element.
    pub offset: usize,
    pub size: usize,
    pub count: usize,
    pub element: *const Place,
    pub layout: *const Layout,
    pub values: *const i64,
    pub value_count: usize,
    pub kind: PlaceKind,
    /// Scripts cannot write it: [`READ_ONLY`], [`POINTER`].
    pub read_only: i32,
}

/// What can only be read, and everything in it.
pub(crate) const READ_ONLY: i32 = 1;
/// A pointer: what is behind it may be written all the same.
pub(crate) const POINTER: i32 = 2;

/// How many pointers there can be on the way from an element to what a script gets:
/// `units[0].leader.gear[3]` has two.
pub(crate) const MOST_POINTERS: usize = 4;

/// `Layout` in `views.h`: a struct.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Layout {
    pub name: *const c_char,
    pub size: usize,
    pub fields: *const Place,
    pub field_count: usize,
    pub copied: *const Range,
    pub copied_count: usize,
    pub metatable: c_int,
}

/// `Shape` in `views.h`: a struct that views are of.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Shape {
    pub whole: Place,
    pub leaves: *const Place,
    pub leaf_count: usize,
    pub metatables: Metatables,
    pub make64: c_int,
    pub take64: c_int,
}

/// Registry slots of the metatables that all shapes share.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Metatables {
    pub view: c_int,
    pub array: c_int,
    pub column: c_int,
}

/// `Part` in `views.h`: what a script holds.
#[repr(C)]
#[derive(Debug)]
struct Part {
    control: *const Control,
    epoch: f64,
    shape: *const Shape,
    place: *const Place,
    index: usize,
    offset: usize,
    read_only: c_int,
    pointer_count: c_int,
    pointers: [u32; MOST_POINTERS],
}

/// Pushes the view of the memory behind a control block. `[-0, +1, m]`
///
/// # Safety
/// Room for two values, in grace. The shape, and the block, live until the VM is closed,
/// and the memory behind the block is of that shape in this epoch.
pub(crate) unsafe fn push_view(l: *mut lua_State, shape: *const Shape, control: *const Control, epoch: f64) {
    // SAFETY: only wants memory (I3). The userdata is complete before it has its metatable.
    unsafe {
        let part = backend::new_userdata(l, size_of::<Part>()).cast::<Part>();
        let place = &raw const (*shape).whole;
        let (pointer_count, pointers) = (0, [0; MOST_POINTERS]);
        part.write(Part { control, epoch, shape, place, index: 0, offset: 0, read_only: 0, pointer_count, pointers });
        backend::registry_get(l, (*shape).metatables.view);
        sys::lua_setmetatable(l, -2);
    }
}

/// Pushes a function that says where the script is that uses a view, for messages. `[-0, +1, m]`
///
/// # Safety
/// Room for two values, in grace.
pub(crate) unsafe fn push_where(l: *mut lua_State) {
    // SAFETY: only wants memory (I3).
    unsafe { sys::lua_pushcclosure(l, Some(perilune_where), 0) };
}

/// The element of a view of this shape at `index`, if it is one: its block, epoch and index.
///
/// # Safety
/// `index` is acceptable; two slots are free; the shape is the VM's.
pub(crate) unsafe fn element_at(l: *mut lua_State, index: c_int, shape: *const Shape) -> Option<(*const Control, i32, usize)> {
    // SAFETY: reads only (I2), balanced (I5). A userdata with that metatable is a part.
    unsafe {
        let part = sys::lua_touserdata(l, index).cast::<Part>();
        if part.is_null() || sys::lua_getmetatable(l, index) == 0 {
            return None;
        }
        backend::registry_get(l, (*(*shape).whole.layout).metatable);
        let same = sys::lua_rawequal(l, -1, -2) != 0;
        sys::lua_settop(l, -3);
        let is_element = same && std::ptr::eq((*part).shape, shape) && std::ptr::eq((*part).place, &raw const (*shape).whole);
        is_element.then(|| ((*part).control, epoch_of((*part).epoch), (*part).index))
    }
}

/// An epoch as it was before Lua had it.
#[expect(clippy::cast_possible_truncation, reason = "it comes from an `i32`")]
fn epoch_of(epoch: f64) -> i32 {
    epoch as i32
}

/// Makes the metatables that all shapes share, for good.
pub(crate) fn make_metatables(state: &mut State) -> Result<Metatables> {
    let mut slots = [0; 3];
    // SAFETY: the function takes nothing and gives three tables.
    unsafe { make(state, perilune_view_metatables, |_| Ok(0), &mut slots)? };
    let [view, array, column] = slots;
    Ok(Metatables { view, array, column })
}

/// Makes the metatable of parts that are structs, for good: `push` pushes a table with the
/// numbers of the fields by name, from 1 on, and the names by number.
pub(crate) fn make_struct_metatable(state: &mut State, push: impl FnOnce(&mut State) -> Result<()>) -> Result<c_int> {
    let mut slot = [0];
    // SAFETY: the function takes such a table and gives one.
    unsafe { make(state, perilune_struct_metatable, |state| push(state).map(|()| 1), &mut slot)? };
    Ok(slot[0])
}

/// A slot for a value, for good.
pub(crate) fn keep(state: &mut State, push: impl FnOnce(&mut State) -> Result<()>) -> Result<c_int> {
    stack::with_room(state, 3, |state| {
        push(state)?;
        // SAFETY: what was pushed; a reference only wants memory (I3).
        Ok(unsafe { sys::luaL_ref(state.raw(), sys::LUA_REGISTRYINDEX) })
    })
}

/// Calls a C function with what `push` pushes, and keeps its results.
///
/// # Safety
/// The function gives as many values as there are slots, and none that is nil.
unsafe fn make(
    state: &mut State,
    function: unsafe extern "C-unwind" fn(*mut lua_State) -> c_int,
    push: impl FnOnce(&mut State) -> Result<c_int>,
    slots: &mut [c_int],
) -> Result<()> {
    state.vm().begin(state)?;
    stack::with_room(state, 6, |state| {
        let l = state.raw();
        // SAFETY: there is room (I4); the function runs protected (I2); balanced (I5);
        // references only want memory (I3).
        unsafe {
            let _balance = StackGuard::new(l);
            sys::lua_pushcclosure(l, Some(function), 0);
            let arguments = push(state)?;
            protect::call_body(state, arguments, to_c_int(slots.len()))?;
            for slot in slots.iter_mut().rev() {
                *slot = sys::luaL_ref(l, sys::LUA_REGISTRYINDEX);
            }
        }
        state.vm().settle()
    })
}

unsafe extern "C-unwind" {
    fn perilune_where(l: *mut lua_State) -> c_int;
    fn perilune_view_metatables(l: *mut lua_State) -> c_int;
    fn perilune_struct_metatable(l: *mut lua_State) -> c_int;
}

const _: () = assert!(size_of::<Control>() == 64 || size_of::<usize>() < 8, "handles step over blocks by a shift");
