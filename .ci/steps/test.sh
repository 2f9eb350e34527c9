#!/usr/bin/env bash
# All tests, documentation's examples included, on one combination: test.sh luajit|lua54 vendored|system
source "$(dirname "$0")/lib.sh"
(($# == 2)) || die "usage: test.sh luajit|lua54 vendored|system"

choose "$1" "$2"
# The build script has a step of its own. What must not compile is the same everywhere, and takes a build of its own.
mapfile -t tests < <(integration_tests build_script compile_fail)
if [[ $1-$2 == luajit-system ]]; then
  # The README's own command, here with the Lua that was chosen.
  cargo test --locked
  cargo test --locked --features log,tracing --test output_crates
else
  cargo test --locked "${FEATURES[@]}" --lib --bins --examples "${tests[@]}"
  cargo test --locked "${FEATURES[@]}" --doc
fi

# That it was the asked-for Lua, the programs themselves tell: which shared Lua they need. (One that calls none needs none.)
say "the Lua that was linked"
case $1-$2 in
  luajit-system) expected=libluajit-5.1.so.2 ;;
  lua54-system) expected=liblua5.4.so.0 ;;
  *) expected= ;;
esac
programs=0 linked=0
while read -r program; do
  needed=$(readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(liblua[^]]*\)\].*/\1/p')
  [[ -z $needed || $needed == "$expected" ]] || die "$program needs $needed rather than ${expected:-no shared Lua}"
  programs=$((programs + 1))
  [[ -z $needed ]] || linked=$((linked + 1))
done < <(cargo test --locked "${FEATURES[@]}" --lib "${tests[@]}" --no-run --message-format=json-render-diagnostics 2>/dev/null |
  grep -oE '"executable":"[^"]+"' | cut -d'"' -f4)
((programs > 0)) || die "no test program was found"
[[ -z $expected ]] || ((linked > 0)) || die "no test program needs $expected"
echo "$linked of $programs programs need ${expected:-a shared Lua}"
