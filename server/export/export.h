/* SPDX-License-Identifier: MIT */
/* export - the formats that a result file can be written in: rows of one table. */
#ifndef SERVER_EXPORT_EXPORT_H
#define SERVER_EXPORT_EXPORT_H

#include "db/db.h"

#include <stdbool.h>
#include <stddef.h>

struct export_request {
    struct db *db;
    const char *path;                 /* the new file; it must not exist */
    int64_t experiment;               /* 0: all */
    int64_t run;                      /* timelines: of this run; 0: of all */
    bool (*cancelled)(void *context); /* asked now and then; NULL: never */
    void *context;
    int *
        file; /* NULL; or the file keeps no name: its descriptor, for the caller to close */
    size_t *damage_count; /* NULL; or what could not be read and is missing adds to it */
};

struct export_format {
    const char *name;
    const char *media_type, *extension;
    int (*write)(const struct export_request *request, struct err *err);
};

extern const struct export_format export_formats[];
extern const size_t export_format_count;

/* NULL: there is no such format. */
const struct export_format *export_format_find(const char *name);

#endif
