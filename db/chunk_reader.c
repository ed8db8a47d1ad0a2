/* SPDX-License-Identifier: MIT */
#include "db/chunk_reader_priv.h"

#include <stdio.h>

/* --- life ---------------------------------------------------------------------- */

int chunk_reader_open(struct chunk_reader *reader, struct connection *connection,
                      int64_t run, struct damage_list *damages, struct err *err) {
    *reader = (struct chunk_reader){.damages = damages};
    return recorded_run_find(&reader->run, connection, run, err);
}

int chunk_reader_check_lane(const struct chunk_reader *reader, int64_t lane,
                            struct err *err) {
    if (lane < 0 || (size_t)lane >= reader->run.lane_count) {
        return err_set(err, ERR_INVALID, "run r%lld has no lane %lld",
                       (long long)reader->run.id, (long long)lane);
    }
    return 0;
}

/* --- places -------------------------------------------------------------------- */

#define PLACE_COLUMNS                                                                    \
    "id, seq, t0_ns, t1_ns, lanes, states, causes, longest_ns, longest_wait_ns"

static const char FIND_AFTER[] =
    "SELECT " PLACE_COLUMNS " FROM main.span_chunk INDEXED BY span_chunk_by_time"
    " WHERE run = ? AND lane_group = ? AND t1_ns > ? ORDER BY t1_ns, seq LIMIT 1";
static const char FIND_LAST[] =
    "SELECT " PLACE_COLUMNS " FROM main.span_chunk INDEXED BY span_chunk_by_time"
    " WHERE run = ? AND lane_group = ? ORDER BY t1_ns DESC, seq DESC LIMIT 1";
static const char FIND_NEXT[] =
    "SELECT " PLACE_COLUMNS " FROM main.span_chunk INDEXED BY span_chunk_by_time"
    " WHERE run = ? AND lane_group = ? AND (t1_ns, seq) > (?, ?)"
    " ORDER BY t1_ns, seq LIMIT 1";
static const char FIND_PREVIOUS[] =
    "SELECT " PLACE_COLUMNS " FROM main.span_chunk INDEXED BY span_chunk_by_time"
    " WHERE run = ? AND lane_group = ? AND (t1_ns, seq) < (?, ?)"
    " ORDER BY t1_ns DESC, seq DESC LIMIT 1";

/* Begins one of the above; the parameters that follow are the caller's. */
static void begin_find(struct query *q, const struct chunk_reader *reader,
                       const char *sql, uint32_t group) {
    query_begin(q, reader->run.connection, sql);
    query_int(q, reader->run.id);
    query_int(q, group);
}

static int end_find(struct query *q, uint32_t group, struct chunk_place *out,
                    struct err *err) {
    const int rc = query_next(q, err);
    if (rc == 1) {
        *out = (struct chunk_place){
            .id = query_get_int(q, 0),
            .seq = query_get_int(q, 1),
            .group = group,
            .t0_ns = query_get_int(q, 2),
            .t1_ns = query_get_int(q, 3),
            .digest = {.lanes = (uint64_t)query_get_int(q, 4),
                       .states = (uint64_t)query_get_int(q, 5),
                       .causes = (uint64_t)query_get_int(q, 6),
                       .longest_ns = query_get_int(q, 7),
                       .longest_wait_ns = query_get_int(q, 8)},
        };
    }
    query_end(q);
    return rc;
}

int chunk_reader_find(struct chunk_reader *reader, uint32_t group, sim_ns at,
                      struct chunk_place *out, struct err *err) {
    struct query q;
    begin_find(&q, reader, FIND_AFTER, group);
    query_int(&q, at);
    const int rc = end_find(&q, group, out, err);
    if (rc != 0) {
        return rc;
    }
    begin_find(&q, reader, FIND_LAST, group);
    return end_find(&q, group, out, err);
}

static int find_beside(struct chunk_reader *reader, const char *sql,
                       struct chunk_place *place, struct err *err) {
    struct query q;
    begin_find(&q, reader, sql, place->group);
    query_int(&q, place->t1_ns);
    query_int(&q, place->seq);
    return end_find(&q, place->group, place, err);
}

/* No moment is in two chunks of a group: what contradicts a sound one is left out. */
int chunk_reader_next(struct chunk_reader *reader, struct chunk_place *place,
                      struct err *err) {
    const sim_ns end_ns = place->id == reader->sound_id ? place->t1_ns : 0;
    int rc;
    while ((rc = find_beside(reader, FIND_NEXT, place, err)) == 1 &&
           place->t0_ns < end_ns) {
        const int failed = chunk_reader_note(
            reader, place, "the chunk begins before the one before it ends", err);
        if (failed != 0) {
            return failed;
        }
    }
    return rc;
}

int chunk_reader_previous(struct chunk_reader *reader, struct chunk_place *place,
                          struct err *err) {
    return find_beside(reader, FIND_PREVIOUS, place, err);
}

/* --- reading ------------------------------------------------------------------- */

/* NULL, or what is wrong with what has been decoded. */
static const char *find_fault(const struct chunk_reader *reader,
                              const struct chunk_place *place) {
    const struct span_chunk *chunk = &reader->block->chunk;
    if (chunk->group != place->group) {
        return "the chunk is of another lane group";
    }
    if (chunk->t0_ns != place->t0_ns || chunk->t1_ns != place->t1_ns ||
        chunk->seq != place->seq) {
        return "the chunk is of another time";
    }
    for (uint32_t i = 0; i < chunk->before_count; i++) {
        if ((size_t)chunk->before[i].lane >= reader->run.lane_count) {
            return "the chunk has unknown lanes";
        }
    }
    return NULL;
}

int chunk_reader_note(struct chunk_reader *reader, const struct chunk_place *place,
                      const char *what, struct err *err) {
    struct damage damage = {
        .group = place->group, .from_ns = place->t0_ns, .to_ns = place->t1_ns};
    snprintf(damage.what, sizeof damage.what, "%.*s", DAMAGE_TEXT_BYTES - 1, what);
    return damage_list_add(reader->damages, &damage, err);
}

static const char READ_CHUNK[] = "SELECT data FROM main.span_chunk WHERE id = ?";

/* The row of the query into `block`; ERR_CORRUPT when it is not what is at the place. */
static int get_block(struct chunk_reader *reader, const struct chunk_place *place,
                     enum decoded_kind kind, const struct query *q, struct err *err) {
    struct block_row row = {.id = place->id};
    const struct decoded *decoded = NULL;
    row.data = query_get_blob(q, 0, &row.size);
    const int rc = block_cache_get(connection_blocks(reader->run.connection), kind, &row,
                                   &decoded, err);
    reader->looked_at++;
    if (rc != 0) {
        return rc;
    }
    reader->lanes = kind == DECODED_LANES ? &decoded->as.lanes : NULL;
    reader->block = kind == DECODED_LANES ? &decoded->as.lanes.spans : &decoded->as.spans;
    const char *fault = find_fault(reader, place);
    return fault == NULL ? 0 : err_set(err, ERR_CORRUPT, "%s", fault);
}

static int read_chunk(struct chunk_reader *reader, const struct chunk_place *place,
                      enum decoded_kind kind, struct err *err) {
    struct query q;
    struct err fault = {0};
    query_begin(&q, reader->run.connection, READ_CHUNK);
    query_int(&q, place->id);
    int rc = query_next(&q, err);
    if (rc == 0) {
        (void)err_set(&fault, ERR_CORRUPT, "the chunk has gone"); /* it is kept there */
    } else if (rc == 1) {
        rc = get_block(reader, place, kind, &q, &fault);
    }
    query_end(&q);
    reader->is_sound = rc == 0 && fault.code == 0;
    reader->sound_id = reader->is_sound ? place->id : 0;
    if (fault.code == ERR_CORRUPT) {
        return chunk_reader_note(reader, place, fault.text, err);
    }
    return rc == 0 ? 1 : err_set_from(err, rc, &fault);
}

int chunk_reader_read(struct chunk_reader *reader, const struct chunk_place *place,
                      struct err *err) {
    return read_chunk(reader, place, DECODED_SPANS, err);
}

int chunk_reader_read_lanes(struct chunk_reader *reader, const struct chunk_place *place,
                            struct err *err) {
    return read_chunk(reader, place, DECODED_LANES, err);
}

int chunk_reader_all_carried(struct chunk_reader *reader, uint64_t wanted,
                             struct carried_span out[LANE_GROUP_LANES], uint32_t *count,
                             struct err *err) {
    return carried_spans_read(&reader->run, reader->block, wanted, out, count, err);
}

int chunk_reader_carried(struct chunk_reader *reader, lane_id lane,
                         struct carried_span *out, struct err *err) {
    struct carried_span found[LANE_GROUP_LANES];
    uint32_t count = 0;
    const int rc = chunk_reader_all_carried(
        reader, UINT64_C(1) << (lane % LANE_GROUP_LANES), found, &count, err);
    if (rc == 0 && count == 1) {
        *out = found[0];
        return 1;
    }
    return rc;
}
