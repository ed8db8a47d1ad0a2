/* SPDX-License-Identifier: MIT */
/*
 * cell_store - the points of an experiment's grid, and the summary of their runs.
 *
 *     pending -> running -> done | failed | limited
 *        |          +-----> interrupted -> pending      (experiment_store_requeue)
 *        +-> not_applicable | failed
 *        +-> interrupted, when its experiment is
 */
#ifndef DB_CELL_STORE_H
#define DB_CELL_STORE_H

#include "db/db.h"
#include "db/finished_run.h"
#include "engine/analysis/bootstrap.h"
#include "engine/analysis/metrics.h"
#include "engine/base/memory.h"

enum cell_status {
    CELL_PENDING,
    CELL_RUNNING,
    CELL_DONE,
    CELL_FAILED,
    CELL_LIMITED,
    CELL_NOT_APPLICABLE,
    CELL_INTERRUPTED,
    CELL_STATUS_COUNT
};

/* "pending", "running" ...: the words of the API and of the file. */
const char *cell_status_name(enum cell_status status);

/* A cell to be stored with its experiment; all text is UTF-8 and borrowed for the call.
 */
struct cell_new {
    const char *key; /* hash of the canonical resolved document and the engine version */
    const char *runtime;     /* "cpython-3.12" */
    const char *strategy;    /* as shown to the user: "threads(8)" */
    const char *point;       /* JSON object: pointer -> value of the sweep */
    enum cell_status status; /* CELL_PENDING or CELL_NOT_APPLICABLE */
    const char *reason;      /* why not applicable; may be NULL */
};

/* One metric over the cell's finished runs (status done or limited); of a repetition that
 * was done twice, after an interruption, the newer counts. A metric without a median has
 * no summary. A store of before schema 3 has no intervals. */
struct metric_summary {
    const char *name; /* of engine/analysis/metrics.h */
    struct bootstrap_summary of;
};

/* The cell beside the best one at its point of the sweep: set by db/cell_compare.h only. */
struct cell_versus {
    const char *metric;           /* the document's goal; NULL: not compared */
    int64_t best;                 /* id of the best cell, perhaps this one */
    struct bootstrap_ratio ratio; /* this cell's figures by those of the best */
};

struct cell_row {
    int64_t id;
    int64_t experiment;
    int64_t index; /* 0, 1, 2 ... within the experiment */
    const char *key;
    const char *runtime;
    const char *strategy;
    const char *point;
    const char *reason; /* "" when there is nothing to say */
    enum cell_status status;
    const struct metric_summary *metrics; /* by name; none before the cell is finished */
    size_t metric_count;
    size_t repetitions; /* how many have a metric; 0: `metrics` are all and tell */
    struct cell_versus versus;
};

/* NULL when the cell has no such metric. */
const struct metric_summary *cell_row_metric(const struct cell_row *cell,
                                             enum metric_id metric);

/* Whether every repetition that counts has it. The summary of a latency that only some have,
 * because the others are unstable, would flatter. */
bool cell_row_is_whole(const struct cell_row *cell, const struct metric_summary *metric);

struct cell_list {
    struct cell_row *items;
    size_t count;
    struct metric_summary *summaries; /* private: of all items */
    struct arena arena;
};

/* All cells of an experiment by index (none when there is no such experiment). */
int cell_store_list(struct db_reader *reader, int64_t experiment, struct cell_list *out,
                    struct err *err) WARN_UNUSED;

/* The same with some metrics: of METRIC_COUNT those that are `wanted`; NULL: all, of any
 * name. */
int cell_store_list_some(struct db_reader *reader, int64_t experiment, const bool *wanted,
                         struct cell_list *out, struct err *err) WARN_UNUSED;

/* Those cells, in that order; what is no cell is left out. */
struct cell_ids {
    const int64_t *items; /* none twice */
    size_t count;
};
int cell_store_read_some(struct db_reader *reader, const struct cell_ids *ids,
                         const bool *wanted, struct cell_list *out,
                         struct err *err) WARN_UNUSED;

/* One cell, as a list of one; ERR_NOT_FOUND. */
int cell_store_read(struct db_reader *reader, int64_t id, struct cell_list *out,
                    struct err *err) WARN_UNUSED;
void cell_list_deinit(struct cell_list *list);

/* Pending -> running. ERR_NOT_FOUND; ERR_CONFLICT when it is not pending. */
int cell_store_start(struct db *db, int64_t id, struct err *err) WARN_UNUSED;

/* How a cell ends; all is borrowed for the call. */
struct cell_finish {
    int64_t cell;
    enum cell_status status;         /* a final one: not pending, not running */
    const char *reason;              /* may be NULL */
    const struct finished_run *runs; /* those of its runs that are not stored yet */
    size_t run_count;
    int64_t next; /* the pending cell that begins now, 0: none */
};

/*
 * In one transaction: stores the runs, sets the status, computes the summary of the metrics
 * from all runs of the cell, and lets the next one run. ERR_NOT_FOUND; ERR_CONFLICT when the
 * picture forbids the status.
 */
int cell_store_finish(struct db *db, const struct cell_finish *cell,
                      struct err *err) WARN_UNUSED;

#endif
