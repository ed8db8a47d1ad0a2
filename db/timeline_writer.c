/* SPDX-License-Identifier: MIT */
#include "db/timeline_writer_priv.h"

#include <string.h>
#include <time.h>

#include "db/carried_spans_priv.h"
#include "db/chunk_codec.h"
#include "db/chunk_digest_priv.h"
#include "db/chunk_totals_priv.h"
#include "db/counter_pyramid_priv.h"
#include "db/damage.h"
#include "db/db_priv.h"
#include "db/holder_totals_priv.h"
#include "db/instant_pyramid_priv.h"
#include "db/lane_totals_priv.h"
#include "db/pyramid_priv.h"
#include "db/sheet_codec_priv.h"
#include "db/timeline_batch_priv.h"
#include "db/write_queue_priv.h"

/* When a batch goes to the queue: what is not there is lost in a crash. */
enum { BATCH_BYTES = 256 * 1024, BATCH_MS = 50 };

/* What is known of a lane group between its chunks. */
struct group {
    struct pyramid *pyramid;
    uint64_t ended;             /* bit of each lane whose end is stored, or in a batch */
    struct chunk_totals totals; /* up to the next chunk */
    struct holder_totals holders; /* likewise */
    size_t holder_bytes;          /* of chunks since these were stored */
    uint32_t holder_chunks;
};

struct timeline_writer {
    struct db *db;
    int64_t run;
    struct sink sink;
    struct group **groups; /* by number; NULL where nothing came yet */
    size_t group_count;
    lane_id lane_count; /* lanes that were born */
    size_t group_capacity;
    struct point_pyramid *instants;
    struct counter_pyramid *counters;
    struct write_stream stream;
    struct timeline_batch *batch; /* that is being filled */
    int64_t begun_ms;             /* when that was begun, by the monotonic clock */
    bool finished;                /* the pyramids have given what they had */
};

static int64_t monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- batches ------------------------------------------------------------------- */

static int begin_batch(struct timeline_writer *writer, struct err *err) {
    if (writer->batch != NULL) {
        return 0;
    }
    writer->batch = timeline_batch_create(writer->run);
    writer->begun_ms = monotonic_ms();
    return writer->batch != NULL ? 0 : err_set_nomem(err);
}

int timeline_writer_put(struct timeline_writer *writer, struct err *err) {
    struct timeline_batch *batch = writer->batch;
    if (batch == NULL) {
        return 0;
    }
    batch->base.size = batch->bytes.capacity + batch->capacity * sizeof *batch->rows;
    writer->batch = NULL;
    return write_queue_put(db_write_queue(writer->db), &writer->stream, &batch->base,
                           err);
}

/* Hands the batch over when it is time. */
static int put_batch(struct timeline_writer *writer, struct err *err) {
    const struct timeline_batch *batch = writer->batch;
    const size_t size = batch->bytes.size + batch->count * sizeof *batch->rows;
    const bool is_time =
        size >= BATCH_BYTES || monotonic_ms() - writer->begun_ms >= BATCH_MS;
    return is_time ? timeline_writer_put(writer, err) : 0;
}

/* --- lane groups --------------------------------------------------------------- */

static int on_sheet(void *context, const struct sheet *sheet, struct err *err) {
    struct timeline_writer *writer = context;
    struct timeline_row row = {
        .kind = ROW_SHEET,
        .group = sheet->group,
        .level = sheet->level,
        .seq = sheet->first_seq,
        .count = sheet->count,
        .t0_ns = sheet->t0_ns,
        .t1_ns = sheet->t1_ns,
        .offset = writer->batch->bytes.size,
    };
    for (size_t i = 0; i < sheet->long_count; i++) {
        const struct long_span *span = &sheet->longs[i];
        chunk_digest_add(&row.digest, span->state, span->end_ns - span->start_ns);
    }
    const int rc = sheet_codec_encode(sheet, &writer->batch->bytes, err);
    row.size = writer->batch->bytes.size - row.offset;
    return rc == 0 ? timeline_batch_keep(writer->batch, &row, err) : rc;
}

static int add_group(struct timeline_writer *writer, uint32_t number, struct err *err) {
    while (writer->group_count <= number) {
        if (vec_reserve((void **)&writer->groups, &writer->group_capacity,
                        writer->group_count, sizeof(struct group *)) != 0) {
            return err_set_nomem(err);
        }
        writer->groups[writer->group_count++] = NULL;
    }
    if (writer->groups[number] != NULL) {
        return 0;
    }
    struct group *group = memory_zeroed(1, sizeof *group);
    if (group == NULL) {
        return err_set_nomem(err);
    }
    writer->groups[number] = group;
    return pyramid_create(&group->pyramid, number, on_sheet, writer, err);
}

/* --- the sink ------------------------------------------------------------------ */

/* Reserves room and keeps the bytes of a row. */
static int keep_bytes(struct timeline_writer *writer, const struct timeline_row *row,
                      const void *data, size_t size, struct err *err) {
    struct chunk_bytes *bytes = &writer->batch->bytes;
    if (chunk_bytes_reserve(bytes, size) != 0) {
        return err_set_nomem(err);
    }
    struct timeline_row kept = *row;
    kept.offset = bytes->size;
    kept.size = size;
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
    return timeline_batch_keep(writer->batch, &kept, err);
}

static int keep_birth(struct timeline_writer *writer, const struct lane *lane,
                      struct err *err) {
    struct timeline_batch *batch = writer->batch;
    const struct timeline_row row = {.kind = ROW_LANE,
                                     .lane = lane->id,
                                     .by = lane->parent,
                                     .level = lane->kind,
                                     .t0_ns = lane->born_ns};
    if (vec_reserve((void **)&batch->births, &batch->birth_capacity, batch->birth_count,
                    sizeof *batch->births) != 0) {
        return err_set_nomem(err);
    }
    batch->births[batch->birth_count] = batch->count;
    const int rc = keep_bytes(writer, &row, lane->name, strlen(lane->name) + 1, err);
    batch->birth_count += rc == 0;
    writer->lane_count += rc == 0;
    return rc;
}

static int on_lane(void *context, const struct lane *lane, struct err *err) {
    struct timeline_writer *writer = context;
    int rc = begin_batch(writer, err);
    if (rc == 0) {
        rc = keep_birth(writer, lane, err);
    }
    return rc == 0 ? put_batch(writer, err) : rc;
}

/* The row of a lane that was born in the batch at hand; NULL when it was before. Lanes are
 * born in the order of their ids. */
static struct timeline_row *find_birth(struct timeline_batch *batch, lane_id lane) {
    if (batch->birth_count == 0 || lane < batch->rows[batch->births[0]].lane) {
        return NULL;
    }
    const size_t at = (size_t)(lane - batch->rows[batch->births[0]].lane);
    return at < batch->birth_count ? &batch->rows[batch->births[at]] : NULL;
}

/* The name once more, with the totals behind it. */
static int end_newborn(struct timeline_batch *batch, struct timeline_row *row,
                       sim_ns died_ns, const uint8_t *totals, size_t size,
                       struct err *err) {
    struct chunk_bytes *bytes = &batch->bytes;
    if (chunk_bytes_reserve(bytes, row->size + size) != 0) {
        return err_set_nomem(err);
    }
    memcpy(bytes->data + bytes->size, bytes->data + row->offset, row->size);
    memcpy(bytes->data + bytes->size + row->size, totals, size);
    row->offset = bytes->size;
    row->totals_size = size;
    row->t1_ns = died_ns;
    bytes->size += row->size + size;
    return 0;
}

static int keep_lane_end(struct timeline_writer *writer, struct group *group,
                         lane_id lane, sim_ns died_ns, struct err *err) {
    const uint32_t place = (uint32_t)lane % LANE_GROUP_LANES;
    uint8_t totals[LANE_TOTALS_BYTES];
    const size_t size = lane_totals_encode(totals, group->totals.state_ns[place]);
    struct timeline_row *birth = find_birth(writer->batch, lane);
    group->ended |= UINT64_C(1) << place;
    if (birth != NULL) {
        return end_newborn(writer->batch, birth, died_ns, totals, size, err);
    }
    const struct timeline_row row = {
        .kind = ROW_LANE_END, .lane = lane, .t1_ns = died_ns};
    return keep_bytes(writer, &row, totals, size, err);
}

/* Lanes of the chunk that do not live beyond it ended with their last span. The totals have
 * the chunk. */
static int keep_lane_ends(struct timeline_writer *writer, struct group *group,
                          const struct span_chunk *chunk, struct err *err) {
    sim_ns last_ns[LANE_GROUP_LANES];
    uint64_t alive = 0;
    carried_spans_since(chunk, last_ns);
    for (uint32_t i = 0; i < chunk->after_count; i++) {
        alive |= UINT64_C(1) << (chunk->after[i].lane % LANE_GROUP_LANES);
    }
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < chunk->before_count; i++) {
        const uint32_t place = (uint32_t)chunk->before[i].lane % LANE_GROUP_LANES;
        if ((alive >> place & 1) == 0) {
            rc = keep_lane_end(writer, group, chunk->before[i].lane, last_ns[place], err);
        }
    }
    return rc;
}

/* The first span of a lane in a chunk is the one that was carried into it. */
static int keep_carried(struct timeline_writer *writer, const struct span_chunk *chunk,
                        struct err *err) {
    uint64_t seen = 0;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < chunk->count; i++) {
        const uint64_t bit = UINT64_C(1) << (chunk->lane[i] % LANE_GROUP_LANES);
        if ((seen & bit) == 0 && chunk->start_ns[i] <= chunk->t0_ns && chunk->seq > 0) {
            const struct timeline_row row = {.kind = ROW_CARRIED,
                                             .lane = chunk->lane[i],
                                             .t1_ns = chunk->end_ns[i],
                                             .by = chunk->by[i]};
            rc = timeline_batch_keep(writer->batch, &row, err);
        }
        seen |= bit;
    }
    return rc;
}

/* That of the first span of a lane, which began when `before` says. */
static sim_ns earliest_start(const struct span_chunk *chunk, uint64_t lanes) {
    sim_ns earliest = chunk->t1_ns;
    for (uint32_t i = 0; i < chunk->before_count; i++) {
        const struct lane_before *lane = &chunk->before[i];
        if ((lanes >> (lane->lane % LANE_GROUP_LANES) & 1) != 0 &&
            lane->since_ns < earliest) {
            earliest = lane->since_ns;
        }
    }
    return earliest;
}

static int keep_chunk(struct timeline_writer *writer, struct group *group,
                      const struct span_chunk *chunk, unsigned base, struct err *err) {
    struct timeline_row row = {
        .kind = ROW_SPANS,
        .group = chunk->group,
        .level = base,
        .digest = chunk_digest_of(chunk),
        .seq = chunk->seq,
        .count = chunk->count,
        .t0_ns = chunk->t0_ns,
        .t1_ns = chunk->t1_ns,
        .offset = writer->batch->bytes.size,
    };
    row.start_ns = earliest_start(chunk, row.digest.lanes);
    int rc = chunk_codec_encode_spans(chunk, &writer->batch->bytes, err);
    row.size = writer->batch->bytes.size - row.offset;
    if (rc == 0 && chunk->seq > 0 && chunk->seq % TOTALS_CHUNKS == 0) {
        rc = chunk_totals_encode(&group->totals, &writer->batch->bytes, err);
        row.totals_size = writer->batch->bytes.size - row.offset - row.size;
    }
    chunk_totals_add(&group->totals, chunk, chunk->t1_ns);
    group->holder_bytes += row.size;
    return rc == 0 ? timeline_batch_keep(writer->batch, &row, err) : rc;
}

/* Those up to the chunk, when it is time for them. */
static int keep_holders(struct timeline_writer *writer, struct group *group,
                        uint32_t number, uint32_t seq, struct err *err) {
    const size_t least =
        group->holders.count * HOLDER_ENTRY_BYTES * (size_t)HOLDER_SPACING;
    if (group->holders.count == 0 || group->holder_chunks < HOLDER_CHUNKS ||
        group->holder_bytes < least) {
        return 0;
    }
    struct timeline_row row = {.kind = ROW_HOLDERS,
                               .group = number,
                               .seq = seq,
                               .offset = writer->batch->bytes.size};
    const int rc = holder_totals_encode(&group->holders, &writer->batch->bytes, err);
    row.size = writer->batch->bytes.size - row.offset;
    group->holder_chunks = 0;
    group->holder_bytes = 0;
    return rc == 0 ? timeline_batch_keep(writer->batch, &row, err) : rc;
}

static int add_holders(struct timeline_writer *writer, struct group *group,
                       const struct span_chunk *chunk, struct err *err) {
    const int rc = keep_holders(writer, group, chunk->group, chunk->seq, err);
    if (rc != 0) {
        return rc;
    }
    group->holder_chunks++;
    return holder_totals_add_chunk(&group->holders, chunk, chunk->t1_ns, err);
}

static int on_spans(void *context, const struct span_chunk *chunk, struct err *err) {
    struct timeline_writer *writer = context;
    unsigned base;
    int rc = begin_batch(writer, err);
    if (rc == 0) {
        rc = add_group(writer, chunk->group, err);
    }
    if (rc != 0) {
        return rc;
    }
    struct group *group = writer->groups[chunk->group];
    rc = pyramid_add(group->pyramid, chunk, &base, err);
    if (rc == 0) {
        rc = keep_chunk(writer, group, chunk, base, err);
    }
    if (rc == 0) {
        rc = add_holders(writer, group, chunk, err);
    }
    if (rc == 0) {
        rc = keep_carried(writer, chunk, err);
    }
    if (rc == 0) {
        rc = keep_lane_ends(writer, group, chunk, err);
    }
    return rc == 0 ? put_batch(writer, err) : rc;
}

/* Of instants or counters. */
static int keep_point_sheet(struct timeline_writer *writer,
                            const struct point_format *format, int64_t group,
                            const struct point_sheet *sheet, struct err *err) {
    struct timeline_row row = {
        .kind = ROW_SHEET,
        .group = group,
        .level = sheet->level,
        .seq = sheet->first_seq,
        .count = sheet->count,
        .t0_ns = sheet->t0_ns,
        .t1_ns = sheet->t1_ns,
        .offset = writer->batch->bytes.size,
    };
    const int rc = point_sheet_encode(format, sheet, &writer->batch->bytes, err);
    row.size = writer->batch->bytes.size - row.offset;
    return rc == 0 ? timeline_batch_keep(writer->batch, &row, err) : rc;
}

static int on_instant_sheet(void *context, const struct point_sheet *sheet,
                            struct err *err) {
    return keep_point_sheet(context, &instant_sheet_format, DAMAGE_INSTANTS, sheet, err);
}

static int on_counter_sheet(void *context, const struct point_sheet *sheet,
                            struct err *err) {
    return keep_point_sheet(context, &counter_sheet_format, DAMAGE_COUNTERS, sheet, err);
}

static int on_instants(void *context, const struct instant_chunk *chunk,
                       struct err *err) {
    struct timeline_writer *writer = context;
    int rc = begin_batch(writer, err);
    if (rc != 0) {
        return rc;
    }
    struct timeline_row row = {
        .kind = ROW_INSTANTS,
        .seq = chunk->seq,
        .count = chunk->count,
        .t0_ns = chunk->t0_ns,
        .t1_ns = chunk->t1_ns,
        .offset = writer->batch->bytes.size,
    };
    rc = chunk_codec_encode_instants(chunk, &writer->batch->bytes, err);
    row.size = writer->batch->bytes.size - row.offset;
    if (rc == 0) {
        rc = instant_pyramid_add(writer->instants, chunk, &row.level, err);
    }
    if (rc == 0) {
        rc = timeline_batch_keep(writer->batch, &row, err);
    }
    return rc == 0 ? put_batch(writer, err) : rc;
}

/* The chunk, and what it carries, when that is due. */
static int encode_counters(struct timeline_writer *writer,
                           const struct counter_chunk *chunk, struct timeline_row *row,
                           struct err *err) {
    struct chunk_bytes *bytes = &writer->batch->bytes;
    const struct point_sheet *carry = counter_pyramid_carry(writer->counters, chunk);
    row->offset = bytes->size;
    int rc = chunk_codec_encode_counters(chunk, bytes, err);
    row->size = bytes->size - row->offset;
    if (rc == 0 && carry != NULL) {
        rc = point_sheet_encode(&counter_sheet_format, carry, bytes, err);
        row->totals_size = bytes->size - row->offset - row->size;
    }
    return rc;
}

static int on_counters(void *context, const struct counter_chunk *chunk,
                       struct err *err) {
    struct timeline_writer *writer = context;
    int rc = begin_batch(writer, err);
    if (rc != 0) {
        return rc;
    }
    struct timeline_row row = {
        .kind = ROW_COUNTERS,
        .seq = chunk->seq,
        .count = chunk->count,
        .t0_ns = chunk->t0_ns,
        .t1_ns = chunk->t1_ns,
    };
    rc = encode_counters(writer, chunk, &row, err);
    if (rc == 0) {
        rc = counter_pyramid_add(writer->counters, chunk, &row.level, err);
    }
    if (rc == 0) {
        rc = timeline_batch_keep(writer->batch, &row, err);
    }
    return rc == 0 ? put_batch(writer, err) : rc;
}

static int on_settled(void *context, int64_t group, sim_ns until, struct err *err) {
    struct timeline_writer *writer = context;
    const struct timeline_row row = {.kind = ROW_KNOWN, .group = group, .t1_ns = until};
    int rc = begin_batch(writer, err);
    if (rc == 0) {
        rc = timeline_batch_keep(writer->batch, &row, err);
    }
    return rc == 0 ? put_batch(writer, err) : rc;
}

/* --- life ---------------------------------------------------------------------- */

int timeline_writer_create(struct timeline_writer **out, struct db *db, int64_t run,
                           struct err *err) {
    struct timeline_writer *writer = memory_zeroed(1, sizeof *writer);
    if (writer == NULL) {
        return err_set_nomem(err);
    }
    writer->db = db;
    writer->run = run;
    writer->sink = (struct sink){
        .context = writer,
        .lane = on_lane,
        .spans = on_spans,
        .instants = on_instants,
        .counters = on_counters,
        .settled = on_settled,
    };
    int rc = instant_pyramid_create(&writer->instants, on_instant_sheet, writer, err);
    if (rc == 0) {
        rc = counter_pyramid_create(&writer->counters, on_counter_sheet, writer, err);
    }
    if (rc != 0) {
        point_pyramid_destroy(writer->instants);
        memory_free(writer);
        return rc;
    }
    *out = writer;
    return 0;
}

void timeline_writer_destroy(struct timeline_writer *writer) {
    if (writer == NULL) {
        return;
    }
    for (size_t i = 0; i < writer->group_count; i++) {
        if (writer->groups[i] != NULL) {
            pyramid_destroy(writer->groups[i]->pyramid);
            holder_totals_deinit(&writer->groups[i]->holders);
            memory_free(writer->groups[i]);
        }
    }
    memory_free(writer->groups);
    point_pyramid_destroy(writer->instants);
    counter_pyramid_destroy(writer->counters);
    timeline_writer_forget(writer);
    memory_free(writer);
}

const struct sink *timeline_writer_sink(const struct timeline_writer *writer) {
    return &writer->sink;
}

int timeline_writer_drain(struct timeline_writer *writer, struct err *err) {
    return write_queue_drain(db_write_queue(writer->db), &writer->stream, err);
}

bool timeline_writer_has_ended(const struct timeline_writer *writer, lane_id lane) {
    const size_t number = (size_t)lane / LANE_GROUP_LANES;
    return lane < writer->lane_count && number < writer->group_count &&
           writer->groups[number] != NULL &&
           (writer->groups[number]->ended >> lane % LANE_GROUP_LANES & 1) != 0;
}

static const char FORGET_KNOWN[] = "DELETE FROM known_time WHERE run = ?";

/* All is known to the end. */
static int forget_known(const struct timeline_writer *writer,
                        struct connection *connection, struct err *err) {
    struct query q;
    query_begin(&q, connection, FORGET_KNOWN);
    query_int(&q, writer->run);
    return query_run(&q, err);
}

int timeline_writer_finish(struct timeline_writer *writer, struct connection *connection,
                           struct err *err) {
    int rc = begin_batch(writer, err);
    for (size_t i = 0; rc == 0 && !writer->finished && i < writer->group_count; i++) {
        if (writer->groups[i] != NULL) {
            rc = pyramid_finish(writer->groups[i]->pyramid, err);
        }
    }
    if (rc == 0 && !writer->finished) {
        rc = point_pyramid_finish(writer->instants, err);
    }
    if (rc == 0 && !writer->finished) {
        rc = counter_pyramid_finish(writer->counters, err);
    }
    writer->finished = writer->finished || rc == 0;
    if (rc == 0) {
        rc = writer->batch->base.insert(&writer->batch->base, connection, err);
    }
    return rc == 0 ? forget_known(writer, connection, err) : rc;
}

void timeline_writer_forget(struct timeline_writer *writer) {
    const int rc = timeline_writer_drain(writer, NULL);
    (void)rc; /* Whether it was stored does not matter any more. */
    if (writer->batch != NULL) {
        writer->batch->base.destroy(&writer->batch->base);
        writer->batch = NULL;
    }
}
