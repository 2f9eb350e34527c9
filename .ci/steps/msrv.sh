#!/usr/bin/env bash
# The library builds with the oldest Rust that Cargo.toml promises, on both backends. (The newest cargo drives that compiler.)
source "$(dirname "$0")/lib.sh"
source .ci/steps/debian.sh

oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
debian_rust "$oldest"
export RUSTC=$DEBIAN_RUST/rustc CARGO_TARGET_DIR=$CI_TARGET_DIR/msrv

# try CARGO'S_COMMAND FLAGS…
try() {
  say "Rust $oldest: $*"
  cargo "$1" --locked --lib --bins "${@:2}"
}

choose luajit system
try check "${FEATURES[@]}"
choose lua54 system
try check "${FEATURES[@]}"
choose luajit vendored
try build --no-default-features "${FEATURES[@]}"
choose lua54 vendored
try check --no-default-features "${FEATURES[@]}"
try check --all-features
