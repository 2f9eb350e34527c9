//! The game's own structs, shared between Rust, C and scripts.
//!
//! They are declared in C, in `ffi_defs`: the same text goes to the C compiler, to
//! bindgen and to LuaJIT. The types here are their twins in Rust, compared with
//! bindgen's view of the C text when the crate is compiled, and with LuaJIT's when
//! they are exposed ([`State::expose_raw`](crate::State::expose_raw)). They are plain
//! data whose pointers own nothing; [`Party`] owns what they point to. Scripts work on them where
//! they are, while the party is lent ([`Party::lend`]); or on a party that the VM owns, as
//! userdata. Both are the same on both backends. Nothing else in the crate knows them: any
//! [`CStruct`](crate::CStruct) is as good.
//!
//! ```
//! use perilune::game::{Alignment, Party, STR};
//!
//! let mut party = Party::new();
//! let axe = party.add_item("battle axe", "two hands and a wide swing");
//! party.items_mut()[axe].damage = 8;
//! let rowan = party.add_unit("Rowan");
//! party.units_mut()[rowan].alignment = 3;
//! party.units_mut()[rowan].stats[STR] = 5;
//! assert!(party.give(rowan, axe));
//!
//! assert_eq!(Alignment::of(party.units()[rowan].alignment), Some(Alignment::Law));
//! assert_eq!(party.unit_name(rowan), "Rowan");
//! assert_eq!(party.item_at(rowan, 0), Some(axe));
//! ```

mod alignment;
mod building;
mod field;
mod item;
mod layout;
mod lent;
mod mind;
mod party;
mod unit;
mod values;

pub use alignment::Alignment;
pub use building::Building;
pub use field::Field;
pub use item::Item;
pub use lent::LentParty;
pub use mind::{Emotions, Opinions, Traits};
pub use party::Party;
pub use unit::{ABILITIES, CHA, CON, DEX, GEAR, HON, INT, STR, Unit, WIS};
pub use values::Character;
