//! Promise: who comes from mlua finds what they rely on there, or an error that says what is different.
//!
//! One module a chapter of `docs/from-mlua.md`, which also says where the rest of each chapter is tested: what other
//! promises hold already is not repeated here.

#[path = "../common/mod.rs"]
mod common;

mod app_data;
#[cfg(feature = "async")]
mod async_functions;
mod chunks;
mod conversions;
mod coroutines;
mod errors;
mod functions;
mod libraries_and_sandbox;
mod memory_and_gc;
mod modules;
mod output;
mod scope;
mod strings;
mod tables;
mod userdata;
mod values;
