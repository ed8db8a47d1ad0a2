/* SPDX-License-Identifier: MIT */
#include "server/api/cell_api.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "db/experiment_store.h"
#include "engine/base/memory.h"
#include "server/advice/cell_document.h"
#include "server/api/api.h"
#include "server/api/experiment_view.h"
#include "server/api/item_list.h"
#include "server/api/metric_query.h"
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

enum { PAGE_DEFAULT = 50, PAGE_MAX = 200 };

struct page {
    struct cell_wish wish;
    struct metric_query shown;
};

/* The text of a cursor is the index of the page's last cell. */
static int parse_page(const struct http_request *request, struct page *out,
                      struct err *err) {
    const struct api_number limit = {"limit", PAGE_DEFAULT, 1, PAGE_MAX};
    const struct api_number after = {"after", -1, 0, GRID_MAX_CELLS};
    int64_t last = 0;
    *out = (struct page){0};
    int code = resource_id_parse(RESOURCE_EXPERIMENT, request->capture[0],
                                 &out->wish.experiment, err);
    if (code == 0) {
        code = api_query_number(request, &limit, &out->wish.count, err);
    }
    if (code == 0) {
        code = api_query_number(request, &after, &last, err);
    }
    if (code == 0) {
        code = metric_query_parse(request, &out->shown, err);
    }
    out->wish.first = last + 1;
    out->wish.metrics = out->shown.is_given ? out->shown.wanted : NULL;
    return code;
}

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

/* A page as one state of the store. */
static int write_page(struct item_list *items, struct db_reader *reader,
                      const struct page *page, struct err *err) {
    const struct cell_wish *wish = &page->wish;
    struct cell_list cells = {0};
    int64_t count = 0;
    int code = db_reader_begin(reader, err);
    if (code != 0) {
        return code;
    }
    code = experiment_store_count_cells(reader, wish->experiment, &count, err);
    code = resource_id_missing(code, RESOURCE_EXPERIMENT, wish->experiment, err);
    if (code == 0) {
        code = cell_store_list_some(reader, wish, &cells, err);
    }
    if (code == 0) {
        code = write_cells(items, reader, &cells, wish->metrics, err);
    }
    db_reader_end(reader);
    cell_list_deinit(&cells);
    item_list_close_items(items);
    json_writer_key(&items->writer, "next");
    if (wish->first + wish->count < count) {
        char last[24];
        snprintf(last, sizeof last, "%" PRId64, wish->first + wish->count - 1);
        json_writer_string(&items->writer, last);
    } else {
        json_writer_null(&items->writer);
    }
    return code;
}

int cell_api_list(void *context, const struct http_request *request,
                  struct http_response *response, struct err *err) {
    struct item_list items = {0};
    struct page page;
    int code = parse_page(request, &page, err);
    if (code != 0) {
        return code;
    }
    item_list_open(&items, request);
    code = write_page(&items, api_reader(context, request), &page, err);
    if (code != 0) {
        json_writer_deinit(&items.writer);
        return code;
    }
    return item_list_respond(&items, response, err);
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
