//! What the build script decided, as constants. Nothing else in the crate reads the build's environment.

/// `vendored` or `system`: where the linked library came from.
pub(crate) const LINKAGE: &str = env!("PERILUNE_BUILD_LINKAGE");
/// `bindgen` or `shipped`: who wrote the declarations in `lua_sys`.
pub(crate) const BINDINGS: &str = env!("PERILUNE_BUILD_BINDINGS");
/// The version of the headers that the crate was built against, such as `LuaJIT 2.1.0-beta3` or `Lua 5.4.9`.
pub(crate) const HEADERS: &str = env!("PERILUNE_BUILD_RELEASE");
