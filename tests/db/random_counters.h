/* SPDX-License-Identifier: MIT */
/* random_counters - samples of counters as a recorder would give them. */
#ifndef TESTS_DB_RANDOM_COUNTERS_H
#define TESTS_DB_RANDOM_COUNTERS_H

#include "tests/db/fixture.h"

struct counter_samples {
    uint32_t count;
    lane_id *lane;
    uint8_t *kind;
    sim_ns *at;
    int64_t *value;
};

struct counter_shape {
    uint32_t count;   /* at least so many samples; perhaps less, where nothing changes */
    uint32_t lanes;   /* of which some come late */
    uint32_t step_ns; /* between two samples, at most; several share a moment */
    uint32_t height;  /* of values: 0 .. height - 1, and some are far away */
};

/* What samples_deinit() frees. */
struct counter_samples samples_random(const struct counter_shape *shape,
                                      uint64_t *random);
void samples_deinit(struct counter_samples *samples);

/* Samples first .. end - 1 as a chunk. */
struct counter_chunk samples_chunk(const struct counter_samples *samples, uint32_t seq,
                                   uint32_t first, uint32_t end);

/* All of them, in chunks of up to `room`. */
void samples_send(const struct counter_samples *samples, const struct sink *sink,
                  uint32_t room, uint64_t *random);

#endif
