#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Steps of asyncio come in the same order and at the same times in the model as on the
# Pythons of this machine. Without any it is skipped.
set -u

count=30
[ -z "${GILSCOPE_LONG:-}" ] || count=1000
command -v python3 >/dev/null || { echo "skipped: there is no python3"; exit 77; }
exec env PYTHONDONTWRITEBYTECODE=1 python3 "$GILSCOPE_ROOT/tests/asyncio/order.py" \
    --count "$count" \
    "$(dirname "$GILSCOPE_BIN")/tests/run_plans"
