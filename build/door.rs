//! Compiles the C part of the library, `src/vm/*.c`, against the headers that are being linked.

use super::advice;
use super::env::Env;
use super::find::Lua;
use super::vendored;

const FILES: [&str; 16] = [
    "src/vm/door.c",
    "src/vm/text.c",
    "src/vm/hook.c",
    "src/vm/tracked.c",
    "src/vm/top.c",
    "src/vm/places.c",
    "src/vm/views.c",
    "src/vm/matcher.c",
    "src/vm/patterns.c",
    "src/vm/bounded.c",
    "src/vm/bounded_strings.c",
    "src/vm/bounded_tables.c",
    "src/vm/door.h",
    "src/vm/views.h",
    "src/vm/bounded.h",
    "src/vm/matcher.h",
];

pub fn compile(lua: &Lua, env: &Env) -> Result<(), String> {
    for file in FILES {
        println!("cargo::rerun-if-changed={file}");
    }
    let mut build = cc::Build::new();
    if let Some((sources, defined)) = vendored::luajit_sources(lua, env) {
        build.include(sources).flags(defined).define("PERILUNE_LUAJIT_SOURCE", "1");
    }
    build
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
