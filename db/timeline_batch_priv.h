/* SPDX-License-Identifier: MIT */
/*
 * timeline_batch - rows of a recording that go into the store in one transaction: chunks,
 * sheets, totals and lanes, encoded by who executes the run and inserted by the writing
 * thread. Inside db only.
 */
#ifndef DB_TIMELINE_BATCH_PRIV_H
#define DB_TIMELINE_BATCH_PRIV_H

#include "db/chunk_codec.h"
#include "db/chunk_digest_priv.h"
#include "db/write_queue_priv.h"

enum row_kind {
    ROW_SPANS,
    ROW_SHEET,
    ROW_INSTANTS,
    ROW_COUNTERS,
    ROW_CARRIED,
    ROW_HOLDERS,
    ROW_LANE,
    ROW_LANE_END,
    ROW_KNOWN,
    ROW_FORGET_OPEN /* a chunk that was open, of the kind in `level`, and its place */
};

struct timeline_row {
    enum row_kind kind;
    int64_t group;
    uint32_t seq;
    uint32_t count;
    unsigned level;  /* base of a chunk; kind of a lane */
    sim_ns start_ns; /* of a chunk: the earliest of a span */
    struct chunk_digest digest;
    lane_id lane, by; /* parent of a lane */
    sim_ns t0_ns, t1_ns;
    size_t offset, size; /* in batch.bytes */
    size_t totals_size;  /* that follow, or what a chunk of counters carries; 0: none */
};

/* Rows that go into one transaction. */
struct timeline_batch {
    struct write_batch base; /* the first member */
    int64_t run;
    struct chunk_bytes bytes;
    struct timeline_row *rows;
    size_t count, capacity;
    size_t *births; /* rows of the lanes that were born, by lane, without a gap */
    size_t birth_count, birth_capacity;
};

/* An empty one of a run, which batch.base.destroy() frees; NULL without memory. */
struct timeline_batch *timeline_batch_create(int64_t run);

/* ERR_NOMEM. Its bytes are in the batch already. */
int timeline_batch_keep(struct timeline_batch *batch, const struct timeline_row *row,
                        struct err *err) WARN_UNUSED;

/* A lane is born, in the order of their ids, and has ended with so much time in each state:
 * one row when both are in the batch. ERR_NOMEM */
int timeline_batch_add_lane(struct timeline_batch *batch, const struct lane *lane,
                            struct err *err) WARN_UNUSED;
int timeline_batch_end_lane(struct timeline_batch *batch, lane_id lane, sim_ns died_ns,
                            const sim_ns state_ns[STATE_COUNT],
                            struct err *err) WARN_UNUSED;

#endif
