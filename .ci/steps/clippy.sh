#!/usr/bin/env bash
# Clippy has nothing to say, on every set of features and all targets.
source "$(dirname "$0")/lib.sh"

clippy() {
  say "clippy ${*:-(default features)}"
  cargo clippy --locked --all-targets "$@" -- -D warnings
}

choose luajit system
clippy "${FEATURES[@]}"
choose lua54 system
clippy "${FEATURES[@]}"
choose luajit vendored
clippy "${FEATURES[@]}"
choose lua54 vendored
clippy "${FEATURES[@]}"
clippy --no-default-features --features vendored
clippy --all-features
