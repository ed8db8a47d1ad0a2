# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Sourced by server/start and tests/run: finds out which Debian packages are missing,
# installs those, configures and builds.
#
# Whether something is missing is asked of the thing itself (a command that runs, a library
# that pkg-config knows), so a tool that came from elsewhere counts, and apt is not called
# when everything is there.
#
# The caller sets `top` (the tree) and `me` (its name in messages).

say() { printf '%s: %s\n' "$me" "$*"; }

# die STATUS TEXT: one line to stderr, and the end.
die() {
    local status=$1
    shift
    printf '%s: %s\n' "$me" "$*" >&2
    exit "$status"
}

have() { command -v "$1" >/dev/null 2>&1; }

have_library() { have pkg-config && pkg-config --exists "$1"; }

have_libc_headers() { printf '#include <stdio.h>\n' | gcc -E -x c - >/dev/null 2>&1; }

# Node 18 is the oldest that the bundler and the tests of web/ run on.
have_node() {
    have npm && have node &&
        node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)' 2>/dev/null
}

# --- what is missing --------------------------------------------------------------------

missing=()

# need PACKAGE CONDITION...: notes the package when the condition does not hold.
need() {
    local package=$1
    shift
    "$@" || missing+=("$package")
}

need_build_packages() {
    need cmake have cmake
    need ninja-build have ninja
    need gcc have gcc
    need libc6-dev have_libc_headers
    need pkg-config have pkg-config
    need libmicrohttpd-dev have_library libmicrohttpd
    need libjansson-dev have_library jansson
    need libsqlite3-dev have_library sqlite3
    need zlib1g-dev have_library zlib
}

can_install() { have apt-get && { [ "$(id -u)" -eq 0 ] || have sudo; }; }

# Node is wanted, not needed: without it, and without a way to install it, the rest is built.
# Debian's node trusts the certificates of ca-certificates, which npm only recommends.
want_node_packages() {
    if will_have_node && ! have_node; then
        missing+=(nodejs npm ca-certificates)
    fi
}

will_have_node() {
    [ -z "${GILSCOPE_WITHOUT_NODE:-}" ] && { have_node || can_install; }
}

# --- installing -------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    elif [ -t 0 ]; then
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

# Installs what `missing` names, or says in one line why that cannot be.
install_missing() {
    [ "${#missing[@]}" -gt 0 ] || return 0
    local by_hand="install by hand: apt-get install --no-install-recommends ${missing[*]}"
    have apt-get ||
        die 1 "missing, and there is no apt-get to install them with: ${missing[*]}"
    can_install ||
        die 1 "missing packages, and neither root nor sudo to install them; $by_hand"
    say "installing ${missing[*]}"
    as_root apt-get -q update ||
        die 1 "apt-get update failed; check the network and the apt sources, or $by_hand"
    as_root apt-get -q -y --no-install-recommends install "${missing[@]}" ||
        die 1 "apt-get could not install everything; $by_hand"
    missing=()
    hash -r
}

# --- building ---------------------------------------------------------------------------

# The dashboard is built exactly when there is a Node to build it with.
web_option() {
    if [ -z "${GILSCOPE_WITHOUT_NODE:-}" ] && have_node; then
        echo ON
    else
        echo OFF
    fi
}

# build PRESET: configures and builds; what has not changed is not done again. Two scripts
# at once take turns.
build() {
    local preset=$1 web directory=$top/build/$1 home=
    local -a fresh=()
    web=$(web_option)
    mkdir -p "$directory" 2>/dev/null && [ -w "$directory" ] ||
        die 1 "cannot write to $directory (was it made by another user?)"
    exec 9>"$top/build/.lock" || die 1 "cannot write to $top/build"
    if ! flock -n 9; then
        say "waiting for another build of this tree"
        flock 9
    fi
    [ "$web" = ON ] || say "building without the dashboard: no Node 18 with npm, or not wanted"
    if [ -f "$directory/CMakeCache.txt" ]; then
        # A tree that was moved or copied keeps paths of its old place.
        home=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$directory/CMakeCache.txt")
        [ "$home" = "$top" ] || fresh=(--fresh)
    elif have ninja; then
        export CMAKE_GENERATOR=Ninja
    fi
    # Runs cmake in the tree: presets are looked for in the working directory.
    (cd "$top" && cmake --preset "$preset" "${fresh[@]}" -DGILSCOPE_WEB="$web" \
        >"$directory/configure.log" 2>&1) || {
        cat "$directory/configure.log" >&2
        die 1 "configuring the $preset build failed, see above"
    }
    say "building ($preset)"
    cmake --build "$directory" --parallel "$(nproc)" ||
        die 1 "the $preset build failed, see above"
    exec 9>&-
}
