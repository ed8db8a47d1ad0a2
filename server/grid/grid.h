/* SPDX-License-Identifier: MIT */
/*
 * grid - the cells of a document: runtimes x strategies x every point of the sweep.
 *
 * The order of cells is fixed: runtime outermost, then strategy, then the sweep with its
 * axes sorted by pointer and the last one running fastest.
 *
 *     index = (runtime * strategies + strategy) * points + point
 *
 * grid_create() substitutes every point into the document and reads the result with the
 * reader of server/document, so that after it succeeded every cell has a plan. An error
 * in a swept value has the pointer of that value: "/sweep/~1machine~1cores/2".
 *
 * A cell's key is a hash of its canonical resolved document (one runtime, one strategy,
 * no sweep, nothing that cannot change a result such as the name), every resolved
 * parameter of its machine and runtimes, and ENGINE_VERSION. Equal keys mean equal
 * results for the same repetition, also across experiments.
 *
 * A grid is immutable; all functions on a const grid may be called from many threads at
 * once.
 */
#ifndef SERVER_GRID_GRID_H
#define SERVER_GRID_GRID_H

#include "engine/base/err.h"
#include "engine/program/plan.h"
#include "server/document/document.h"

enum {
    GRID_MAX_CELLS = 10000,
    GRID_MAX_RUNS = 1000000, /* cells x repetitions */
    GRID_TIMELINE_CELLS =
        64 /* larger grids record no timelines unless the document says so */
};

/* Strings are UTF-8 and live as long as the grid. */
struct grid_cell {
    const char *runtime;  /* "cpython-3.9 (switch_interval_us=1000)" */
    const char *strategy; /* "sequential", "threads(8)", "actors" */
    const char *point;    /* JSON object text: {"/machine/cores":2}; {} without a sweep */
    const char
        *reason; /* NULL, or why the combination does not exist: "not applicable" */
    char key[HASH_TEXT_SIZE];
};

struct grid;

/*
 * Expands the document, which may be destroyed afterwards. ERR_INVALID with a pointer
 * (also for too many cells), or ERR_NOMEM. Free with grid_destroy().
 */
int grid_create(struct grid **out, const struct document *document,
                struct err *err) WARN_UNUSED;

/* The same for a document whose cells are stored, with their keys: here they are "", which
 * takes a third of the time. */
int grid_create_again(struct grid **out, const struct document *document,
                      struct err *err) WARN_UNUSED;

/* NULL is accepted. */
void grid_destroy(struct grid *grid);

/* At least 1. */
size_t grid_cell_count(const struct grid *grid);

/* `index` < grid_cell_count(). */
const struct grid_cell *grid_cell(const struct grid *grid, size_t index);

/*
 * Makes the plan of a cell; the caller frees it with plan_deinit(). ERR_UNSUPPORTED with
 * the cell's reason when it is not applicable, or ERR_NOMEM.
 */
int grid_cell_plan(const struct grid *grid, size_t index, struct plan *out,
                   struct err *err) WARN_UNUSED;

/*
 * The cell as a document of its own, canonical text: parsing and expanding it yields one
 * cell of the same key. The caller frees `*out` with memory_free().
 */
int grid_cell_document(const struct grid *grid, size_t index, char **out,
                       struct err *err) WARN_UNUSED;

/* Whether a run of any cell records its timeline, by "record" and the size of the grid.
 */
bool grid_wants_timeline(const struct grid *grid, uint32_t repetition);

#endif
