/* SPDX-License-Identifier: MIT */
/*
 * job_queue - worker threads that take the cells of one job after the other.
 *
 *     source --next--> [job A: cells 0 1 2 3 | 4 5 6]  [job B: 0 1 ...]
 *                                   ^ ^
 *                               worker 0, 1
 *
 * Jobs are pulled: a worker that finds no cell left asks the source for the next job, so
 * experiments that wait cost no memory, and their order stays. Clients share the workers
 * (fair_share.h): a job of a client of whom nothing is at work is asked for at once, up to
 * JOB_QUEUE_AT_WORK jobs. The cells of the next job begin while the last ones of the one
 * before are still running. As many
 * threads again are in reserve: they take a cell of a client of whom nothing runs, so that it
 * need not wait for the cells of others, which may last for minutes; the system shares the
 * processors then. A cell that fails does not touch the others.
 *
 * What the keeper cannot keep now (a full disk) is tried again, every second and at every
 * notification, before another job begins; listeners hear of it when it is kept.
 */
#ifndef SERVER_JOBS_JOB_QUEUE_H
#define SERVER_JOBS_JOB_QUEUE_H

#include "engine/base/err.h"
#include "server/jobs/job.h"

struct job_queue;

enum { JOB_QUEUE_AT_WORK = 16 }; /* jobs */

struct job_source {
    void *context;
    /* The next job, owned by the queue then; ERR_NOT_FOUND when there is none now. With
     * `newcomers` only one of a client of whom nothing is at work: the others wait until
     * no cell is left. Called by one worker at a time. Any other error is logged and the
     * source asked again later. */
    int (*next)(void *context, bool newcomers, struct job **out, struct err *err);
};

struct job_queue_options {
    unsigned workers; /* 0: one for each processor, at least 2 */
    struct job_source source;
    struct job_listener listener;
    struct live_runs
        *live; /* outlives the queue; NULL: nobody looks at runs that go on */
};

/* The workers sleep until the first notification. */
int job_queue_create(struct job_queue **out, const struct job_queue_options *options,
                     struct err *err) WARN_UNUSED;

/* What the queue has done since it was created, and what it is at. */
struct job_totals {
    uint64_t runs[RUN_STATUS_COUNT];   /* that ended */
    uint64_t cells[CELL_STATUS_COUNT]; /* that ended, by their last status */
    uint64_t events;                   /* transitions of those runs */
    unsigned jobs;                     /* at work */
    unsigned unsettled; /* ended, but what came out cannot be kept so far */
    unsigned workers;   /* threads that are there */
    struct err
        unbegun; /* why the source could not be asked, or what it gave not be begun, the
                         * last time; code 0: it could */
};

void job_queue_read_totals(struct job_queue *queue, struct job_totals *out);

/* The source may have a job now. */
void job_queue_notify(struct job_queue *queue);

/*
 * Blocks until the source had none and nothing runs; a cancelled queue has none. It does
 * not wait for what the keeper could not keep.
 */
void job_queue_wait(struct job_queue *queue);

/* Stops the runs of one experiment that is at work, and takes none of its cells any more: it
 * finishes as interrupted, "cancelled". What the source was asked for and what is being kept is
 * waited for. False: it was not at work then, and what there is of it is in the store. */
bool job_queue_stop(struct job_queue *queue, int64_t experiment);

/*
 * Stops runs as soon as the engine notices and takes no further cells. The jobs at work
 * finish as interrupted. Async-signal-safe.
 */
void job_queue_cancel(struct job_queue *queue);

/* Cancels, joins the workers and tries for the last time to keep what is not kept;
 * notifying stays allowed. */
void job_queue_close(struct job_queue *queue);

/* Closes and frees. NULL is accepted. */
void job_queue_destroy(struct job_queue *queue);

#endif
