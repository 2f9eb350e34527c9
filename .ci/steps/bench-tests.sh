#!/usr/bin/env bash
# The harness's own tests: its statistics, its files, and that it catches a slow-down that was planted.
source "$(dirname "$0")/lib.sh"

need valgrind valgrind # one test counts instructions
export CARGO_TARGET_DIR=$CI_TARGET_DIR/harness
cargo test --locked --manifest-path benches/harness/Cargo.toml
