#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The queries of db/README.md in every way in which they can be asked: gilscope sql, the
# sqlite3 shell with the extension, and the shell and Python on an export. All must answer
# the same, and the result file must stay as it is.
set -u

fail() {
    echo "test_sql: $*" >&2
    exit 1
}

: "${GILSCOPE_BIN:?}" "${GILSCOPE_ROOT:?}"
command -v sqlite3 >/dev/null || { echo "test_sql: no sqlite3"; exit 77; }
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
store=$scratch/results.db
export=$scratch/export.db
extension=${GILSCOPE_BIN%/*}/gilscope_sqlite

cat >"$scratch/document.json" <<'END'
{"schema": 1, "runtimes": ["cpython-3.12"], "strategies": [{"threads": 3}, {"asyncio": 3}],
 "workload": {"jobs": {"count": 9, "steps": [{"python_us": 20000},
   {"c_us": 7000, "gil": "held"}, {"io_us": 300}]}}}
END
"$GILSCOPE_BIN" run --quiet --jobs 1 --database "$store" "$scratch/document.json" || fail "no run"
before=$(cksum <"$store")
"$GILSCOPE_BIN" export --format sqlite "$store" "$export" || fail "no export"

# One file a query, from the blocks of the README.
awk -v folder="$scratch" '
/^```sql$/ { n++; file = sprintf("%s/query-%02d.sql", folder, n); next }
/^```$/ { file = ""; next }
file != "" { print > file }' "$GILSCOPE_ROOT/db/README.md"

# Programs quote texts and write 1.0 in ways of their own.
plain() { tr -d '"\r' | sed -E 's/(^|,)(-?[0-9]+)\.0(,|$)/\1\2\3/g'; }

count=0
for query in "$scratch"/query-*.sql; do
    "$GILSCOPE_BIN" sql --format csv "$store" - <"$query" >"$scratch/raw" ||
        fail "gilscope sql: $(cat "$query")"
    plain <"$scratch/raw" >"$scratch/ours"
    [ "$(wc -l <"$scratch/ours")" -ge 2 ] || fail "no rows: $(cat "$query")"
    { echo ".load $extension"; cat "$query"; } |
        sqlite3 -bail -readonly -csv -header "$store" >"$scratch/raw" ||
        fail "the extension: $(cat "$query")"
    plain <"$scratch/raw" | cmp -s - "$scratch/ours" ||
        fail "the extension answers differently: $(cat "$query")"
    sqlite3 -bail -readonly -csv -header "$export" <"$query" >"$scratch/raw" ||
        fail "the export: $(cat "$query")"
    plain <"$scratch/raw" | cmp -s - "$scratch/ours" ||
        fail "the export answers differently: $(cat "$query")"
    count=$((count + 1))
done
[ "$count" -eq 10 ] || fail "$count queries instead of ten"

# A temporary table of the user's with the name of one of ours changes nothing.
shadowed='SELECT (SELECT count(*) FROM spans), (SELECT count(*) FROM lanes),
  (SELECT sum(ns) FROM span_time(1, NULL, 0, 1000000)), (SELECT count(*) FROM flows),
  (SELECT count(*) FROM instants), (SELECT count(*) FROM counters), (SELECT count(*) FROM runs)'
"$GILSCOPE_BIN" sql --format csv "$store" "$shadowed" | tail -n 1 >"$scratch/ours"
tables=$(sqlite3 -readonly "$store" "SELECT name FROM sqlite_schema WHERE type = 'table' AND
  name NOT LIKE 'sqlite_%'")
{
    for table in $tables; do echo "CREATE TEMP TABLE $table (x);"; done
    echo ".load $extension"
    echo "$shadowed;"
} | sqlite3 -bail -readonly -csv "$store" >"$scratch/raw" || fail "shadowed tables"
plain <"$scratch/raw" | cmp -s - "$scratch/ours" ||
    fail "shadowed tables: $(cat "$scratch/raw") instead of $(cat "$scratch/ours")"

# An export that is interrupted leaves no file; one that was quicker is whole.
cp "$store" "$scratch/wide.db"
sqlite3 "$scratch/wide.db" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
  LIMIT 300000) INSERT INTO metric SELECT 1, 'test_' || i, i FROM n" || fail "no wide store"
"$GILSCOPE_BIN" export --format sqlite "$scratch/wide.db" "$scratch/cut.db" 2>"$scratch/said" &
writer=$!
until [ -e "$scratch/cut.db" ] || ! kill -0 "$writer" 2>/dev/null; do :; done
kill -TERM "$writer" 2>/dev/null
wait "$writer"
case $? in
0) sqlite3 -readonly "$scratch/cut.db" 'PRAGMA integrity_check' >/dev/null || fail "half an export" ;;
130) [ ! -e "$scratch/cut.db" ] || fail "an interrupted export left its file" ;;
*) fail "an interrupted export: $(cat "$scratch/said")" ;;
esac

# Of a long run the export has flows without left_ns, which would need too much memory.
if [ -n "${GILSCOPE_LONG:-}" ]; then
    cat >"$scratch/long.json" <<'END'
{"schema": 1, "runtimes": ["cpython-3.12"], "strategies": [{"threads": 2}], "record": "timeline",
 "limits": {"events": 100000000, "spans": 50000000, "virtual_s": 100000},
 "workload": {"jobs": {"count": 2, "steps": [{"repeat": 210000, "steps":
   [{"python_us": 20}, {"io_us": 30}]}]}}}
END
    "$GILSCOPE_BIN" run --quiet --database "$scratch/long.db" "$scratch/long.json" || fail "no long run"
    "$GILSCOPE_BIN" export --format sqlite "$scratch/long.db" "$scratch/long-export.db" ||
        fail "no export of the long run"
    sqlite3 -readonly "$scratch/long-export.db" "SELECT (SELECT count(*) FROM spans JOIN lanes
      USING (run_id, lane) WHERE kind IN ('gil', 'lock', 'core')) > 2000000,
      count(*) > 1000, count(left_ns) FROM flows" >"$scratch/raw" || fail "the long export"
    [ "$(cat "$scratch/raw")" = "1|1|0" ] || fail "the long export: $(cat "$scratch/raw")"
fi

# Python reads the export, and the store through the extension if it may load one.
if command -v python3 >/dev/null && python3 -c 'import sqlite3' 2>/dev/null; then
    cat >"$scratch/ask.py" <<'END'
import sqlite3, sys

def ask(connection, path):
    with open(path) as file:
        cursor = connection.execute(file.read())
    print(",".join(column[0] for column in cursor.description))
    for row in cursor:
        print(",".join("" if value is None else str(value) for value in row))

export, store, extension = sys.argv[1:4]
connections = [sqlite3.connect(f"file:{export}?mode=ro", uri=True)]
loading = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
if hasattr(loading, "enable_load_extension") and sqlite3.sqlite_version_info >= (3, 38):
    loading.enable_load_extension(True)
    loading.load_extension(extension)
    connections.append(loading)
for path in sys.argv[4:]:
    for connection in connections:
        ask(connection, path)
END
    for query in "$scratch"/query-*.sql; do
        "$GILSCOPE_BIN" sql --format csv "$store" - <"$query" | plain >"$scratch/ours"
        python3 "$scratch/ask.py" "$export" "$store" "$extension" "$query" |
            plain >"$scratch/python" || fail "Python: $(cat "$query")"
        head -n "$(wc -l <"$scratch/ours")" "$scratch/python" | cmp -s - "$scratch/ours" ||
            fail "Python answers differently: $(cat "$query")"
        tail -n "$(wc -l <"$scratch/ours")" "$scratch/python" | cmp -s - "$scratch/ours" ||
            fail "Python with the extension answers differently: $(cat "$query")"
    done
fi

[ "$(cksum <"$store")" = "$before" ] || fail "the result file was changed"

# --- a damaged chunk ---
damaged=$scratch/damaged.db
cp "$store" "$damaged"
sqlite3 "$damaged" "UPDATE span_chunk SET data = x'00' WHERE run = 2 AND seq = 0" ||
    fail "no damage"
missing='SELECT kind, lane_group FROM damages WHERE run_id = 2'
"$GILSCOPE_BIN" sql --format csv "$damaged" 'SELECT count(*) AS n FROM spans' \
    >"$scratch/out" 2>"$scratch/err" || fail "a damaged chunk ended the query"
[ "$(wc -l <"$scratch/out")" -eq 2 ] || fail "no rows beside a damaged chunk"
[ "$(wc -l <"$scratch/err")" -eq 1 ] || fail "not one warning: $(cat "$scratch/err")"
grep -q '^warning: run 2: .*lanes 0 to 63 .*SELECT \* FROM damages$' "$scratch/err" ||
    fail "a strange warning: $(cat "$scratch/err")"
"$GILSCOPE_BIN" sql "$damaged" 'SELECT count(*) FROM spans WHERE run_id = 1' \
    2>&1 >/dev/null | grep . && fail "a warning about another run"
"$GILSCOPE_BIN" sql --format csv "$damaged" "$missing" | plain >"$scratch/ours"
[ "$(tail -n 1 "$scratch/ours")" = spans,0 ] || fail "not in damages"
printf '.load %s\n%s;\n' "$extension" "$missing" |
    sqlite3 -bail -readonly -csv -header "$damaged" | plain | cmp -s - "$scratch/ours" ||
    fail "the extension has other damages"
"$GILSCOPE_BIN" export --format sqlite "$damaged" "$scratch/part.db" 2>"$scratch/err" ||
    fail "a damaged chunk ended the export"
grep -q '1 damaged chunks could not be read' "$scratch/err" ||
    fail "a strange warning of the export: $(cat "$scratch/err")"
sqlite3 -bail -readonly -csv -header "$scratch/part.db" "$missing" | plain |
    cmp -s - "$scratch/ours" || fail "the export has other damages"

# --- the command line ---
"$GILSCOPE_BIN" sql "$store" 'SELECT lane, stat FROM spans' >"$scratch/out" 2>"$scratch/err"
[ $? -eq 2 ] || fail "a wrong query did not end with 2"
grep -q 'line 1, column 14: no such column: stat' "$scratch/err" || fail "no place"
[ ! -s "$scratch/out" ] || fail "output of a wrong query"
"$GILSCOPE_BIN" sql "$scratch/nothing.db" 'SELECT 1' 2>/dev/null
[ $? -eq 1 ] || fail "a missing file did not end with 1"
"$GILSCOPE_BIN" sql --format xml "$store" 'SELECT 1' 2>/dev/null
[ $? -eq 2 ] || fail "an unknown format did not end with 2"
[ "$(cd "$scratch" && cp "$store" gilscope.db && "$GILSCOPE_BIN" sql --format json \
    'SELECT 1 AS a, NULL AS b')" = '{"a":1,"b":null}' ] || fail "the default file"
"$GILSCOPE_BIN" export --format sqlite "$store" "$export" 2>/dev/null
[ $? -eq 1 ] || fail "an export over a file did not end with 1"
"$GILSCOPE_BIN" export "$store" "$scratch/other.db" 2>/dev/null
[ $? -eq 2 ] || fail "an export without a format did not end with 2"
exit 0
