//! Who owns the units, the items, and the text they point to.
//!
//! Units and items are plain data: their pointers can be changed from C, from a script
//! and, in safe code, from Rust. So nothing here follows such a pointer. Names are
//! read from the texts that are kept beside, and an item pointer is an address to be
//! found in the catalogue.

use std::ffi::CString;

use crate::game::{GEAR, Item, Unit};

/// Units and the catalogue of items that they can carry.
///
/// Everything that a unit or an item points to is owned by the roster and stays where
/// it is as long as nothing is *added*; moving the roster itself moves none of it.
///
/// ```
/// use perilune::game::Roster;
///
/// let mut roster = Roster::new();
/// let rope = roster.add_item("rope", "ten steps of hemp");
/// let ash = roster.add_unit("Ash");
/// assert!(roster.give(ash, rope) && roster.give(ash, rope));
/// let unit = &roster.units()[ash];
/// assert_eq!((unit.last_item, unit.gear_count[0]), (0, 2));
/// assert_eq!(roster.item_name(rope), "rope");
/// ```
#[derive(Debug, Default)]
pub struct Roster {
    units: Vec<Unit>,
    unit_names: Vec<CString>,
    items: Vec<Item>,
    item_texts: Vec<[CString; 2]>,
}

// SAFETY: the roster owns all that the pointers it makes lead to, and no safe code here
// or in the types themselves follows any pointer.
unsafe impl Send for Roster {}

impl Roster {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a unit of this name, with everything else as [`Unit::default`] has it, and
    /// says its index. A name ends at its first NUL byte. Pointers to units from before
    /// are not valid any more.
    pub fn add_unit(&mut self, name: &str) -> usize {
        let name = c_text(name);
        self.units.push(Unit { name: name.as_ptr().cast_mut(), ..Unit::default() });
        self.unit_names.push(name);
        self.units.len() - 1
    }

    /// Adds an item to the catalogue, with all numbers 0, and says its index. Pointers
    /// to items from before are not valid any more: what units carried is taken away.
    pub fn add_item(&mut self, name: &str, description: &str) -> usize {
        let texts = [c_text(name), c_text(description)];
        let [name, description] = [&texts[0], &texts[1]].map(|text| text.as_ptr().cast_mut());
        if self.items.len() == self.items.capacity() {
            self.units.iter_mut().for_each(drop_gear);
        }
        self.items.push(Item { name, description, ..Item::default() });
        self.item_texts.push(texts);
        self.items.len() - 1
    }

    /// The units.
    #[must_use]
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// The units, to be changed.
    pub fn units_mut(&mut self) -> &mut [Unit] {
        &mut self.units
    }

    /// The first unit, for [`State::expose_raw`](crate::State::expose_raw). It stays
    /// good, also beside references from [`units`](Self::units) that come and go between
    /// two runs of scripts, until a unit is added or the roster is dropped.
    pub fn units_ptr(&mut self) -> *mut Unit {
        self.units.as_mut_ptr()
    }

    /// The catalogue.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The catalogue, to be changed.
    pub fn items_mut(&mut self) -> &mut [Item] {
        &mut self.items
    }

    /// The first item; as for [`units_ptr`](Self::units_ptr).
    pub fn items_ptr(&mut self) -> *mut Item {
        self.items.as_mut_ptr()
    }

    /// The name that a unit was added with.
    ///
    /// # Panics
    /// If there is no such unit.
    #[must_use]
    pub fn unit_name(&self, unit: usize) -> &str {
        text(&self.unit_names[unit])
    }

    /// The name that an item was added with.
    ///
    /// # Panics
    /// If there is no such item.
    #[must_use]
    pub fn item_name(&self, item: usize) -> &str {
        text(&self.item_texts[item][0])
    }

    /// The description that an item was added with.
    ///
    /// # Panics
    /// If there is no such item.
    #[must_use]
    pub fn item_description(&self, item: usize) -> &str {
        text(&self.item_texts[item][1])
    }

    /// Which item of the catalogue a unit has in a place; `None` for a free place, for
    /// a pointer that is not to an item of this catalogue, and where there is no such
    /// unit or place.
    #[must_use]
    pub fn item_at(&self, unit: usize, place: usize) -> Option<usize> {
        self.index_of(*self.units.get(unit)?.gear.get(place)?)
    }

    /// Puts an item of the catalogue in a place of a unit, or frees the place. Says
    /// whether there are such a unit, place and item. The counts are the caller's.
    pub fn put(&mut self, unit: usize, place: usize, item: Option<usize>) -> bool {
        let pointer = match item {
            None => std::ptr::null_mut(),
            // Not by way of a reference to one item: scripts count from pointer to pointer.
            Some(item) if item < self.items.len() => self.items.as_mut_ptr().wrapping_add(item),
            Some(_) => return false,
        };
        let place = self.units.get_mut(unit).and_then(|unit| unit.gear.get_mut(place));
        place.map(|place| *place = pointer).is_some()
    }

    /// Gives a unit one more of an item: adds to the count if it has some, otherwise
    /// uses the place after its last item. Says whether there was room.
    pub fn give(&mut self, unit: usize, item: usize) -> bool {
        let next = |unit: &Unit| usize::try_from(unit.last_item.checked_add(1)?).ok();
        let Some(free) = self.units.get(unit).and_then(next) else { return false };
        let held = (0..free.min(GEAR)).find(|&place| self.item_at(unit, place) == Some(item));
        let place = held.unwrap_or(free);
        if held.is_none() && !self.put(unit, place, Some(item)) {
            return false;
        }
        let unit = &mut self.units[unit];
        if held.is_none() {
            unit.last_item += 1;
            unit.gear_count[place] = 0;
        }
        unit.gear_count[place] = unit.gear_count[place].saturating_add(1);
        true
    }

    fn index_of(&self, item: *mut Item) -> Option<usize> {
        let bytes = item.addr().checked_sub(self.items.as_ptr().addr())?;
        let index = bytes / size_of::<Item>();
        (bytes % size_of::<Item>() == 0 && index < self.items.len()).then_some(index)
    }
}

fn drop_gear(unit: &mut Unit) {
    unit.gear = [std::ptr::null_mut(); GEAR];
    unit.gear_count = [0; GEAR];
    unit.last_item = -1;
    unit.armour_bonus = 0;
}

/// The text up to its first NUL, as C reads it.
fn c_text(text: &str) -> CString {
    CString::new(text.split('\0').next().unwrap_or_default()).unwrap_or_default()
}

/// It was made of a `str`, cut before an ASCII character.
fn text(text: &CString) -> &str {
    text.to_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roster() -> (Roster, usize, usize) {
        let mut roster = Roster::new();
        let item = (0..3).map(|n| roster.add_item(&format!("item {n}"), "plain")).last().unwrap();
        let unit = roster.add_unit("Ash");
        (roster, unit, item)
    }

    #[test]
    fn pure_names_survive_growth_and_end_at_a_nul() {
        let mut roster = Roster::new();
        let units: Vec<usize> = (0..50).map(|n| roster.add_unit(&format!("unit {n}\0 and more"))).collect();
        let moved = roster;
        for unit in units {
            assert_eq!(moved.unit_name(unit), format!("unit {unit}"));
            assert_eq!(moved.units()[unit].name, moved.unit_names[unit].as_ptr().cast_mut());
        }
    }

    #[test]
    fn pure_a_unit_carries_twenty_kinds_of_things() {
        let mut roster = Roster::new();
        let items: Vec<usize> = (0..GEAR + 1).map(|n| roster.add_item(&n.to_string(), "")).collect();
        let unit = roster.add_unit("Ash");
        for &item in &items[..GEAR] {
            assert!(roster.give(unit, item));
        }
        assert!(!roster.give(unit, items[GEAR]), "there is no place left");
        assert!(roster.give(unit, items[3]), "but one more of the same needs none");
        assert_eq!((roster.units()[unit].last_item, roster.units()[unit].gear_count[3]), (19, 2));
        assert_eq!(roster.item_at(unit, 3), Some(items[3]));
    }

    #[test]
    fn pure_foreign_pointers_and_wrong_indices_are_no_item() {
        let (mut roster, unit, item) = roster();
        assert!(!roster.put(unit, 0, Some(item + 1)) && !roster.put(unit, GEAR, None) && !roster.put(unit + 1, 0, None));
        assert!(!roster.give(unit + 1, item));
        let base = roster.items.as_mut_ptr();
        let one_past = roster.items.len();
        for wrong in [std::ptr::null_mut(), base.wrapping_byte_add(1), base.wrapping_add(one_past), base.wrapping_sub(1)] {
            roster.units_mut()[unit].gear[0] = wrong;
            assert_eq!(roster.item_at(unit, 0), None);
        }
        roster.units_mut()[unit].last_item = -7;
        assert!(!roster.give(unit, item));
        roster.units_mut()[unit].last_item = i32::MAX;
        assert!(!roster.give(unit, item));
    }

    #[test]
    fn pure_a_catalogue_that_moves_leaves_no_pointer_behind() {
        let (mut roster, unit, item) = roster();
        assert!(roster.give(unit, item));
        while roster.items.len() < roster.items.capacity() {
            roster.add_item("more", "");
            assert_eq!(roster.item_at(unit, 0), Some(item));
        }
        roster.add_item("one too many", "");
        assert_eq!((roster.item_at(unit, 0), roster.units()[unit].last_item), (None, -1));
    }
}
