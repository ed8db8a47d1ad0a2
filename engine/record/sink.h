/* SPDX-License-Identifier: MIT */
/*
 * sink - where a recording goes: lanes as they are born and sealed chunks of spans and
 * instants, as columns. `db` implements one; tests and the command line have their own.
 *
 * Spans arrive in the order in which they end. A chunk holds the spans of one lane group
 * (lane / 64) and covers [t0_ns, t1_ns): the smallest start and the largest end in it.
 * All columns are borrowed for the call. A callback returns 0, or a negative err_code
 * with `err` set, which ends the run.
 */
#ifndef ENGINE_RECORD_SINK_H
#define ENGINE_RECORD_SINK_H

#include "engine/base/err.h"
#include "engine/record/lane.h"

enum { LANE_GROUP_LANES = 64, CHUNK_SPANS = 4096 };

struct span_chunk {
    uint32_t group; /* lane / LANE_GROUP_LANES */
    uint32_t seq;   /* 0, 1, 2 ... within the group */
    uint32_t count; /* spans, 1 .. CHUNK_SPANS */
    sim_ns t0_ns, t1_ns;
    const lane_id *lane;
    const sim_ns *start_ns;
    const sim_ns *end_ns;    /* > start_ns */
    const uint8_t *state;    /* enum lane_state */
    const lane_id *resource; /* lane of what is held, run or waited for, or LANE_NONE */
    const lane_id *by;       /* lane of the thread that ended the span, or LANE_NONE */
    const site_id *site;     /* or SITE_NONE */
};

struct instant_chunk {
    uint32_t seq;
    uint32_t count; /* 1 .. CHUNK_SPANS */
    sim_ns t0_ns, t1_ns;
    const lane_id *lane;
    const sim_ns *at_ns; /* ascending */
    const uint8_t *kind; /* enum instant_kind */
    const lane_id *by;   /* lane of who did it, or LANE_NONE */
};

struct sink {
    void *context;
    int (*lane)(void *context, const struct lane *lane, struct err *err);
    int (*spans)(void *context, const struct span_chunk *chunk, struct err *err);
    int (*instants)(void *context, const struct instant_chunk *chunk, struct err *err);
};

#endif
