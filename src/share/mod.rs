//! Memory of the host that scripts work on.
//!
//! `schema` says what a struct looks like on both sides, `raw` hands a pointer to it
//! to scripts that are trusted. This floor declares C types to the VM and compares
//! layouts; it owns none of the memory that it shows.

mod raw;
mod schema;

pub use schema::{CDeclaration, CField, CStruct};
