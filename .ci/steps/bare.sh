#!/usr/bin/env bash
# Builds and runs on a system with Rust, a C compiler and make, and nothing else: no libclang, no pkg-config, no Lua.
source "$(dirname "$0")/lib.sh"

bare=$CI_TARGET_DIR/bare
rm -rf "$bare"
mkdir -p "$bare/bin" "$bare/no-libclang"
for tool in cargo rustc; do
  ln -s "$(rustup which "$tool" 2>/dev/null || command -v "$tool")" "$bare/bin/$tool"
done
# A C compiler with its binutils, make, the shell, and what POSIX has besides.
for tool in cc gcc as ld ar ranlib strip nm make sh \
  awk basename cat chmod cp cut date dirname echo expr false grep head install ln ls mkdir mv printf pwd rm sed sort tail test touch tr true uname uniq wc; do
  ln -s "$(type -P "$tool")" "$bare/bin/$tool"
done

inside() {
  env -i HOME="$HOME" PATH="$bare/bin" LIBCLANG_PATH="$bare/no-libclang" LC_ALL=C.UTF-8 \
    ${CARGO_HOME:+CARGO_HOME="$CARGO_HOME"} CARGO_NET_OFFLINE=true \
    CARGO_TARGET_DIR="$CARGO_TARGET_DIR" CARGO_INCREMENTAL=0 CARGO_TERM_COLOR=never \
    CARGO_PROFILE_DEV_DEBUG="$CARGO_PROFILE_DEV_DEBUG" "$@"
}

for tool in pkg-config clang llvm-config python3 lua luajit; do
  ! inside sh -c "command -v $tool" >/dev/null || die "$tool is not hidden"
done

cargo fetch --locked # the only thing that needs the network, and so perhaps more of the environment
say "cargo build"
inside cargo build --locked
say "with bindgen asked for it fails, so libclang is hidden indeed"
! inside PERILUNE_BINDINGS=bindgen cargo check --locked >"$bare/log" 2>&1 || die "bindgen ran"
grep -i libclang "$bare/log" | head -1
say "the raw example runs"
inside cargo run --locked --example raw_api
