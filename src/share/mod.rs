//! Memory of the host that scripts work on.
//!
//! `schema` says where a struct's fields are on both sides, `fields` what they mean to
//! scripts, and `define` writes both down for structs of Rust (`declaration`: in C). A view
//! is lent for a while (`lend`) or stays (`shared`); behind it is a block (`control`) that says whether it still
//! is, and what scripts do with it goes through code made for the struct (`views`): for
//! LuaJIT's compiler (`handles`) or in C (`accessors`). `raw` hands a pointer to scripts
//! that are trusted, and `ffi` keeps LuaJIT's library for both.

mod accessors;
mod control;
mod declaration;
mod define;
mod element;
mod ffi;
mod fields;
mod handles;
mod leaves;
mod lend;
mod raw;
mod schema;
mod shared;
mod views;

pub use declaration::Declaration;
pub use define::plain_name;
pub use element::Elem;
pub use fields::{Access, CView, Enumeration, FieldType, Kind, Schema, ViewField};
pub use lend::{Lend, Loans};
pub use schema::{CDeclaration, CField, CStruct};
pub use shared::Shared;
pub use views::ViewAccess;
