#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A store on a file system that is read-only. Needs the right to mount one.
set -u

if [ "${1-}" != inside ]; then
    unshare -rm true 2>/dev/null || { echo "no right to mount" >&2; exit 77; }
    exec unshare -rm sh "$0" inside
fi

fail() {
    echo "test_read_only_disk: $*" >&2
    exit 1
}

: "${GILSCOPE_BIN:?}"
scratch=$(mktemp -d) || exit 1
disk="$scratch/a disk, 100%?#1"
view=$scratch/view
mkdir "$disk" "$view" "$scratch/out" || exit 1
mount -t tmpfs none "$disk" || { rm -r "$scratch"; exit 77; }
pid=
trap '[ -z "$pid" ] || kill "$pid"; wait; umount "$view" 2>/dev/null; umount "$disk"
rm -r "$scratch"' EXIT
store=$disk/runs.db
out=$scratch/out
run() {
    echo '{"schema":1,"record":"timeline","strategies":[{"threads":4}],
"workload":{"jobs":{"count":20,"steps":[{"python_us":300}]}}}' |
        "$GILSCOPE_BIN" run --database "$store" - >"$out/run" || fail "the run"
}

# Every command that only reads a store: read_all STORE, which has RUNS.
read_all() {
    "$GILSCOPE_BIN" sql "$1" 'SELECT count(*) FROM runs' >"$out/sql" 2>&1 ||
        fail "sql: $(cat "$out/sql")"
    grep -q "^ *$2\$" "$out/sql" || fail "another number of runs: $(cat "$out/sql")"
    "$GILSCOPE_BIN" doctor "$1" >"$out/doctor" 2>&1 || fail "doctor: $(cat "$out/doctor")"
    rm -f "$out/export.db" "$out"/copy.db*
    "$GILSCOPE_BIN" export --format sqlite "$1" "$out/export.db" \
        >"$out/export" 2>&1 || fail "export: $(cat "$out/export")"
    "$GILSCOPE_BIN" backup "$1" "$out/copy.db" >"$out/backup" 2>&1 ||
        fail "backup: $(cat "$out/backup")"
    "$GILSCOPE_BIN" doctor "$out/copy.db" >/dev/null || fail "the copy is not sound"
}

run
[ ! -e "$store-wal" ] || fail "a log is left"
mount -o remount,ro "$disk" || fail "remount"
read_all "$store" 1
mount -o remount,rw "$disk" || fail "remount"
: >"$store-wal"
mount -o remount,ro "$disk" || fail "remount"
read_all "$store" 1

# Changes that only the log has cannot be read there, and are not left out silently.
mount -o remount,rw "$disk" || fail "remount"
echo changes >"$store-wal"
mount -o remount,ro "$disk" || fail "remount"
"$GILSCOPE_BIN" sql "$store" 'SELECT 1' >"$out/sql" 2>&1 &&
    fail "the log is left out"
grep -q 'read-only file system and its last changes are in .*-wal: copy both files' \
    "$out/sql" || fail "unclear: $(cat "$out/sql")"
mount -o remount,rw "$disk" || fail "remount"
rm "$store-wal"

# Somebody writes it through another mount: what his log has is read.
mount --bind "$disk" "$view" && mount -o remount,bind,ro "$view" || fail "bind"
"$GILSCOPE_BIN" serve --port 0 --database "$store" >"$out/said" &
pid=$!
until grep -q 'serving' "$out/said"; do
    kill -0 "$pid" 2>/dev/null || fail "the server ended"
    sleep 0.02
done
run
[ -s "$store-wal" ] || fail "there is no log"
! touch "$view/new" 2>/dev/null || fail "the view is not read-only"
read_all "$view/runs.db" 2
