/* SPDX-License-Identifier: MIT */
#include "db/lane_row_priv.h"

#include "db/lane_totals_priv.h"

static const char WRITE_LANE[] =
    "INSERT INTO lane (run, lane, kind, parent, name, born_ns, died_ns, totals)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
    " SET died_ns = excluded.died_ns, totals = excluded.totals WHERE died_ns = -1";
static const char END_LANE[] =
    "UPDATE lane SET died_ns = ?, totals = ? WHERE run = ? AND lane = ?";

int lane_row_insert_ended(struct connection *connection, int64_t run,
                          const struct lane *lane, sim_ns died_ns, const void *totals,
                          size_t size, struct err *err) {
    struct query q;
    query_begin(&q, connection, WRITE_LANE);
    query_int(&q, run);
    query_int(&q, lane->id);
    query_text(&q, lane_kind_name(lane->kind));
    query_int(&q, lane->parent);
    query_text(&q, lane->name);
    query_int(&q, lane->born_ns);
    query_int(&q, died_ns);
    query_blob(&q, totals, size);
    return query_run(&q, err);
}

int lane_row_complete(struct connection *connection, int64_t run,
                      const struct lane_total *total, struct err *err) {
    uint8_t totals[LANE_TOTALS_BYTES];
    const size_t size = lane_totals_encode(totals, total->state_ns);
    return lane_row_insert_ended(connection, run, &total->lane, total->died_ns, totals,
                                 size, err);
}

int lane_row_insert(struct connection *connection, int64_t run, const struct lane *lane,
                    struct err *err) {
    const struct lane_total total = {.lane = *lane, .died_ns = -1};
    return lane_row_complete(connection, run, &total, err);
}

int lane_row_end(struct connection *connection, int64_t run, lane_id lane, sim_ns died_ns,
                 const void *totals, size_t size, struct err *err) {
    struct query q;
    query_begin(&q, connection, END_LANE);
    query_int(&q, died_ns);
    query_blob(&q, totals, size);
    query_int(&q, run);
    query_int(&q, lane);
    return query_run(&q, err);
}
