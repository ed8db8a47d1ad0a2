#!/bin/sh
# SPDX-License-Identifier: MIT
#
# include_arrows.sh TREE - prints every #include of TREE that breaks the shape, one a line;
# exit status 1 if there was one, 2 if there was nothing to check.
#
# The rules:
#   - server -> db -> engine: a file includes its own layer and those below it;
#   - inside engine a folder includes only itself and folders to its left in `order`;
#   - engine includes only headers of the C language, and none of those that read a clock, a
#     locale or a signal: a run is a pure function;
#   - <microhttpd.h> only in server/http, <sqlite3.h> only in db, <sqlite3ext.h> only in db/sql, <jansson.h> only in server;
#   - *_priv.h only in its own folder; nothing outside tests includes tests;
#   - project paths start at the root of the tree and name a file that exists.
set -u
LC_ALL=C
export LC_ALL

tree=$1
cd "$tree" || exit 2
files=$(find engine db server -name '*.[ch]' -type f 2>/dev/null | sort)
[ -n "$files" ] || { echo "include_arrows: no sources in $tree" >&2; exit 2; }

# File names come from `find` one a line, so blanks in the path of the tree do no harm.
printf '%s\n' "$files" | awk '
BEGIN {
    n = split("base record sim os program python aio strategy analysis", order, " ")
    for (i = 1; i <= n; i++) rank[order[i]] = i
    level["engine"] = 1; level["db"] = 2; level["server"] = 3; level["tests"] = 4
    n = split("assert ctype errno fenv float inttypes iso646 limits math stdalign stdarg " \
              "stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath", pure, " ")
    for (i = 1; i <= n; i++) allowed["<" pure[i] ".h>"] = 1
    only_in["<microhttpd.h>"] = "server/http"
    only_in["<sqlite3.h>"] = "db"
    only_in["<sqlite3ext.h>"] = "db/sql"
    only_in["<jansson.h>"] = "server"
}
function exists(path,   line, found) {
    found = (getline line < path) >= 0
    close(path)
    return found
}
function bad(why) { printf "%s:%d: #include %s: %s\n", file, number, what, why; broken = 1 }
function folder_of(path) { sub(/\/[^\/]*$/, "", path); return path }
function check_system(   home) {
    if (part[1] == "engine" && !(what in allowed)) bad("engine is a pure function of its plan")
    if (what in only_in) {
        home = only_in[what]
        if (index(file, home "/") != 1) bad("only " home " may")
    }
}
function check_project(   target, to) {
    target = substr(what, 2, length(what) - 2)
    if (target ~ /\.\./) { bad("write the path from the root of the tree"); return }
    if (index(target, "/") == 0) target = folder_of(file) "/" target
    if (!exists(target)) { bad("no such file, paths start at the root of the tree"); return }
    split(target, to, "/")
    if (level[to[1]] > level[part[1]]) { bad(part[1] " must not know " to[1]); return }
    if (part[1] == "engine" && to[1] == "engine") {
        if (!(part[2] in rank)) bad("engine/" part[2] " has no place in the order")
        else if (!(to[2] in rank)) bad("engine/" to[2] " has no place in the order")
        else if (rank[to[2]] > rank[part[2]]) bad(part[2] " lies left of " to[2])
    }
    if (target ~ /_priv\.h$/ && folder_of(target) != folder_of(file)) {
        bad("private to " folder_of(target))
    }
}
{
    file = $0
    split(file, part, "/")
    number = 0
    while ((getline line < file) > 0) {
        number++
        if (line !~ /^[ \t]*#[ \t]*include/) continue
        what = line
        sub(/^[ \t]*#[ \t]*include[ \t]*/, "", what)
        if (match(what, /^<[^>]*>/)) { what = substr(what, 1, RLENGTH); check_system() }
        else if (match(what, /^"[^"]*"/)) { what = substr(what, 1, RLENGTH); check_project() }
        else bad("neither <name> nor \"path\"")
    }
    close(file)
}
END { exit broken }
'
