//! Modules: what `require` finds.

mod loader;

pub use loader::Search;
