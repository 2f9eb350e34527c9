//! The classes of a VM: one metatable for each Rust type whose values it holds.
//!
//! A metatable is made once, and stays anchored in the registry for as long as the VM
//! lives, so that its address identifies the type. It is usable from the start: its
//! values are dropped and hidden from scripts. What else is in it (fields, methods) is
//! filled in above this floor, which notes here how far it has come.

use std::any::TypeId;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::c_int;
use std::hash::{BuildHasherDefault, Hasher};

use crate::error::Result;
use crate::sys::{self, lua_State};
use crate::vm::state::State;
use crate::vm::{block, stack, trampoline};

/// What a VM knows of a Rust type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Class {
    /// Registry slot of the metatable.
    pub metatable: c_int,
    /// Its address.
    pub address: usize,
    pub progress: Progress,
}

/// How far a class has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Its values can be held, no more.
    Bare,
    /// Its fields and methods are being put in.
    Filling,
    /// Complete.
    Finished,
}

/// The classes of a VM.
#[derive(Debug, Default)]
pub(crate) struct Classes(RefCell<HashMap<TypeId, Class, BuildHasherDefault<Spread>>>);

impl Classes {
    /// The class of a type, if it has one.
    #[inline]
    pub(crate) fn find(&self, id: TypeId) -> Option<Class> {
        self.0.borrow().get(&id).copied()
    }

    /// Notes how far the class of a type has come.
    pub(crate) fn set_progress(&self, id: TypeId, progress: Progress) {
        if let Some(class) = self.0.borrow_mut().get_mut(&id) {
            class.progress = progress;
        }
    }
}

/// A type's identity is as good as a hash already.
#[derive(Debug, Default)]
pub(crate) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.0 = self.0.rotate_left(8) ^ u64::from(byte));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 ^= number;
    }
}

/// The class of a type, made bare where there is none. `name` is what `__name` becomes.
pub(crate) fn find_or_make(state: &mut State, id: TypeId, name: impl FnOnce() -> String) -> Result<Class> {
    let vm = state.vm();
    if let Some(class) = vm.classes.find(id) {
        return Ok(class);
    }
    let name = name();
    stack::with_room(state, 4, |state| {
        let l = state.raw();
        push_metatable(state, &name)?;
        // SAFETY: the metatable is on top; a reference only wants memory (I3).
        let class = unsafe {
            let address = sys::lua_topointer(l, -1).addr();
            Class { address, metatable: sys::luaL_ref(l, sys::LUA_REGISTRYINDEX), progress: Progress::Bare }
        };
        vm.classes.0.borrow_mut().insert(id, class);
        Ok(class)
    })
}

/// Pushes a metatable that drops its values and cannot be seen by scripts. `[-0, +1, m]`
///
/// Needs room for three values.
pub(crate) fn push_metatable(state: &mut State, name: &str) -> Result<()> {
    let l = state.raw();
    // SAFETY: fills a new table: only wants memory (I3); room is the caller's (I4).
    unsafe {
        sys::lua_createtable(l, 0, 8);
        block::set_finalizer(l);
        trampoline::lock_metatable(l);
        sys::lua_pushlstring(l, NAME.as_ptr().cast(), NAME.len());
        stack::push_text(state, name.as_bytes())?;
        sys::lua_rawset(l, -3);
    }
    Ok(())
}

const NAME: &str = "__name";

/// The name that the metatable of the value at `index` gives, if any. `[-0, +0, m]`
///
/// # Safety
/// `index` is acceptable, in grace, with two slots of the doors' room free.
pub(crate) unsafe fn name_at(l: *mut lua_State, index: c_int) -> Option<String> {
    // SAFETY: reads and a short string (I2, I3), balanced (I5).
    unsafe {
        let _balance = stack::StackGuard::new(l);
        if sys::lua_getmetatable(l, index) == 0 {
            return None;
        }
        sys::lua_pushlstring(l, NAME.as_ptr().cast(), NAME.len());
        sys::lua_rawget(l, -2);
        (sys::lua_type(l, -1) == sys::LUA_TSTRING).then(|| String::from_utf8_lossy(stack::text_at(l, -1)).into_owned())
    }
}
