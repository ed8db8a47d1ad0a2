/* SPDX-License-Identifier: MIT */
/*
 * job_queue_priv - what the parts of the queue have in common: job_queue.c, which asks the source
 * and owns the threads, job_queue_work.c, which gives cells to them, and job_queue_end.c, which
 * keeps what became of a job. Inside jobs only.
 */
#ifndef SERVER_JOBS_JOB_QUEUE_PRIV_H
#define SERVER_JOBS_JOB_QUEUE_PRIV_H

#include "server/jobs/job_queue.h"

#include <pthread.h>

enum { JOB_WORKERS_MAX = 256 }; /* as many again in reserve */

/* A thread, and what it is at. */
struct job_worker {
    struct job_queue *queue;
    pthread_t thread;
    bool is_reserve;    /* only for clients of whom nothing runs */
    struct job *job;    /* NULL: none; guarded by the queue's mutex */
    atomic_bool cancel; /* ends its run */
};

struct job_queue {
    pthread_mutex_t mutex;  /* guards jobs and the flags below */
    pthread_cond_t changed; /* there may be something to do */
    pthread_cond_t idle;    /* there is nothing left to do */
    struct job *jobs;       /* at work, oldest first */
    bool source_may_have;   /* ask the source when there is nothing else to do */
    bool newcomers_may_be;  /* ask it for other clients while there is */
    bool asking;            /* a worker is at it */
    uint64_t asked;         /* how often it was */
    struct job *finishing;  /* jobs that left the list and are being settled */
    struct job *unsettled;  /* ended, but not kept: no other job begins before them */
    bool retrying;          /* a worker is at one of them */
    int64_t retry_ms;       /* when to try them again, on the monotonic clock */
    /* Guarded, too; but for `jobs` and `unsettled`. */
    struct job_totals totals;
    bool closed;
    atomic_bool cancel;
    struct job_queue_options options;
    struct fair_shares shares;
    unsigned started;
    unsigned ordinary; /* constant: the first ones, the others are in reserve */
    struct job_worker workers[2 * JOB_WORKERS_MAX];
};

/* A cell that a worker took; also the context of its notifications. */
struct job_work {
    struct job_queue *queue;
    struct job_worker *worker;
    struct job *job;
    size_t cell;
    bool has_started; /* the keeper knows already */
};

/* --- telling: job_queue.c ---------------------------------------------------------- */

/* What there is to tell of a job. Under the mutex. */
struct job_event job_queue_describe(const struct job *job, enum job_event_kind kind);

/* Without it. */
void job_queue_tell(const struct job_queue *queue, const struct job_event *event);
void job_queue_tell_cell(struct job_queue *queue, const struct job *job, size_t cell,
                         enum cell_status status);

/* --- cells: job_queue_work.c --------------------------------------------------------- */

/* Moves on to the first cell that is not to be skipped. */
void job_skip_cells(struct job *job);

/* The next cell of whose turn it is; false: none that the worker may take. Under the mutex. */
bool job_work_take(struct job_worker *worker, struct job_work *out);

/* Executes a cell and goes on to the next one of its job; false when that has no more, or it is
 * another one's turn. Without the mutex. */
bool job_work_execute(struct job_work *work);

/* --- ends: job_queue_end.c ----------------------------------------------------------- */

/* Returns 0 when the cell is settled, or the error because of which it is not yet; unless it was
 * kept, the next cell has not started. Without the mutex. */
int job_keep_cell(const struct job *job, struct cell_outcome *outcome);

/* Remembers an outcome that could not be kept. Under the mutex. */
void job_owe(struct job *job, const struct cell_outcome *outcome);

/* Under the mutex: removes a job from the list when nothing of it is left to do, or one that is
 * to be tried again; NULL: there is none. */
struct job *job_queue_take_finished(struct job_queue *queue);
struct job *job_queue_take_unsettled(struct job_queue *queue);

/* Keeps the end of such a job, and frees it; or it is to be tried again. Called and returns with
 * the mutex held, which is given up meanwhile. */
void job_queue_finish(struct job_queue *queue, struct job *job);

/* The last attempt; the next owner of the store finds what is still not kept. */
void job_queue_settle_rest(struct job_queue *queue);

#endif
