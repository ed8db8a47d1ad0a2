/* SPDX-License-Identifier: MIT */
/*
 * sink - where a recording goes: lanes as they are born and sealed chunks of spans, instants
 * and samples of counters, as columns. `db` implements one; tests and the command line have their own.
 *
 * Spans arrive in the order in which they end. A chunk holds the spans of one lane group
 * (lane / 64) that ended after one moment and not after another, t0_ns where the group's
 * chunk before it ended and t1_ns, and what was open at both: it says all there is to know
 * of its lanes in that time, so that nobody has to look into another one. No moment is in
 * two chunks of a group.
 *
 * Who looks at a run while it goes on asks for chunks that are not full (wants_open). Such a
 * chunk has is_open and what there is up to t1_ns; it comes again with the same seq, open with
 * more or full, and takes the place of what was given of it before. What is full does not
 * depend on who looks.
 *
 * All columns are borrowed for the call. A callback returns 0, or a negative err_code
 * with `err` set, which ends the run.
 */
#ifndef ENGINE_RECORD_SINK_H
#define ENGINE_RECORD_SINK_H

#include "engine/base/err.h"
#include "engine/record/lane.h"

#include <stdbool.h>

enum { LANE_GROUP_LANES = 64, CHUNK_SPANS = 4096 };

/* What a chunk starts from: since when a lane does what it did at t0_ns, or, when it was
 * born later, when that was. A lane is in one state at any time, so that its spans follow
 * from here without a gap. */
struct lane_before {
    lane_id lane;
    sim_ns since_ns;
};

/* A lane that lives beyond t1_ns, and what it does since its last span ended (or since
 * `before` when it has none here). */
struct lane_after {
    lane_id lane;
    lane_id resource; /* or LANE_NONE */
    site_id site;     /* or SITE_NONE */
    uint8_t state;    /* enum lane_state */
};

struct span_chunk {
    uint32_t group; /* lane / LANE_GROUP_LANES */
    uint32_t seq;   /* 0, 1, 2 ... within the group */
    uint32_t count; /* spans, 1 .. CHUNK_SPANS; 0 only when is_open */
    bool is_open;
    uint32_t before_count, after_count; /* 0 .. LANE_GROUP_LANES */
    sim_ns t0_ns, t1_ns;                /* t0_ns is 0 for the first */
    /* Both by lane; `before` has every lane of the spans and of `after`. */
    const struct lane_before *before;
    const struct lane_after *after;
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
    bool is_open;
    sim_ns t0_ns, t1_ns;
    const lane_id *lane;
    const sim_ns *at_ns; /* ascending */
    const uint8_t *kind; /* enum instant_kind */
    const lane_id *by;   /* lane of who did it, or LANE_NONE */
};

/* Samples of counters. One counter has at most one at a time, and changes with each; before
 * its first in the run it is 0. */
struct counter_chunk {
    uint32_t seq;
    uint32_t count; /* 1 .. CHUNK_SPANS */
    bool is_open;
    sim_ns t0_ns, t1_ns;
    const lane_id *lane;
    const uint8_t *kind;  /* enum counter_kind */
    const sim_ns *at_ns;  /* ascending */
    const int64_t *value; /* from then on; of the units of the kind */
};

struct sink {
    void *context;
    int (*lane)(void *context, const struct lane *lane, struct err *err);
    int (*spans)(void *context, const struct span_chunk *chunk, struct err *err);
    int (*instants)(void *context, const struct instant_chunk *chunk, struct err *err);
    /* NULL: nobody wants counters, and nothing is counted. */
    int (*counters)(void *context, const struct counter_chunk *chunk, struct err *err);
    /* May be NULL. All spans of the group that ended before `until` were in chunks, and no
     * lane was born since the last of them; for -1, all instants before it were, for -2 all
     * samples. For who looks at the run while it goes on, as each chunk says it of its own
     * t1_ns. */
    int (*settled)(void *context, int64_t group, sim_ns until, struct err *err);
    /* May be NULL. Whether chunks are wanted now that are not full; asked again and again. */
    bool (*wants_open)(void *context);
};

#endif
