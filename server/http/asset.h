/* SPDX-License-Identifier: MIT */
/*
 * asset - the files of the dashboard, compiled into the executable.
 *
 * server/embed writes the table at build time from the bundle of web/. A build without
 * Node has an empty table: the server then answers that there is no dashboard in this
 * build. Everything here is constant and may be read from any thread.
 */
#ifndef SERVER_HTTP_ASSET_H
#define SERVER_HTTP_ASSET_H

#include <stddef.h>

struct asset {
    const char *path;          /* "/index.html", "/assets/app.js": starts with a slash */
    const char *content_type;  /* as sent, with charset for text */
    const unsigned char *data; /* `size` bytes */
    size_t size;
    const unsigned char
        *gzip;        /* the same bytes gzip'ed, or NULL where that saves nothing */
    size_t gzip_size; /* 0 when `gzip` is NULL */
    const char *etag; /* strong, of `data`, quotes included */
};

/* Sorted by `path` in byte order. */
extern const struct asset assets[];
extern const size_t asset_count;

#endif
