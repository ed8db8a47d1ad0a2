/* SPDX-License-Identifier: MIT */
/*
 * job - one experiment on its way through the worker threads: its grid, where its outcome
 * goes, and what its listeners are told.
 *
 * A job does not know whether its outcome is stored (stored_job.h) or kept in memory
 * (memory_job.h): it calls a keeper. Calls of a keeper for different cells come from
 * different threads at once; begin, finish and close come when no cell is being worked
 * on.
 */
#ifndef SERVER_JOBS_JOB_H
#define SERVER_JOBS_JOB_H

#include "db/cell_store.h"
#include "db/experiment_store.h"
#include "engine/analysis/run.h"
#include "server/grid/grid.h"
#include "server/jobs/fair_share.h"
#include "server/jobs/live_run.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One repetition to be executed. */
struct job_run {
    size_t cell; /* index in the grid */
    uint32_t repetition;
    const struct plan *plan;
    bool record;               /* a timeline is wanted */
    const atomic_bool *cancel; /* for run_options */
    struct live_run *live;     /* likewise its watcher; to be told the run's id */
};

/* What became of it. */
struct job_outcome {
    enum run_status status;
    uint64_t events;  /* transitions */
    char reason[160]; /* why not RUN_DONE */
};

#define CELL_NONE SIZE_MAX

/* What became of a cell, and why it is not simply done. */
struct cell_outcome {
    size_t cell; /* index in the grid */
    size_t next; /* the cell that the same worker goes on with, or CELL_NONE */
    enum cell_status status;
    char reason[320];
    struct cell_outcome *owed_next; /* private to the queue */
};

/*
 * Keeps what comes out of a job. Every function returns 0 or a negative err_code.
 * cell_finish and finish are called again after ERR_NOMEM, ERR_LIMIT, ERR_IO and ERR_DB.
 * After a finish with EXPERIMENT_INTERRUPTED no cell may be left pending.
 */
struct job_keeper {
    void *context;
    int (*begin)(void *context, struct err *err); /* ERR_CONFLICT: it was cancelled */
    int (*cell_start)(void *context, size_t cell, struct err *err);
    /* Executes the run and keeps its outcome. */
    int (*run)(void *context, const struct job_run *run, struct job_outcome *out,
               struct err *err);
    /* Keeps the end of a cell and the start of `next`, for which cell_start is then not
     * called: one step for both costs one transaction. On failure neither is kept. */
    int (*cell_finish)(void *context, const struct cell_outcome *outcome,
                       struct err *err);
    int (*finish)(void *context, enum experiment_status status, const char *reason,
                  struct err *err);
    void (*close)(void *context); /* frees `context`; may be NULL */
};

struct job {
    int64_t experiment;      /* id, 0 when it has none */
    const struct grid *grid; /* borrowed; lives until the keeper is closed */
    int64_t *cell_ids;       /* owned; by index, NULL when cells have no ids */
    bool *skip;              /* owned; cells that are finished already */
    uint32_t repetitions;
    char client[FAIR_CLIENT_SIZE]; /* who submitted it; "": nobody in particular */
    struct job_keeper keeper;

    /* Private to the queue, guarded by its mutex. */
    struct job *next;
    size_t next_cell;  /* the first that nobody works on yet */
    size_t busy;       /* cells being worked on */
    size_t cells_done; /* with a final status */
    size_t cells_failed;
    uint64_t runs, runs_done;
    uint64_t events;
    bool started, interrupted;
    bool stopped; /* by job_queue_stop() */
    struct fair_share *share;
    struct cell_outcome *owed; /* owned; outcomes that could not be kept so far */
};

/* Cells of the grid that are not applicable are skipped and count as done. */
int job_create(struct job **out, const struct grid *grid, uint32_t repetitions,
               struct err *err) WARN_UNUSED;

/* Closes its keeper, too. NULL is accepted. */
void job_destroy(struct job *job);

/* --- what listeners are told ----------------------------------------------------- */

enum job_event_kind {
    JOB_EVENT_PROGRESS, /* a run ended, or the experiment began */
    JOB_EVENT_CELL,     /* a cell began or ended */
    JOB_EVENT_FINISHED  /* the experiment ended; the last event of a job */
};

struct job_event {
    enum job_event_kind kind;
    int64_t experiment;
    enum experiment_status status;
    uint64_t cells, cells_done;
    uint64_t runs, runs_done; /* `runs`: of cells that are not skipped */
    uint64_t events;          /* transitions of all finished runs */
    int64_t cell;             /* JOB_EVENT_CELL: id */
    size_t cell_index;
    enum cell_status cell_status;
};

/* Called without any lock, from worker threads, after the keeper has kept what is told.
 */
struct job_listener {
    void *context;
    void (*notify)(void *context, const struct job_event *event); /* may be NULL */
};

#endif
