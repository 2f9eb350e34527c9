//! An element of a view, as host functions get it from a script.
//!
//! It is a place, not a reference: every use asks the control block, as scripts do, and
//! values are copied in and out. So two that mean the same element do no harm.

use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::lang::{FromLua, Value};
use crate::share::control::Slot;
use crate::share::fields::CView;
use crate::share::views::{self, Views};
use crate::vm::state::State;

/// An element of a checked view of `T`s, as an argument of a host function.
///
/// ```
/// use perilune::{Elem, Lua, State, c_struct};
///
/// c_struct! {
///     pub struct Soldier { pub hp: i32, pub armour: i32 }
/// }
///
/// let mut lua = Lua::new()?;
/// lua.register("strike", |state: &mut State, (unit, damage): (Elem<Soldier>, i32)| {
///     let mut soldier = unit.get(state)?;
///     soldier.hp -= (damage - soldier.armour).max(0);
///     unit.set(state, soldier)
/// })?;
/// let mut army = [Soldier { hp: 10, armour: 2 }; 3];
/// lua.lend("units", &mut army, |state| state.run("strike(units[1], 5)").map(drop))?;
/// assert_eq!(army[1].hp, 7);
/// # Ok::<(), perilune::Error>(())
/// ```
///
/// It can be kept; once the view is revoked, using it is an error.
pub struct Elem<T> {
    slot: Slot,
    index: usize,
    element: PhantomData<fn() -> T>,
}

impl<T> Clone for Elem<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Elem<T> {}

impl<T> std::fmt::Debug for Elem<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Elem").field("index", &self.index).finish_non_exhaustive()
    }
}

impl<T: CView> Elem<T> {
    /// Its index in the view.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// A copy of it.
    ///
    /// # Errors
    /// [`Error::Runtime`] if the view is revoked, or has fewer elements now.
    pub fn get(&self, state: &State) -> Result<T> {
        let place = self.place(state, false)?;
        // SAFETY: a value of the view's memory, which nobody has a reference to while
        // scripts can use it.
        Ok(unsafe { place.read() })
    }

    /// Puts another value in its place, all fields of it.
    ///
    /// # Errors
    /// As for [`Elem::get`], and if the view can only be read.
    pub fn set(&self, state: &mut State, value: T) -> Result<()> {
        let place = self.place(state, true)?;
        // SAFETY: as above, and the memory was lent to be written.
        unsafe { place.write(value) };
        Ok(())
    }

    fn place(&self, state: &State, to_write: bool) -> Result<*mut T> {
        let name = T::SCHEMA.name;
        let control = Views::found(state).and_then(|views| views.block(self.slot));
        let Some(control) = control else {
            return Err(Error::runtime(format!("view revoked: the host has taken back the memory of this view of {name}")));
        };
        let count = usize::try_from(control.count32).unwrap_or(0);
        if self.index >= count {
            let index = self.index;
            return Err(Error::runtime(format!("index {index} is out of range: this view of {name} has {count} elements now")));
        }
        if to_write && control.writable32 != 1 {
            return Err(Error::runtime(format!("cannot change a {name}: this view can only be read")));
        }
        // SAFETY: within the memory, by the count.
        Ok(unsafe { control.memory.cast::<T>().add(self.index) })
    }
}

impl<T: CView> FromLua for Elem<T> {
    fn from_lua(value: Value, state: &mut State) -> Result<Self> {
        match views::element_of::<T>(state, &value)? {
            Some((slot, index)) => Ok(Self { slot, index, element: PhantomData }),
            None => Err(Error::type_mismatch(format!("an element of a view of {}", T::SCHEMA.name), value.type_name())),
        }
    }
}
