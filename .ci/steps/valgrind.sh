#!/usr/bin/env bash
# Tests under valgrind's memcheck, on both backends: an invalid or undecided read anywhere, in compiled Lua too, and a definite
# leak are errors. valgrind is some 30 times slower, so the long tests are left to AddressSanitizer: SLOW names them.
source "$(dirname "$0")/lib.sh"

need valgrind valgrind
export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="valgrind --quiet --error-exitcode=99 --leak-check=full \
--show-leak-kinds=definite --errors-for-leak-kinds=definite --smc-check=all-non-file --num-callers=25 --fair-sched=yes \
--suppressions=$PWD/.ci/valgrind.supp"

SLOW=${SLOW-out_of_memory leaks many_vms}
# shellcheck disable=SC2086 # names, separated by spaces
mapfile -t tests < <(integration_tests build_script compile_fail $SLOW)
for lua in luajit lua54; do
  say "valgrind, $lua"
  choose "$lua" vendored
  cargo test --locked "${FEATURES[@]}" --lib "${tests[@]}" -- --test-threads=1
done
