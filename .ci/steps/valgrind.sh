#!/usr/bin/env bash
# Tests under valgrind's memcheck, on both backends: an invalid or undecided read anywhere, in compiled Lua too, and a definite
# leak are errors.
source "$(dirname "$0")/lib.sh"

need valgrind valgrind
export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="valgrind --quiet --error-exitcode=99 --leak-check=full \
--show-leak-kinds=definite --errors-for-leak-kinds=definite --smc-check=all-non-file --num-callers=25 --fair-sched=yes \
--suppressions=$PWD/.ci/valgrind.supp"

# valgrind is some 30 times slower, so what takes long even without it is left to AddressSanitizer: whole files, and of others
# the tests that count to many. deep_recursion, views_attack, pointers_attack and hostile_scripts work in children, where valgrind is not; under
# limits of time and memory a slow program is stopped. A default of tracing's (output_crates) is never freed.
mapfile -t tests < <(integration_tests build_script compile_fail out_of_memory leaks many_vms hostile_values hostile_callbacks \
  party_example deep_recursion views_attack pointers_attack hostile_scripts bounded_functions time_limits memory_limits \
  final_memory_limit limits_on_threads programs output_crates)
many=(--skip million --skip hundred_thousand --skip in_any_slices --skip slices_that_end_while --skip takes_nothing_more
  --skip before_they_grow)
check() {
  say "valgrind, $1"
  choose "$1" vendored
  cargo test --locked "${FEATURES[@]}" --lib "${tests[@]}" -- --test-threads=1 "${many[@]}"
}
side_by_side check luajit lua54
