#!/bin/sh
# SPDX-License-Identifier: MIT
#
# same_bits.sh GILSCOPE GILSCOPE... - runs documents with each of these executables and
# compares what they print, byte by byte: fingerprints, metrics, histograms. The first one
# runs one engine at a time, and once more eight of them side by side; the others run eight.
# The documents are the examples and random ones from fixed seeds; every fourth of them, or
# with GILSCOPE_LONG all.
#
# Prints a line for each document that differs, and at the end "same bits: A of B documents".
# Exit status 0 when all are the same.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
random_documents=24
every=4
[ -z "${GILSCOPE_LONG:-}" ] || every=1
scratch=$(mktemp -d "${TMPDIR:-/tmp}/gilscope-bits.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
[ "$#" -gt 0 ] || { echo "usage: same_bits.sh GILSCOPE GILSCOPE..." >&2 && exit 2; }
for executable in "$@"; do
    [ "$("$executable" --version)" = "$("$1" --version)" ] ||
        { echo "same bits: $executable and $1 are not of one version" >&2 && exit 1; }
done

# --- random documents -------------------------------------------------------------------

# Jobs under every strategy, or threads and event loops, on four runtimes. The numbers come
# from a generator of its own (Park, Miller 1988), so that every awk makes the same documents.
random_document() {
    awk -v seed="$1" '
    function below(n) {
        state = (state * 48271) % 2147483647
        return state % n
    }
    function pick(list,    parts) { return parts[1 + below(split(list, parts, " "))] }
    function time(    most) {
        most = 1 + below(3000)
        return pick("{\"dist\":\"exponential\",\"mean\":" most "} " \
            "{\"dist\":\"lognormal\",\"median\":" most ",\"sigma\":0." 1 + below(9) "} " \
            "{\"dist\":\"uniform\",\"min\":0,\"max\":" most "} " \
            "{\"dist\":\"pareto\",\"min\":" most ",\"shape\":2.5} " most)
    }
    function step() {
        if (below(3) == 0)
            return "{\"c_us\":" time() ",\"gil\":\"" pick("held released") "\"}"
        return "{\"" pick("python_us python_us io_us sleep_us") "\":" time() "}"
    }
    function steps(lock,    list, n) {
        list = step()
        for (n = below(5); n > 0; n--)
            list = list "," (lock && below(3) == 0 ? \
                "{\"with\":\"lock\",\"steps\":[" step() "]}" : step())
        return "[" list "]"
    }
    function runtimes() {
        return "\"cpython-2.7\",\"cpython-3." pick("6 9 11") "\",\"cpython-3." \
            pick("12 13 14") "\",\"cpython-3." pick("13t 14t 15t") "\""
    }
    function actors() {
        return "\"objects\":{\"lock\":\"lock\"},\"actors\":[" \
            "{\"name\":\"a\",\"thread\":" 1 + below(3) ",\"steps\":[{\"repeat\":" 1 + below(20) \
            ",\"steps\":" steps(1) "}]}," \
            "{\"name\":\"b\",\"thread\":1,\"daemon\":true,\"steps\":[{\"forever\":[" step() \
            ",{\"python_us\":10}]}]}]"
    }
    function jobs() {
        return "\"jobs\":{\"count\":" 5 + below(30) ",\"steps\":" steps(0) "}"
    }
    BEGIN {
        state = seed
        below(2)
        print "{\"schema\":1,\"name\":\"random " seed "\",\"seed\":" seed ",\"repetitions\":2,"
        print "\"machine\":{\"profile\":\"" \
            pick("linux-desktop linux-vm-2 linux-server-64 macos-laptop") "\"},"
        print "\"runtimes\":[" runtimes() "],"
        if (seed % 3 > 0) {
            workers = 1 + below(6)
            print "\"strategies\":[\"sequential\",{\"threads\":" workers "},{\"asyncio\":" \
                workers "},{\"processes\":" workers "},{\"interpreters\":" workers "}],"
        }
        print "\"workload\":{" (seed % 3 > 0 ? jobs() : actors()) "}}"
    }'
}

# --- comparing --------------------------------------------------------------------------

# run EXECUTABLE JOBS DOCUMENT: what it prints, but for the time of day.
run() {
    "$1" run --json --histograms --jobs "$2" "$3" 2>&1 | sed 's/"created_ms":[0-9]*//'
}

number=0
total=0
same=0

# compare DOCUMENT EXECUTABLE...
compare() {
    document=$1
    shift
    number=$((number + 1))
    [ $((number % every)) -eq 0 ] || return
    total=$((total + 1))
    run "$1" 1 "$document" >"$scratch/expected"
    if ! grep -q '"fingerprint":"' "$scratch/expected"; then
        echo "same bits: $document does not run: $(head -c 300 "$scratch/expected")"
        return
    fi
    for executable in "$@"; do
        run "$executable" 8 "$document" >"$scratch/got"
        if ! cmp -s "$scratch/expected" "$scratch/got"; then
            echo "same bits: $executable differs from $1: run --json --histograms $document"
            [ "${document#"$scratch"}" = "$document" ] || cat "$document"
            return
        fi
    done
    same=$((same + 1))
}

for document in "$root"/server/examples/*.json; do
    compare "$document" "$@"
done
seed=1
while [ "$seed" -le "$random_documents" ]; do
    random_document "$seed" >"$scratch/random-$seed.json"
    compare "$scratch/random-$seed.json" "$@"
    seed=$((seed + 1))
done
echo "same bits: $same of $total documents"
[ "$same" -eq "$total" ]
