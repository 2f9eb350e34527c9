#!/usr/bin/env bash
# Every package of the repository is formatted as rustfmt would; the files that are not are named.
source "$(dirname "$0")/lib.sh"

status=0
while read -r manifest; do
  say "$manifest"
  cargo fmt --manifest-path "$manifest" -- --check --files-with-diff || status=1
done < <(git ls-files 'Cargo.toml' '*/Cargo.toml')
((status == 0)) || die "these files are not formatted: cargo fmt (with --manifest-path for another package)"
