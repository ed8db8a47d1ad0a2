/* SPDX-License-Identifier: MIT */
#include "db/timeline_writer_priv.h"

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
#include "db/pyramid_priv.h"
#include "db/sheet_codec_priv.h"
#include "db/timeline_batch_priv.h"
#include "db/write_queue_priv.h"

/* When a batch goes to the queue: what is not there is lost in a crash. */
enum { BATCH_BYTES = 256 * 1024, BATCH_MS = 50 };

/* How long after open chunks come they are asked for again: so long, or so many times what it
 * took to store them, so that a run with many lanes is not held up. */
enum { LOOK_MS = 250, LOOK_SHARE = 20 };

/* What is stored of a chunk that is open. */
struct open_chunk {
    bool is_there;
    uint32_t seq;
};

/* What is known of a lane group between its chunks. */
struct group {
    struct pyramid *pyramid;
    uint64_t ended;             /* bit of each lane whose end is stored, or in a batch */
    struct chunk_totals totals; /* up to the next chunk */
    struct holder_totals holders; /* likewise */
    size_t holder_bytes;          /* of chunks since these were stored */
    uint32_t holder_chunks;
    struct open_chunk open;
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
    struct open_chunk open_instants, open_counters;
    int64_t look_ms, next_look_ms; /* when open chunks were and will be asked for */
    bool finished;                 /* the pyramids have given what they had */
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

/* --- chunks that are open ------------------------------------------------------ */

/* Before another form of the chunk is stored, in the same batch. */
static int forget_open(struct timeline_writer *writer, enum row_kind kind, int64_t group,
                       struct open_chunk *open, struct err *err) {
    if (!open->is_there) {
        return 0;
    }
    open->is_there = false;
    const struct timeline_row row = {
        .kind = ROW_FORGET_OPEN, .level = kind, .group = group, .seq = open->seq};
    return timeline_batch_keep(writer->batch, &row, err);
}

/* Answered yes, it is asked again when all have come. */
static bool wants_open(void *context) {
    struct timeline_writer *writer = context;
    const int64_t now = monotonic_ms();
    if (writer->look_ms >= 0) {
        const int64_t took = LOOK_SHARE * (now - writer->look_ms);
        writer->next_look_ms = now + (took > LOOK_MS ? took : LOOK_MS);
        writer->look_ms = -1;
    }
    if (now < writer->next_look_ms) {
        return false;
    }
    writer->look_ms = now;
    return true;
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

static int on_lane(void *context, const struct lane *lane, struct err *err) {
    struct timeline_writer *writer = context;
    int rc = begin_batch(writer, err);
    if (rc == 0) {
        rc = timeline_batch_add_lane(writer->batch, lane, err);
        writer->lane_count += rc == 0;
    }
    return rc == 0 ? put_batch(writer, err) : rc;
}

/* Lanes of the chunk that do not live beyond it ended with their last span. The totals have
 * the chunk. What ended in it while it was open has been stored. */
static int keep_lane_ends(struct timeline_writer *writer, struct group *group,
                          const struct span_chunk *chunk,
                          const struct chunk_totals *totals, struct err *err) {
    sim_ns last_ns[LANE_GROUP_LANES];
    uint64_t done = group->ended;
    carried_spans_since(chunk, last_ns);
    for (uint32_t i = 0; i < chunk->after_count; i++) {
        done |= UINT64_C(1) << (chunk->after[i].lane % LANE_GROUP_LANES);
    }
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < chunk->before_count; i++) {
        const lane_id lane = chunk->before[i].lane;
        const uint32_t place = (uint32_t)lane % LANE_GROUP_LANES;
        if ((done >> place & 1) == 0) {
            group->ended |= UINT64_C(1) << place;
            rc = timeline_batch_end_lane(writer->batch, lane, last_ns[place],
                                         totals->state_ns[place], err);
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

/* Encodes it behind what there is in the batch. */
static int encode_spans(struct timeline_writer *writer, const struct span_chunk *chunk,
                        struct timeline_row *row, struct err *err) {
    *row = (struct timeline_row){
        .kind = ROW_SPANS,
        .group = chunk->group,
        .level = PYRAMID_NONE,
        .digest = chunk_digest_of(chunk),
        .seq = chunk->seq,
        .count = chunk->count,
        .t0_ns = chunk->t0_ns,
        .t1_ns = chunk->t1_ns,
        .offset = writer->batch->bytes.size,
    };
    row->start_ns = earliest_start(chunk, row->digest.lanes);
    const int rc = chunk_codec_encode_spans(chunk, &writer->batch->bytes, err);
    row->size = writer->batch->bytes.size - row->offset;
    return rc;
}

static int keep_chunk(struct timeline_writer *writer, struct group *group,
                      const struct span_chunk *chunk, unsigned base, struct err *err) {
    struct timeline_row row;
    int rc = encode_spans(writer, chunk, &row, err);
    row.level = base;
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

static int keep_spans(struct timeline_writer *writer, struct group *group,
                      const struct span_chunk *chunk, struct err *err) {
    unsigned base;
    int rc = pyramid_add(group->pyramid, chunk, &base, err);
    if (rc == 0) {
        rc = keep_chunk(writer, group, chunk, base, err);
    }
    if (rc == 0) {
        rc = add_holders(writer, group, chunk, err);
    }
    if (rc == 0) {
        rc = keep_carried(writer, chunk, err);
    }
    return rc == 0 ? keep_lane_ends(writer, group, chunk, &group->totals, err) : rc;
}

/* What depends on chunks that are full does not know of it. */
static int keep_open_spans(struct timeline_writer *writer, struct group *group,
                           const struct span_chunk *chunk, struct err *err) {
    struct timeline_row row;
    int rc = forget_open(writer, ROW_SPANS, chunk->group, &group->open, err);
    if (rc == 0) {
        rc = encode_spans(writer, chunk, &row, err);
    }
    if (rc == 0) {
        rc = timeline_batch_keep(writer->batch, &row, err);
    }
    group->open = (struct open_chunk){true, chunk->seq};
    if (rc == 0) {
        rc = keep_carried(writer, chunk, err);
    }
    struct chunk_totals totals = group->totals;
    chunk_totals_add(&totals, chunk, chunk->t1_ns);
    return rc == 0 ? keep_lane_ends(writer, group, chunk, &totals, err) : rc;
}

static int keep_known(struct timeline_writer *writer, int64_t group, sim_ns until,
                      struct err *err) {
    const struct timeline_row row = {.kind = ROW_KNOWN, .group = group, .t1_ns = until};
    return timeline_batch_keep(writer->batch, &row, err);
}

/* What was open may have had lanes that were born behind the end of the full chunk: they are
 * not known until the next one. */
static int keep_full_spans(struct timeline_writer *writer, struct group *group,
                           const struct span_chunk *chunk, struct err *err) {
    const bool was_open = group->open.is_there;
    int rc = forget_open(writer, ROW_SPANS, chunk->group, &group->open, err);
    if (rc == 0 && was_open) {
        rc = keep_known(writer, chunk->group, chunk->t1_ns, err);
    }
    return rc == 0 ? keep_spans(writer, group, chunk, err) : rc;
}

static int on_spans(void *context, const struct span_chunk *chunk, struct err *err) {
    struct timeline_writer *writer = context;
    int rc = begin_batch(writer, err);
    if (rc == 0) {
        rc = add_group(writer, chunk->group, err);
    }
    if (rc != 0) {
        return rc;
    }
    struct group *group = writer->groups[chunk->group];
    rc = chunk->is_open ? keep_open_spans(writer, group, chunk, err)
                        : keep_full_spans(writer, group, chunk, err);
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
    if (rc == 0) {
        rc = forget_open(writer, ROW_INSTANTS, DAMAGE_INSTANTS, &writer->open_instants,
                         err);
    }
    if (rc != 0) {
        return rc;
    }
    struct timeline_row row = {
        .kind = ROW_INSTANTS,
        .level = PYRAMID_NONE,
        .seq = chunk->seq,
        .count = chunk->count,
        .t0_ns = chunk->t0_ns,
        .t1_ns = chunk->t1_ns,
        .offset = writer->batch->bytes.size,
    };
    rc = chunk_codec_encode_instants(chunk, &writer->batch->bytes, err);
    row.size = writer->batch->bytes.size - row.offset;
    if (rc == 0 && !chunk->is_open) {
        rc = instant_pyramid_add(writer->instants, chunk, &row.level, err);
    }
    if (rc == 0) {
        rc = timeline_batch_keep(writer->batch, &row, err);
    }
    writer->open_instants = (struct open_chunk){chunk->is_open, chunk->seq};
    return rc == 0 ? put_batch(writer, err) : rc;
}

/* The chunk, and what it carries, when that is due. */
static int encode_counters(struct timeline_writer *writer,
                           const struct counter_chunk *chunk, struct timeline_row *row,
                           struct err *err) {
    struct chunk_bytes *bytes = &writer->batch->bytes;
    const struct point_sheet *carry =
        chunk->is_open ? NULL : counter_pyramid_carry(writer->counters, chunk);
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
    if (rc == 0) {
        rc = forget_open(writer, ROW_COUNTERS, DAMAGE_COUNTERS, &writer->open_counters,
                         err);
    }
    if (rc != 0) {
        return rc;
    }
    struct timeline_row row = {
        .kind = ROW_COUNTERS,
        .level = PYRAMID_NONE,
        .seq = chunk->seq,
        .count = chunk->count,
        .t0_ns = chunk->t0_ns,
        .t1_ns = chunk->t1_ns,
    };
    rc = encode_counters(writer, chunk, &row, err);
    if (rc == 0 && !chunk->is_open) {
        rc = counter_pyramid_add(writer->counters, chunk, &row.level, err);
    }
    if (rc == 0) {
        rc = timeline_batch_keep(writer->batch, &row, err);
    }
    writer->open_counters = (struct open_chunk){chunk->is_open, chunk->seq};
    return rc == 0 ? put_batch(writer, err) : rc;
}

static int on_settled(void *context, int64_t group, sim_ns until, struct err *err) {
    struct timeline_writer *writer = context;
    int rc = begin_batch(writer, err);
    if (rc == 0) {
        rc = keep_known(writer, group, until, err);
    }
    return rc == 0 ? put_batch(writer, err) : rc;
}

/* --- life ---------------------------------------------------------------------- */

int timeline_writer_create(struct timeline_writer **out, struct db *db, int64_t run,
                           const atomic_bool *cancel, struct err *err) {
    struct timeline_writer *writer = memory_zeroed(1, sizeof *writer);
    if (writer == NULL) {
        return err_set_nomem(err);
    }
    writer->db = db;
    writer->run = run;
    writer->stream.cancel = cancel;
    writer->sink = (struct sink){
        .context = writer,
        .lane = on_lane,
        .spans = on_spans,
        .instants = on_instants,
        .counters = on_counters,
        .settled = on_settled,
        .wants_open = wants_open,
    };
    writer->look_ms = -1;
    writer->next_look_ms = monotonic_ms() + LOOK_MS;
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
        struct group *group = writer->groups[i];
        if (group != NULL) {
            rc = forget_open(writer, ROW_SPANS, (int64_t)i, &group->open, err);
        }
        if (group != NULL && rc == 0) {
            rc = pyramid_finish(group->pyramid, err);
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
    write_queue_give_up(db_write_queue(writer->db), &writer->stream);
    const int rc = timeline_writer_drain(writer, NULL);
    (void)rc; /* Whether it was stored does not matter any more. */
    if (writer->batch != NULL) {
        writer->batch->base.destroy(&writer->batch->base);
        writer->batch = NULL;
    }
}
