//! Who owns the units, the items, and the text they point to.
//!
//! Units and items are plain data: their pointers can be changed from C, from a script
//! and, in safe code, from Rust. So nothing here follows such a pointer, and they are made
//! anew before scripts can (`lent`). Names are
//! read from the texts that are kept beside, and an item pointer is an address to be
//! found in the catalogue.

use std::ffi::{CString, c_int};

use crate::error::{Error, Result};
use crate::game::lent::index_in;
use crate::game::{GEAR, Item, Unit};

/// Units and the catalogue of items that they can carry.
///
/// Everything that a unit or an item points to is owned by the party and stays where
/// it is as long as nothing is *added*; moving the party itself moves none of it.
///
/// ```
/// use perilune::game::Party;
///
/// let mut party = Party::new();
/// let rope = party.add_item("rope", "ten steps of hemp");
/// let ash = party.add_unit("Ash");
/// assert!(party.give(ash, rope) && party.give(ash, rope));
/// let unit = &party.units()[ash];
/// assert_eq!((unit.last_item, unit.gear_count[0]), (0, 2));
/// assert_eq!(party.item_name(rope), "rope");
/// ```
#[derive(Debug, Default)]
pub struct Party {
    units: Vec<Unit>,
    unit_names: Vec<CString>,
    items: Vec<Item>,
    item_texts: Vec<[CString; 2]>,
}

// SAFETY: the party owns all that the pointers it makes lead to, and no safe code here
// or in the types themselves follows any pointer.
unsafe impl Send for Party {}

impl Party {
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
    /// to items from before are not valid any more; those of the units are renewed.
    pub fn add_item(&mut self, name: &str, description: &str) -> usize {
        let texts = [c_text(name), c_text(description)];
        let [name, description] = [&texts[0], &texts[1]].map(|text| text.as_ptr().cast_mut());
        if self.items.len() == self.items.capacity() {
            self.make_room_for_items();
        }
        self.items.push(Item { name, description, ..Item::default() });
        self.item_texts.push(texts);
        self.items.len() - 1
    }

    /// Moves the catalogue, and has the units point to where it is now.
    fn make_room_for_items(&mut self) {
        let places = (0..self.units.len()).flat_map(|unit| (0..GEAR).map(move |place| (unit, place)));
        let carried: Vec<_> = places.filter_map(|(unit, place)| Some((unit, place, self.item_at(unit, place)?))).collect();
        self.items.reserve(1);
        for (unit, place, item) in carried {
            self.put(unit, place, Some(item));
        }
    }

    /// Gives a unit another name, which ends at its first NUL byte. Says whether there is
    /// such a unit.
    pub fn rename(&mut self, unit: usize, name: &str) -> bool {
        let Some(place) = self.unit_names.get_mut(unit) else { return false };
        *place = c_text(name);
        self.units[unit].name = place.as_ptr().cast_mut();
        true
    }

    /// Gives an item another name, which ends at its first NUL byte. Says whether there
    /// is such an item.
    pub fn rename_item(&mut self, item: usize, name: &str) -> bool {
        let Some([place, _]) = self.item_texts.get_mut(item) else { return false };
        *place = c_text(name);
        self.items[item].name = place.as_ptr().cast_mut();
        true
    }

    /// Gives an item another description, which ends at its first NUL byte. Says whether
    /// there is such an item.
    pub fn describe_item(&mut self, item: usize, description: &str) -> bool {
        let Some([_, place]) = self.item_texts.get_mut(item) else { return false };
        *place = c_text(description);
        self.items[item].description = place.as_ptr().cast_mut();
        true
    }

    /// The first item of this name.
    #[must_use]
    pub fn find_item(&self, name: &str) -> Option<usize> {
        (0..self.items.len()).find(|&item| self.item_name(item) == name)
    }

    /// A party of this unit alone, with copies of the items that it carries; `None` if
    /// there is no such unit.
    ///
    /// ```
    /// use perilune::game::Party;
    ///
    /// let mut party = Party::new();
    /// let ash = party.add_unit("Ash");
    /// let rope = party.add_item("rope", "");
    /// party.give(ash, rope);
    /// let copy = party.copy_of(ash).unwrap();
    /// assert_eq!((copy.unit_name(0), copy.item_name(0), copy.item_at(0, 0)), ("Ash", "rope", Some(0)));
    /// assert!(party.copy_of(7).is_none());
    /// ```
    #[must_use]
    pub fn copy_of(&self, unit: usize) -> Option<Self> {
        let mut copy = Self::new();
        copy.adopt(self, unit)?;
        Some(copy)
    }

    /// Adds a copy of another party's unit, and of the items that it carries. Says its
    /// index; `None` if there is no such unit.
    pub fn adopt(&mut self, from: &Self, unit: usize) -> Option<usize> {
        let original = from.units.get(unit)?;
        let new = self.add_unit(from.unit_name(unit));
        self.units[new] = Unit {
            name: self.units[new].name,
            gear: [std::ptr::null_mut(); GEAR],
            followers_array: std::ptr::null_mut(),
            buildings_array: std::ptr::null_mut(),
            ..*original
        };
        for place in 0..GEAR {
            let Some(item) = from.item_at(unit, place) else { continue };
            let Item { damage, armor_bonus, weight, value, .. } = from.items[item];
            let index = self.add_item(from.item_name(item), from.item_description(item));
            let Item { name, description, .. } = self.items[index];
            self.items[index] = Item { name, damage, armor_bonus, weight, value, description };
            self.put(new, place, Some(index));
        }
        Some(new)
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
    /// two runs of scripts, until a unit is added or the party is dropped.
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
    /// uses its first free place. Says whether there was room, and such a unit and item.
    pub fn give(&mut self, unit: usize, item: usize) -> bool {
        let held = self.place_of(unit, item);
        let Some(place) = held.or_else(|| self.units.get(unit)?.gear.iter().position(|gear| gear.is_null())) else {
            return false;
        };
        if held.is_none() && !self.put(unit, place, Some(item)) {
            return false;
        }
        let unit = &mut self.units[unit];
        let count = if held.is_none() { 0 } else { unit.gear_count[place] };
        unit.gear_count[place] = count.saturating_add(1);
        find_last_item(unit);
        true
    }

    /// Takes one of an item away from a unit, and frees the place of the last one. Says
    /// whether the unit had one.
    pub fn take(&mut self, unit: usize, item: usize) -> bool {
        let Some(place) = self.place_of(unit, item) else { return false };
        let unit = &mut self.units[unit];
        unit.gear_count[place] = unit.gear_count[place].saturating_sub(1);
        if unit.gear_count[place] <= 0 {
            (unit.gear[place], unit.gear_count[place]) = (std::ptr::null_mut(), 0);
        }
        find_last_item(unit);
        true
    }

    /// Has a unit wear an item, which it is given if it has none, and says what its
    /// [`armour_bonus`](Unit::armour_bonus) is now: whatever a unit carries is worn, so it
    /// is the sum over its gear. `None` if there was no room, or no such unit or item.
    ///
    /// ```
    /// use perilune::game::Party;
    ///
    /// let mut party = Party::new();
    /// let ash = party.add_unit("Ash");
    /// let shield = party.add_item("shield", "limewood");
    /// party.items_mut()[shield].armor_bonus = 1;
    /// assert_eq!(party.equip(ash, shield), Some(1));
    /// assert_eq!(party.equip(ash, shield), Some(1), "it has one already");
    /// ```
    pub fn equip(&mut self, unit: usize, item: usize) -> Option<c_int> {
        if self.place_of(unit, item).is_none() && !self.give(unit, item) {
            return None;
        }
        let worn = (0..GEAR).filter_map(|place| Some(self.items[self.item_at(unit, place)?].armor_bonus));
        let bonus = worn.fold(0, c_int::saturating_add);
        self.units[unit].armour_bonus = bonus;
        Some(bonus)
    }

    /// Where a unit has an item.
    #[must_use]
    pub fn place_of(&self, unit: usize, item: usize) -> Option<usize> {
        (0..GEAR).find(|&place| self.item_at(unit, place) == Some(item))
    }

    fn index_of(&self, item: *mut Item) -> Option<usize> {
        index_in(&self.items, item)
    }

    /// Makes all pointers anew, each from what it leads to: nobody knows where those that are there
    /// come from. An error if one leads to what is not the party's.
    pub(super) fn renew_pointers(&mut self) -> Result<()> {
        for (unit, name) in self.units.iter_mut().zip(&self.unit_names) {
            unit.name = name.as_ptr().cast_mut();
        }
        for (item, [name, description]) in self.items.iter_mut().zip(&self.item_texts) {
            (item.name, item.description) = (name.as_ptr().cast_mut(), description.as_ptr().cast_mut());
        }
        (0..self.units.len()).try_for_each(|unit| self.renew_unit(unit))
    }

    fn renew_unit(&mut self, unit: usize) -> Result<()> {
        let foreign = |field: &str, what: &str| {
            let error = Error::type_mismatch(format!("NULL or a pointer to {what} of the party"), "another pointer");
            Err(error.at(|| format!("units[{unit}].{field}")))
        };
        for place in 0..GEAR {
            match self.item_at(unit, place) {
                None if !self.units[unit].gear[place].is_null() => return foreign(&format!("gear[{place}]"), "an item"),
                item => self.put(unit, place, item),
            };
        }
        let followers = self.units[unit].followers_array;
        if !followers.is_null() {
            let Some(first) = index_in(&self.units, followers) else { return foreign("followers_array", "a unit") };
            self.units[unit].followers_array = self.units.as_mut_ptr().wrapping_add(first);
        }
        if self.units[unit].buildings_array.is_null() {
            return Ok(());
        }
        let error = Error::type_mismatch("NULL, for a party has no buildings", "a pointer");
        Err(error.at(|| format!("units[{unit}].buildings_array")))
    }
}

fn find_last_item(unit: &mut Unit) {
    let last = unit.gear.iter().rposition(|gear| !gear.is_null());
    unit.last_item = last.map_or(-1, |place| place as c_int);
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

    fn party() -> (Party, usize, usize) {
        let mut party = Party::new();
        let item = (0..3).map(|n| party.add_item(&format!("item {n}"), "plain")).last().unwrap();
        let unit = party.add_unit("Ash");
        (party, unit, item)
    }

    #[test]
    fn pure_names_survive_growth_and_end_at_a_nul() {
        let mut party = Party::new();
        let units: Vec<usize> = (0..50).map(|n| party.add_unit(&format!("unit {n}\0 and more"))).collect();
        let moved = party;
        for unit in units {
            assert_eq!(moved.unit_name(unit), format!("unit {unit}"));
            assert_eq!(moved.units()[unit].name, moved.unit_names[unit].as_ptr().cast_mut());
        }
    }

    #[test]
    fn pure_a_unit_carries_twenty_kinds_of_things() {
        let mut party = Party::new();
        let items: Vec<usize> = (0..GEAR + 1).map(|n| party.add_item(&n.to_string(), "")).collect();
        let unit = party.add_unit("Ash");
        for &item in &items[..GEAR] {
            assert!(party.give(unit, item));
        }
        assert!(!party.give(unit, items[GEAR]), "there is no place left");
        assert!(party.give(unit, items[3]), "but one more of the same needs none");
        assert_eq!((party.units()[unit].last_item, party.units()[unit].gear_count[3]), (19, 2));
        assert_eq!(party.item_at(unit, 3), Some(items[3]));
    }

    #[test]
    fn pure_foreign_pointers_and_wrong_indices_are_no_item() {
        let (mut party, unit, item) = party();
        assert!(!party.put(unit, 0, Some(item + 1)) && !party.put(unit, GEAR, None) && !party.put(unit + 1, 0, None));
        assert!(!party.give(unit + 1, item));
        let base = party.items.as_mut_ptr();
        let one_past = party.items.len();
        for wrong in [std::ptr::null_mut(), base.wrapping_byte_add(1), base.wrapping_add(one_past), base.wrapping_sub(1)] {
            party.units_mut()[unit].gear[0] = wrong;
            assert_eq!(party.item_at(unit, 0), None);
        }
        for wrong in [-7, i32::MAX] {
            party.units_mut()[unit].last_item = wrong;
            assert!(party.give(unit, item) && party.units()[unit].last_item == 1, "a wrong index is put right");
        }
    }

    #[test]
    fn pure_a_catalogue_that_moves_takes_its_pointers_along() {
        let (mut party, unit, item) = party();
        let foreign = std::ptr::without_provenance_mut(64);
        assert!(party.give(unit, item));
        party.units_mut()[unit].gear[5] = foreign;
        for _ in 0..100 {
            party.add_item("more", "");
            assert_eq!(party.item_at(unit, 0), Some(item));
            assert_eq!(party.units()[unit].gear[5], foreign, "what is not the party's stays as it is");
        }
    }

    #[test]
    fn pure_what_is_taken_frees_its_place() {
        let (mut party, unit, item) = party();
        let other = item - 1;
        assert!(party.give(unit, item) && party.give(unit, other) && party.give(unit, other));
        assert!(party.take(unit, item) && !party.take(unit, item));
        assert_eq!((party.item_at(unit, 0), party.units()[unit].last_item), (None, 1));
        assert!(party.take(unit, other));
        assert_eq!((party.units()[unit].gear_count[1], party.units()[unit].last_item), (1, 1));
        assert!(party.take(unit, other));
        assert_eq!((party.units()[unit].gear_count[1], party.units()[unit].last_item), (0, -1));
        assert!(!party.take(unit + 1, item) && !party.take(unit, 99));
        assert!(party.give(unit, item) && party.item_at(unit, 0) == Some(item), "the first free place is used again");
    }

    #[test]
    fn pure_armour_is_the_sum_of_what_is_carried() {
        let (mut party, unit, item) = party();
        for (index, bonus) in [3, -1, i32::MAX].into_iter().enumerate() {
            party.items_mut()[index].armor_bonus = bonus;
        }
        assert_eq!((party.equip(unit, 0), party.equip(unit, 1), party.equip(unit, item)), (Some(3), Some(2), Some(i32::MAX)));
        assert_eq!((party.equip(unit, 99), party.equip(unit + 1, 0)), (None, None));
    }

    #[test]
    fn pure_a_copy_shares_nothing_with_its_original() {
        let (mut party, unit, item) = party();
        assert!(party.give(unit, item) && party.give(unit, item));
        party.units_mut()[unit].stats[2] = 7;
        party.items_mut()[item].damage = 5;
        let mut copy = party.copy_of(unit).unwrap();
        party.rename(unit, "Rue");
        drop(party);
        assert!(copy.rename(0, &format!("{} the second", copy.unit_name(0))) && !copy.rename(1, "nobody"));
        assert_eq!((copy.unit_name(0), copy.item_name(0), copy.items()[0].damage), ("Ash the second", "item 2", 5));
        assert_eq!((copy.units()[0].stats[2], copy.units()[0].gear_count[0], copy.item_at(0, 0)), (7, 2, Some(0)));
        assert_eq!(copy.units()[0].name, copy.unit_names[0].as_ptr().cast_mut());
    }

    #[test]
    fn pure_pointers_are_made_anew_or_refused() {
        let (mut party, unit, item) = party();
        let other = party.add_unit("Rue");
        assert!(party.put(unit, 4, Some(item)));
        party.units_mut()[unit].gear[4] = std::ptr::without_provenance_mut(party.items[item..].as_ptr().addr());
        party.units_mut()[unit].followers_array = std::ptr::without_provenance_mut(party.units[other..].as_ptr().addr());
        party.units_mut()[unit].name = std::ptr::without_provenance_mut(16);
        party.items_mut()[item].description = std::ptr::without_provenance_mut(16);
        party.renew_pointers().unwrap();
        // SAFETY: they were made anew, from what they lead to.
        unsafe {
            let it = party.units[unit];
            assert_eq!(std::ffi::CStr::from_ptr(it.name), c"Ash");
            assert_eq!(std::ffi::CStr::from_ptr((*it.gear[4]).description), c"plain");
            assert_eq!(std::ffi::CStr::from_ptr((*it.followers_array).name), c"Rue");
        }
        let bad = std::ptr::without_provenance_mut::<Unit>(64);
        let refused = |party: &mut Party| party.renew_pointers().unwrap_err().to_string();
        party.units_mut()[other].buildings_array = bad.cast();
        assert_eq!(refused(&mut party), "units[1].buildings_array: expected NULL, for a party has no buildings, got a pointer");
        party.units_mut()[other].followers_array = bad;
        assert_eq!(refused(&mut party), "units[1].followers_array: expected NULL or a pointer to a unit of the party, got another pointer");
        party.units_mut()[unit].gear[19] = bad.cast();
        assert_eq!(refused(&mut party), "units[0].gear[19]: expected NULL or a pointer to an item of the party, got another pointer");
    }
}
