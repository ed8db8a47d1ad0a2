/* SPDX-License-Identifier: MIT */
/*
 * chunk_reader - finds the span chunks of one run and reads them, one at a time. Inside db
 * only.
 *
 * The chunks of a lane group follow one another in time: the place of one is known without
 * reading it. The connection may be somebody else's, who has tables of his own in `temp`: all
 * statements behind it name the schema. What was decoded is kept (block_cache_priv.h).
 */
#ifndef DB_CHUNK_READER_PRIV_H
#define DB_CHUNK_READER_PRIV_H

#include "db/block_cache_priv.h"
#include "db/carried_spans_priv.h"
#include "db/chunk_digest_priv.h"
#include "db/connection_priv.h"
#include "db/damage.h"
#include "db/recorded_run_priv.h"

/* Where a chunk is, and what is known of it without reading it. */
struct chunk_place {
    int64_t id;
    int64_t seq;
    uint32_t group;
    sim_ns t0_ns, t1_ns;
    struct chunk_digest digest;
};

/* Only `block`, `lanes` and `run` are read from outside. */
struct chunk_reader {
    struct recorded_run run;
    struct damage_list *damages;       /* the caller's */
    const struct decoded_spans *block; /* what was read last */
    const struct decoded_lanes *lanes; /* the same, by chunk_reader_read_lanes() */
    bool is_sound;                     /* what was read last */
    int64_t sound_id;                  /* the row of that, 0: it is not */
    size_t looked_at;                  /* how many were read, for tests */
};

/* ERR_NOT_FOUND: no such run, or no timeline of it. There is nothing to be closed. */
int chunk_reader_open(struct chunk_reader *reader, struct connection *connection,
                      int64_t run, struct damage_list *damages,
                      struct err *err) WARN_UNUSED;

/* ERR_INVALID when the run has no such lane. */
int chunk_reader_check_lane(const struct chunk_reader *reader, int64_t lane,
                            struct err *err) WARN_UNUSED;

/* The first chunk of the group that ends after `at`; when there is none, the last one. 1, or
 * 0 when the group has no chunk. */
int chunk_reader_find(struct chunk_reader *reader, uint32_t group, sim_ns at,
                      struct chunk_place *out, struct err *err) WARN_UNUSED;

/* Moves on to the next chunk of the group, or back; 0 when there is none. One that goes on in
 * the time of a sound one which was just read is noted and passed over. */
int chunk_reader_next(struct chunk_reader *reader, struct chunk_place *place,
                      struct err *err) WARN_UNUSED;
int chunk_reader_previous(struct chunk_reader *reader, struct chunk_place *place,
                          struct err *err) WARN_UNUSED;

/* Reads a chunk into `block`, which is valid until another one, or a sheet, is read through
 * the connection: 1, or 0 when it is damaged, which is noted. ERR_NOMEM */
int chunk_reader_read(struct chunk_reader *reader, const struct chunk_place *place,
                      struct err *err) WARN_UNUSED;

/* The same into `lanes`, and `block` without columns. */
int chunk_reader_read_lanes(struct chunk_reader *reader, const struct chunk_place *place,
                            struct err *err) WARN_UNUSED;

/* Notes that what is at a place is damaged. ERR_NOMEM */
int chunk_reader_note(struct chunk_reader *reader, const struct chunk_place *place,
                      const char *what, struct err *err) WARN_UNUSED;

/* The span that is open at the end of the chunk in `block`; 0 when the lane has none. */
int chunk_reader_carried(struct chunk_reader *reader, lane_id lane,
                         struct carried_span *out, struct err *err) WARN_UNUSED;

/* Those of the lanes with a bit in `wanted`, as carried_spans_read(). */
int chunk_reader_all_carried(struct chunk_reader *reader, uint64_t wanted,
                             struct carried_span out[LANE_GROUP_LANES], uint32_t *count,
                             struct err *err) WARN_UNUSED;

#endif
