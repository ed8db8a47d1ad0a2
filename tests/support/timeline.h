/* SPDX-License-Identifier: MIT */
/*
 * timeline - a sink that keeps everything it is given, for tests to look at.
 *
 * It takes its memory from malloc(), so that the engine's nth-allocation hook counts only
 * what the engine allocates. It does not use cmocka: fuzz targets link it too.
 */
#ifndef TESTS_SUPPORT_TIMELINE_H
#define TESTS_SUPPORT_TIMELINE_H

#include "engine/record/sink.h"

#include <stdbool.h>
#include <stddef.h>

struct timeline_span {
    sim_ns start, end;
    lane_id lane;
    enum lane_state state;
    lane_id resource, by;
    site_id site;
};

struct timeline_instant {
    sim_ns at;
    lane_id lane;
    enum instant_kind kind;
    lane_id by;
};

struct timeline_sample {
    sim_ns at;
    lane_id lane;
    enum counter_kind kind;
    int64_t value;
};

/* What is known of a lane up to the last chunk of its group. */
struct timeline_life {
    sim_ns since;            /* where its next span starts */
    bool lives;              /* it was in `after` of that chunk */
    bool over;               /* it was in `before` of one, but not in `after` */
    struct lane_after doing; /* while it lives */
};

struct timeline {
    struct sink sink; /* give this to the recorder */
    struct lane *lanes;
    struct timeline_life *lives; /* by lane */
    size_t lane_count, lane_capacity, lives_capacity;
    struct timeline_span *spans; /* in the order of their ends within a lane */
    size_t span_count, span_capacity;
    struct timeline_instant *instants;
    size_t instant_count, instant_capacity;
    struct timeline_sample *samples;
    size_t sample_count, sample_capacity;
    size_t calls;
    int64_t fail_at;         /* this call of the sink fails; -1 = none does */
    const char *broken_rule; /* a promise of sink.h that a chunk broke; NULL = none */
    uint32_t group_seq[1024];
    sim_ns group_sealed[1024]; /* t1 of the last chunk */
    uint32_t instant_seq, counter_seq;
};

void timeline_init(struct timeline *timeline);
void timeline_deinit(struct timeline *timeline);

/* The first lane of that kind and name, LANE_NONE when there is none. */
lane_id timeline_find(const struct timeline *timeline, enum lane_kind kind,
                      const char *name);

/* The lane's spans as text: "ready@0 running@10 end@500" with times in nanoseconds; a gap
 * shows as "gap@". Lives until the next call with the same buffer. */
struct timeline_text {
    char text[4096];
};
const char *timeline_describe(const struct timeline *timeline, lane_id lane,
                              struct timeline_text *text);

/* State of the lane at `at`; STATE_COUNT when it has no span there. */
enum lane_state timeline_state_at(const struct timeline *timeline, lane_id lane,
                                  sim_ns at);

/* Nanoseconds that the lane spent in a state. */
sim_ns timeline_total(const struct timeline *timeline, lane_id lane,
                      enum lane_state state);

/* How many instants of that kind there are on all lanes. */
size_t timeline_instants(const struct timeline *timeline, enum instant_kind kind);

/* The samples of a counter as text: "2@10 0@500" is 2 from 10 ns on, and 0 from 500 ns. */
const char *timeline_samples(const struct timeline *timeline, lane_id lane,
                             enum counter_kind kind, struct timeline_text *text);

#endif
