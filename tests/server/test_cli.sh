#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The command line: exit codes, what goes to which stream, help.
set -u

fail() {
    echo "test_cli: $*" >&2
    exit 1
}

: "${GILSCOPE_BIN:?}"
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
out=$scratch/out
err=$scratch/err

# expect CODE ARGUMENT...: runs it, keeps its streams.
expect() {
    wanted=$1
    shift
    "$GILSCOPE_BIN" "$@" >"$out" 2>"$err" </dev/null
    got=$?
    [ "$got" -eq "$wanted" ] ||
        fail "'gilscope $*' ended with $got instead of $wanted: $(cat "$err")"
}

says() { grep -q -e "$1" "$2" || fail "no '$1' in: $(cat "$2")"; }
silent() { [ ! -s "$1" ] || fail "unexpected output: $(cat "$1")"; }

# --- help and usage ---
expect 0 --help
for word in serve run findings sql export backup doctor prune vacuum models verify bench examples 'exit codes' 130; do says "$word" "$out"; done
expect 0 --version
says 'engine' "$out"
expect 2
expect 2 nonsense
silent "$out"
says "no command 'nonsense'" "$err"
for command in serve run findings compare sql export backup doctor prune vacuum models verify bench examples; do
    expect 0 "$command" --help
    says "usage: gilscope $command" "$out"
    expect 2 "$command" --nonsense
    silent "$out"
    says "unknown option '--nonsense'" "$err"
done
expect 2 run
says 'missing argument' "$err"
expect 2 run a b
says 'unexpected argument' "$err"
expect 2 run --jobs 0 x.json
expect 2 run --jobs
expect 2 run --json=yes x.json
expect 2 serve --port 65536
expect 2 serve extra

# --- bench: what is measured, not how fast ---
expect 0 bench --list
says '^mm1_customers_per_s (1/s)' "$out"
says '^store_spans_per_s (1/s)' "$out"
expect 0 bench store --list
says '^viewport_growth (x)' "$out"
if grep -q mm1 "$out"; then fail 'the store has no queues'; fi
expect 2 bench sotre
says "nothing to measure of 'sotre'" "$err"
expect 2 bench --spans 10
says '\--spans takes a number' "$err"
expect 2 bench --only nonsense
says "no case 'nonsense'" "$err"
expect 2 bench --document event_cost_growth
says 'not one document' "$err"
expect 0 bench --document interactive_run_ms
cp "$out" "$scratch/interactive.json"
expect 0 run --quiet "$scratch/interactive.json"
expect 0 bench --only interactive_run_ms
says '^{"name": "interactive_run_ms", "value": [0-9.e+]*, "unit": "ms", "better": "lower", "how": "' "$out"
[ "$(wc -l <"$out")" -eq 1 ] || fail "more than one line: $(cat "$out")"
mkdir "$scratch/disk"
TMPDIR=$scratch/disk expect 0 bench --only store_spans_per_s --spans 20000
says '^{"name": "store_spans_per_s", "value": [0-9.e+]*, "unit": "1/s", "better": "higher", "how": "' "$out"
rmdir "$scratch/disk" || fail 'bench left files'
mkdir "$scratch/disk"
TMPDIR=$scratch/disk "$GILSCOPE_BIN" bench --only store_spans_per_s --spans 1000000000 >"$out" 2>&1 &
until ls "$scratch"/disk/*/scratch.db >"$out" 2>&1; do kill -0 $! || fail 'bench ended early'; done
kill -TERM $!
wait $! && fail 'bench went on'
rmdir "$scratch/disk" || fail 'an interrupted bench left files'

# --- models and examples ---
expect 0 models
says 'cpython-3.12 ' "$out"
says 'linux-desktop ' "$out"
expect 0 models cpython-3.12
says 'switch_interval_us *5000 *us' "$out"
expect 0 models linux-desktop
says 'context_switch_us' "$out"
expect 2 models cpython-1.0
expect 0 examples
says 'echo-convoy' "$out"
expect 0 examples echo-convoy
cp "$out" "$scratch/echo.json"
cmp -s "$scratch/echo.json" "$GILSCOPE_ROOT/server/examples/echo-convoy.json" ||
    fail "an example is not printed byte for byte"
expect 2 examples nonsense

# --- run ---
cat >"$scratch/small.json" <<'END'
{"schema": 1, "name": "small", "runtimes": ["cpython-3.12"],
 "strategies": ["sequential", {"threads": 2}],
 "workload": {"jobs": {"count": 4, "steps": [{"python_us": 1000}, {"io_us": 500}]}}}
END
expect 0 run "$scratch/small.json"
says 'threads(2)' "$out"
says 'done' "$out"
silent "$err"
expect 0 run --quiet "$scratch/small.json"
silent "$out"
silent "$err"
expect 0 run --json --jobs 1 "$scratch/small.json"
cp "$out" "$scratch/one.json"
expect 0 run --jobs 2 --json -- "$scratch/small.json"
for file in "$scratch/one.json" "$out"; do
    sed -i 's/"created_ms":[0-9]*//' "$file"
done
cmp -s "$scratch/one.json" "$out" || fail "the number of workers changes the outcome"
"$GILSCOPE_BIN" run --json - <"$scratch/small.json" >"$out" 2>"$err" || fail "run -"
sed -i 's/"created_ms":[0-9]*//' "$out"
cmp -s "$scratch/one.json" "$out" || fail "standard input gives another outcome"

# --- findings ---
folder=$GILSCOPE_ROOT/tests/server/findings
expect 0 findings "$folder/loop-blocked.json"
says '^loop-blocked: 3e+04 us, threshold 1e+04' "$out"
says '^  ->    to-thread: gains, loop_lag_max_us from' "$out"
says '"op":"replace","path":"/workload/actors/0/tasks/1/steps/0/steps/1"' "$out"
silent "$err"
expect 0 findings "$folder/deadlock.json"
says '^  payer waits for b, which payee has' "$out"
says '^  payee waits for a, which payer has' "$out"
expect 0 findings "$folder/idle-but-fine.json"
says '^  no finding' "$out"
expect 0 findings --json --cell 0 "$folder/deadlock.json"
says '"rule":"deadlock"' "$out"
expect 2 findings --cell 1 "$folder/deadlock.json"
says 'must be a number from 0 to 0' "$err"
echo '{"schema":1}' | "$GILSCOPE_BIN" findings - >"$out" 2>"$err" && fail "findings of nothing"
says 'standard input' "$err"

# --- repetitions ---
sed 's/"name": "small"/"goal": "latency_p90_us", "repetitions": 4/; s/"io_us": 500/"io_us": {"dist": "exponential", "mean": 5000}/' \
    "$scratch/small.json" >"$scratch/four.json"
expect 0 run "$scratch/four.json"
says '95 % bootstrap interval' "$out"
says 'beside the best' "$out"
says 'latency_p90_us' "$out"
says 'ms ([0-9.]* - [0-9.]*)  *best' "$out"
says 'ms ([0-9.]* - [0-9.]*)  *[0-9.]* x (' "$out"

# --- gates ---
sed 's/"name": "small"/"gate": [{"metric": "makespan_us", "max": 100, "where": {"strategy": "threads"}}, {"metric": "makespan_us", "min": 1}]/' \
    "$scratch/small.json" >"$scratch/gate.json"
expect 3 run --quiet --junit "$scratch/gate.xml" "$scratch/gate.json"
silent "$out"
says 'gate 0: makespan_us <= 100 does not hold: cpython-3.12, threads(2): [0-9]' "$err"
[ "$(wc -l <"$err")" -eq 1 ] || fail "more than one gate does not hold: $(cat "$err")"
says 'tests="5" failures="1" errors="0" skipped="0"' "$scratch/gate.xml"
expect 3 run --json "$scratch/gate.json"
says '"gates":\[{"metric":"makespan_us","min":null,"max":100,"over":"median","cells":\[{"cell":"c2","verdict":"fails","value":[0-9.]*}\]}' "$out"
expect 0 run --json "$scratch/small.json"
says '"gates":\[\]' "$out"
sed 's/threads"}/processes"}/' "$scratch/gate.json" >"$scratch/nowhere.json"
expect 2 run "$scratch/nowhere.json"
says '/gate/0/where: no cell of the grid is like that' "$err"
expect 1 run --quiet --junit /nonexistent/x.xml "$scratch/small.json"
says '/nonexistent/x.xml' "$err"

# --- compare ---
expect 0 compare "$scratch/four.json#0" "$scratch/four.json#1"
says '/strategies/0: {"threads":2} instead of "sequential"' "$out"
says 'makespan_us .* better$' "$out"
expect 0 compare --json "$scratch/four.json#0" --set /runtimes/0=cpython-3.9
says '"differences":\[{"pointer":"/runtimes/0","first":"cpython-3.12","here":"cpython-3.9"}\]' "$out"
expect 2 compare "$scratch/four.json#0"
says 'one is nothing to compare' "$err"
expect 2 compare "$scratch/four.json#0" --set cores=4
says 'takes POINTER=VALUE' "$err"
expect 2 compare "$scratch/four.json#0" "$scratch/small.json#0"
says 'the work differs at /workload/jobs/steps/1/io_us' "$err"
expect 0 compare --other-work "$scratch/four.json#0" "$scratch/small.json#0"
expect 2 compare "$scratch/four.json#0" --set /workload/jobs/count=5
says 'the unit of work differs at /workload/jobs/count: 4 there, 5 here' "$err"
expect 2 compare "$scratch/four.json#7" "$scratch/four.json#1"
says 'it has no cell 7: the last one is 1' "$err"
expect 2 compare "$scratch/four.json#0" --set /machine/nothing/there=1
says 'leads to nothing' "$err"
expect 0 run --quiet --database "$scratch/compare.db" "$scratch/four.json"
expect 0 compare --database "$scratch/compare.db" c1 c2
says 'makespan_us .* better$' "$out"
expect 2 compare --database "$scratch/compare.db" c1 c9
says 'c9' "$err"

# --- arrivals ---
cat >"$scratch/open.json" <<'END'
{"schema": 1, "strategies": ["sequential", {"asyncio": 5}],
 "workload": {"jobs": {"arrivals": {"rate_per_s": 200, "for_s": 2, "dist": "constant"},
                       "steps": [{"io_us": 10000}]}}}
END
expect 0 run "$scratch/open.json"
says 'done, unstable' "$out"
says 'unstable: jobs arrive faster' "$out"
says 'asyncio(5) .* done$' "$out"
expect 0 run --json "$scratch/open.json"
says '"reason":"unstable: jobs arrive faster' "$out"
says '"unstable":{"n":1,"median":1,' "$out"

# --- run into a database ---
expect 0 run --json --database "$scratch/runs.db" "$scratch/small.json"
says '"id":"e1"' "$out"
says '"has_timeline":true' "$out"
expect 0 run --json --database="$scratch/runs.db" "$scratch/small.json"
says '"id":"e2"' "$out"
expect 1 run --database /nonexistent/x.db "$scratch/small.json"
echo 'no database' >"$scratch/text.db"
expect 1 run --database "$scratch/text.db" "$scratch/small.json"
[ "$(cat "$scratch/text.db")" = 'no database' ] || fail "a file that is no database was changed"

# --- looking after a database ---
expect 2 backup
expect 0 backup "$scratch/runs.db" "$scratch/copy.db"
says 'copy.db: .* a copy of' "$out"
expect 1 backup "$scratch/runs.db" "$scratch/copy.db"
silent "$out"
says 'copy.db exists' "$err"
expect 0 backup --force "$scratch/runs.db" "$scratch/copy.db"
expect 1 backup "$scratch/missing.db" "$scratch/other.db"
says 'there is no store' "$err"
[ ! -e "$scratch/other.db" ] || fail "a backup of nothing"
expect 0 doctor "$scratch/copy.db"
says '^e2 ' "$out"
says 'sound: 0 findings' "$out"
expect 0 doctor --json --repair "$scratch/copy.db"
says '"sound":true' "$out"
says '"repaired":{' "$out"
expect 1 doctor "$scratch/text.db"
says 'not a gilscope store' "$err"
for wrong in '' '--keep-for 3x' '--keep-count 0' '--keep-size -1' '--experiment r1' \
    '--experiment e1 --keep-count 1'; do
    # shellcheck disable=SC2086
    expect 2 prune $wrong "$scratch/copy.db"
    silent "$out"
done
expect 0 prune --keep-count 1 "$scratch/copy.db"
says '^experiment e1$' "$out"
says '^1 experiments removed' "$out"
expect 0 prune --help
says 'never the newest' "$out"
expect 0 prune --keep-size 1K "$scratch/copy.db"
says '^0 experiments removed' "$out"
expect 1 prune --experiment e1 "$scratch/copy.db"
expect 0 prune --experiment e2 "$scratch/copy.db"
expect 0 vacuum "$scratch/copy.db"
expect 0 vacuum --whole "$scratch/copy.db"
expect 0 doctor --json "$scratch/copy.db"
says '"free_pages":0,"experiments":\[\]' "$out"
expect 2 serve --keep-size lots

# --- refusals ---
expect 1 run "$scratch/missing.json"
says 'missing.json: No such file' "$err"
expect 1 run "$scratch"
sed 's/python_us/pyton_us/' "$scratch/small.json" >"$scratch/broken.json"
expect 2 run "$scratch/broken.json"
silent "$out"
says 'broken.json: /workload/jobs/steps/0' "$err"
says 'python_us' "$err"
expect 2 run --database "$scratch/never.db" "$scratch/broken.json"
[ ! -e "$scratch/never.db" ] || fail "a refused document made a database"
expect 2 run --json -
says 'standard input: ' "$err"
head -c 2000000 /dev/zero | tr '\0' ' ' >"$scratch/large.json"
expect 2 run "$scratch/large.json"
says 'large' "$err"

# --- a full disk is noticed ---
if [ -w /dev/full ]; then
    "$GILSCOPE_BIN" run --json "$scratch/small.json" >/dev/full 2>"$err"
    [ $? -eq 1 ] || fail "a full disk is not noticed"
    says 'standard output' "$err"
fi

# --- interruption ---
cat >"$scratch/endless.json" <<'END'
{"schema": 1, "repetitions": 1000, "strategies": [{"threads": 8}],
 "workload": {"jobs": {"count": 2000, "steps": [
   {"repeat": 200, "steps": [{"python_us": 300}, {"io_us": 500}]}]}}}
END
"$GILSCOPE_BIN" run --database "$scratch/stopped.db" "$scratch/endless.json" >"$out" 2>"$err" &
pid=$!
tries=0
until [ -e "$scratch/stopped.db-wal" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 100000 ] || fail "nothing was stored"
    kill -0 "$pid" 2>/dev/null || fail "it ended by itself: $(cat "$err")"
done
kill -TERM "$pid"
wait "$pid"
code=$?
[ "$code" -eq 130 ] || fail "an interrupted run ended with $code"
silent "$out"
says 'interrupted' "$err"
