/* SPDX-License-Identifier: MIT */
#include "server/jobs/findings_job.h"

#include <stdlib.h>

#include "db/findings_store.h"
#include "server/advice/advice_view.h"
#include "server/jobs/run_origin.h"

static int make_text(const struct run_origin *origin, const atomic_bool *cancel,
                     char **out, struct err *err) {
    const struct advice_request request = {
        .document = origin->document,
        .grid = origin->grid,
        .cell = origin->cell,
        .repetition = origin->repetition,
        .cancel = cancel,
    };
    struct json_writer writer = {0};
    struct advice advice;
    size_t size;
    int code = advice_make(&advice, &request, err);
    if (code == 0) {
        advice_view_write(&writer, &advice);
        code = json_writer_steal(&writer, out, &size, err);
        advice_deinit(&advice);
    }
    return code;
}

int findings_job_run(struct db *db, struct db_reader *reader, int64_t run,
                     const atomic_bool *cancel, struct err *err) {
    struct run_origin origin;
    char *text = NULL;
    int code = run_origin_read(&origin, reader, run, err);
    if (code != 0) {
        return code;
    }
    code = make_text(&origin, cancel, &text, err);
    if (code == 0) {
        code = findings_store_write(db, run, text, err);
    }
    free(text);
    run_origin_deinit(&origin);
    return code;
}
