//! The fuzz target `views`: see the README beside.
#![no_main]

libfuzzer_sys::fuzz_target!(|program: perilune_fuzz::Program| {
    perilune_fuzz::run(&program);
});
