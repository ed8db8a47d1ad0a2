/* SPDX-License-Identifier: MIT */
/*
 * example - the example documents, compiled into the executable.
 *
 * server/embed writes the table at build time from server/examples/<id>.json, byte for
 * byte. Everything here is constant and may be read from any thread.
 */
#ifndef SERVER_EXAMPLES_EXAMPLE_H
#define SERVER_EXAMPLES_EXAMPLE_H

#include <stddef.h>

struct example {
    const char *id;   /* name of the file without ".json" */
    const char *text; /* the document, followed by a NUL */
    size_t size;      /* bytes of the document, without the NUL */
};

/* Sorted by file name in byte order. */
extern const struct example examples[];
extern const size_t example_count;

#endif
