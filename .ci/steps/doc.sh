#!/usr/bin/env bash
# The documentation builds without a warning, on both backends.
source "$(dirname "$0")/lib.sh"

export RUSTDOCFLAGS=-Dwarnings
for lua in luajit lua54; do
  say "$lua"
  choose "$lua" vendored
  cargo doc --locked --no-deps "${FEATURES[@]}"
done
