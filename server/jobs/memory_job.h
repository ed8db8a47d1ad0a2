/* SPDX-License-Identifier: MIT */
/*
 * memory_job - an experiment that is run without a database: its outcome is kept in
 * memory, in the rows that the database would give, so that one writer shows both.
 *
 * Timelines are not kept, but perhaps a picture of some. Ids are e1, c1, c2 ..., r1, r2 ... in the order of cells
 * and repetitions. Summaries are over runs that are done or limited, as in
 * db/cell_store.h.
 */
#ifndef SERVER_JOBS_MEMORY_JOB_H
#define SERVER_JOBS_MEMORY_JOB_H

#include "db/cell_store.h"
#include "db/experiment_store.h"
#include "db/run_picture.h"
#include "db/run_store.h"
#include "engine/base/err.h"
#include "server/document/document.h"
#include "server/grid/grid.h"
#include "server/jobs/job_queue.h"

struct memory_job;

/* `document` must outlive it; the grid is owned, also on failure. */
int memory_job_create(struct memory_job **out, const struct document *document,
                      struct grid *take_grid, struct err *err) WARN_UNUSED;

/* Before it runs: keep the histograms of every run, too. */
void memory_job_keep_histograms(struct memory_job *memory);

/* Before it runs: paint the first repetition of the first so many cells that can run. */
struct memory_pictures {
    size_t cell_count;
    struct run_picture_size size;
};
void memory_job_keep_pictures(struct memory_job *memory,
                              const struct memory_pictures *pictures);

/* After the queue that uses it is destroyed. NULL is accepted. */
void memory_job_destroy(struct memory_job *memory);

/* A source that hands out the one job, once. */
struct job_source memory_job_source(struct memory_job *memory);

/* Rows of an experiment; `cells` by index, `runs` by cell and repetition. */
struct memory_rows {
    struct experiment_row experiment;
    struct cell_list cells;
    struct run_list runs;
};

/*
 * The outcome, once nothing runs any more. Everything but the arrays of `out` is borrowed
 * from the job; free with memory_rows_deinit().
 */
int memory_job_rows(const struct memory_job *memory, struct memory_rows *out,
                    struct err *err) WARN_UNUSED;
void memory_rows_deinit(struct memory_rows *rows);

#endif
