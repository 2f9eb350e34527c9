//! The fuzz target `untrusted`: see the README beside.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    perilune_fuzz::untrusted::run(bytes);
});
