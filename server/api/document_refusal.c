/* SPDX-License-Identifier: MIT */
#include "server/api/document_refusal.h"

#include <string.h>

#include "engine/base/memory.h"
#include "server/document/mistakes.h"

void document_refusal_complete(struct http_response *response, const struct err *err,
                               const char *text, size_t size) {
    if (err->code != ERR_INVALID) {
        return;
    }
    struct mistakes *found = memory_zeroed(1, sizeof *found);
    if (found == NULL) {
        return;
    }
    mistakes_find(found, text, size, err, MISTAKES_MAX - 1);
    struct err *others = NULL;
    if (found->count > 0) {
        others = memory_resize(NULL, found->count, sizeof *others);
    }
    if (others != NULL) {
        memcpy(others, found->list, found->count * sizeof *others);
        memory_free(response->others);
        response->others = others;
        response->other_count = found->count;
    }
    memory_free(found);
}
