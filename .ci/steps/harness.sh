#!/usr/bin/env bash
# The benchmarks run, and all sides compute the same. Their ratios are printed, not judged: machines are noisy.
source "$(dirname "$0")/lib.sh"

export CARGO_TARGET_DIR=$CI_TARGET_DIR/harness
cargo run --locked --release --manifest-path benches/harness/Cargo.toml -- --quick
