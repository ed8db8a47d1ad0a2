/* SPDX-License-Identifier: MIT */
/*
 * small_run - a recording that is small and has a little of everything: a GIL and threads that
 * wait for it, two lane groups, instants, counters, histograms; stored, it has sheets of each
 * kind, totals of chunks and of holders, and counters that are carried.
 *
 * What it takes is made beforehand, so that anything may fail while it is stored.
 */
#ifndef TESTS_DB_SMALL_RUN_H
#define TESTS_DB_SMALL_RUN_H

#include "tests/db/fixture.h"
#include "tests/db/random_counters.h"
#include "tests/db/span_author.h"

enum { SMALL_RUN_SPANS = 1200, SMALL_RUN_INSTANTS = 240, SMALL_RUN_LANES = 68 };

struct small_run {
    size_t span_count;
    struct authored_span spans[SMALL_RUN_SPANS]; /* by end, then by lane */
    struct counter_samples samples;
    struct run_result result;
};

/* Always the same one. */
void small_run_init(struct small_run *run);
void small_run_deinit(struct small_run *run);

/* Sends all of it to who stores it. */
int small_run_send(const struct small_run *run, struct run_writer *writer,
                   struct err *err) WARN_UNUSED;

/* Stores it as a run of the cell: *id is set as soon as the run has begun, and its outcome is
 * stored when 0 is returned. */
int small_run_store(const struct small_run *run, struct db *db, int64_t cell, int64_t *id,
                    struct err *err) WARN_UNUSED;

#endif
