#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The include arrows of this tree go one way, and the check would notice if they did not:
# a small tree of its own gets one wrong include at a time.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
check=$here/include_arrows.sh
scratch=$(mktemp -d "${TMPDIR:-/tmp}/include arrows.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# A tree in which every kind of include that is allowed occurs.
lay_clean_tree() {
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree/engine/base" "$scratch/tree/engine/sim" "$scratch/tree/db" \
        "$scratch/tree/server/http" "$scratch/tree/server/api" "$scratch/tree/tests/support"
    cd "$scratch/tree" || exit 1
    echo '#include <stdint.h>' >engine/base/err.h
    echo '#include "err.h"' >engine/base/err.c
    : >engine/sim/clock_priv.h
    printf '#include "engine/base/err.h"\n  #  include "engine/sim/clock_priv.h"\n' \
        >engine/sim/clock.c
    : >engine/sim/clock.h
    printf '#include <sqlite3.h>\n#include "engine/sim/clock.h"\n' >db/store.c
    : >db/store.h
    printf '#include <microhttpd.h>\n#include "db/store.h"\n' >server/http/daemon.c
    printf '#include <jansson.h>\n#include "engine/base/err.h"\n' >server/api/api.h
    : >tests/support/test.h
}

# refuses FILE LINE: with that line in that file the check must fail and name the file.
refuses() {
    lay_clean_tree
    printf '%s\n' "$2" >>"$scratch/tree/$1"
    if report=$(sh "$check" "$scratch/tree"); then
        fail "accepted in $1: $2"
    elif ! printf '%s\n' "$report" | grep -q "^$1:"; then
        fail "refused, but not for $1: $2: $report"
    fi
}

lay_clean_tree
report=$(sh "$check" "$scratch/tree" 2>&1) || fail "refused a clean tree: $report"

refuses engine/base/err.c '#include "db/store.h"'
refuses engine/base/err.c '#include "server/api/api.h"'
refuses engine/base/err.c '#include "engine/sim/clock.h"'
refuses engine/base/err.c '	#	include	"engine/sim/clock.h" /* why */'
refuses engine/base/err.c '#include "../sim/clock.h"'
refuses engine/base/err.c '#include "engine/base/missing.h"'
refuses engine/base/err.c '#include <time.h>'
refuses engine/base/err.c '#include <pthread.h>'
refuses engine/base/err.c '#include <zlib.h>'
refuses engine/sim/clock.c '#include "tests/support/test.h"'
refuses db/store.c '#include "server/api/api.h"'
refuses db/store.c '#include "engine/sim/clock_priv.h"'
refuses db/store.c '#include <jansson.h>'
refuses db/store.c '#include <microhttpd.h>'
refuses server/api/api.h '#include <microhttpd.h>'
refuses server/api/api.h '#include <sqlite3.h>'
refuses server/http/daemon.c '#include HEADER'
mkdir -p "$scratch/empty"
sh "$check" "$scratch/empty" 2>/dev/null && fail "accepted a tree without sources"

cd "$root" || exit 1
sh "$check" "$root" || fail "this tree breaks the shape (see above)"

# The build says the same with its link lines.
grep -q 'PUBLIC gilscope_engine' CMakeLists.txt || fail "db does not link engine"
for library in gilscope_db gilscope_server; do
    awk -v library="$library" '
        /target_link_libraries\(gilscope_engine/ { inside = 1 }
        inside && index($0, library) { found = 1 }
        /\)/ { inside = 0 }
        END { exit found }' CMakeLists.txt || fail "engine links $library"
done

[ "$failures" -eq 0 ] && echo "include arrows: ok"
exit "$failures"
