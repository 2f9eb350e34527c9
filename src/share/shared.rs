//! Vectors that belong to a VM, and that the host and its scripts both work on.
//!
//! The vector lives with the VM's own data until the VM is closed; a [`Shared`] says which
//! one it is. Rust borrows it together with the VM, so that no script runs meanwhile, and
//! whatever may move its elements tells the control block afterwards.

use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::lang::Value;
use crate::share::control::Slot;
use crate::share::fields::{CView, check_safe_to_lend};
use crate::share::views::{self, Views};
use crate::vm::registry;
use crate::vm::state::State;

/// A vector that belongs to a VM, and that scripts see as a checked view. Made by
/// [`State::share`].
///
/// It is a handle: it can be cloned and kept anywhere, and only means something together
/// with its VM.
pub struct Shared<T> {
    pub(super) slot: Slot,
    vm: registry::Owner,
    vector: PhantomData<fn() -> Vec<T>>,
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self { slot: self.slot, vm: self.vm.clone(), vector: PhantomData }
    }
}

impl<T> std::fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("slot", &self.slot).finish_non_exhaustive()
    }
}

impl State {
    /// Gives the VM a vector, and scripts a checked view of it under a global name, which
    /// may be dotted: what [`State::lend`] says of views holds here too, but this one stays.
    ///
    /// Both sides work on the same memory: Rust by way of the [`Shared`], while no script
    /// runs. The vector can grow and shrink at any time, also in a host function that a
    /// script calls: an index that is gone is an error, and everything else goes on. It is
    /// freed with the VM, or by [`Shared::take`].
    ///
    /// ```
    /// use perilune::{Lua, c_struct};
    ///
    /// c_struct! {
    ///     pub struct Rock { pub x: f32, pub y: f32 }
    /// }
    ///
    /// let mut lua = Lua::new()?;
    /// let rocks = lua.share("world.rocks", vec![Rock { x: 1.0, y: 2.0 }])?;
    /// lua.run("world.rocks[0].x = 5")?;
    /// assert_eq!(rocks.slice(&lua)?[0].x, 5.0);
    ///
    /// rocks.push(&mut lua, Rock { x: 0.0, y: 0.0 })?;
    /// rocks.slice_mut(&mut lua)?[1].y = 7.0;
    /// lua.run("assert(#world.rocks == 2 and world.rocks[1].y == 7)")?;
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// While Rust has the elements, no script runs:
    ///
    /// ```compile_fail,E0502
    /// # use perilune::{Lua, c_struct};
    /// # c_struct! { pub struct Rock { pub x: f32 } }
    /// # let mut lua = Lua::new().unwrap();
    /// let rocks = lua.share("rocks", vec![Rock { x: 1.0 }]).unwrap();
    /// let slice = rocks.slice(&lua).unwrap();
    /// lua.run("rocks[0].x = 2").unwrap();
    /// assert_eq!(slice[0].x, 1.0);
    /// ```
    ///
    /// # Errors
    /// As for [`State::lend`].
    pub fn share<T: CView + Send>(&mut self, name: &str, vector: Vec<T>) -> Result<Shared<T>> {
        const { check_safe_to_lend::<T>() };
        let maker = views::prepare::<T>(self)?;
        let views = Views::of(self);
        let mut vector = Box::new(vector);
        let slot = views.controls().take(vector.as_mut_ptr().cast(), vector.len(), true)?;
        views.vectors.insert(slot.index(), vector);
        let shared = Shared { slot, vm: registry::Owner::of(&self.vm().shared), vector: PhantomData };
        let opened = views::open(self, &maker, slot).and_then(|view| self.set(name, view));
        match opened {
            Ok(()) => Ok(shared),
            Err(error) => {
                drop(shared.take(self));
                Err(error)
            }
        }
    }
}

impl<T: CView> Shared<T> {
    /// The elements, to be read.
    ///
    /// # Errors
    /// [`Error::ForeignHandle`] or [`Error::Closed`]; [`Error::Runtime`] after
    /// [`Shared::take`].
    pub fn slice<'a>(&self, state: &'a State) -> Result<&'a [T]> {
        self.check(state)?;
        let vector = Views::found(state).and_then(|views| views.vectors.get(&self.slot.index()));
        vector.and_then(|vector| vector.downcast_ref::<Vec<T>>()).map(Vec::as_slice).ok_or_else(taken)
    }

    /// The elements, to be changed.
    ///
    /// # Errors
    /// As for [`Shared::slice`].
    pub fn slice_mut<'a>(&self, state: &'a mut State) -> Result<&'a mut [T]> {
        self.vector(state).map(Vec::as_mut_slice)
    }

    /// How many elements there are.
    ///
    /// # Errors
    /// As for [`Shared::slice`].
    pub fn len(&self, state: &State) -> Result<usize> {
        self.slice(state).map(<[T]>::len)
    }

    /// Whether there are none.
    ///
    /// # Errors
    /// As for [`Shared::slice`].
    pub fn is_empty(&self, state: &State) -> Result<bool> {
        self.slice(state).map(<[T]>::is_empty)
    }

    /// Adds an element at the end.
    ///
    /// # Errors
    /// As for [`Shared::slice`]; [`Error::Type`] if there would be more elements than a view
    /// can have; [`Error::Memory`] if its memory [counts](Shared::charge) and it cannot grow.
    pub fn push(&self, state: &mut State, element: T) -> Result<()> {
        let needed = self.len(state)?.saturating_add(1);
        // Some to spare: a vector that fills its VM does not move for each element.
        self.make_room(state, needed, needed.saturating_add(needed / 8))?;
        self.change(state, |vector| vector.push(element))
    }

    /// Makes it as long as `length`: elements are taken off, or copies of `element` added.
    ///
    /// # Errors
    /// As for [`Shared::push`].
    pub fn resize(&self, state: &mut State, length: usize, element: T) -> Result<()> {
        self.make_room(state, length, length)?;
        self.change(state, |vector| vector.resize(length, element))
    }

    /// Takes an element out; those behind it move up. `None` if there is no such one.
    ///
    /// # Errors
    /// As for [`Shared::slice`].
    pub fn remove(&self, state: &mut State, index: usize) -> Result<Option<T>> {
        self.change(state, |vector| (index < vector.len()).then(|| vector.remove(index)))
    }

    /// Takes an element out; the last one takes its place. `None` if there is no such one.
    ///
    /// # Errors
    /// As for [`Shared::slice`].
    pub fn swap_remove(&self, state: &mut State, index: usize) -> Result<Option<T>> {
        self.change(state, |vector| (index < vector.len()).then(|| vector.swap_remove(index)))
    }

    /// Does with the vector whatever vectors can do, while no script runs.
    ///
    /// ```
    /// use perilune::{Lua, c_struct};
    ///
    /// c_struct! {
    ///     pub struct Rock { pub x: f32 }
    /// }
    ///
    /// let mut lua = Lua::new()?;
    /// let rocks = lua.share("rocks", vec![Rock { x: 1.0 }, Rock { x: -1.0 }])?;
    /// rocks.change(&mut lua, |rocks| rocks.retain(|rock| rock.x > 0.0))?;
    /// lua.run("assert(#rocks == 1)")?;
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Shared::push`], when the work is done: scripts see no element until there are fewer, where there are
    /// too many; memory is counted also where it passes the limit.
    pub fn change<R>(&self, state: &mut State, work: impl FnOnce(&mut Vec<T>) -> R) -> Result<R> {
        let slot = self.slot;
        let moved = Moved { vector: std::ptr::from_mut(self.vector(state)?), state, slot };
        // SAFETY: the vector stays where it is, in its box, and `state` is not used while
        // there is a reference to it.
        let result = work(unsafe { &mut *moved.vector });
        moved.tell()?;
        self.follow(state).map(|()| result)
    }

    /// Takes the vector back; the view is revoked.
    ///
    /// # Errors
    /// As for [`Shared::slice`].
    pub fn take(&self, state: &mut State) -> Result<Vec<T>> {
        self.vector(state)?;
        let views = Views::of(state);
        views.controls().revoke(self.slot);
        views.charges.remove(&self.slot.index());
        let vector = views.vectors.remove(&self.slot.index()).ok_or_else(taken)?;
        vector.downcast::<Vec<T>>().map(|vector| *vector).map_err(|_| taken())
    }

    /// The view, for scripts: to be passed as an argument, or to be put into a table.
    ///
    /// # Errors
    /// As for [`Shared::slice`].
    pub fn view(&self, state: &mut State) -> Result<Value> {
        self.check(state)?;
        let maker = views::prepare::<T>(state)?;
        views::open(state, &maker, self.slot)
    }

    pub(super) fn vector<'a>(&self, state: &'a mut State) -> Result<&'a mut Vec<T>> {
        self.check(state)?;
        let vector = Views::of(state).vectors.get_mut(&self.slot.index());
        vector.and_then(|vector| vector.downcast_mut::<Vec<T>>()).ok_or_else(taken)
    }

    /// Whether it is this VM's, and still there.
    fn check(&self, state: &State) -> Result<()> {
        self.vm.check(&state.vm().shared)?;
        match Views::found(state) {
            Some(views) if views.has(self.slot) => Ok(()),
            _ => Err(taken()),
        }
    }
}

/// A vector that may have moved: the control block is told, whatever happens.
struct Moved<'a, T: CView> {
    vector: *mut Vec<T>,
    state: &'a mut State,
    slot: Slot,
}

impl<T: CView> Moved<'_, T> {
    fn tell(self) -> Result<()> {
        let mut this = std::mem::ManuallyDrop::new(self);
        this.update()
    }

    fn update(&mut self) -> Result<()> {
        // SAFETY: in its box, and nobody else has a reference to it now.
        let vector = unsafe { &mut *self.vector };
        let (start, count) = (vector.as_mut_ptr().cast(), vector.len());
        Views::of(self.state).controls().moved(self.slot, start, count)
    }
}

impl<T: CView> Drop for Moved<'_, T> {
    fn drop(&mut self) {
        // The work panicked.
        let _ = self.update();
    }
}

#[cold]
fn taken() -> Error {
    Error::runtime("this vector is not shared with scripts any more: it was taken back")
}
