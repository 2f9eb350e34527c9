//! The steps of the build, one file each, in the order in which `build.rs` takes them.

pub mod advice;
pub mod bindings;
pub mod compiler;
pub mod contract;
pub mod door;
pub mod env;
pub mod find;
pub mod generate;
pub mod headers;
pub mod panics;
pub mod report;
pub mod request;
pub mod system;
pub mod vendored;
