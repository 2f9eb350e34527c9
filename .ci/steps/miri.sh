#!/usr/bin/env bash
# Miri with Tree Borrows, on what needs no C: the unit tests whose path holds "pure".
source "$(dirname "$0")/lib.sh"

sysroot=$(rustc +nightly --print sysroot)
if [[ ! -x $sysroot/bin/cargo-miri || ! -d $sysroot/lib/rustlib/src/rust/library ]]; then
  echo "Miri was not available: the nightly toolchain lacks its component 'miri' or 'rust-src'. Nothing was checked here."
  exit 0
fi
export CARGO_TARGET_DIR=$CI_TARGET_DIR/miri MIRIFLAGS=-Zmiri-tree-borrows
choose lua54 vendored
cargo +nightly miri test --locked "${FEATURES[@]}" --lib pure
