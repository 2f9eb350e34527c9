#!/usr/bin/env bash
# The tests under AddressSanitizer and LeakSanitizer, on both backends: Rust and C (Lua itself too) are instrumented.
# gcc's instrumentation calls the runtime that rustc links; the two agree on its interface.
source "$(dirname "$0")/lib.sh"

target=x86_64-unknown-linux-gnu
export CARGO_TARGET_DIR=$CI_TARGET_DIR/asan
export RUSTFLAGS=-Zsanitizer=address CFLAGS_x86_64_unknown_linux_gnu="-fsanitize=address -fno-omit-frame-pointer -g1"
# Locals must be on the real stack: the guard of the C stack compares their addresses with the thread's bounds.
export ASAN_OPTIONS=detect_stack_use_after_return=0:detect_leaks=1:allocator_may_return_null=1:malloc_context_size=15

# many_vms looks at the memory of the whole process, and the sanitizer keeps freed memory back. deep_recursion promises how deep
# a stack of a given size goes, and instrumented frames are several times larger. A default of tracing's is never freed.
mapfile -t tests < <(integration_tests build_script compile_fail many_vms deep_recursion output_crates)
# A few random attacks will do here; the other steps have many.
export PERILUNE_ATTACK_ROUNDS=5 PERILUNE_BRIEF=1

for lua in luajit lua54; do
  say "AddressSanitizer, $lua"
  choose "$lua" vendored
  # As deep_recursion, for library functions; a million of anything says no more here than a few.
  cargo +nightly test --locked --target "$target" "${FEATURES[@]}" --lib "${tests[@]}" -- --skip stacks_of_every_size --skip million
done
