//! Floor 1: the raw C API.
pub mod lua_sys;
pub(crate) mod unit_defs;
