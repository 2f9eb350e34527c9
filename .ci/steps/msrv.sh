#!/usr/bin/env bash
# The library builds with the oldest Rust that Cargo.toml promises, on both backends. (The newest cargo drives that compiler.)
source "$(dirname "$0")/lib.sh"
source .ci/steps/debian.sh

oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
debian_rust "$oldest"
export RUSTC=$DEBIAN_RUST/rustc CARGO_TARGET_DIR=$CI_TARGET_DIR/msrv

build() {
  say "Rust $oldest: ${*:-(default features)}"
  cargo build --locked --lib --bins "$@"
}

choose luajit system
build "${FEATURES[@]}"
choose lua54 system
build "${FEATURES[@]}"
choose luajit vendored
build --no-default-features "${FEATURES[@]}"
choose lua54 vendored
build --no-default-features "${FEATURES[@]}"
build --all-features
