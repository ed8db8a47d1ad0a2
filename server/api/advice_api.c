/* SPDX-License-Identifier: MIT */
#include "server/api/advice_api.h"

#include <string.h>

#include "db/cell_compare.h"
#include "db/experiment_store.h"
#include "server/api/advice_cache.h"
#include "server/api/api.h"
#include "server/api/recommend_view.h"
#include "server/api/resource_id.h"
#include "server/clock/clock.h"
#include "server/document/document.h"
#include "server/grid/grid.h"

/* What the answer is made of. */
struct material {
    const struct experiment_row *row;
    struct document
        *document;          /* owned; NULL: another engine took it, this one refuses it */
    struct grid *grid;      /* owned; NULL without a goal: then nobody needs it */
    struct cell_list cells; /* owned */
    enum metric_id goal;
};

static void material_deinit(struct material *material) {
    grid_destroy(material->grid);
    document_destroy(material->document);
    cell_list_deinit(&material->cells);
}

static int parse(struct material *material, struct err *err) {
    const char *text = material->row->document;
    const int code = document_parse(&material->document, text, strlen(text), NULL);
    return code == ERR_NOMEM ? err_set_nomem(err) : 0;
}

/* Cells beside each other, with the metrics that are looked at: all, when it is not known
 * which the goal is. */
static int read_cells(struct material *material, struct db_reader *reader,
                      struct err *err) {
    const struct document *document = material->document;
    bool wanted[METRIC_COUNT];
    memcpy(wanted, recommend_view_metrics, sizeof wanted);
    if (document != NULL && document->goal != METRIC_COUNT) {
        wanted[document->goal] = true;
    }
    const int code =
        cell_store_list_some(reader, material->row->id, document != NULL ? wanted : NULL,
                             &material->cells, err);
    return code == 0 ? cell_compare_so_far(reader, material->row->id, &material->cells,
                                           &material->goal, err)
                     : code;
}

static int open_grid(struct material *material, struct err *err) {
    if (material->document == NULL || material->goal == METRIC_COUNT) {
        return 0;
    }
    const int code = grid_create_again(&material->grid, material->document, NULL);
    return code == ERR_NOMEM ? err_set_nomem(err) : 0;
}

/* Every cell has ended, as it can. */
static bool is_complete(const struct experiment_row *row) {
    return row->status == EXPERIMENT_DONE || row->status == EXPERIMENT_FAILED;
}

static int write_made(struct json_writer *writer, const struct material *material,
                      struct err *err) {
    const struct recommend_view view = {
        .cells = &material->cells,
        .grid = material->grid,
        .goal = material->goal,
        .complete = is_complete(material->row),
        .finished = material->row->cells_done,
    };
    return recommend_view_write(writer, &view, err);
}

/* Within a transaction, which it ends. */
static int make(struct db_reader *reader, const struct experiment_row *row,
                struct json_writer *writer, struct err *err) {
    struct material material = {.row = row, .goal = METRIC_COUNT};
    int code = parse(&material, err);
    code = code == 0 ? read_cells(&material, reader, err) : code;
    db_reader_end(reader);
    code = code == 0 ? open_grid(&material, err) : code;
    code = code == 0 ? write_made(writer, &material, err) : code;
    material_deinit(&material);
    return code;
}

/* The same, unless what was said of it before still stands. */
static int find_or_make(struct advice_cache *cache, struct db_reader *reader,
                        const struct experiment_row *row, struct json_writer *writer,
                        struct err *err) {
    const struct advice_wish wish = {row->id, row->cells_done, clock_ns()};
    if (advice_cache_find(cache, &wish, writer)) {
        db_reader_end(reader);
        return 0;
    }
    const int code = make(reader, row, writer, err);
    if (code == 0) {
        advice_cache_keep(cache, &wish, clock_ns(), writer);
    }
    return code;
}

int advice_api_read(void *context, const struct http_request *request,
                    struct http_response *response, struct err *err) {
    const struct api *api = context;
    struct db_reader *reader = api_reader(api, request);
    struct json_writer writer = {0};
    struct experiment experiment;
    int64_t id;
    int code = resource_id_parse(RESOURCE_EXPERIMENT, request->capture[0], &id, err);
    if (code != 0 || (code = db_reader_begin(reader, err)) != 0) {
        return code;
    }
    code = experiment_store_read(reader, id, &experiment, err);
    if (code != 0) {
        db_reader_end(reader);
        return resource_id_missing(code, RESOURCE_EXPERIMENT, id, err);
    }
    if (is_complete(&experiment.row)) {
        code = make(reader, &experiment.row, &writer, err);
    } else {
        code = find_or_make(api->advice, reader, &experiment.row, &writer, err);
        response->cache_control = "no-store";
    }
    experiment_deinit(&experiment);
    if (code != 0) {
        json_writer_deinit(&writer);
        return code;
    }
    return http_response_take_json(response, 200, &writer, err);
}
