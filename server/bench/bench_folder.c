/* SPDX-License-Identifier: MIT */
#include "server/bench/bench_folder.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a store consists of (db/owner_priv.h, SQLite's WAL). */
static const char *const suffixes[] = {"", "-wal", "-shm", "-owner", "-journal"};
static const char *const names[BENCH_FILE_COUNT] = {"long.db", "scratch.db", "served.db"};

enum { SUFFIXES = sizeof suffixes / sizeof suffixes[0] };

/* Complete before the signals are caught: a handler may do no more than remove. */
static char folder[PATH_MAX];
static char paths[BENCH_FILE_COUNT][SUFFIXES][PATH_MAX];

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

void bench_folder_remove_file(enum bench_file file) {
    for (int i = 0; i < SUFFIXES; i++) {
        unlink(paths[file][i]);
    }
}

/* Another thread may make a file meanwhile, until the folder is gone. */
static void remove_all(void) {
    enum { TRIES = 1000 };
    int rc = -1;
    for (int i = 0; rc != 0 && i < TRIES; i++) {
        for (enum bench_file file = 0; file < BENCH_FILE_COUNT; file++) {
            bench_folder_remove_file(file);
        }
        rc = rmdir(folder);
    }
}

/* SA_RESETHAND: the signal ends the process when it comes again. */
static void on_signal(int number) {
    remove_all();
    raise(number);
}

static void catch_signals(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        sigaction(signals[i], &action, NULL);
    }
}

static int make_folder(struct err *err) {
    enum { LONGEST = PATH_MAX - 64 }; /* room for a name */
    const char *parent = getenv("TMPDIR");
    parent = parent != NULL && parent[0] != '\0' ? parent : "/tmp";
    if (strlen(parent) > LONGEST) {
        return err_set(err, ERR_IO, "the path in TMPDIR is too long");
    }
    snprintf(folder, sizeof folder, "%.*s/gilscope-bench-XXXXXX", (int)LONGEST, parent);
    if (mkdtemp(folder) == NULL) {
        folder[0] = '\0';
        return err_set(err, ERR_IO, "cannot make a folder in %s: %s", parent,
                       strerror(errno));
    }
    for (int file = 0; file < BENCH_FILE_COUNT; file++) {
        for (int i = 0; i < SUFFIXES; i++) {
            snprintf(paths[file][i], sizeof paths[file][i], "%.*s/%s%s",
                     (int)(PATH_MAX - 32), folder, names[file], suffixes[i]);
        }
    }
    catch_signals();
    return 0;
}

int bench_folder_file(enum bench_file file, const char **out, struct err *err) {
    const int rc = folder[0] == '\0' ? make_folder(err) : 0;
    if (rc == 0) {
        *out = paths[file][0];
    }
    return rc;
}

void bench_folder_remove(void) {
    if (folder[0] != '\0') {
        remove_all();
        folder[0] = '\0';
    }
}
