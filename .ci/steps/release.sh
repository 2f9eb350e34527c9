#!/usr/bin/env bash
# The promises about memory and panics once more in a release build, on both backends: only there do small blocks come from
# the VM's pool, and only there does the compiler inline across the two doors.
source "$(dirname "$0")/lib.sh"

for lua in luajit lua54; do
  say "$lua"
  choose "$lua" vendored
  cargo test --locked --release "${FEATURES[@]}" --test out_of_memory --test panics --test leaks
done
