/* SPDX-License-Identifier: MIT */
/*
 * bench_folder - where the benchmark's result files are: in one folder of its own, below
 * TMPDIR or /tmp.
 *
 * The folder goes at the end of the command, and also when SIGINT, SIGTERM or SIGHUP ends
 * the process. The files are on the disk that TMPDIR is on; a tmpfs measures no disk.
 */
#ifndef SERVER_BENCH_BENCH_FOLDER_H
#define SERVER_BENCH_BENCH_FOLDER_H

#include "engine/base/err.h"

enum bench_file {
    BENCH_LONG_RUN, /* stays from case to case */
    BENCH_SCRATCH,  /* of one case */
    BENCH_SERVED,   /* of the server that the cases share */
    BENCH_FILE_COUNT
};

/* Path of a result file that need not exist yet; makes the folder when it is the first.
 * ERR_IO. */
int bench_folder_file(enum bench_file file, const char **out,
                      struct err *err) WARN_UNUSED;

/* A file that is not there is no error. */
void bench_folder_remove_file(enum bench_file file);

/* With all files. */
void bench_folder_remove(void);

#endif
