/* SPDX-License-Identifier: MIT */
#include "db/experiment_row_priv.h"

#include <assert.h>

static const char *const status_names[] = {
    "queued", "running", "done", "failed", "interrupted",
};
static_assert(sizeof status_names / sizeof status_names[0] == EXPERIMENT_STATUS_COUNT,
              "a name each");

const char *experiment_status_name(enum experiment_status status) {
    return status_names[status];
}

int experiment_row_status(const struct query *q, int column, struct err *err) {
    return query_get_word(q, column, status_names, EXPERIMENT_STATUS_COUNT, err);
}

int experiment_row_read(struct query *q, struct experiment_row *row, struct arena *arena,
                        struct err *err) {
    const int status = experiment_row_status(q, 5, err);
    if (status < 0) {
        return status;
    }
    *row = (struct experiment_row){
        .id = query_get_int(q, 0),
        .name = query_copy_text(q, 1, arena),
        .content_hash = query_copy_text(q, 2, arena),
        .engine_version = query_copy_text(q, 3, arena),
        .reason = query_copy_text(q, 4, arena),
        .status = (enum experiment_status)status,
        .seed = (uint64_t)query_get_int(q, 6),
        .created_ms = query_get_int(q, 7),
        .cells = query_get_int(q, 8),
        .cells_done = query_get_int(q, 9),
        .document_hash = query_copy_text(q, 10, arena),
    };
    return 0;
}
