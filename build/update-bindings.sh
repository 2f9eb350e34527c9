#!/bin/sh
# Makes the shipped bindings anew from the vendored headers, with bindgen on x86-64 or aarch64 Linux (glibc).
#
#   build/update-bindings.sh           writes src/sys/shipped/*.rs
#   build/update-bindings.sh --check   only says whether they are up to date; fails if not
set -eu
cd "$(dirname "$0")/.."

check=no
case "${1:-}" in
    "") ;;
    --check) check=yes ;;
    *) echo "usage: build/update-bindings.sh [--check]" >&2; exit 2 ;;
esac

new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT

for lua in luajit lua54; do
    # Cargo tells where the build script of this package wrote; the rest of the crate need not even compile.
    PERILUNE_LUA=$lua PERILUNE_LINK=vendored PERILUNE_BINDINGS=bindgen \
        cargo check --quiet --lib --message-format=json >"$new/messages" || true
    out=$(sed -n '/"build-script-executed".*perilune/s/.*"out_dir":"\([^"]*\)".*/\1/p' "$new/messages" | tail -n 1)
    if [ -z "$out" ]; then
        echo "the build script of perilune failed for $lua" >&2
        exit 1
    fi
    cp "$out/lua_sys.rs" "$new/$lua.rs"
    cp "$out/unit_defs.rs" "$new/unit_defs.rs"
done

status=0
for name in luajit lua54 unit_defs; do
    if [ $check = yes ]; then
        diff -u "src/sys/shipped/$name.rs" "$new/$name.rs" || status=1
    else
        cp "$new/$name.rs" "src/sys/shipped/$name.rs"
    fi
done
if [ $status -ne 0 ]; then
    echo "src/sys/shipped is not what bindgen makes of the vendored headers: run build/update-bindings.sh" >&2
fi
exit $status
