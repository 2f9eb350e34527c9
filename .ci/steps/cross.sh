# How tests for aarch64 are built. Sourced after lib.sh and debian.sh.

# without [NAME…]: sets CROSS to cargo's arguments, without the named integration tests and those named to cross_to_aarch64.
without() {
  local tests
  # Compile-fail tests and the build script's tests run a compiler, which is not on that machine.
  mapfile -t tests < <(integration_tests build_script compile_fail "${LEFT_OUT[@]}" "$@")
  CROSS=(--locked --target aarch64-unknown-linux-gnu --lib "${tests[@]}")
}

# cross_to_aarch64 [NAME…]: sets the environment, and CROSS without the named integration tests.
cross_to_aarch64() {
  need aarch64-linux-gnu-gcc "gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
  debian_rust "" arm64
  export RUSTC=$DEBIAN_RUST/rustc CARGO_TARGET_DIR=$CI_TARGET_DIR/aarch64
  export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
  LEFT_OUT=("$@")
  without
}
