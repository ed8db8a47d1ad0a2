/* SPDX-License-Identifier: MIT */
#include "server/api/cell_api.h"

#include <string.h>

#include "db/experiment_store.h"
#include "engine/base/memory.h"
#include "server/advice/cell_document.h"
#include "server/api/api.h"
#include "server/api/cell_query.h"
#include "server/api/experiment_view.h"
#include "server/api/item_list.h"
#include "server/api/resource_id.h"
#include "server/document/canonical.h"

/* Cell and runs as one state of the store; both are freed by the caller on success. */
static int read_cell(struct db_reader *reader, int64_t id, struct cell_list *cells,
                     struct run_list *runs, struct err *err) {
    int code = db_reader_begin(reader, err);
    if (code != 0) {
        return code;
    }
    code = cell_store_read(reader, id, cells, err);
    code = resource_id_missing(code, RESOURCE_CELL, id, err);
    if (code == 0) {
        code = run_store_list_cell(reader, id, runs, err);
        if (code != 0) {
            cell_list_deinit(cells);
        }
    }
    db_reader_end(reader);
    return code;
}

int cell_api_read(void *context, const struct http_request *request,
                  struct http_response *response, struct err *err) {
    struct json_writer writer = {0};
    struct cell_list cells;
    struct run_list runs;
    int64_t id;
    int code = resource_id_parse(RESOURCE_CELL, request->capture[0], &id, err);
    if (code == 0) {
        code = read_cell(api_reader(context, request), id, &cells, &runs, err);
    }
    if (code != 0) {
        return code;
    }
    experiment_view_write_cell(&writer, &cells.items[0], &runs, NULL);
    cell_list_deinit(&cells);
    run_list_deinit(&runs);
    return http_response_take_json(response, 200, &writer, err);
}

/* --- those of an experiment ------------------------------------------------------- */

/* Runs and all, as one state of the store. */
static int write_cells(struct item_list *items, struct db_reader *reader,
                       const struct cell_list *cells, const bool *shown,
                       struct err *err) {
    int code = 0;
    for (size_t i = 0; code == 0 && i < cells->count; i++) {
        struct run_list runs = {0};
        code = run_store_list_cell(reader, cells->items[i].id, &runs, err);
        if (code == 0) {
            experiment_view_write_cell(&items->writer, &cells->items[i], &runs, shown);
            item_list_end_item(items);
        }
        run_list_deinit(&runs);
    }
    return code;
}

static int write_page(struct item_list *items, struct db_reader *reader,
                      const struct cell_query *query, struct err *err) {
    const bool *shown = query->shown.is_given ? query->shown.wanted : NULL;
    struct cell_page page;
    struct cell_list cells = {0};
    char next[CELL_CURSOR_SIZE];
    int code = db_reader_begin(reader, err);
    if (code != 0) {
        return code;
    }
    code = cell_page_find(reader, &query->wish, &page, err);
    code = resource_id_missing(code, RESOURCE_EXPERIMENT, query->wish.experiment, err);
    if (code == 0) {
        const struct cell_ids ids = {page.ids, page.count};
        code = cell_store_read_some(reader, &ids, shown, &cells, err);
    }
    if (code == 0) {
        code = write_cells(items, reader, &cells, shown, err);
    }
    db_reader_end(reader);
    cell_list_deinit(&cells);
    if (code == 0) {
        cell_query_cursor(&query->wish, &page.last, next);
        item_list_close_items(items);
        item_list_next(items, page.has_more ? next : NULL);
    }
    return code;
}

int cell_api_list(void *context, const struct http_request *request,
                  struct http_response *response, struct err *err) {
    struct item_list items = {0};
    struct cell_query query;
    int code = cell_query_parse(request, &query, err);
    if (code != 0) {
        return code;
    }
    item_list_open(&items, request);
    code = write_page(&items, api_reader(context, request), &query, err);
    if (code == 0) {
        code = item_list_respond(&items, response, err);
    }
    json_writer_deinit(&items.writer);
    return code;
}

/* --- its document ---------------------------------------------------------------- */

static int make_text(const char *source, size_t cell, char **text, size_t *size,
                     struct err *err) {
    struct document *document = NULL;
    struct grid *grid = NULL;
    json_t *tree = NULL;
    int code = document_parse(&document, source, strlen(source), err);
    if (code == 0) {
        code = grid_create(&grid, document, err);
    }
    if (code == 0 && cell >= grid_cell_count(grid)) {
        code = err_set(err, ERR_CORRUPT, "the document has no cell %zu", cell);
    }
    if (code == 0) {
        code = cell_document_make(document, grid, cell, &tree, err);
    }
    if (code == 0) {
        code = canonical_text(tree, text, size, err);
        json_decref(tree);
    }
    grid_destroy(grid);
    document_destroy(document);
    return code;
}

static int read_document(struct db_reader *reader, int64_t id, char **text, size_t *size,
                         struct err *err) {
    struct experiment experiment;
    struct cell_list cells;
    int code = cell_store_read(reader, id, &cells, err);
    code = resource_id_missing(code, RESOURCE_CELL, id, err);
    if (code != 0) {
        return code;
    }
    code = experiment_store_read(reader, cells.items[0].experiment, &experiment, err);
    if (code == 0) {
        code = make_text(experiment.row.document, (size_t)cells.items[0].index, text,
                         size, err);
        experiment_deinit(&experiment);
    }
    cell_list_deinit(&cells);
    return code;
}

int cell_api_document(void *context, const struct http_request *request,
                      struct http_response *response, struct err *err) {
    struct json_writer writer = {0};
    char *text = NULL;
    size_t size = 0;
    int64_t id;
    int code = resource_id_parse(RESOURCE_CELL, request->capture[0], &id, err);
    if (code == 0) {
        code = read_document(api_reader(context, request), id, &text, &size, err);
    }
    if (code != 0) {
        return code;
    }
    json_writer_raw(&writer, text, size);
    memory_free(text);
    return http_response_take_json(response, 200, &writer, err);
}
