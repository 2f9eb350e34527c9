//! Items: what a unit carries.

use std::ffi::{c_char, c_int};
use std::ptr;

use crate::game::layout::{twin, view};

/// An item: `Item` in `ffi_defs/item.h`.
///
/// ```
/// use perilune::game::Item;
///
/// let gambeson = Item { armor_bonus: 1, weight: 10, value: 5, ..Item::default() };
/// assert!(gambeson.name.is_null());
/// ```
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Item {
    /// A C string that it does not own, or null.
    pub name: *mut c_char,
    /// What it adds to damage: 0 for what is no weapon.
    pub damage: c_int,
    /// What it adds to the armour of the unit that wears it.
    pub armor_bonus: c_int,
    /// How heavy it is.
    pub weight: c_int,
    /// What it costs.
    pub value: c_int,
    /// A C string that it does not own, or null.
    pub description: *mut c_char,
}

twin!(Item, "item.h", uses [], fields { name, damage, armor_bonus, weight, value, description });
view!(Item, vouched, { name => text(256), damage, armor_bonus, weight, value, description => text(4096) });

impl Default for Item {
    /// Without a name, and all numbers 0.
    fn default() -> Self {
        Self { name: ptr::null_mut(), damage: 0, armor_bonus: 0, weight: 0, value: 0, description: ptr::null_mut() }
    }
}
