/* SPDX-License-Identifier: MIT */
#include "server/http/http_file.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <microhttpd.h>

enum { FILE_BLOCK_BYTES = 64 * 1024 };

void http_file_close(const struct http_file *file) {
    if (file->closed != NULL) {
        file->closed(file->context);
    }
    close(file->descriptor);
}

static ssize_t read_piece(void *context, uint64_t position, char *buffer, size_t max) {
    const struct http_file *file = context;
    ssize_t size;
    if (file->taken != NULL) {
        file->taken(file->context, position);
    }
    do {
        size = pread(file->descriptor, buffer, max, (off_t)position);
    } while (size < 0 && errno == EINTR);
    return size > 0 ? size : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void free_file(void *context) {
    http_file_close(context);
    free(context);
}

int http_file_response(struct MHD_Response **out, const struct http_file *file,
                       uint64_t size, struct err *err) {
    struct http_file *kept = malloc(sizeof *kept);
    if (kept == NULL) {
        http_file_close(file);
        return err_set_nomem(err);
    }
    *kept = *file;
    struct MHD_Response *response = MHD_create_response_from_callback(
        size, FILE_BLOCK_BYTES, read_piece, kept, free_file);
    if (response == NULL) {
        free_file(kept);
        return err_set_nomem(err);
    }
    *out = response;
    return 0;
}
