/* SPDX-License-Identifier: MIT */
#include "grid.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "engine/base/check.h"
#include "server/document/canonical.h"
#include "server/document/gate.h"
#include "server/document/reading.h"
#include "server/document/text.h"
#include "server/grid/cell.h"
#include "server/grid/sweep.h"
#include "server/grid/tree.h"

/*
 * Expanding reads every point's document and writes every cell's: time grows with cells
 * times the size of a document. This bound keeps the worst grid at a few seconds.
 */
enum { GRID_MAX_BYTES = 64 * 1024 * 1024 };

struct grid {
    json_t *root; /* a tree of its own; never changed but for reference counts */
    pthread_mutex_t
        mu; /* guards the reference counts: jansson reads them without atomics */
    enum document_record record;
    bool keys; /* cells have them */
    struct sweep sweep;
    size_t runtime_count, strategy_count; /* the same at every point */
    struct grid_cell *cells;
    size_t cell_count;
    struct arena arena; /* owns cells, labels and the sweep's memory */
};

/* --- size --------------------------------------------------------------------- */

static const char *size_pointer(const struct grid *grid) {
    return grid->sweep.axis_count > 0 ? "/sweep" : "";
}

/* Counts the cells before any is made. */
static int count_cells(struct grid *grid, struct err *err) {
    const json_t *runtimes = json_object_get(grid->root, "runtimes");
    const json_t *strategies = json_object_get(grid->root, "strategies");
    grid->runtime_count = runtimes == NULL ? 1 : json_array_size(runtimes);
    grid->strategy_count = strategies == NULL ? 1 : json_array_size(strategies);
    const size_t rows = grid->runtime_count * grid->strategy_count;
    if (__builtin_mul_overflow(rows, grid->sweep.points, &grid->cell_count) ||
        grid->sweep.points == SIZE_MAX) {
        return err_set_pointer(
            err, size_pointer(grid),
            "the grid would have more than 10^18 cells; at most %d are run, "
            "so sweep fewer values",
            GRID_MAX_CELLS);
    }
    if (grid->cell_count > GRID_MAX_CELLS) {
        return err_set_pointer(
            err, size_pointer(grid),
            "the grid would have %zu cells (%zu runtimes x %zu strategies x "
            "%zu points); at most %d are run, so sweep fewer values",
            grid->cell_count, grid->runtime_count, grid->strategy_count,
            grid->sweep.points, GRID_MAX_CELLS);
    }
    return 0;
}

static int check_runs(const struct grid *grid, uint32_t repetitions, struct err *err) {
    const size_t runs = grid->cell_count * repetitions;
    return runs > GRID_MAX_RUNS
               ? err_set_pointer(err, "/repetitions",
                                 "%zu cells with %u repetitions each make %zu runs; at "
                                 "most %d are run, so repeat less or sweep fewer values",
                                 grid->cell_count, repetitions, runs, GRID_MAX_RUNS)
               : 0;
}

/* Bytes of the document without its sweep. */
static int measure_document(const json_t *root, size_t *out, struct err *err) {
    json_t *copy = tree_copy(root);
    if (copy == NULL) {
        return err_set_nomem(err);
    }
    /* Fails only when there is no sweep. */
    (void)json_object_del(copy, "sweep");
    char *text;
    const int rc = canonical_text(copy, &text, out, err);
    json_decref(copy);
    if (rc == 0) {
        memory_free(text);
    }
    return rc;
}

static int check_bytes(const struct grid *grid, struct err *err) {
    size_t bytes = 0;
    int rc = measure_document(grid->root, &bytes, err);
    if (rc == 0) {
        rc = sweep_check_values(&grid->sweep, &bytes, err);
    }
    if (rc == 0 && bytes > GRID_MAX_BYTES / grid->cell_count) {
        rc = err_set_pointer(
            err, size_pointer(grid),
            "%zu cells of a document of %zu bytes are too much to expand; "
            "make the document or the grid smaller",
            grid->cell_count, bytes);
    }
    return rc;
}

/* --- cells -------------------------------------------------------------------- */

/* Taken wherever parts of the shared tree are referred to or let go. The grid is const to
 * its users, but it was allocated by grid_create() and is not. */
static void lock_tree(const struct grid *grid) {
    pthread_mutex_lock((pthread_mutex_t *)(uintptr_t)&grid->mu);
}

static void unlock_tree(const struct grid *grid) {
    pthread_mutex_unlock((pthread_mutex_t *)(uintptr_t)&grid->mu);
}

static void release(const struct grid *grid, json_t *value) {
    lock_tree(grid);
    json_decref(value);
    unlock_tree(grid);
}

/* A point that has been resolved and read. */
struct point {
    size_t index;
    json_t *resolved;
    struct reading reading;
    const char *text; /* {"/machine/cores":2}, in the grid's arena when made for cells */
    struct hash key;  /* of the runtime whose cells are being made, its beginning */
};

static int open_point(const struct grid *grid, size_t index, struct point *out,
                      struct err *err) {
    struct point point = {.index = index};
    lock_tree(grid);
    int rc = sweep_resolve(&grid->sweep, grid->root, index, &point.resolved, err);
    unlock_tree(grid);
    if (rc != 0) {
        return rc;
    }
    rc = reading_init(&point.reading, point.resolved, err);
    if (rc != 0) {
        sweep_place_error(&grid->sweep, index, err);
        release(grid, point.resolved);
        return rc;
    }
    ASSERT(point.reading.runtime_count == grid->runtime_count);
    ASSERT(point.reading.strategy_count == grid->strategy_count);
    *out = point;
    return 0;
}

static void close_point(const struct grid *grid, struct point *point) {
    reading_deinit(&point->reading);
    release(grid, point->resolved);
}

static int describe_point(struct grid *grid, struct point *point, struct err *err) {
    json_t *object;
    int rc = sweep_describe(&grid->sweep, point->index, &object, err);
    if (rc != 0) {
        return rc;
    }
    char *text;
    size_t size;
    rc = canonical_text(object, &text, &size, err);
    json_decref(object);
    if (rc != 0) {
        return rc;
    }
    point->text = arena_strdup(&grid->arena, text);
    memory_free(text);
    return point->text == NULL ? err_set_nomem(err) : 0;
}

/* Why the combination does not exist; `*out` stays NULL when it does. */
static int find_reason(struct grid *grid, const struct point *point, size_t runtime,
                       size_t strategy, const char **out, struct err *err) {
    struct err reason = {0};
    const int rc = reading_check_cell(&point->reading, runtime, strategy, &reason);
    if (rc == ERR_UNSUPPORTED) {
        *out = arena_strdup(&grid->arena, reason.text);
        return *out == NULL ? err_set_nomem(err) : 0;
    }
    if (rc != 0) {
        sweep_place_error(&grid->sweep, point->index, &reason);
        if (err != NULL && err->code == 0) {
            *err = reason;
        }
    }
    return rc;
}

static int make_key(const struct point *point, size_t runtime, size_t strategy,
                    char out[HASH_TEXT_SIZE], struct err *err) {
    json_t *document;
    int rc = cell_document(point->resolved, &point->reading, runtime, strategy, &document,
                           err);
    if (rc == 0) {
        rc = cell_key(document, point->key, out, err);
        json_decref(document);
    }
    return rc;
}

/* A label of a row is mostly that of its first point, too: then it is kept once. */
static const char *keep_label(struct grid *grid, const char *first, const char *label) {
    return first != NULL && strcmp(first, label) == 0 ? first
                                                      : arena_strdup(&grid->arena, label);
}

static int make_cell(struct grid *grid, const struct point *point, size_t runtime,
                     size_t strategy, struct err *err) {
    struct grid_cell *first =
        &grid->cells[(runtime * grid->strategy_count + strategy) * grid->sweep.points];
    struct grid_cell *cell = first + point->index;
    cell->point = point->text;
    cell->runtime =
        keep_label(grid, first->runtime, point->reading.runtimes[runtime].label);
    cell->strategy =
        keep_label(grid, first->strategy, point->reading.strategies[strategy].label);
    if (cell->runtime == NULL || cell->strategy == NULL) {
        return err_set_nomem(err);
    }
    const int rc = find_reason(grid, point, runtime, strategy, &cell->reason, err);
    return rc == 0 && grid->keys ? make_key(point, runtime, strategy, cell->key, err)
                                 : rc;
}

static int make_point_cells(struct grid *grid, size_t index, struct err *err) {
    struct point point;
    int rc = open_point(grid, index, &point, err);
    if (rc != 0) {
        return rc;
    }
    rc = describe_point(grid, &point, err);
    for (size_t i = 0; i < grid->runtime_count; i++) {
        if (grid->keys) {
            point.key = cell_key_begin(&point.reading, i);
        }
        for (size_t j = 0; j < grid->strategy_count && rc == 0; j++) {
            rc = make_cell(grid, &point, i, j, err);
        }
    }
    close_point(grid, &point);
    return rc;
}

static int expand(struct grid *grid, uint32_t repetitions, struct err *err) {
    int rc = sweep_init(&grid->sweep, grid->root, &grid->arena, err);
    if (rc == 0) {
        rc = count_cells(grid, err);
    }
    if (rc == 0) {
        rc = check_runs(grid, repetitions, err);
    }
    if (rc == 0) {
        rc = check_bytes(grid, err);
    }
    if (rc != 0) {
        return rc;
    }
    grid->cells = arena_alloc(&grid->arena, grid->cell_count, sizeof grid->cells[0]);
    if (grid->cells == NULL) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; i < grid->sweep.points && rc == 0; i++) {
        rc = make_point_cells(grid, i, err);
    }
    return rc;
}

/* --- gates -------------------------------------------------------------------- */

static bool gate_covers_any(const struct grid *grid, const struct gate *gate) {
    for (size_t i = 0; i < grid->cell_count; i++) {
        const struct grid_cell *cell = &grid->cells[i];
        if (gate_covers(
                gate, &(struct gate_cell){cell->runtime, cell->strategy, cell->point})) {
            return true;
        }
    }
    return false;
}

/* A gate that looks at nothing would always hold. */
static int check_gates(const struct grid *grid, const struct document *document,
                       struct err *err) {
    for (size_t i = 0; i < document->gate_count; i++) {
        if (!gate_covers_any(grid, &document->gates[i])) {
            char pointer[48];
            const struct grid_cell *first = &grid->cells[0];
            snprintf(pointer, sizeof pointer, "/gate/%zu/where", i);
            return err_set_pointer(err, pointer,
                                   "no cell of the grid is like that; the first one is "
                                   "runtime \"%.60s\", strategy \"%.60s\", point %.60s",
                                   first->runtime, first->strategy, first->point);
        }
    }
    return 0;
}

/* --- public ------------------------------------------------------------------- */

static int create(struct grid **out, const struct document *document, bool keys,
                  struct err *err) {
    struct err scratch = {0};
    struct grid *grid = memory_zeroed(1, sizeof *grid);
    if (grid == NULL) {
        return err_set_nomem(err);
    }
    if (pthread_mutex_init(&grid->mu, NULL) != 0) {
        memory_free(grid);
        return err_set_nomem(err);
    }
    grid->record = document->record;
    grid->keys = keys;
    int rc = text_parse(&grid->root, document->canonical, document->canonical_size, err);
    if (rc == 0) {
        rc = expand(grid, document->repetitions, err != NULL ? err : &scratch);
    }
    if (rc == 0) {
        rc = check_gates(grid, document, err);
    }
    if (rc != 0) {
        grid_destroy(grid);
        return rc;
    }
    *out = grid;
    return 0;
}

int grid_create(struct grid **out, const struct document *document, struct err *err) {
    return create(out, document, true, err);
}

int grid_create_again(struct grid **out, const struct document *document,
                      struct err *err) {
    return create(out, document, false, err);
}

void grid_destroy(struct grid *grid) {
    if (grid != NULL) {
        json_decref(grid->root);
        arena_deinit(&grid->arena);
        pthread_mutex_destroy(&grid->mu);
        memory_free(grid);
    }
}

size_t grid_cell_count(const struct grid *grid) { return grid->cell_count; }

const struct grid_cell *grid_cell(const struct grid *grid, size_t index) {
    ASSERT(index < grid->cell_count);
    return &grid->cells[index];
}

int grid_cell_plan(const struct grid *grid, size_t index, struct plan *out,
                   struct err *err) {
    ASSERT(index < grid->cell_count);
    const size_t row = index / grid->sweep.points;
    struct point point;
    int rc = open_point(grid, index % grid->sweep.points, &point, err);
    if (rc != 0) {
        return rc;
    }
    rc = reading_plan(&point.reading, row / grid->strategy_count,
                      row % grid->strategy_count, out, err);
    close_point(grid, &point);
    return rc;
}

int grid_cell_document(const struct grid *grid, size_t index, char **out,
                       struct err *err) {
    ASSERT(index < grid->cell_count);
    const size_t row = index / grid->sweep.points;
    struct point point;
    int rc = open_point(grid, index % grid->sweep.points, &point, err);
    if (rc != 0) {
        return rc;
    }
    json_t *document;
    lock_tree(grid);
    rc = cell_document(point.resolved, &point.reading, row / grid->strategy_count,
                       row % grid->strategy_count, &document, err);
    unlock_tree(grid);
    if (rc == 0) {
        size_t size;
        rc = canonical_text(document, out, &size, err);
        release(grid, document);
    }
    close_point(grid, &point);
    return rc;
}

bool grid_wants_timeline(const struct grid *grid, uint32_t repetition) {
    switch (grid->record) {
    case DOCUMENT_RECORD_SUMMARY:
        return false;
    case DOCUMENT_RECORD_TIMELINE:
        return true;
    default:
        return repetition == 0 && grid->cell_count <= GRID_TIMELINE_CELLS;
    }
}
