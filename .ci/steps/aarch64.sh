#!/usr/bin/env bash
# The tests on aarch64: cross-compiled with Debian's gcc and run by qemu-user, on both backends.
# rustup's toolchain may lack that target's standard library, so Debian's newest rustc is taken, which has one.
source "$(dirname "$0")/lib.sh"
source .ci/steps/debian-rust.sh

need aarch64-linux-gnu-gcc "gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
need qemu-aarch64 qemu-user
debian_rust "" arm64
export RUSTC=$DEBIAN_RUST/rustc CARGO_TARGET_DIR=$CI_TARGET_DIR/aarch64
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"

# Compile-fail tests and the build script's tests run a compiler, which is not on that machine.
mapfile -t tests < <(integration_tests build_script compile_fail)
for lua in luajit lua54; do
  say "aarch64, $lua"
  choose "$lua" vendored
  cargo test --locked --target aarch64-unknown-linux-gnu "${FEATURES[@]}" --lib "${tests[@]}"
done
