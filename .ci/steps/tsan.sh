#!/usr/bin/env bash
# Limits and interrupts on many threads under ThreadSanitizer, on both backends: the watchdog's thread, the signal's handler and those who
# interrupt share data. Rust's own library is built with it, or its locks would not be seen. Lua runs on one thread at a time and is not instrumented.
source "$(dirname "$0")/lib.sh"

target=x86_64-unknown-linux-gnu
if [[ ! -d $(rustc +nightly --print sysroot)/lib/rustlib/src/rust/library ]] && ! rustup component add rust-src --toolchain nightly; then
  echo "ThreadSanitizer was not available: the nightly toolchain lacks its component 'rust-src', which could not be had. Nothing was checked here."
  exit 0
fi
export CARGO_TARGET_DIR=$CI_TARGET_DIR/tsan RUSTFLAGS=-Zsanitizer=thread TSAN_OPTIONS=halt_on_error=1
for lua in luajit lua54; do
  say "ThreadSanitizer, $lua"
  choose "$lua" vendored
  cargo +nightly test --locked -Zbuild-std --target "$target" "${FEATURES[@]}" --test limits_on_threads --test threads
done
