//! A party that scripts see where it is: its units and items as checked views, with the
//! pointers between them.
//!
//! Whoever has a party can put anything into its pointers, which are public. So they are
//! looked at before scripts can follow them; and while they can, only this file changes them.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};
use crate::game::{Item, Party, Unit};
use crate::share::Vouched;
use crate::vm::state::State;

/// A [`Party`] while scripts see it: what [`Party::lend`] hands to the host.
///
/// It is a handle, for functions of the host to keep. When the loan is over, using it is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LentParty {
    /// One of its own for every loan in the process.
    id: u64,
}

/// Where a party's memory is while it is lent.
#[derive(Debug, Clone, Copy)]
struct Place {
    id: u64,
    units: *mut Unit,
    unit_count: usize,
    items: *mut Item,
    item_count: usize,
}

/// The parties that are lent to a VM now, among its app data.
#[derive(Debug, Default)]
struct Lent(Vec<Place>);

// SAFETY: a place is in it only while a borrow of the VM waits, on its thread, for the
// loan's end.
unsafe impl Send for Lent {}

impl Party {
    /// Lends the party to scripts while `work` runs: `units` and `items` are checked views of
    /// its units and of its catalogue then, as [`State::lend`] makes them. Scripts see the names and
    /// texts, and follow `gear` from a unit to its items. They write numbers only: what a unit
    /// carries is changed by host functions, by way of the [`LentParty`].
    ///
    /// ```
    /// use perilune::game::{Item, Party, Unit};
    /// use perilune::{Elem, Lua, Result, State};
    ///
    /// let mut party = Party::new();
    /// party.add_unit("Rowan");
    /// let axe = party.add_item("hand axe", "for firewood and for worse");
    /// party.items_mut()[axe].damage = 6;
    ///
    /// let mut lua = Lua::new()?;
    /// party.lend(&mut lua, |state, party| {
    ///     state.register("put", move |state: &mut State, (unit, place, item): (Elem<Unit>, usize, Option<Elem<Item>>)| {
    ///         party.put(state, unit.index(), place, item.map(|item| item.index()))
    ///     })?;
    ///     state.run(
    ///         "local rowan = units[0]
    ///          assert(put(rowan, 0, items[0]))
    ///          rowan.gear_count[0], rowan.last_item = 1, 0
    ///          assert(rowan.name == 'Rowan' and rowan.gear[0].name == 'hand axe' and rowan.gear[1] == nil)
    ///          rowan.gear[0].damage = rowan.gear[0].damage + 1",
    ///     )?;
    ///     assert_eq!(party.units(state)?[0].last_item, 0);
    ///     Ok(())
    /// })?;
    /// assert_eq!((party.item_at(0, 0), party.items()[axe].damage), (Some(axe), 7));
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// What `work` says; [`Error::Type`] if a pointer of a unit leads elsewhere: `gear` to what is no
    /// item of the party, `followers_array` to what is no unit of it, `buildings_array` to
    /// anything; and as for [`State::lend`].
    pub fn lend<R>(&mut self, state: &mut State, work: impl FnOnce(&mut State, LentParty) -> Result<R>) -> Result<R> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        self.renew_pointers()?;
        let lent = LentParty { id: NEXT.fetch_add(1, Ordering::Relaxed) };
        let (unit_count, item_count) = (self.units().len(), self.items().len());
        let place = Place { id: lent.id, units: self.units_ptr(), unit_count, items: self.items_ptr(), item_count };
        // SAFETY: the party is borrowed until the loan is over. All pointers in it are its own now,
        // of the same origin as these two; only `LentParty` uses any of them meanwhile, and
        // between two accesses of a script.
        let loans =
            unsafe { (("units", Vouched::from_raw(place.units, unit_count)), ("items", Vouched::from_raw(place.items, item_count))) };
        let listed = Listed::new(state, place);
        listed.state.lend_all(loans, |state| work(state, lent))
    }
}

/// A place that is listed until this is dropped.
struct Listed<'a> {
    state: &'a mut State,
    id: u64,
}

impl<'a> Listed<'a> {
    fn new(state: &'a mut State, place: Place) -> Self {
        match state.app_data_mut::<Lent>() {
            Some(lent) => lent.0.push(place),
            None => drop(state.set_app_data(Lent(vec![place]))),
        }
        Self { state, id: place.id }
    }
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        if let Some(lent) = self.state.app_data_mut::<Lent>() {
            lent.0.retain(|place| place.id != self.id);
        }
    }
}

impl LentParty {
    /// The units, as scripts left them.
    ///
    /// # Errors
    /// [`Error::Runtime`] if the loan is over, or was to another VM.
    pub fn units(self, state: &State) -> Result<&[Unit]> {
        let place = self.place(state)?;
        // SAFETY: the party's units, which nobody writes to while the VM is borrowed.
        Ok(unsafe { std::slice::from_raw_parts(place.units, place.unit_count) })
    }

    /// The catalogue, as scripts left it.
    ///
    /// # Errors
    /// As for [`LentParty::units`].
    pub fn items(self, state: &State) -> Result<&[Item]> {
        let place = self.place(state)?;
        // SAFETY: as above.
        Ok(unsafe { std::slice::from_raw_parts(place.items, place.item_count) })
    }

    /// As [`Party::item_at`].
    ///
    /// # Errors
    /// As for [`LentParty::units`].
    pub fn item_at(self, state: &State, unit: usize, place: usize) -> Result<Option<usize>> {
        let pointer = self.units(state)?.get(unit).and_then(|unit| unit.gear.get(place));
        let items = self.items(state)?;
        Ok(pointer.and_then(|&pointer| index_in(items, pointer)))
    }

    /// As [`Party::put`].
    ///
    /// # Errors
    /// As for [`LentParty::units`].
    pub fn put(self, state: &mut State, unit: usize, place: usize, item: Option<usize>) -> Result<bool> {
        let party = self.place(state)?;
        let pointer = match item {
            None => std::ptr::null_mut(),
            Some(item) if item < party.item_count => party.items.wrapping_add(item),
            Some(_) => return Ok(false),
        };
        if unit >= party.unit_count {
            return Ok(false);
        }
        // SAFETY: one of the party's units; no script runs while the VM is borrowed, and
        // nobody has a reference to it.
        let gear = unsafe { &mut (*party.units.add(unit)).gear };
        Ok(gear.get_mut(place).map(|place| *place = pointer).is_some())
    }

    fn place(self, state: &State) -> Result<Place> {
        let lent = state.app_data::<Lent>().and_then(|lent| lent.0.iter().find(|place| place.id == self.id));
        lent.copied().ok_or_else(|| Error::runtime("view revoked: the host has taken back this party"))
    }
}

/// Which of the values a pointer leads to.
pub(super) fn index_in<T>(all: &[T], pointer: *const T) -> Option<usize> {
    let bytes = pointer.addr().checked_sub(all.as_ptr().addr())?;
    let index = bytes / size_of::<T>();
    (bytes % size_of::<T>() == 0 && index < all.len()).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lua::Lua;

    #[test]
    fn a_loan_is_listed_while_it_lasts() {
        let (mut lua, mut other) = (Lua::new().unwrap(), Lua::new().unwrap());
        let (mut party, mut second) = (Party::new(), Party::new());
        party.add_unit("Ash");
        second.add_unit("Rue");
        second.add_item("rope", "");
        let lent = party
            .lend(&mut lua, |state, first| {
                let inner = second.lend(state, |state, second| {
                    assert!(second.put(state, 0, 3, Some(0))? && !first.put(state, 0, 0, Some(0))?);
                    assert_eq!(
                        (second.item_at(state, 0, 3)?, first.item_at(state, 0, 3)?, second.item_at(state, 7, 0)?),
                        (Some(0), None, None)
                    );
                    Ok(second)
                })?;
                assert!(inner.units(state).is_err() && first.units(state)?.len() == 1);
                assert!(first.units(&other).is_err());
                let failed = second.lend(state, |_, second| Err::<(), _>(Error::runtime(format!("{second:?}"))));
                assert!(failed.is_err() && state.app_data::<Lent>().unwrap().0.len() == 1);
                Ok(first)
            })
            .unwrap();
        assert!(lent.put(&mut lua, 0, 0, None).unwrap_err().to_string().contains("view revoked"));
        assert!(lent.items(&lua).is_err() && lent.items(&other).is_err());
        let now = party.lend(&mut other, |state, now| Ok((lent.units(state).is_err(), now.units(state).is_ok())));
        assert_eq!(now.unwrap(), (true, true));
        assert_eq!(second.item_at(0, 3), Some(0));
    }
}
