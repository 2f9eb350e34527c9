//! Compiles the C part of the library, `src/vm/*.c`, against the headers that are being linked.

use super::advice;
use super::find::Lua;

const FILES: [&str; 6] = ["src/vm/door.c", "src/vm/slice.c", "src/vm/places.c", "src/vm/views.c", "src/vm/door.h", "src/vm/views.h"];

pub fn compile(lua: &Lua) -> Result<(), String> {
    for file in FILES {
        println!("cargo::rerun-if-changed={file}");
    }
    cc::Build::new()
        .files(FILES.iter().filter(|file| file.ends_with(".c")))
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
