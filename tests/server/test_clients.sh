#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Clients that others have written understand the server: curl, Python's standard library,
# Node's fetch and wrk, those of them that this machine has. It listens where others reach it, if the
# machine has such an address, because answers are compressed only there.
set -u

fail() {
    echo "test_clients: $*" >&2
    exit 1
}

: "${GILSCOPE_BIN:?}" "${GILSCOPE_ROOT:?}"
clients=
# works CLIENT: it is there and starts; wrk says its version with status 1.
works() {
    case $1 in
    wrk) command -v wrk >/dev/null ;;
    *) command -v "$1" >/dev/null && "$1" --version >/dev/null 2>&1 ;;
    esac
}
for client in curl python3 node wrk; do
    if works "$client"; then
        clients="$clients $client"
    fi
done
[ -n "$clients" ] || { echo "skipped: no client of them"; exit 77; }

scratch=$(mktemp -d) || exit 1
pid=
trap '[ -z "$pid" ] || kill "$pid"; wait; rm -rf "$scratch"' EXIT
token=0123456789abcdef-clients
address=$(hostname -I 2>/dev/null | tr ' ' '\n' | grep -m 1 '^[0-9.]*$')
GILSCOPE_TOKEN=$token "$GILSCOPE_BIN" serve --address "${address:-127.0.0.1}" --port 0 \
    --limit-rate 0 --database "$scratch/clients.db" >"$scratch/said" &
pid=$!
until grep -q 'serving' "$scratch/said"; do
    kill -0 "$pid" 2>/dev/null || fail "the server ended"
    sleep 0.02
done
url=$(sed -n 's/^gilscope: serving //p' "$scratch/said")

# --- curl ---

answer=$scratch/answer
head=$scratch/head

# ask STATUS ARGUMENT... PATH: keeps head and body.
ask() {
    wanted=$1
    shift
    for path in "$@"; do :; done
    got=$(curl -sS -m 60 -D "$head" -o "$answer" -w '%{http_code}' \
        -H "Authorization: Bearer $token" "$@" 2>"$scratch/err") ||
        fail "curl $*: $(cat "$scratch/err")"
    [ "$got" = "$wanted" ] || fail "curl $*: $got instead of $wanted: $(cat "$answer")"
}

has() { tr -d '\r' <"$head" | grep -qi "^$1" || fail "no '$1' in: $(cat "$head")"; }

try_curl() {
    json='Content-Type: application/json'
    for seed in 1 2 3; do
        cat >"$scratch/$seed.json" <<END
{"schema": 1, "name": "curl's", "seed": $seed, "strategies": [{"threads": 2}],
 "workload": {"jobs": {"count": 9, "steps": [{"python_us": 100}]}}}
END
    done
    ask 200 "$url/api/v1/models"
    cp "$answer" "$scratch/models"
    etag=$(tr -d '\r' <"$head" | sed -n 's/^ETag: //p')
    ask 304 -H "If-None-Match: $etag" "$url/api/v1/models"
    ask 200 --head "$url/api/v1/models"
    has "Content-Length: $(wc -c <"$scratch/models")"
    ask 200 --compressed "$url/api/v1/models"
    cmp -s "$answer" "$scratch/models" || fail "--compressed gives something else"
    [ -z "$address" ] || has 'Content-Encoding: gzip'
    ask 200 --http1.0 "$url/api/v1/models"
    cmp -s "$answer" "$scratch/models" || fail "--http1.0 gives something else"
    ask 200 --http2 "$url/healthz" # an offer that the server does not take up
    ask 200 -r 0-9 "$url/api/v1/models"
    ask 201 -H "$json" --data-binary "@$scratch/1.json" "$url/api/v1/experiments"
    has 'Location: /api/v1/experiments/e'
    ask 201 -H "$json" -H 'Transfer-Encoding: chunked' -H 'Idempotency-Key: curl-1' \
        --data-binary "@$scratch/2.json" "$url/api/v1/experiments"
    ask 201 -v -H "$json" -H 'Expect: 100-continue' -H 'Idempotency-Key: curl-2' \
        --data-binary "@$scratch/3.json" "$url/api/v1/experiments"
    grep -q '^< HTTP/1.1 100' "$scratch/err" || fail "no 100: $(cat "$scratch/err")"
    # What is too large is refused before it is sent, if the client asks, and after it if not.
    head -c 2000000 /dev/zero >"$scratch/large"
    ask 413 -v -H "$json" -H 'Expect: 100-continue' --data-binary "@$scratch/large" \
        "$url/api/v1/experiments"
    ! grep -q '^< HTTP/1.1 100' "$scratch/err" || fail "it wants 2 MB"
    ask 413 -H "$json" -H 'Expect:' --data-binary "@$scratch/large" "$url/api/v1/experiments"
    ask 415 --data-binary "@$scratch/1.json" "$url/api/v1/experiments"
    has 'Content-Type: application/problem+json'
    ask 405 -T "$scratch/1.json" "$url/api/v1/experiments"
    ask 200 -H 'Accept: application/x-ndjson' "$url/api/v1/experiments"
    has 'Content-Type: application/x-ndjson'
    # One connection for all of them.
    curl -sS -m 60 -v -H "Authorization: Bearer $token" "$url/healthz" "$url/api/v1/models" \
        "$url/nothing" "$url/metrics" >/dev/null 2>"$scratch/err" || fail "several at once"
    [ "$(grep -c 'Re-using existing connection' "$scratch/err")" -eq 3 ] ||
        fail "connections are not kept: $(cat "$scratch/err")"
}

# Many connections that ask on and on are all answered, with 200, and none is cut.
try_wrk() {
    for path in /healthz /api/v1/models /api/v1/experiments; do
        # Longer where a second is too short for one answer: sanitizers are slow.
        for seconds in 1 5 60; do
            wrk -t1 -c64 -d${seconds}s -H "Authorization: Bearer $token" "$url$path" \
                >"$answer" || fail "wrk $path: $(cat "$answer")"
            grep -q ' 0 requests in' "$answer" || break
        done
        ! grep -q 'Non-2xx\|Socket errors' "$answer" || fail "wrk $path: $(cat "$answer")"
        grep -q '[1-9][0-9]* requests in' "$answer" || fail "wrk $path: $(cat "$answer")"
    done
}

for client in $clients; do
    case $client in
    curl) try_curl ;;
    python3)
        PYTHONDONTWRITEBYTECODE=1 python3 "$GILSCOPE_ROOT/tests/clients/client.py" "$url" \
            "$token" || fail "Python's clients"
        ;;
    node) node "$GILSCOPE_ROOT/tests/clients/client.mjs" "$url" "$token" || fail "Node's fetch" ;;
    wrk) try_wrk ;;
    esac
    echo "tried $client"
done
kill "$pid"
wait "$pid" || fail "the server ended with $?"
pid=
