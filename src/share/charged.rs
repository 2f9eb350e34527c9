//! Shared vectors whose memory counts as the VM's.

use crate::error::{Error, MemoryError, Result};
use crate::share::control::Slot;
use crate::share::fields::CView;
use crate::share::shared::Shared;
use crate::share::views::Views;
use crate::vm::charge::Charge;
use crate::vm::state::State;

impl<T: CView> Shared<T> {
    /// Lets the vector's memory, which is its capacity, count as the VM's from now on; see [`State::charge`]. Then
    /// [`Shared::push`] and [`Shared::resize`] ask before it grows: where there is no memory it stays as it was. What
    /// [`Shared::change`] makes of it counts afterwards. While a vector moves to a larger block, only that one counts.
    ///
    /// ```
    /// use perilune::{Error, Lua, c_struct};
    ///
    /// c_struct! {
    ///     pub struct Rock { pub x: f32 }
    /// }
    ///
    /// let mut lua = Lua::builder().memory_limit(4 << 20).build()?;
    /// let rocks = lua.share("rocks", vec![Rock { x: 1.0 }; 1000])?;
    /// rocks.charge(&mut lua)?;
    /// assert_eq!(lua.memory().charged, 4000);
    /// assert!(matches!(rocks.resize(&mut lua, 1 << 20, Rock { x: 0.0 }), Err(Error::Memory(_))));
    /// lua.run("assert(#rocks == 1000)")?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Shared::slice`]; [`Error::Memory`] if there is not so much memory: it does not count then.
    pub fn charge(&self, state: &mut State) -> Result<()> {
        let bytes = bytes_of::<T>(self.vector(state)?.capacity());
        if Views::of(state).charges.contains_key(&self.slot.index()) {
            return Ok(());
        }
        let charge = state.charge(bytes)?;
        Views::of(state).charges.insert(self.slot.index(), charge);
        Ok(())
    }

    /// Makes room for `needed` elements in a vector whose memory counts: for twice as many as before, or else for `least`.
    pub(super) fn make_room(&self, state: &mut State, needed: usize, least: usize) -> Result<()> {
        let (length, capacity) = (self.len(state)?, self.vector(state)?.capacity());
        if needed <= capacity {
            return Ok(());
        }
        let twice = needed.max(capacity.saturating_mul(2));
        let asked = with_charge(state, self.slot, |state, charge| match charge.resize(state, bytes_of::<T>(twice)) {
            Err(Error::Memory(_)) => charge.resize(state, bytes_of::<T>(least)).map(|()| least),
            result => result.map(|()| twice),
        });
        let Some(room) = asked.transpose()? else { return Ok(()) };
        let reserved = self.change(state, |vector| vector.try_reserve_exact(room - length))?;
        reserved.map_err(|_| MemoryError::new(bytes_of::<T>(room)).into())
    }

    /// Charges what the vector has now, if its memory counts.
    pub(super) fn follow(&self, state: &mut State) -> Result<()> {
        if Views::of(state).charges.is_empty() {
            return Ok(());
        }
        let bytes = bytes_of::<T>(self.vector(state)?.capacity());
        with_charge(state, self.slot, |state, charge| charge.follow(state, bytes)).unwrap_or(Ok(()))
    }
}

/// More than there can be where it cannot be told.
fn bytes_of<T>(capacity: usize) -> usize {
    capacity.saturating_mul(size_of::<T>())
}

/// Works on a vector's charge, if it has one, together with the VM.
fn with_charge<R>(state: &mut State, slot: Slot, work: impl FnOnce(&mut State, &mut Charge) -> R) -> Option<R> {
    let mut charge = Views::of(state).charges.remove(&slot.index())?;
    let result = work(state, &mut charge);
    Views::of(state).charges.insert(slot.index(), charge);
    Some(result)
}
