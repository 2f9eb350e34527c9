#!/usr/bin/env bash
# The bindings in the repository are those that bindgen makes now of the vendored headers.
source "$(dirname "$0")/lib.sh"

bash build/update-bindings.sh --check
