//! The game's structs as C lays them out.
#![allow(missing_docs, non_camel_case_types, non_snake_case, dead_code, clippy::all)]
include!(concat!(env!("OUT_DIR"), "/unit_defs.rs"));
