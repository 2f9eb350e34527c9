#!/usr/bin/env bash
# The build script: each way to find a Lua, on real packages, and each failure's message.
source "$(dirname "$0")/lib.sh"

choose luajit system
PERILUNE_TEST_BUILD_SCRIPT=1 cargo test --locked "${FEATURES[@]}" --test build_script
