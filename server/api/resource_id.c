/* SPDX-License-Identifier: MIT */
#include "server/api/resource_id.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void resource_id_format(enum resource_kind kind, int64_t id, char out[RESOURCE_ID_SIZE]) {
    snprintf(out, RESOURCE_ID_SIZE, "%c%lld", (char)kind, (long long)id);
}

int resource_id_parse(enum resource_kind kind, const char *text, int64_t *out,
                      struct err *err) {
    enum { DIGITS_MAX = 18 }; /* always fit into an int64_t */
    const size_t digits = text[0] != '\0' ? strspn(text + 1, "0123456789") : 0;
    const int64_t id =
        digits > 0 && digits <= DIGITS_MAX ? strtoll(text + 1, NULL, 10) : 0;
    char canonical[RESOURCE_ID_SIZE];
    resource_id_format(kind, id, canonical);
    if (id <= 0 || strcmp(canonical, text) != 0) {
        return err_set(err, ERR_NOT_FOUND, "there is nothing with the id '%.32s'", text);
    }
    *out = id;
    return 0;
}

int resource_id_missing(int code, enum resource_kind kind, int64_t id, struct err *err) {
    if (code != ERR_NOT_FOUND) {
        return code;
    }
    char text[RESOURCE_ID_SIZE];
    resource_id_format(kind, id, text);
    if (err != NULL) {
        err_clear(err);
    }
    return err_set(err, code, "there is no %s %s",
                   kind == RESOURCE_EXPERIMENT ? "experiment"
                   : kind == RESOURCE_CELL     ? "cell"
                   : kind == RESOURCE_NOTE     ? "note"
                                               : "run",
                   text);
}
