/* SPDX-License-Identifier: MIT */
#include "server/jobs/run_origin.h"

#include <string.h>

#include "db/cell_store.h"
#include "db/experiment_store.h"
#include "db/run_store.h"

void run_origin_deinit(struct run_origin *origin) {
    grid_destroy(origin->grid);
    document_destroy(origin->document);
    *origin = (struct run_origin){0};
}

/* Run, repetition, cell; and the experiment. */
static int find(struct db_reader *reader, struct run_origin *out, int64_t *experiment,
                struct err *err) {
    struct run_list runs;
    struct cell_list cells;
    int code = run_store_read(reader, out->run, &runs, err);
    if (code != 0) {
        return code;
    }
    out->repetition = runs.items[0].repetition;
    *experiment = runs.items[0].experiment;
    code = cell_store_read(reader, runs.items[0].cell, &cells, err);
    run_list_deinit(&runs);
    if (code == 0) {
        out->cell = (size_t)cells.items[0].index;
        cell_list_deinit(&cells);
    }
    return code;
}

static int expand(struct run_origin *origin, const struct experiment_row *row,
                  struct err *err) {
    if (strcmp(row->engine_version, ENGINE_VERSION) != 0) {
        return err_set(
            err, ERR_CONFLICT,
            "run r%lld was made by engine %s, this is engine %s, which may give "
            "another result: submit the document again",
            (long long)origin->run, row->engine_version, ENGINE_VERSION);
    }
    int code =
        document_parse(&origin->document, row->document, strlen(row->document), err);
    if (code == 0) {
        code = grid_create(&origin->grid, origin->document, err);
    }
    if (code == 0 && origin->cell >= grid_cell_count(origin->grid)) {
        code = err_set(err, ERR_CORRUPT, "the document has no cell %zu", origin->cell);
    }
    return code;
}

int run_origin_read(struct run_origin *out, struct db_reader *reader, int64_t run,
                    struct err *err) {
    struct run_origin origin = {.run = run};
    struct experiment experiment;
    int64_t id = 0;
    int code = find(reader, &origin, &id, err);
    if (code == 0) {
        code = experiment_store_read(reader, id, &experiment, err);
    }
    if (code != 0) {
        return code;
    }
    code = expand(&origin, &experiment.row, err);
    experiment_deinit(&experiment);
    if (code != 0) {
        run_origin_deinit(&origin);
        return code;
    }
    *out = origin;
    return 0;
}
