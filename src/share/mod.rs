//! Memory of the host that scripts work on.
//!
//! `schema` says where a struct's fields are on both sides, `fields` what they mean to
//! scripts, and `define` writes both down for structs of Rust (`declaration`: in C; `describe`: in words). A view
//! is lent for a while (`lend`) or stays (`shared`); behind it is a block (`control`) that says whether it still
//! is, and what scripts do with it goes through code made for the struct (`views`): for
//! LuaJIT's compiler (`handles`, `place`, `behind`, `scalars`) or in C (`accessors`). `raw` hands a pointer to scripts
//! that are trusted (`columns`: several), `library` a C library, and `ffi` keeps LuaJIT's library for
//! all of them. `export` makes functions of the host known that compiled code calls as C.

mod accessors;
mod alike;
mod behind;
mod charged;
mod columns;
mod control;
mod declaration;
mod define;
mod describe;
mod element;
mod export;
mod ffi;
mod fields;
mod handles;
mod leaves;
mod lend;
mod library;
mod place;
mod raw;
mod scalars;
mod schema;
mod shared;
mod views;

pub use columns::{RawColumn, RawNumber};
pub use declaration::Declaration;
pub use define::plain_name;
pub use element::{Elem, ElemFunction};
pub use export::{ExportArg, ExportFunction, ExportResult};
pub use fields::{Access, CView, Enumeration, FieldType, Follow, Kind, Schema, StructPointer, TextPointer, ViewField};
pub use lend::{Lend, Loans, Vouched};
pub use library::FfiLibrary;
pub use schema::{CDeclaration, CField, CStruct};
pub use shared::Shared;
pub use views::ViewAccess;
