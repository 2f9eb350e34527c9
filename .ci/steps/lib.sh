# What every step needs. Sourced, never run; each step can then be run alone: bash .ci/steps/NAME.sh
#
# Variables that a person may set:
#   CI_TARGET_DIR   where everything is built           (default: target/ci)
#   CI_TOOLCHAINS   where Debian's compilers are kept   (default: CI_TARGET_DIR/toolchains)

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

CI_TARGET_DIR=${CI_TARGET_DIR:-$PWD/target/ci}
CI_TOOLCHAINS=${CI_TOOLCHAINS:-$CI_TARGET_DIR/toolchains}
mkdir -p "$CI_TARGET_DIR"
export CI_TARGET_DIR CI_TOOLCHAINS

# One target directory for all that the stable compiler makes: dependencies are built once. Backend and linkage are
# chosen so that one set of features always comes with the same environment, or the build scripts would run again.
export CARGO_TARGET_DIR=$CI_TARGET_DIR/stable
# No backtraces: thousands of panics are made on purpose, and each would be looked up in the debug information.
export CARGO_INCREMENTAL=0 CARGO_TERM_COLOR=never CARGO_PROFILE_DEV_DEBUG=line-tables-only RUST_BACKTRACE=0 LC_ALL=C.UTF-8
unset PERILUNE_LUA PERILUNE_LINK PERILUNE_LIB_DIR PERILUNE_INCLUDE_DIR PERILUNE_BINDINGS RUSTFLAGS RUSTDOCFLAGS

# say WORDS…: a heading inside a step.
say() { printf -- '--- %s\n' "$*"; }

# die WORDS…: the step has failed, and why.
die() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# need COMMAND PACKAGE: say what to install rather than "command not found".
need() { command -v "$1" >/dev/null || die "$1 is missing: apt-get install $2 (or run .ci/steps/install.sh)"; }

# choose luajit|lua54 vendored|system: sets FEATURES (for cargo) and the environment for one of the four combinations.
# Vendored ones come with every optional part, system ones with none.
choose() {
  unset PERILUNE_LUA PERILUNE_LINK
  case $1-$2 in
    luajit-vendored) FEATURES=(--features vendored,async,log,tracing) ;;
    lua54-vendored) FEATURES=(--features vendored,lua54,async,log,tracing) ;;
    luajit-system) FEATURES=(); export PERILUNE_LUA=luajit PERILUNE_LINK=system ;;
    lua54-system) FEATURES=(--features lua54); export PERILUNE_LUA=lua54 PERILUNE_LINK=system ;;
    *) die "no such combination: $1 $2" ;;
  esac
}

# side_by_side FUNCTION WORD WORD: `FUNCTION WORD` for both words at the same time, where one leaves a processor idle. What they
# say is printed one after the other.
side_by_side() {
  local word failed=0
  local -A running
  for word in "${@:2}"; do
    ("$1" "$word") >"$CI_TARGET_DIR/$word.log" 2>&1 &
    running[$word]=$!
  done
  for word in "${@:2}"; do
    wait "${running[$word]}" || failed=1
    cat "$CI_TARGET_DIR/$word.log"
  done
  ((failed == 0)) || die "see above"
}

# integration_tests [NAME…]: the integration tests as cargo's arguments, without the named ones.
integration_tests() {
  local name file
  shopt -s nullglob
  for file in tests/*.rs tests/*/main.rs; do
    name=${file#tests/} name=${name%/main.rs} name=${name%.rs}
    [[ " $* " == *" $name "* ]] || printf -- '--test\n%s\n' "$name"
  done
}
