/* SPDX-License-Identifier: MIT */
/*
 * resource_id - ids as the API shows them: a letter for the kind and the row's number,
 * "e12", "c40", "r45". Opaque to clients.
 */
#ifndef SERVER_API_RESOURCE_ID_H
#define SERVER_API_RESOURCE_ID_H

#include "engine/base/err.h"

#include <stdint.h>

enum { RESOURCE_ID_SIZE = 24 };

enum resource_kind {
    RESOURCE_EXPERIMENT = 'e',
    RESOURCE_CELL = 'c',
    RESOURCE_RUN = 'r',
    RESOURCE_NOTE = 'n'
};

void resource_id_format(enum resource_kind kind, int64_t id, char out[RESOURCE_ID_SIZE]);

/* ERR_NOT_FOUND: `text` is no id of that kind, so there is nothing of that id. */
int resource_id_parse(enum resource_kind kind, const char *text, int64_t *out,
                      struct err *err) WARN_UNUSED;

/* Returns `code`; when it is ERR_NOT_FOUND, the error names the id as the client does. */
int resource_id_missing(int code, enum resource_kind kind, int64_t id, struct err *err);

#endif
