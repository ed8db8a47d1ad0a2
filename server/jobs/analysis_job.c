/* SPDX-License-Identifier: MIT */
#include "server/jobs/analysis_job.h"

#include <stdlib.h>

#include "db/analysis_store.h"
#include "server/advice/advice_view.h"
#include "server/advice/speedup_view.h"
#include "server/jobs/run_origin.h"

static int write_findings(const struct run_origin *origin, const atomic_bool *cancel,
                          struct json_writer *writer, struct err *err) {
    const struct advice_request request = {
        .document = origin->document,
        .grid = origin->grid,
        .cell = origin->cell,
        .repetition = origin->repetition,
        .cancel = cancel,
    };
    struct advice advice;
    const int code = advice_make(&advice, &request, err);
    if (code == 0) {
        advice_view_write(writer, &advice);
        advice_deinit(&advice);
    }
    return code;
}

static int write_speedup(const struct run_origin *origin, const atomic_bool *cancel,
                         struct json_writer *writer, struct err *err) {
    const struct speedup_request request = {
        .document = origin->document,
        .grid = origin->grid,
        .cell = origin->cell,
        .options = {.repetitions = advice_repetitions(origin->document),
                    .cancel = cancel},
    };
    struct speedup speedup;
    const int code = speedup_make(&speedup, &request, err);
    if (code == 0) {
        speedup_view_write(writer, &speedup);
        speedup_deinit(&speedup);
    }
    return code;
}

typedef int (*write_fn)(const struct run_origin *origin, const atomic_bool *cancel,
                        struct json_writer *writer, struct err *err);

static int make_text(const struct run_origin *origin, enum analysis_kind kind,
                     const atomic_bool *cancel, char **out, struct err *err) {
    static const write_fn writers[ANALYSIS_KIND_COUNT] = {
        [ANALYSIS_FINDINGS] = write_findings, [ANALYSIS_SPEEDUP] = write_speedup};
    struct json_writer writer = {0};
    size_t size;
    const int code = writers[kind](origin, cancel, &writer, err);
    return code == 0 ? json_writer_steal(&writer, out, &size, err) : code;
}

/* What a job works with. */
struct analysis {
    struct db *db;
    int64_t run;
    enum analysis_kind kind;
    const atomic_bool *cancel;
};

static int execute(const struct analysis *analysis, struct db_reader *reader,
                   struct err *err) {
    struct run_origin origin;
    char *text = NULL;
    int code = run_origin_read(&origin, reader, analysis->run, err);
    if (code != 0) {
        return code;
    }
    code = make_text(&origin, analysis->kind, analysis->cancel, &text, err);
    if (code == 0) {
        code =
            analysis_store_write(analysis->db, analysis->run, analysis->kind, text, err);
    }
    free(text);
    run_origin_deinit(&origin);
    return code;
}

int analysis_job_findings(struct db *db, struct db_reader *reader, int64_t run,
                          const atomic_bool *cancel, struct err *err) {
    const struct analysis analysis = {db, run, ANALYSIS_FINDINGS, cancel};
    return execute(&analysis, reader, err);
}

int analysis_job_speedup(struct db *db, struct db_reader *reader, int64_t run,
                         const atomic_bool *cancel, struct err *err) {
    const struct analysis analysis = {db, run, ANALYSIS_SPEEDUP, cancel};
    return execute(&analysis, reader, err);
}
