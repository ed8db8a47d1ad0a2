/* SPDX-License-Identifier: MIT */
#include "server/export/export.h"

#include <string.h>

#include "db/sqlite_export.h"

static int write_sqlite(const struct export_request *request, struct err *err) {
    const struct sqlite_export_request sqlite = {.path = request->path,
                                                 .experiment = request->experiment,
                                                 .run = request->run,
                                                 .cancelled = request->cancelled,
                                                 .context = request->context,
                                                 .file = request->file,
                                                 .damage_count = request->damage_count};
    return sqlite_export_write(request->db, &sqlite, err);
}

const struct export_format export_formats[] = {
    {"sqlite", "application/vnd.sqlite3", "sqlite", write_sqlite},
};

const size_t export_format_count = sizeof export_formats / sizeof export_formats[0];

const struct export_format *export_format_find(const char *name) {
    for (size_t i = 0; i < export_format_count; i++) {
        if (strcmp(export_formats[i].name, name) == 0) {
            return &export_formats[i];
        }
    }
    return NULL;
}
