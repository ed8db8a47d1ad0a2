#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A grid that is killed again and again and gone on with each time ends in the same table,
# byte for byte, as one that nobody disturbed, and no cell that had ended is run again.
# GILSCOPE_LONG: 10,000 cells, killed 10 times.
set -u

fail() {
    echo "test_resume: $*" >&2
    exit 1
}

: "${GILSCOPE_BIN:?}"
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
out=$scratch/out
store=$scratch/grid.db

if [ -n "${GILSCOPE_LONG-}" ]; then
    kills=10 seeds=500
else
    kills=3 seeds=400 # so many that the grid does not end before it is killed
fi
values=$(seq -s , "$seeds")
cat >"$scratch/grid.json" <<END
{"schema": 1, "goal": "makespan_us", "record": "summary", "machine": {"cores": 1},
 "runtimes": ["cpython-3.12", "cpython-2.7"], "seed": 1,
 "strategies": ["sequential", {"threads": 2}, {"threads": 4}, {"asyncio": 4}, {"processes": 2}],
 "workload": {"jobs": {"count": 4, "steps": [
   {"python_us": {"dist": "exponential", "mean": 100}}, {"io_us": 500}]}},
 "sweep": {"/machine/cores": [1, 2], "/seed": [$values]}}
END

count_rows() {
    rows=$("$GILSCOPE_BIN" sql --format csv "$store" "SELECT count(*) FROM $1" 2>/dev/null | tail -n 1)
    echo "${rows:-0}" # there may be no store yet
}
done_cells() { count_rows "cells WHERE status = 'done'"; }

"$GILSCOPE_BIN" run "$scratch/grid.json" >"$scratch/want" || fail "without a store"
total=$(grep -c ' done *$' "$scratch/want")
[ "$total" -gt "$seeds" ] || fail "$total cells"

# Each time it is let go on for as long as it takes to end some more cells.
i=0 before=0
while [ "$i" -lt "$kills" ]; do
    "$GILSCOPE_BIN" run --resume --database "$store" "$scratch/grid.json" >"$out" 2>&1 &
    pid=$!
    wanted=$((before + total / (kills + 3)))
    while kill -0 "$pid" 2>/dev/null && [ "$(done_cells)" -lt "$wanted" ]; do
        sleep 0.02
    done
    kill -9 "$pid" 2>/dev/null || fail "it ended before it was killed for the $i. time: $(cat "$out")"
    wait "$pid" 2>/dev/null
    after=$(done_cells)
    [ "$after" -ge "$before" ] || fail "$after cells are done, there were $before"
    before=$after
    i=$((i + 1))
done
[ "$before" -gt 0 ] || fail "nothing was ever done before it was killed"

"$GILSCOPE_BIN" run --resume --database "$store" "$scratch/grid.json" >"$out" ||
    fail "the last time: $(cat "$out")"
cmp -s "$scratch/want" "$out" || fail "another table: $(diff "$scratch/want" "$out" | head -n 5)"
[ "$(count_rows experiments)" -eq 1 ] ||
    fail "it began from the beginning"

# A cell that had ended has one run; at most those at work when it was killed have more.
again=$(count_rows runs)
most=$((total + kills * $(nproc)))
[ "$again" -ge "$total" ] && [ "$again" -le "$most" ] || fail "$again runs for $total cells"

# What is finished is not gone on with.
"$GILSCOPE_BIN" run --quiet --resume --database "$store" "$scratch/grid.json" || fail "anew"
[ "$(count_rows experiments)" -eq 2 ] ||
    fail "a finished experiment was gone on with"

"$GILSCOPE_BIN" run --resume "$scratch/grid.json" >"$out" 2>&1
[ $? -eq 2 ] || fail "--resume without a store"
grep -q 'needs --database' "$out" || fail "unclear: $(cat "$out")"
