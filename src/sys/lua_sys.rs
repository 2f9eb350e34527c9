//! The whole public C API of the linked Lua.
#[allow(missing_docs, non_camel_case_types, non_snake_case, non_upper_case_globals, dead_code, clippy::all)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/lua_sys.rs"));
}
pub use generated::*;
mod facts { include!(concat!(env!("OUT_DIR"), "/facts.rs")); }
pub use facts::*;
