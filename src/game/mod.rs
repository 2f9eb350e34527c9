//! The game's own structs, shared between Rust, C and scripts.
//!
//! They are declared in C, in `ffi_defs`: the same text goes to the C compiler, to
//! bindgen and to LuaJIT. The types here are their twins in Rust, compared with
//! bindgen's view of the C text when the crate is compiled, and with LuaJIT's when
//! they are exposed ([`State::expose_raw`](crate::State::expose_raw)). They are plain
//! data whose pointers own nothing; [`Roster`] owns what they point to. Nothing else
//! in the crate knows them: any [`CStruct`](crate::CStruct) is as good.
//!
//! ```
//! use perilune::game::{Alignment, Roster, STR};
//!
//! let mut roster = Roster::new();
//! let axe = roster.add_item("battle axe", "two hands and a wide swing");
//! roster.items_mut()[axe].damage = 8;
//! let rowan = roster.add_unit("Rowan");
//! roster.units_mut()[rowan].alignment = 3;
//! roster.units_mut()[rowan].stats[STR] = 5;
//! assert!(roster.give(rowan, axe));
//!
//! assert_eq!(Alignment::of(roster.units()[rowan].alignment), Some(Alignment::Law));
//! assert_eq!(roster.unit_name(rowan), "Rowan");
//! assert_eq!(roster.item_at(rowan, 0), Some(axe));
//! ```

mod alignment;
mod building;
mod item;
mod layout;
mod mind;
mod roster;
mod unit;

pub use alignment::Alignment;
pub use building::Building;
pub use item::Item;
pub use mind::{Emotions, Opinions, Traits};
pub use roster::Roster;
pub use unit::{ABILITIES, CHA, CON, DEX, GEAR, HON, INT, STR, Unit, WIS};
