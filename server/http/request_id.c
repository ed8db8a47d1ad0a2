/* SPDX-License-Identifier: MIT */
#include "server/http/request_id.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

void request_ids_init(struct request_ids *ids) {
    /* Without it the ids of two processes are the same, which harms nobody. */
    if (getentropy(&ids->process, sizeof ids->process) != 0) {
        ids->process = 0;
    }
    atomic_init(&ids->next, 1);
}

/* It is sent back in a header and written to the log as it is. */
static size_t harmless_length(const char *text) {
    const size_t length =
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");
    return text[length] == '\0' && length < REQUEST_ID_SIZE ? length : 0;
}

void request_id_choose(struct request_ids *ids, const char *wanted,
                       char out[REQUEST_ID_SIZE]) {
    const size_t length = wanted != NULL ? harmless_length(wanted) : 0;
    if (length > 0) {
        memcpy(out, wanted, length + 1);
        return;
    }
    const uint_fast64_t number = atomic_fetch_add(&ids->next, 1);
    snprintf(out, REQUEST_ID_SIZE, "%08x-%llu", ids->process, (unsigned long long)number);
}
