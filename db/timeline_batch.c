/* SPDX-License-Identifier: MIT */
#include "db/timeline_batch_priv.h"

#include <string.h>

#include "db/carried_spans_priv.h"
#include "db/lane_row_priv.h"
#include "db/lane_totals_priv.h"
#include "db/pyramid_priv.h"

/* --- rows ---------------------------------------------------------------------- */

static const char INSERT_SPANS[] =
    "INSERT INTO span_chunk (run, seq, t0_ns, t1_ns, count, data, lane_group, base,"
    " longest_ns, longest_wait_ns, start_ns, totals, lanes, states, causes)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
static const char INSERT_SHEET[] =
    "INSERT INTO sheet (run, seq, t0_ns, t1_ns, count, data, lane_group, level,"
    " longest_ns, longest_wait_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
static const char INSERT_INSTANTS[] =
    "INSERT INTO instant_chunk (run, seq, t0_ns, t1_ns, count, data, base)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)";
static const char INSERT_COUNTERS[] =
    "INSERT INTO counter_chunk (run, seq, t0_ns, t1_ns, count, data, base, carry)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

static const char *const inserts[] = {INSERT_SPANS, INSERT_SHEET, INSERT_INSTANTS,
                                      INSERT_COUNTERS};

static const char INSERT_HOLDERS[] =
    "INSERT INTO holder_total (run, lane_group, seq, data) VALUES (?, ?, ?, ?)";

static int insert_holders(struct connection *connection,
                          const struct timeline_batch *batch,
                          const struct timeline_row *row, struct err *err) {
    struct query q;
    query_begin(&q, connection, INSERT_HOLDERS);
    query_int(&q, batch->run);
    query_int(&q, row->group);
    query_int(&q, row->seq);
    query_blob(&q, batch->bytes.data + row->offset, row->size);
    return query_run(&q, err);
}

static const char SET_KNOWN[] =
    "INSERT INTO known_time (run, lane_group, until_ns) VALUES (?, ?, ?)"
    " ON CONFLICT DO UPDATE SET until_ns = excluded.until_ns";

static int set_known(struct connection *connection, const struct timeline_batch *batch,
                     const struct timeline_row *row, struct err *err) {
    struct query q;
    query_begin(&q, connection, SET_KNOWN);
    query_int(&q, batch->run);
    query_int(&q, row->group);
    query_int(&q, row->t1_ns);
    return query_run(&q, err);
}

/* What was stored of a chunk while it was open, which is in no sheet. */
static const char *const forget_open[] = {
    [ROW_SPANS] = "DELETE FROM span_chunk WHERE run = ? AND base = ? AND seq = ? AND"
                  " lane_group = ?",
    [ROW_INSTANTS] =
        "DELETE FROM instant_chunk WHERE run = ? AND base = ? AND seq = ? AND -1 = ?",
    [ROW_COUNTERS] =
        "DELETE FROM counter_chunk WHERE run = ? AND base = ? AND seq = ? AND -2 = ?",
};

static int delete_open(struct connection *connection, const struct timeline_batch *batch,
                       const struct timeline_row *row, struct err *err) {
    struct query q;
    query_begin(&q, connection, forget_open[row->level]);
    query_int(&q, batch->run);
    query_int(&q, PYRAMID_NONE);
    query_int(&q, row->seq);
    query_int(&q, row->group);
    return query_run(&q, err);
}

static int insert_carried(struct connection *connection,
                          const struct timeline_batch *batch,
                          const struct timeline_row *row, struct err *err) {
    return carried_spans_insert(connection, batch->run, row->lane, row->t1_ns, row->by,
                                err);
}

/* One that has ended in the same batch has its totals. */
static int insert_lane(struct connection *connection, const struct timeline_batch *batch,
                       const struct timeline_row *row, struct err *err) {
    const uint8_t *data = batch->bytes.data + row->offset;
    struct lane lane = {.id = row->lane,
                        .parent = row->by,
                        .kind = (enum lane_kind)row->level,
                        .born_ns = row->t0_ns};
    memcpy(lane.name, data, row->size);
    return row->totals_size == 0
               ? lane_row_insert(connection, batch->run, &lane, err)
               : lane_row_insert_ended(connection, batch->run, &lane, row->t1_ns,
                                       data + row->size, row->totals_size, err);
}

static int end_lane(struct connection *connection, const struct timeline_batch *batch,
                    const struct timeline_row *row, struct err *err) {
    return lane_row_end(connection, batch->run, row->lane, row->t1_ns,
                        batch->bytes.data + row->offset, row->size, err);
}

/* A chunk or a sheet. */
static int insert_data(struct connection *connection, const struct timeline_batch *batch,
                       const struct timeline_row *row, struct err *err) {
    const uint8_t *data = batch->bytes.data + row->offset;
    struct query q;
    query_begin(&q, connection, inserts[row->kind]);
    query_int(&q, batch->run);
    query_int(&q, row->seq);
    query_int(&q, row->t0_ns);
    query_int(&q, row->t1_ns);
    query_int(&q, row->count);
    query_blob(&q, data, row->size);
    if (row->kind == ROW_INSTANTS || row->kind == ROW_COUNTERS) {
        query_int(&q, row->level);
    } else {
        query_int(&q, row->group);
        query_int(&q, row->level);
        query_int(&q, row->digest.longest_ns);
        query_int(&q, row->digest.longest_wait_ns);
    }
    if (row->kind == ROW_SPANS) {
        query_int(&q, row->start_ns);
    }
    if (row->kind == ROW_SPANS || row->kind == ROW_COUNTERS) {
        query_blob(&q, row->totals_size > 0 ? data + row->size : NULL, row->totals_size);
    }
    if (row->kind == ROW_SPANS) {
        query_int(&q, (int64_t)row->digest.lanes);
        query_int(&q, (int64_t)row->digest.states);
        query_int(&q, (int64_t)row->digest.causes);
    }
    return query_run(&q, err);
}

typedef int (*insert_fn)(struct connection *connection,
                         const struct timeline_batch *batch,
                         const struct timeline_row *row, struct err *err);

static const insert_fn insert_of[] = {
    [ROW_SPANS] = insert_data,      [ROW_SHEET] = insert_data,
    [ROW_INSTANTS] = insert_data,   [ROW_COUNTERS] = insert_data,
    [ROW_CARRIED] = insert_carried, [ROW_HOLDERS] = insert_holders,
    [ROW_LANE] = insert_lane,       [ROW_LANE_END] = end_lane,
    [ROW_KNOWN] = set_known,        [ROW_FORGET_OPEN] = delete_open,
};

/* --- batches ------------------------------------------------------------------- */

static int batch_insert(const struct write_batch *base, struct connection *connection,
                        struct err *err) {
    const struct timeline_batch *batch = (const struct timeline_batch *)base;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < batch->count; i++) {
        const struct timeline_row *row = &batch->rows[i];
        rc = insert_of[row->kind](connection, batch, row, err);
    }
    return rc;
}

static void batch_destroy(struct write_batch *base) {
    struct timeline_batch *batch = (struct timeline_batch *)base;
    chunk_bytes_deinit(&batch->bytes);
    memory_free(batch->rows);
    memory_free(batch->births);
    memory_free(batch);
}

struct timeline_batch *timeline_batch_create(int64_t run) {
    struct timeline_batch *batch = memory_zeroed(1, sizeof *batch);
    if (batch != NULL) {
        batch->base.insert = batch_insert;
        batch->base.destroy = batch_destroy;
        batch->run = run;
    }
    return batch;
}

int timeline_batch_keep(struct timeline_batch *batch, const struct timeline_row *row,
                        struct err *err) {
    if (vec_reserve((void **)&batch->rows, &batch->capacity, batch->count,
                    sizeof *batch->rows) != 0) {
        return err_set_nomem(err);
    }
    batch->rows[batch->count++] = *row;
    return 0;
}

/* --- lanes --------------------------------------------------------------------- */

/* Reserves room and keeps the bytes of a row. */
static int keep_bytes(struct timeline_batch *batch, const struct timeline_row *row,
                      const void *data, size_t size, struct err *err) {
    struct chunk_bytes *bytes = &batch->bytes;
    if (chunk_bytes_reserve(bytes, size) != 0) {
        return err_set_nomem(err);
    }
    struct timeline_row kept = *row;
    kept.offset = bytes->size;
    kept.size = size;
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
    return timeline_batch_keep(batch, &kept, err);
}

int timeline_batch_add_lane(struct timeline_batch *batch, const struct lane *lane,
                            struct err *err) {
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
    const int rc = keep_bytes(batch, &row, lane->name, strlen(lane->name) + 1, err);
    batch->birth_count += rc == 0;
    return rc;
}

/* The row of a lane that was born in the batch at hand; NULL when it was before. */
static struct timeline_row *find_birth(struct timeline_batch *batch, lane_id lane) {
    if (batch->birth_count == 0 || lane < batch->rows[batch->births[0]].lane) {
        return NULL;
    }
    const size_t at = (size_t)(lane - batch->rows[batch->births[0]].lane);
    return at < batch->birth_count ? &batch->rows[batch->births[at]] : NULL;
}

/* The name once more, with the totals behind it. */
static int end_newborn(struct timeline_batch *batch, struct timeline_row *row,
                       const uint8_t *totals, size_t size, struct err *err) {
    struct chunk_bytes *bytes = &batch->bytes;
    if (chunk_bytes_reserve(bytes, row->size + size) != 0) {
        return err_set_nomem(err);
    }
    memcpy(bytes->data + bytes->size, bytes->data + row->offset, row->size);
    memcpy(bytes->data + bytes->size + row->size, totals, size);
    row->offset = bytes->size;
    row->totals_size = size;
    bytes->size += row->size + size;
    return 0;
}

int timeline_batch_end_lane(struct timeline_batch *batch, lane_id lane, sim_ns died_ns,
                            const sim_ns state_ns[STATE_COUNT], struct err *err) {
    uint8_t totals[LANE_TOTALS_BYTES];
    const size_t size = lane_totals_encode(totals, state_ns);
    struct timeline_row *birth = find_birth(batch, lane);
    if (birth != NULL) {
        birth->t1_ns = died_ns;
        return end_newborn(batch, birth, totals, size, err);
    }
    const struct timeline_row row = {
        .kind = ROW_LANE_END, .lane = lane, .t1_ns = died_ns};
    return keep_bytes(batch, &row, totals, size, err);
}
