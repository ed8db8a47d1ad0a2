/* SPDX-License-Identifier: MIT */
/*
 * export_files - the result files that are being sent, and which of them makes room.
 *
 * A file takes room on the disk until its client has read it, so that there are places for
 * EXPORT_FILES_MAX of them. Who takes less than EXPORT_FILES_PIECE bytes in
 * EXPORT_FILES_PATIENCE_MS is slow. That harms nobody as long as there are places. When there is
 * none and somebody asks, the one who has been slow for the longest time loses its file: it is
 * emptied, which gives its bytes back to the disk at once, and the connection is cut when it goes
 * on.
 *
 *     enter ---> (being written) ---> send ---> taken ... taken ---> close
 *                                      |                              ^
 *                                      +--- slow, and another waits --+
 *
 * Times are of clock_ms(). All functions may be called from any thread.
 */
#ifndef SERVER_API_EXPORT_FILES_H
#define SERVER_API_EXPORT_FILES_H

#include "engine/base/err.h"

#include <stdint.h>

enum {
    EXPORT_FILES_MAX = 8,
    EXPORT_FILES_PIECE = 256 * 1024,
    EXPORT_FILES_PATIENCE_MS = 3000, /* below the Retry-After of who finds no place */
};

struct export_files;
struct export_file;

int export_files_create(struct export_files **out, struct err *err) WARN_UNUSED;

/* When all files are closed. NULL is accepted. */
void export_files_destroy(struct export_files *files);

/* A place for a file that is going to be written. ERR_LIMIT: there is none, and nobody is
 * slow. */
int export_files_enter(struct export_files *files, int64_t now_ms,
                       struct export_file **out, struct err *err) WARN_UNUSED;

/* It is written: its client may read it. The descriptor is borrowed until it is closed. */
void export_file_send(struct export_file *file, int descriptor, int64_t now_ms);

/* The client has taken all before `position`. */
void export_file_taken(struct export_file *file, uint64_t position, int64_t now_ms);

/* Gives the place back, before the descriptor is closed. */
void export_file_close(struct export_file *file);

#endif
