/* SPDX-License-Identifier: MIT */
/*
 * run_writer - stores one run while it executes.
 *
 *     run_writer_open     row "running"                              one transaction
 *     sink callbacks      lanes, encoded chunks, about every 100 ms  one transaction each;
 *                         four times a second what there is of those that are not full
 *     run_writer_finish   the last chunks, lanes, metrics, status    one transaction
 *     run_writer_close    frees
 *
 * So a run can be read while it is recorded, and appears whole, or it is marked: as failed by
 * run_writer_abandon(), as interrupted by db_recover() when the process died.
 *
 * A run writer belongs to the thread that executes the run; many may be open at once.
 * Chunks are encoded by that thread, outside the writer's mutex.
 *
 *     struct run_writer *writer;
 *     run_writer_open(&writer, db, &run, err);
 *     run_execute(&result, plan, &(struct run_options){.sink = run_writer_sink(writer)}, err);
 *     run_writer_finish(writer, &result, now_ms, err);
 *     run_writer_close(writer);
 */
#ifndef DB_RUN_WRITER_H
#define DB_RUN_WRITER_H

#include "db/db.h"
#include "db/run_store.h"
#include "engine/analysis/run.h"
#include "engine/record/sink.h"

#include <stdatomic.h>
#include <stdbool.h>

struct run_writer;

struct run_new {
    int64_t cell;
    uint32_t repetition;
    int64_t started_ms; /* since 1970, UTC */
    bool record;        /* store a timeline; otherwise the sink is NULL */
    const char *sites;  /* JSON array of pointers, the plan's sites; NULL: [] */
    /* The run's, or NULL: when it becomes true, what is not stored of the recording is dropped,
     * and the sink and run_writer_finish() fail with ERR_CANCELLED. */
    const atomic_bool *cancel;
};

/* Stores the row of a run that begins now. ERR_NOT_FOUND when there is no such cell. */
int run_writer_open(struct run_writer **out, struct db *db, const struct run_new *run,
                    struct err *err) WARN_UNUSED;

/*
 * Adds the timeline to a finished run that was executed without one, by executing it
 * again; run_writer_finish() then only stores the timeline. ERR_NOT_FOUND; ERR_CONFLICT
 * when it has a timeline, is getting one, or is not done or limited.
 */
int run_writer_open_again(struct run_writer **out, struct db *db, int64_t run,
                          const char *sites, struct err *err) WARN_UNUSED;

int64_t run_writer_id(const struct run_writer *writer);

/* Where the engine puts the recording, NULL when none is wanted; lives with the writer.
 */
const struct sink *run_writer_sink(const struct run_writer *writer);

/* Waits until what came of the recording so far is stored: who opens the run sees it. It is
 * stored soon anyway. */
int run_writer_flush(struct run_writer *writer, struct err *err) WARN_UNUSED;

/*
 * Stores the outcome in one transaction. On an error nothing of it is stored, and the
 * caller may try again or abandon. After open_again: ERR_CONFLICT when the fingerprint
 * differs. A result that is `stopped` keeps no timeline: it is not the whole run.
 */
int run_writer_finish(struct run_writer *writer, const struct run_result *result,
                      int64_t finished_ms, struct err *err) WARN_UNUSED;

/*
 * The run ended without a result (the engine or the disk failed, or the process stops):
 * `state` is RUN_STATE_FAILED, RUN_STATE_STOPPED or RUN_STATE_INTERRUPTED. What was recorded is not
 * read any more; removing it takes as long as it is large, and is left to db_recover(). After
 * open_again it is removed at once, and the run stays as it was.
 */
int run_writer_abandon(struct run_writer *writer, enum run_state state,
                       const char *reason, int64_t finished_ms,
                       struct err *err) WARN_UNUSED;

/* Frees. Without finish or abandon the row stays "running" until the next db_recover().
 */
void run_writer_close(struct run_writer *writer);

#endif
