#!/usr/bin/env bash
# Our own operations take as many instructions as benches/instructions.json says: instructions.sh [--update]
# Counted under callgrind, so that a busy machine changes nothing. --update writes the file anew.
source "$(dirname "$0")/lib.sh"

need valgrind valgrind
export CARGO_TARGET_DIR=$CI_TARGET_DIR/harness
cargo run --locked --release --manifest-path benches/harness/Cargo.toml -- instructions "$@"
