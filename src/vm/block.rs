//! Rust values in Lua's own memory.
//!
//! A userdata of this library is one block: a [`Block`], which says where the value
//! is, how it is dropped and who uses it, and behind it the value itself, at whatever
//! alignment its type asks for. The block never moves, and the value is dropped
//! exactly once: by the collector, by whoever takes it out, or with the VM. This file
//! owns the block, the run-time borrows of its value, and the `__gc` of every block.
//!
//! Which Rust type is in a block is told by its metatable ([`class`](crate::vm::class)).

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use crate::sys::{self, lua_State};
use crate::vm::{backend, trampoline};

/// Why a userdata's value cannot be had.
///
/// It is found again with [`Error::downcast_ref`](crate::Error::downcast_ref), also in an
/// error that came through a script.
///
/// ```
/// use perilune::{Lua, UserData, UserDataError};
///
/// struct Door;
/// impl UserData for Door {}
///
/// let mut lua = Lua::new()?;
/// let door = lua.create_userdata(Door)?;
/// door.destroy(&mut lua)?;
/// let error = door.borrow::<Door>(&lua).map(drop).unwrap_err();
/// assert_eq!(error.downcast_ref(), Some(&UserDataError::Dropped));
/// # Ok::<(), perilune::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UserDataError {
    /// It was taken out, destroyed, closed, or finalized.
    #[error("it has been dropped (taken out, destroyed or closed), so that nothing can be done with it any more")]
    Dropped,
    /// It was lent for a scope, which has ended.
    #[error("it was lent for a scope that has ended")]
    ScopeEnded,
    /// Somebody further up the call stack is reading it.
    #[error("it is in use further up the call stack, and can only be read until then")]
    Borrowed,
    /// Somebody further up the call stack is changing it.
    #[error("it is being changed further up the call stack, and cannot be used until then")]
    BorrowedMut,
    /// It was lent to be read.
    #[error("it was lent to be read only: lend it with `create_userdata_ref_mut` to let scripts change it")]
    ReadOnly,
    /// It was lent, so that it cannot be taken out.
    #[error("it was lent for a scope and belongs to somebody else, so that it cannot be taken out")]
    NotOwned,
}

/// To whom a block's value belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// To the block, which has it inside.
    Owned,
    /// To the block, for a scope: it is dropped when that ends.
    Scoped,
    /// To somebody else, and may be read.
    Lent,
    /// To somebody else, and may be changed.
    LentMut,
}

/// The value is being changed. Otherwise the number of those who read it.
const UNIQUE: isize = -1;
/// There is no value any more.
const DROPPED: isize = isize::MIN;
/// The same, because the scope has ended for which it was there.
const ENDED: isize = isize::MIN + 1;

/// The head of a userdata.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Block {
    borrows: Cell<isize>,
    value: *mut (),
    drop: unsafe fn(*mut ()),
    hold: Hold,
    /// Whether it has a table of user values.
    pub has_values: Cell<bool>,
}

/// The right to read a block's value, until it is dropped.
#[derive(Debug)]
pub(crate) struct Shared<'a>(&'a Block);

/// The right to change a block's value, until it is dropped.
#[derive(Debug)]
pub(crate) struct Unique<'a>(&'a Block);

impl Block {
    /// Takes part in reading the value.
    #[inline]
    pub(crate) fn share(&self) -> Result<Shared<'_>, UserDataError> {
        let borrows = self.borrows.get();
        if borrows < 0 {
            return Err(self.refusal());
        }
        self.borrows.set(borrows + 1);
        Ok(Shared(self))
    }

    /// Takes the value to change it.
    #[inline]
    pub(crate) fn lock(&self) -> Result<Unique<'_>, UserDataError> {
        if self.borrows.get() != 0 || self.hold == Hold::Lent {
            return Err(self.refusal());
        }
        self.borrows.set(UNIQUE);
        Ok(Unique(self))
    }

    /// Takes the value for good, to move it out.
    pub(crate) fn take(&self) -> Result<*mut (), UserDataError> {
        if self.borrows.get() == 0 && self.hold != Hold::Owned {
            return Err(UserDataError::NotOwned);
        }
        std::mem::forget(self.lock()?);
        self.borrows.set(DROPPED);
        Ok(self.value)
    }

    /// Drops the value, unless somebody uses it; a value that is gone already is no error.
    pub(crate) fn close(&self) -> Result<(), UserDataError> {
        match self.borrows.get() {
            0 => self.drop_value(DROPPED),
            DROPPED | ENDED => {}
            _ => return Err(self.refusal()),
        }
        Ok(())
    }

    /// Drops the value if it is still there, and leaves a mark that says why it is not.
    fn drop_value(&self, mark: isize) {
        if matches!(self.borrows.get(), DROPPED | ENDED) {
            return;
        }
        self.borrows.set(mark);
        // SAFETY: whoever calls this knows that nobody uses the value; it is dropped
        // once, because the mark is set before, whatever its destructor does.
        unsafe { (self.drop)(self.value) };
    }

    #[cold]
    fn refusal(&self) -> UserDataError {
        match (self.borrows.get(), self.hold) {
            (DROPPED, _) => UserDataError::Dropped,
            (ENDED, _) => UserDataError::ScopeEnded,
            (UNIQUE, _) => UserDataError::BorrowedMut,
            (_, Hold::Lent) => UserDataError::ReadOnly,
            _ => UserDataError::Borrowed,
        }
    }
}

impl Shared<'_> {
    #[inline]
    pub(crate) fn value(&self) -> *const () {
        self.0.value
    }
}

impl Unique<'_> {
    #[inline]
    pub(crate) fn value(&mut self) -> *mut () {
        self.0.value
    }
}

impl Drop for Shared<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.borrows.set(self.0.borrows.get() - 1);
    }
}

impl Drop for Unique<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.borrows.set(0);
    }
}

/// A value that is to become a block.
pub(crate) struct Contents<'a, T> {
    hold: Hold,
    what: What<T>,
    lender: PhantomData<&'a mut T>,
}

enum What<T> {
    Value(T),
    Pointer(*mut T),
}

impl<T: Send + 'static> Contents<'static, T> {
    /// A value that belongs to the VM from now on.
    #[inline]
    pub(crate) fn owned(value: T) -> Self {
        Self { hold: Hold::Owned, what: What::Value(value), lender: PhantomData }
    }
}

impl<'a, T> Contents<'a, T> {
    /// A value that the VM keeps for as long as a scope lasts.
    pub(crate) fn scoped(value: T) -> Self {
        Self { hold: Hold::Scoped, what: What::Value(value), lender: PhantomData }
    }

    /// A value that is lent to be read.
    pub(crate) fn lent(value: &'a T) -> Self {
        Self { hold: Hold::Lent, what: What::Pointer(ptr::from_ref(value).cast_mut()), lender: PhantomData }
    }

    /// A value that is lent to be changed.
    pub(crate) fn lent_mut(value: &'a mut T) -> Self {
        Self { hold: Hold::LentMut, what: What::Pointer(value), lender: PhantomData }
    }

    /// Pushes the userdata, with the metatable in a registry slot. `[-0, +1, m]`
    ///
    /// # Safety
    /// In grace with room for two values; the slot holds the metatable of `T`'s class.
    /// What is not owned is [ended](end) before `'a` and the lifetimes in `T` are over.
    #[inline]
    pub(crate) unsafe fn push(self, l: *mut lua_State, metatable: c_int) {
        let inside = if matches!(self.what, What::Value(_)) { (size_of::<T>(), align_of::<T>()) } else { (0, 1) };
        let padding = inside.1.saturating_sub(align_of::<Block>());
        // SAFETY: only wants memory (I3): what was passed by value is far below the VM's
        // limit for userdata. The block has room for the value wherever its alignment
        // puts it, and is complete before its metatable lets the collector know of it;
        // userdata is aligned for pointers.
        unsafe {
            let block = backend::new_object(l, size_of::<Block>() + padding + inside.0).cast::<Block>();
            let (value, drop): (*mut T, unsafe fn(*mut ())) = match self.what {
                What::Pointer(pointer) => (pointer, |_| ()),
                What::Value(value) => {
                    let place = block.add(1).cast::<T>().map_addr(|address| address.next_multiple_of(align_of::<T>()));
                    place.write(value);
                    (place, |value| ptr::drop_in_place(value.cast::<T>()))
                }
            };
            block.write(Block { borrows: Cell::new(0), value: value.cast(), drop, hold: self.hold, has_values: Cell::new(false) });
            backend::registry_get(l, metatable);
            sys::lua_setmetatable(l, -2);
        }
    }
}

/// The block at `index`, if its metatable is the one at `metatable`. `[-0, +0, -]`
///
/// The address decides, which is exact: the metatable of a class is never collected
/// while anybody asks for it, so that no other table can have its address.
///
/// # Safety
/// `index` is acceptable; one slot of the doors' room is free; `metatable` is the
/// address of a class's metatable. The block is used only while the userdata lives (I6).
#[inline]
pub(crate) unsafe fn at<'a>(l: *mut lua_State, index: c_int, metatable: usize) -> Option<&'a Block> {
    // SAFETY: reads only (I2). A userdata with that metatable is one of our blocks:
    // only `Contents::push` sets it, scripts can set no userdata's metatable.
    unsafe {
        let block = NonNull::new(sys::lua_touserdata(l, index).cast::<Block>())?;
        if sys::lua_getmetatable(l, index) == 0 {
            return None;
        }
        let same = sys::lua_topointer(l, -1).addr() == metatable;
        sys::lua_settop(l, -2);
        // No reference to what is no block, which may be smaller.
        if same { Some(block.as_ref()) } else { None }
    }
}

/// The block at `index`, whatever its type, if it is one. `[-0, +0, m]`
///
/// # Safety
/// As for [`at`], with two slots free, in grace.
pub(crate) unsafe fn any_at<'a>(l: *mut lua_State, index: c_int) -> Option<&'a Block> {
    // SAFETY: reads and a short string (I2, I3). Our `__gc` is in the metatables of our
    // blocks only, and no script can reach them.
    unsafe {
        let block = NonNull::new(sys::lua_touserdata(l, index).cast::<Block>())?;
        if sys::lua_getmetatable(l, index) == 0 {
            return None;
        }
        sys::lua_pushlstring(l, c"__gc".as_ptr(), 4);
        sys::lua_rawget(l, -2);
        let ours =
            sys::lua_tocfunction(l, -1).is_some_and(|function| ptr::fn_addr_eq(function, finalize as unsafe extern "C-unwind" fn(_) -> _));
        sys::lua_settop(l, -3);
        if ours { Some(block.as_ref()) } else { None }
    }
}

/// Ends a loan, or drops a value kept for a scope: what is on top of the stack. `[-1, +0, -]`
///
/// A value that panics when dropped is reported by the next outermost call.
///
/// # Safety
/// A block is on top, and nobody uses its value.
pub(crate) unsafe fn end(l: *mut lua_State) {
    // SAFETY: the caller's; popping raises nothing (I2).
    unsafe {
        drop_on_top(l, ENDED);
        sys::lua_settop(l, -2);
    }
}

/// `__gc` of every block: drops the value if it is still there.
unsafe extern "C-unwind" fn finalize(l: *mut lua_State) -> c_int {
    // SAFETY: Lua calls it with a block, alone on the stack, that nobody has any more:
    // a userdata in use is an argument of the call that uses it, or held by a handle (I6).
    unsafe { drop_on_top(l, DROPPED) };
    0
}

/// Drops the value of the block on top, if it is still there. `[-0, +0, -]`
///
/// # Safety
/// As for [`end`].
unsafe fn drop_on_top(l: *mut lua_State, mark: isize) {
    // SAFETY: the caller's.
    unsafe {
        let block: *mut c_void = sys::lua_touserdata(l, -1);
        trampoline::finalize(l, || (*block.cast::<Block>()).drop_value(mark));
    }
}

/// `__gc` into the metatable on top. `[-0, +0, m]`
///
/// # Safety
/// As for [`trampoline::set_function`].
pub(crate) unsafe fn set_finalizer(l: *mut lua_State) {
    // SAFETY: the caller's.
    unsafe { trampoline::set_function(l, c"__gc", finalize) };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stands for a destructor.
    unsafe fn count(value: *mut ()) {
        // SAFETY: the test's own number, which outlives its block.
        unsafe { *value.cast::<i32>() += 1 }
    }

    fn block(value: &mut i32, hold: Hold) -> Block {
        let value = ptr::from_mut(value).cast();
        Block { borrows: Cell::new(0), value, drop: count, hold, has_values: Cell::new(false) }
    }

    #[test]
    fn many_read_or_one_changes() {
        let mut value = 0;
        let block = block(&mut value, Hold::Owned);
        let (a, b) = (block.share().unwrap(), block.share().unwrap());
        assert_eq!(block.lock().unwrap_err(), UserDataError::Borrowed);
        assert_eq!(block.take().unwrap_err(), UserDataError::Borrowed);
        assert_eq!(block.close().unwrap_err(), UserDataError::Borrowed);
        drop(a);
        assert!(block.lock().is_err());
        drop(b);
        let unique = block.lock().unwrap();
        assert_eq!(block.share().unwrap_err(), UserDataError::BorrowedMut);
        assert_eq!(block.lock().unwrap_err(), UserDataError::BorrowedMut);
        assert_eq!(block.close().unwrap_err(), UserDataError::BorrowedMut);
        drop(unique);
        block.share().unwrap();
    }

    #[test]
    fn a_value_ends_once() {
        let mut value = 0;
        let closed = block(&mut value, Hold::Owned);
        closed.close().unwrap();
        closed.close().unwrap();
        closed.drop_value(DROPPED);
        assert_eq!(closed.take().unwrap_err(), UserDataError::Dropped);
        assert_eq!(closed.share().unwrap_err(), UserDataError::Dropped);
        assert_eq!(value, 1);
        let taken = block(&mut value, Hold::Owned);
        taken.take().unwrap();
        taken.close().unwrap();
        assert_eq!(value, 1);
    }

    #[test]
    fn what_is_lent_stays_its_owners() {
        let mut value = 0;
        let lent = block(&mut value, Hold::Lent);
        drop(lent.share().unwrap());
        assert_eq!(lent.lock().unwrap_err(), UserDataError::ReadOnly);
        assert_eq!(lent.take().unwrap_err(), UserDataError::NotOwned);
        lent.drop_value(ENDED);
        lent.drop_value(DROPPED);
        assert_eq!(lent.share().unwrap_err(), UserDataError::ScopeEnded);
        let changeable = block(&mut value, Hold::LentMut);
        drop(changeable.lock().unwrap());
        assert_eq!(changeable.take().unwrap_err(), UserDataError::NotOwned);
    }
}
