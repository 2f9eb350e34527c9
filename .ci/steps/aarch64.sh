#!/usr/bin/env bash
# The tests on aarch64, on both backends: cross-compiled with Debian's gcc and run by qemu-user.
# rustup's toolchain may lack that target's standard library, so Debian's newest rustc is taken, which has one.
source "$(dirname "$0")/lib.sh"
source .ci/steps/debian.sh
source .ci/steps/cross.sh

need qemu-aarch64 qemu-user
# many_vms looks at the memory of the whole process, which holds what qemu has translated; the million handles of leaks, the
# processes of hostile_scripts and the many patterns of bounded_functions take long.
cross_to_aarch64 many_vms leaks hostile_scripts bounded_functions
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"

# A few random attacks will do here; the other steps have many.
export PERILUNE_ATTACK_ROUNDS=5 PERILUNE_BRIEF=1

check() {
  say "aarch64, $1"
  choose "$1" vendored
  # The longest of all only where the processor matters to it: there LuaJIT keeps its own allocator, and needs our guard of the C
  # stack; Lua 5.4 takes our allocator as everywhere, and counts its levels itself.
  [[ $1 == luajit ]] || without out_of_memory deep_recursion
  cargo test "${CROSS[@]}" "${FEATURES[@]}"
}
side_by_side check luajit lua54
