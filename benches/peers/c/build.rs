//! Builds the engine exactly as perilune's vendored build does, then `peer.c` against it.

use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-changed=src/peer.c");
    let (include, print) = engine();
    cc::Build::new().file("src/peer.c").include(include).warnings(true).compile("peer");
    // After peer.c's own link line: the linker resolves from left to right.
    print();
    for lib in ["m", "dl"] {
        println!("cargo:rustc-link-lib={lib}");
    }
}

#[cfg(not(feature = "lua54"))]
fn engine() -> (PathBuf, impl Fn()) {
    // SAFETY: a build script has one thread.
    unsafe { std::env::set_var("CCOPT", "-O2 -fomit-frame-pointer -DLUAJIT_ENABLE_CHECKHOOK") };
    let built = luajit_src::Build::new().debug(false).build();
    (built.include_dir().to_owned(), move || built.print_cargo_metadata())
}

#[cfg(feature = "lua54")]
fn engine() -> (PathBuf, impl Fn()) {
    let built = lua_src::Build::new().debug(false).opt_level("2").build(lua_src::Lua54);
    (built.include_dir().to_owned(), move || built.print_cargo_metadata())
}
