#!/usr/bin/env bash
# Installs what the other steps need: Debian's packages, nothing else. Rust itself (stable and nightly) is expected to be there.
source "$(dirname "$0")/lib.sh"

packages=(
  gcc libc6-dev make                                   # a C compiler and make: all that building needs
  g++                                                  # … and for libFuzzer
  pkg-config libluajit-5.1-dev liblua5.4-dev           # the Lua of the system, on both backends
  liblua5.3-dev                                        # one that is too old, for the build script's tests
  libclang1-14                                         # for bindgen
  lua-cjson                                            # a peer of the benchmarks
  valgrind
  gcc-aarch64-linux-gnu libc6-dev-arm64-cross          # the tests on aarch64
  qemu-user qemu-system-arm                            # … by either of these
  libedit2 libxml2 libz3-4 libzstd1                    # of Debian's rustc, which is unpacked rather than installed
)

missing=()
for package in "${packages[@]}"; do
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
done

if ((${#missing[@]})); then
  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt=(apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
  for try in 1 2 3; do # another apt-get may hold the lock of the lists, which has no timeout
    "${apt[@]}" update && break
    ((try < 3)) || die "apt-get update"
    sleep 10
  done
  "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >"$CI_TARGET_DIR/install.log" 2>&1 || {
    cat "$CI_TARGET_DIR/install.log"
    die "apt-get install"
  }
fi

need cargo "Rust, with rustup"
cargo +nightly --version >/dev/null 2>&1 || die "the sanitizer needs a nightly toolchain: rustup toolchain install nightly"

say "what is here"
rustc --version
rustc +nightly --version
cc --version | head -1
valgrind --version
qemu-aarch64 --version | head -1
printf 'LuaJIT %s, Lua %s\n' "$(pkg-config --modversion luajit)" "$(pkg-config --modversion lua5.4)"
