/* SPDX-License-Identifier: MIT */
/*
 * http_file - a file as the body of an answer: read piece by piece as the client takes it.
 *
 * The pieces are read on an HTTP thread, which waits for the disk if they are not in memory:
 * for files that have just been written. A file that turns out to be shorter than was said, or
 * becomes so, cuts the connection, so that no client takes a part for the whole.
 */
#ifndef SERVER_HTTP_HTTP_FILE_H
#define SERVER_HTTP_HTTP_FILE_H

#include "engine/base/err.h"

#include <stdint.h>

struct MHD_Response;

struct http_file {
    int descriptor; /* owned */
    /* The client wants what is at `position`, and has room for all before it; NULL: nobody is
     * told. */
    void (*taken)(void *context, uint64_t position);
    /* It is about to be closed, sent or not: called once; NULL: nobody is told. */
    void (*closed)(void *context);
    void *context;
};

/* Takes the file in every case. ERR_NOMEM */
int http_file_response(struct MHD_Response **out, const struct http_file *file,
                       uint64_t size, struct err *err) WARN_UNUSED;

void http_file_close(const struct http_file *file);

#endif
