/* SPDX-License-Identifier: MIT */
/*
 * janitor - a thread that keeps a store tidy while a server runs.
 *
 * Every few seconds, and whenever it is woken: what other processes that died left running
 * is marked, what they left queued is offered to our queue, experiments that the rules of
 * retention forbid are marked, and marked ones are removed, a few milliseconds at a time
 * with pauses, so that nobody who writes or reads waits for it.
 */
#ifndef SERVER_JOBS_JANITOR_H
#define SERVER_JOBS_JANITOR_H

#include "db/db.h"
#include "db/retention.h"
#include "server/jobs/job_queue.h"

struct janitor;

struct janitor_options {
    struct db *db;           /* outlives the janitor */
    struct job_queue *queue; /* likewise */
    struct retention retention;
};

int janitor_start(struct janitor **out, const struct janitor_options *options,
                  struct err *err) WARN_UNUSED;

/* There may be something to do. Before the first time nothing is done for some seconds. */
void janitor_wake(struct janitor *janitor);

/* Ends it after the step at hand; what is left to remove is removed by the next one. NULL
 * is accepted. */
void janitor_stop(struct janitor *janitor);

#endif
