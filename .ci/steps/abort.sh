#!/usr/bin/env bash
# A program built with panic = "abort" goes through the error tests, on both backends.
source "$(dirname "$0")/lib.sh"

for lua in luajit lua54; do
  say "$lua"
  PERILUNE_LUA=$lua PERILUNE_LINK=vendored cargo run --manifest-path tests/abort/Cargo.toml
done
