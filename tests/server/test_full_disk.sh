#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A disk that is really full: a small file system in memory. Needs the right to mount one.
set -u

if [ "${1-}" != inside ]; then
    unshare -m true 2>/dev/null || { echo "no right to mount" >&2; exit 77; }
    exec unshare -m sh "$0" inside
fi

fail() {
    echo "test_full_disk: $*" >&2
    exit 1
}

: "${GILSCOPE_BIN:?}"
err=$(mktemp) || exit 1
disk=$(mktemp -d) || exit 1
mount -t tmpfs -o size=8m none "$disk" || { rm -r "$disk" "$err"; exit 77; }
pid=
trap '[ -z "$pid" ] || kill "$pid" && wait; umount "$disk"; rmdir "$disk"; rm -f "$err"' EXIT
out=$disk/out
document() {
    printf '{"schema":1,"record":"timeline","strategies":[{"threads":4}],"repetitions":%s,
"workload":{"jobs":{"count":%s,"steps":[{"repeat":10,"steps":[{"python_us":300},
{"io_us":{"dist":"exponential","mean":500}}]}]}}}' "$1" "$2"
}

document 1 20 | "$GILSCOPE_BIN" run --json --database "$disk/runs.db" - >"$out" ||
    fail "the first run"
"$GILSCOPE_BIN" backup "$disk/runs.db" "$disk/small.db" >/dev/null || fail "the first backup"

head -c 5000000 /dev/zero >"$disk/ballast" || fail "no room for the ballast"

# What does not fit ends with an error that says why; the rest is there and sound.
document 400 400 | "$GILSCOPE_BIN" run --database "$disk/runs.db" - >"$err" 2>&1
[ $? -eq 1 ] || fail "a full disk is not noticed"
grep -q "runs.db.*\(full: free some space\|No space left\)" "$err" ||
    fail "unclear: $(cat "$err")"


if "$GILSCOPE_BIN" backup "$disk/runs.db" "$disk/copy.db" >/dev/null 2>&1; then
    fail "a backup on a full disk"
fi
[ ! -e "$disk/copy.db" ] && [ ! -e "$disk/copy.db-partial" ] || fail "half a backup"

# There is room again: the store goes on, with what was stored before.
rm -f "$disk/ballast"
"$GILSCOPE_BIN" doctor --repair "$disk/runs.db" >/dev/null || fail "the store is not sound"
"$GILSCOPE_BIN" prune --experiment e2 "$disk/runs.db" >/dev/null || fail "prune"
"$GILSCOPE_BIN" vacuum "$disk/runs.db" >/dev/null || fail "vacuum"
document 1 20 | "$GILSCOPE_BIN" run --json --database "$disk/runs.db" - >"$out" ||
    fail "the last run"
grep -q '"id":"e3"' "$out" || fail "$(cat "$out")"
"$GILSCOPE_BIN" doctor "$disk/runs.db" | grep -q '^e1 ' || fail "the first run is lost"

# Less is free than a server leaves free for what it has to keep.
"$GILSCOPE_BIN" serve --port 0 --database "$disk/runs.db" >"$err" 2>&1 &
pid=$!
until grep -q 'serving' "$err"; do
    kill -0 "$pid" 2>/dev/null || fail "the server ended: $(cat "$err")"
    sleep 0.02
done
url=$(sed -n 's/^gilscope: serving //p' "$err")
if command -v curl >/dev/null; then
    said=$(curl -sS -m 60 "$url/api/v1/experiments/e1/export?format=sqlite")
    case $said in
    *"less than 64 MB free on the disk"*) ;;
    *) fail "no room for a result file: $said" ;;
    esac
    curl -sS -m 60 -f "$url/api/v1/experiments/e1" >/dev/null || fail "nothing is read"
fi
kill "$pid"
wait "$pid" || fail "the server does not end well"
pid=
set -- "$disk"/*-export-*
[ ! -e "$1" ] || fail "a result file is left: $1"
