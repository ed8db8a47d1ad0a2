/* SPDX-License-Identifier: MIT */
/*
 * workload - the "workload" of a document becomes the steps, actors and tasks of a plan.
 *
 * Besides what the tables of schema.h demand it refuses what could not run or never end:
 * steps in the wrong place, `forever` outside a daemon or around what takes no time, a
 * workload of daemons only, more threads or tasks than WORKLOAD_MAX_THREADS and
 * WORKLOAD_MAX_TASKS.
 *
 * Nesting is followed with a stack of STEP_MAX_DEPTH levels, not by recursion.
 */
#ifndef SERVER_DOCUMENT_WORKLOAD_H
#define SERVER_DOCUMENT_WORKLOAD_H

#include "engine/program/plan.h"
#include "server/document/reader.h"

enum { WORKLOAD_MAX_THREADS = 10000, WORKLOAD_MAX_TASKS = 1000000 };

/*
 * Fills steps, sites, job, actors, tasks and strategy.kind (STRATEGY_ACTORS, or
 * STRATEGY_SEQUENTIAL for jobs) of a plan; memory is taken from its arena. Times are
 * those of the reference runtime. Step i has site i. The reader's place is the
 * workload's.
 */
int workload_read(struct reader *reader, const json_t *value,
                  struct plan *plan) WARN_UNUSED;

/* The member "start" of an object that has been checked; START_DEFAULT when it is not
 * written. */
enum start_method workload_start_method(const json_t *value);

#endif
