#!/usr/bin/env bash
# Each fuzz target with libFuzzer, led by coverage and under AddressSanitizer, for a minute, half of it on each backend.
# `bash .ci/steps/fuzz.sh SECONDS`: so long for each half. What it found is kept in the target directory from run to run.
source "$(dirname "$0")/lib.sh"

need c++ g++
seconds=${1:-30}
target=x86_64-unknown-linux-gnu
export CARGO_TARGET_DIR=$CI_TARGET_DIR/fuzz
# What cargo-fuzz would set.
export RUSTFLAGS="-Zsanitizer=address --cfg fuzzing -Cdebug-assertions -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
# Locals must be on the real stack, as in asan.sh; a script may ask for more memory than there is.
export ASAN_OPTIONS=detect_stack_use_after_return=0:allocator_may_return_null=1
# run TARGET: on the backend in $lua.
run() {
  local corpus=$CI_TARGET_DIR/fuzz/corpus-$lua-$1 log=$CI_TARGET_DIR/fuzz/$lua-$1.log
  say "$1, $lua"
  mkdir -p "$corpus"
  # From nothing, libFuzzer takes long to come to programs of some length.
  for length in 300 1000 3000 8000; do head -c "$length" /dev/urandom >"$corpus/random-$length"; done
  # A program that fails is kept beside the corpus, and shown.
  (cd "$CI_TARGET_DIR/fuzz" && timeout -k 5 $((seconds + 120)) "$CARGO_TARGET_DIR/$target/release/$1" \
    -max_total_time="$seconds" -max_len=8000 -len_control=0 -timeout=60 "$corpus") >"$log" 2>&1 || {
    tail -60 "$log"
    die "$1 on $lua: the program is in $CI_TARGET_DIR/fuzz"
  }
  grep -E '^Done|^#.*DONE' "$log"
}

for lua in luajit lua54; do
  features=libfuzzer
  [[ $lua == luajit ]] || features+=,lua54
  cargo +nightly build --locked --release --manifest-path fuzz/Cargo.toml --target "$target" --features "$features" --bins
  side_by_side run views untrusted
done
