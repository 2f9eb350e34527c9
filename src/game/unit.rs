//! Units: whoever walks, fights and carries things.

use std::ffi::{c_char, c_int};
use std::ptr;

use crate::game::layout::{twin, view};
use crate::game::{Building, Emotions, Item, Opinions, Traits};

/// Index of honour in [`Unit::stats`].
pub const HON: usize = 0;
/// Index of strength in [`Unit::stats`].
pub const STR: usize = 1;
/// Index of dexterity in [`Unit::stats`].
pub const DEX: usize = 2;
/// Index of constitution in [`Unit::stats`].
pub const CON: usize = 3;
/// Index of intelligence in [`Unit::stats`].
pub const INT: usize = 4;
/// Index of wisdom in [`Unit::stats`].
pub const WIS: usize = 5;
/// Index of charisma in [`Unit::stats`].
pub const CHA: usize = 6;

/// The abilities' short names, in the order of [`Unit::stats`].
pub const ABILITIES: [&str; 7] = ["HON", "STR", "DEX", "CON", "INT", "WIS", "CHA"];

/// How many places for items a unit has.
pub const GEAR: usize = 20;

/// A unit: `Unit` in `ffi_defs/unit.h`.
///
/// Scripts see all of it in a checked view, with the name, the items, the first of the followers and the first
/// of the buildings that it points to. [`Party::lend`](crate::game::Party::lend) makes such a view
/// of units whose pointers are good; others are lent by [`Vouched`](crate::Vouched).
///
/// ```
/// use perilune::game::{DEX, Unit};
///
/// let mut unit = Unit { hp: [7, 9], alignment: 4, ..Unit::default() };
/// unit.stats[DEX] = 5;
/// assert!(unit.is_alive());
/// assert_eq!(unit.last_item, -1);
/// ```
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Unit {
    /// A C string that it does not own, or null.
    pub name: *mut c_char,
    /// Hit points: now, and at most.
    pub hp: [c_int; 2],
    /// The ability scores: [`HON`] to [`CHA`].
    pub stats: [c_int; 7],
    /// The items it carries, which it does not own; null in places that are free.
    pub gear: [*mut Item; GEAR],
    /// How many of each item.
    pub gear_count: [c_int; GEAR],
    /// Index of the last item in `gear`, −1 if there is none.
    pub last_item: c_int,
    /// The sum of the worn items' `armor_bonus`.
    pub armour_bonus: c_int,
    /// Its traits.
    pub traits: Traits,
    /// Its emotions.
    pub emotions: Emotions,
    /// Its opinions.
    pub opinions: Opinions,
    /// 1 to 20: see [`Alignment`](crate::game::Alignment).
    pub alignment: c_int,
    /// Those who follow it, which it does not own, or null.
    pub followers_array: *mut Unit,
    /// Its buildings, which it does not own, or null.
    pub buildings_array: *mut Building,
}

twin!(Unit, "unit.h", uses [Item, Traits, Emotions, Opinions, Building], fields {
    name, hp, stats, gear, gear_count, last_item, armour_bonus, traits, emotions, opinions, alignment, followers_array, buildings_array,
});

view!(Unit, vouched, {
    name => text(256), hp, stats, gear => follow, gear_count, last_item, armour_bonus, traits, emotions, opinions, alignment,
    followers_array => follow, buildings_array => follow,
});

impl Unit {
    /// Whether it has hit points left.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.hp[0] > 0
    }
}

impl Default for Unit {
    /// Nobody: no name, no hit points, all scores 0, no items, neutral (10).
    fn default() -> Self {
        Self {
            name: ptr::null_mut(),
            hp: [0; 2],
            stats: [0; 7],
            gear: [ptr::null_mut(); GEAR],
            gear_count: [0; GEAR],
            last_item: -1,
            armour_bonus: 0,
            traits: Traits::default(),
            emotions: Emotions::default(),
            opinions: Opinions::default(),
            alignment: 10,
            followers_array: ptr::null_mut(),
            buildings_array: ptr::null_mut(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CStruct;

    #[test]
    fn pure_a_type_is_declared_after_those_it_uses() {
        let names: Vec<&str> = Unit::DECLARATIONS.iter().map(|declaration| declaration.name).collect();
        assert_eq!(names, ["Item", "Traits", "Emotions", "Opinions", "Building", "Unit"]);
        for declaration in Unit::DECLARATIONS {
            assert!(declaration.text.starts_with(&format!("typedef struct {} {{", declaration.name)), "{}", declaration.text);
        }
    }

    #[test]
    fn pure_fields_cover_the_struct_in_order() {
        let mut end = 0;
        for field in Unit::FIELDS {
            assert!(field.offset >= end, "{} begins before its forerunner ends", field.name);
            end = field.offset + field.size;
        }
        assert!(size_of::<Unit>() - end < align_of::<Unit>());
        assert_eq!(Building::FIELDS[1].name, "type");
    }

    #[test]
    fn pure_abilities_are_where_their_constants_say() {
        let at = [HON, STR, DEX, CON, INT, WIS, CHA];
        assert_eq!(at.map(|index| ABILITIES[index]), ABILITIES);
        assert_eq!(at.len(), Unit::default().stats.len());
    }
}
