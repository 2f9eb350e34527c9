#!/usr/bin/env bash
# Miri with Tree Borrows, on what needs no C: the token, the registry's queue, the pool, the borrows of userdata, and plain text work.
source "$(dirname "$0")/lib.sh"

if ! cargo +nightly miri --version >/dev/null 2>&1 || [[ ! -d $(rustc +nightly --print sysroot)/lib/rustlib/src/rust/library ]]; then
  echo "Miri was not available: the nightly toolchain lacks its component 'miri' or 'rust-src'. Nothing was checked here."
  exit 0
fi
export CARGO_TARGET_DIR=$CI_TARGET_DIR/miri MIRIFLAGS=-Zmiri-tree-borrows
choose lua54 vendored
cargo +nightly miri test --locked --no-default-features "${FEATURES[@]}" --lib -- \
  vm::state vm::registry vm::pool vm::cstack vm::block lang::syntax lang::chunk
