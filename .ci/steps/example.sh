#!/usr/bin/env bash
# The main job, on both backends: the party example runs, and the same seed gives the same result. Then the raw and the workers examples.
source "$(dirname "$0")/lib.sh"

# What one run says, without its wall time.
party() {
  cargo run --locked --release "${FEATURES[@]}" --example party -- --seed "$1" --units 6 >"$CI_TARGET_DIR/party.out"
  grep -vi 'wall time' "$CI_TARGET_DIR/party.out"
}

for lua in luajit lua54; do
  choose "$lua" vendored
  say "party on $lua"
  first=$(party 1)
  cat "$CI_TARGET_DIR/party.out"
  grep -qi 'wall time' "$CI_TARGET_DIR/party.out" || die "no wall time is printed"
  again=$(party 1)
  [[ $first == "$again" ]] || { diff <(echo "$first") <(echo "$again"); die "the same seed gave another result"; }
  other=$(party 2)
  [[ $first != "$other" ]] || die "another seed gave the same result"
  say "raw on $lua"
  cargo run --locked --release "${FEATURES[@]}" --example raw_api
  say "swarm on $lua"
  cargo run --locked --release "${FEATURES[@]}" --example swarm -- --agents 2000 --frames 5
  say "workers on $lua"
  cargo run --locked --release "${FEATURES[@]}" --example workers
done
