//! What the build script decided, as constants. Nothing else in the crate reads the build's environment; `Backend::current()` is made
//! of these and of what the running library tells.

#![forbid(unsafe_code)]

/// Where the linked library came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linkage {
    /// Built from the sources that come with the crate.
    Vendored,
    /// Installed on the system, or in the directories that the build was given.
    System,
}

/// Who wrote the declarations in `lua_sys`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bindings {
    /// bindgen, from the headers of the linked library.
    Bindgen,
    /// The copy that ships with the crate, checked against those headers.
    Shipped,
}

/// Where the linked library came from.
pub(crate) const LINKAGE: Linkage = match env!("PERILUNE_BUILD_LINKAGE").as_bytes() {
    b"vendored" => Linkage::Vendored,
    _ => Linkage::System,
};

/// Who wrote the declarations in `lua_sys`.
pub(crate) const BINDINGS: Bindings = match env!("PERILUNE_BUILD_BINDINGS").as_bytes() {
    b"bindgen" => Bindings::Bindgen,
    _ => Bindings::Shipped,
};

/// The version in the headers, such as `LuaJIT 2.1.0-beta3` or `Lua 5.4.9`. A shared library can be updated under a program that was
/// built with these.
pub(crate) const HEADERS: &str = env!("PERILUNE_BUILD_RELEASE");
