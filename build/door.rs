//! Compiles the C part of the library, `src/vm/door.c`, against the headers that are being linked.

use super::advice;
use super::find::Lua;

const DOOR: &str = "src/vm/door.c";

pub fn compile(lua: &Lua) -> Result<(), String> {
    println!("cargo::rerun-if-changed={DOOR}");
    println!("cargo::rerun-if-changed=src/vm/door.h");
    cc::Build::new()
        .file(DOOR)
        .includes(&lua.include)
        .define(lua.backend.define(), "1")
        // The same code in every profile: it lies on the path of every call.
        .opt_level(2)
        .std("c11")
        // A raise passes through these frames; the unwinder must be able to.
        .flag_if_supported("-fexceptions")
        .warnings(true)
        .extra_warnings(true)
        .try_compile("perilune_door")
        .map_err(|error| advice::door_failed(&error.to_string()))
}
