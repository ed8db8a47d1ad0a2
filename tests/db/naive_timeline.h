/* SPDX-License-Identifier: MIT */
/*
 * naive_timeline - a painter that keeps every span in memory and applies the rule of
 * timeline.h pixel by pixel, and random recordings for it.
 */
#ifndef TESTS_DB_NAIVE_TIMELINE_H
#define TESTS_DB_NAIVE_TIMELINE_H

#include "tests/db/fixture.h"
#include "tests/db/span_author.h"

enum {
    NAIVE_LANES = 150, /* three lane groups */
    NAIVE_GROUPS = NAIVE_LANES / LANE_GROUP_LANES + 1,
    NAIVE_SPANS_MAX = 20000,
    NAIVE_INSTANTS_MAX = 20000,
    NAIVE_LAST_NS = 1000000,
    NAIVE_INSTANT_ROOM = 1000 /* of a chunk */
};

struct naive_instant {
    lane_id lane, by;
    sim_ns at;
    uint8_t kind;
};

/* A recording, in the order in which a recorder hands it out. */
struct naive_run {
    size_t span_count, instant_count;
    struct authored_span spans[NAIVE_SPANS_MAX];
    struct naive_instant instants[NAIVE_INSTANTS_MAX];
};

/* A random one. */
void naive_run_fill(struct naive_run *r, uint64_t *random);

/* The next instants from `from` on, at most `room`; returns how many there are. */
size_t naive_run_send_instants(const struct naive_run *r, size_t from, uint32_t room,
                               uint32_t seq, const struct sink *sink);

/* The result that ends it. */
struct run_result naive_run_result(const struct naive_run *r);

/* Instants in the order of time and lanes: before any comparison. */
void naive_run_sort(struct naive_run *r);

/* A random window of the stored run shows what the painter says, on a few lanes, on all. */
void naive_run_compare_some(struct db_reader *reader, const struct naive_run *r,
                            int64_t run, uint64_t *random);
void naive_run_compare_all(struct db_reader *reader, const struct naive_run *r,
                           int64_t run, uint64_t *random);

#endif
