/* SPDX-License-Identifier: MIT */
/*
 * run_store - reading runs: their outcome, metrics and lanes. Writing is run_writer's.
 *
 * A repetition that was interrupted and executed again has a row for each attempt; the newest
 * comes last.
 */
#ifndef DB_RUN_STORE_H
#define DB_RUN_STORE_H

#include "db/db.h"
#include "engine/analysis/run.h"
#include "engine/base/memory.h"

#include <stdbool.h>

struct run_picture;

enum run_state {
    RUN_STATE_RUNNING,
    RUN_STATE_DONE,
    RUN_STATE_LIMITED,
    RUN_STATE_STOPPED,
    RUN_STATE_FAILED,
    RUN_STATE_INTERRUPTED,
    RUN_STATE_COUNT
};

/* "running", "done" ...: the words of the API and of the file. */
const char *run_state_name(enum run_state state);

struct run_row {
    int64_t id;
    int64_t cell;
    int64_t experiment;
    uint32_t repetition;
    enum run_state state;
    bool has_timeline;    /* a complete recording is stored */
    char fingerprint[17]; /* 16 hexadecimal digits, "" when there is none */
    const char *reason;   /* "" when there is nothing to say */
    const char *sites;    /* JSON array of pointers; NULL in lists */
    sim_ns duration_ns;
    int64_t transitions;
    int64_t started_ms, finished_ms; /* since 1970, UTC; 0 = not yet */
    /* RUN_HISTOGRAM_COUNT of them, borrowed; NULL: nobody has asked for them */
    const struct run_histogram *histograms;
    const struct run_picture *picture; /* borrowed; NULL: there is none */
};

struct run_list {
    struct run_row *items; /* by (cell, repetition, id) */
    size_t count;
    struct arena arena;
};

/* One run, as a list of one; ERR_NOT_FOUND. */
int run_store_read(struct db_reader *reader, int64_t id, struct run_list *out,
                   struct err *err) WARN_UNUSED;

/* All runs of an experiment's cells, by (cell, repetition, id). Cells ascend by index. */
int run_store_list(struct db_reader *reader, int64_t experiment, struct run_list *out,
                   struct err *err) WARN_UNUSED;

/* How many of them have ended, other than by an interruption, and their transitions. */
struct run_count {
    uint64_t ended, transitions;
};
int run_store_count(struct db_reader *reader, int64_t experiment, struct run_count *out,
                    struct err *err) WARN_UNUSED;

/* The runs with a result of an experiment's pending cells, in the same order: what need not
 * be executed again when an interrupted experiment goes on. */
int run_store_list_left(struct db_reader *reader, int64_t experiment,
                        struct run_list *out, struct err *err) WARN_UNUSED;

/* All runs of one cell. */
int run_store_list_cell(struct db_reader *reader, int64_t cell, struct run_list *out,
                        struct err *err) WARN_UNUSED;
void run_list_deinit(struct run_list *list);

/* --- metrics ------------------------------------------------------------------- */

struct metric_value {
    const char *name; /* of engine/analysis/metrics.h */
    double value; /* a number, perhaps infinite; a metric without meaning has no row */
};

struct metric_list {
    struct metric_value *items; /* in the order of the metric table, unknown names last */
    size_t count;
    struct arena arena;
};

/* The metrics of a run; none before it is finished. ERR_NOT_FOUND when there is no run.
 */
int run_store_metrics(struct db_reader *reader, int64_t run, struct metric_list *out,
                      struct err *err) WARN_UNUSED;
void metric_list_deinit(struct metric_list *list);

/* --- lanes --------------------------------------------------------------------- */

struct lane_list {
    struct lane_total *items; /* by id; with the time in every state */
    size_t count;
};

/* The lanes of a run that has a timeline, else none; of one that is being recorded those
 * that were born: died_ns is -1 while they live. ERR_NOT_FOUND when there is no run. */
int run_store_lanes(struct db_reader *reader, int64_t run, struct lane_list *out,
                    struct err *err) WARN_UNUSED;

/* The same of those with larger ids than `after`, at most `limit`. */
struct lane_part {
    lane_id after; /* LANE_NONE: from the first */
    size_t limit;
};
int run_store_some_lanes(struct db_reader *reader, int64_t run,
                         const struct lane_part *part, struct lane_list *out,
                         struct err *err) WARN_UNUSED;
void lane_list_deinit(struct lane_list *list);

/* 1 when nothing of the run will change any more: it has ended and its timeline is stored.
 * Else 0, also when there is no run. */
int run_store_is_final(struct db_reader *reader, int64_t run,
                       struct err *err) WARN_UNUSED;

/*
 * A run may be read while it is recorded: 1, and up to where a lane is known, LANE_NONE: the
 * lane that is known furthest. 0: it is not being recorded. ERR_NOT_FOUND.
 */
int run_store_known(struct db_reader *reader, int64_t run, lane_id lane, sim_ns *until_ns,
                    struct err *err) WARN_UNUSED;

/* One of them; ERR_NOT_FOUND when there is no such lane. */
int run_store_lane(struct db_reader *reader, int64_t run, lane_id lane,
                   struct lane_total *out, struct err *err) WARN_UNUSED;

#endif
