/* SPDX-License-Identifier: MIT */
/* export - the formats that a result file can be written in: rows of one table. */
#ifndef SERVER_EXPORT_EXPORT_H
#define SERVER_EXPORT_EXPORT_H

#include "db/db.h"

#include <stddef.h>

struct export_request {
    struct db *db;
    const char *path; /* the new file; it must not exist */
    int64_t run;      /* 0: all runs */
};

struct export_format {
    const char *name;
    int (*write)(const struct export_request *request, struct err *err);
};

extern const struct export_format export_formats[];
extern const size_t export_format_count;

/* NULL: there is no such format. */
const struct export_format *export_format_find(const char *name);

#endif
