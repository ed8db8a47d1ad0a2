/* SPDX-License-Identifier: MIT */
/*
 * random_run - a stored run of random lanes, and the plain list of its spans, against which
 * what is read of it is compared.
 *
 * Every 16th lane is a GIL; others are threads that run, wait for it and for others, and
 * some never live. Most spans are short, and some are very long. The last span of some lanes
 * is open.
 */
#ifndef TESTS_DB_RANDOM_RUN_H
#define TESTS_DB_RANDOM_RUN_H

#include "tests/db/fixture.h"
#include "tests/db/span_author.h"

enum {
    RANDOM_LANES = 150, /* three lane groups */
    RANDOM_SPANS_MAX = 40000,
    RANDOM_LAST_NS = 1000000,
    RANDOM_SITES = 4
};

struct random_run {
    int64_t id;
    size_t count;
    sim_ns last_ns[RANDOM_LANES / LANE_GROUP_LANES + 1]; /* ends of the groups */
    struct authored_span spans[RANDOM_SPANS_MAX];        /* by end, then by lane */
};

/* Makes one in a new experiment. `room`: no chunk has more spans. */
void random_run_store(struct random_run *run, struct db *db, uint32_t room,
                      uint64_t *random);

/* An instant of the run, often one at which something happens. */
sim_ns random_run_time(const struct random_run *run, uint64_t *random);

#endif
