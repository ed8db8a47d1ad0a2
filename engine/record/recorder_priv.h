/* SPDX-License-Identifier: MIT */
/*
 * recorder_priv - what recorder.c, which takes transitions, and recorder_seal.c, which gives
 * chunks away, have in common. Inside record only.
 */
#ifndef ENGINE_RECORD_RECORDER_PRIV_H
#define ENGINE_RECORD_RECORDER_PRIV_H

#include "engine/record/counter_log.h"
#include "engine/record/recorder.h"

/* The others of a moment fit in, one for each lane. */
enum { FULL_SPANS = CHUNK_SPANS - LANE_GROUP_LANES };

#define NO_GROUP UINT32_MAX

/* Columns of one lane group, waiting to be sealed. They grow by doubling up to a full
 * chunk. */
struct group_buffer {
    uint32_t count, capacity, seq;
    uint32_t full;          /* with more spans it is sealed when time goes on */
    uint32_t before, after; /* in the order of settled_at; NO_GROUP */
    uint32_t shown;         /* how many the sink has seen while the chunk is open */
    bool has_newborn;       /* a lane was born since, whose state is in no chunk */
    uint64_t settled_at;    /* recorder.filled when it was sealed, or found to be empty */
    uint64_t ended;         /* bit of each lane with spans in the columns */
    sim_ns sealed_ns;       /* where the chunk before ended */
    sim_ns *since_ns; /* of each lane at that time, or its birth: LANE_GROUP_LANES */
    lane_id *lane;
    sim_ns *start_ns;
    sim_ns *end_ns;
    uint8_t *state;
    lane_id *resource;
    lane_id *by;
    site_id *site;
};

struct instant_buffer {
    uint32_t count, seq;
    uint32_t shown; /* likewise */
    uint64_t settled_at;
    lane_id lane[CHUNK_SPANS];
    sim_ns at_ns[CHUNK_SPANS];
    uint8_t kind[CHUNK_SPANS];
    lane_id by[CHUNK_SPANS];
};

struct recorder {
    const struct sink *sink;
    struct lane_table lanes;
    struct group_buffer *groups; /* only with a sink */
    size_t group_count, group_capacity;
    uint32_t quietest, liveliest; /* first and last in the order of settled_at */
    uint64_t filled; /* chunks of spans that were sealed because they were full */
    struct instant_buffer *instants;          /* only with a sink */
    struct counter_log *counters;             /* only with a sink that wants them */
    struct histogram *lengths[LENGTHS_COUNT]; /* made by the first span of the kind */
    uint64_t fingerprint;
    uint64_t transitions;
    uint64_t spanless; /* transitions that ended no span: births, instants, and changes of
                        * what took no time */
    /* By state: its spans go to the sink, or are counted by length. */
    bool noted[STATE_COUNT];
    struct err err;
};

/* The last in the order of settled_at, from now on. */
void recorder_append_group(struct recorder *recorder, uint32_t index);

/* Time has gone on since the last span of the group ended. */
void recorder_fill_group(struct recorder *recorder, uint32_t index, sim_ns now);

/* Give what there is to the sink. */
void recorder_seal_group(struct recorder *recorder, uint32_t index);
void recorder_seal_instants(struct recorder *recorder);

#endif
