#!/bin/sh
# SPDX-License-Identifier: MIT
#
# server/start and tests/run answer wrong usage with one line and status 2, install nothing
# when nothing is missing, and say in one line what is missing when it cannot be installed.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/gilscope-scripts.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# expect STATUS LINES PATTERN COMMAND...: status and number of lines of stdout and stderr
# together, and a pattern that one of them matches. LINES may be "many".
expect() {
    status=$1 lines=$2 pattern=$3
    shift 3
    output=$("$@" 2>&1)
    got=$?
    [ "$got" -eq "$status" ] || fail "$*: status $got, not $status: $output"
    count=$(printf '%s\n' "$output" | wc -l)
    [ "$lines" = many ] || [ "$count" -eq "$lines" ] || fail "$*: $count lines: $output"
    printf '%s\n' "$output" | grep -q -e "$pattern" || fail "$*: no '$pattern' in: $output"
}

cd / || exit 1
for script in "$root/server/start" "$root/tests/run"; do
    expect 0 many '^usage: ' "$script" --help
    expect 2 1 "unknown option '--nonsense'" "$script" --nonsense
    expect 2 1 "unknown option 'extra'" env LC_ALL=C "$script" extra
done
expect 2 1 'needs a value' "$root/server/start" --port
expect 2 1 "not '70000'" "$root/server/start" --port 70000
expect 2 1 "not '-1'" "$root/server/start" --port=-1
expect 2 1 "not 'x'" "$root/server/start" --port x
expect 2 1 'needs a file name' "$root/server/start" --database=

# A machine on which only what every Debian has can be found, and no apt-get.
mkdir "$scratch/bare"
for tool in bash sh env cat dirname readlink id grep sed mkdir flock; do
    ln -s "$(command -v "$tool")" "$scratch/bare/$tool"
done
expect 1 1 'missing.* cmake ninja-build gcc .*libmicrohttpd-dev' \
    env PATH="$scratch/bare" "$root/server/start"

# One with an apt-get that fails and notes that it was called.
cp -P "$scratch/bare/." "$scratch/apt" -r
cat >"$scratch/apt/apt-get" <<END
#!/bin/sh
echo "\$*" >>"$scratch/called"
exit 100
END
chmod +x "$scratch/apt/apt-get"
cp "$scratch/apt/apt-get" "$scratch/apt/sudo"
expect 1 many 'install by hand: apt-get install .*gcc' \
    env PATH="$scratch/apt" "$root/server/start"
[ -s "$scratch/called" ] || fail "apt-get was not called although packages are missing"

# This machine has what it needs, or this test would not have been built.
rm -f "$scratch/called"
mkdir "$scratch/first"
cp "$scratch/apt/apt-get" "$scratch/first/"
expect 0 1 '^nothing missing$' env PATH="$scratch/first:$PATH" GILSCOPE_WITHOUT_NODE=1 \
    bash -c "me=test top='$root'; . '$root/server/packages.sh'
        need sh have sh; need zlib1g-dev have_library zlib
        install_missing && echo nothing missing"
[ ! -e "$scratch/called" ] || fail "apt-get was called although nothing is missing"

[ "$failures" -eq 0 ] && echo "scripts: ok"
exit "$failures"
