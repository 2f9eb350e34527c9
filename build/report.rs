//! What the build decided, told to Cargo: what to link, what the crate's own code is compiled with (`src/build_info.rs`), and
//! what crates that depend on it may know (`DEP_LUA_*`).

use super::bindings::Bindings;
use super::find::Lua;
use super::headers::Facts;

pub fn tell(lua: &Lua, facts: &Facts, bindings: &Bindings) {
    for dir in &lua.link.dirs {
        println!("cargo::rustc-link-search=native={}", dir.display());
    }
    for library in &lua.link.libraries {
        let kind = if library.archive { "static=" } else { "" };
        println!("cargo::rustc-link-lib={kind}{}", library.name);
    }

    let backend = lua.backend.word();
    let linkage = if lua.vendored { "vendored" } else { "system" };
    let include: Vec<String> = lua.include.iter().map(|dir| dir.display().to_string()).collect();

    println!("cargo::rustc-check-cfg=cfg(lua_backend, values(\"luajit\", \"lua54\"))");
    println!("cargo::rustc-cfg=lua_backend=\"{backend}\"");
    println!("cargo::rustc-env=PERILUNE_BUILD_LINKAGE={linkage}");
    println!("cargo::rustc-env=PERILUNE_BUILD_BINDINGS={}", bindings.origin.word());
    println!("cargo::rustc-env=PERILUNE_BUILD_RELEASE={}", facts.release);

    println!("cargo::metadata=BACKEND={backend}");
    println!("cargo::metadata=VERSION={}", facts.release);
    println!("cargo::metadata=LINKAGE={linkage}");
    println!("cargo::metadata=BINDINGS={}", bindings.origin.word());
    // One place as `-I` takes it; several are separated as in PATH.
    println!("cargo::metadata=INCLUDE={}", include.join(if cfg!(windows) { ";" } else { ":" }));
}
