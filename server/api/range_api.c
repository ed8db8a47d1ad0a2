/* SPDX-License-Identifier: MIT */
#include "server/api/range_api.h"

#include <stdlib.h>

#include "db/longest_waits.h"
#include "db/range_totals.h"
#include "server/api/api.h"
#include "server/api/span_query.h"
#include "server/api/span_view.h"

enum { WAITS_DEFAULT = 5 };

/* Writes `"key":[...]`: a member of each item, a whole number. */
#define WRITE_COLUMN(writer, key, items, count, member)                                  \
    do {                                                                                 \
        json_writer_key((writer), (key));                                                \
        json_writer_begin_array(writer);                                                 \
        for (size_t column_i = 0; column_i < (count); column_i++) {                      \
            json_writer_int((writer), (int64_t)(items)[column_i].member);                \
        }                                                                                \
        json_writer_end_array(writer);                                                   \
    } while (0)

/* --- totals -------------------------------------------------------------------- */

/* `"key":{"running":5}`, without zeros. */
static void write_states(struct json_writer *writer, const char *key,
                         const int64_t values[STATE_COUNT]) {
    json_writer_key(writer, key);
    json_writer_begin_object(writer);
    for (int state = 0; state < STATE_COUNT; state++) {
        if (values[state] > 0) {
            span_view_int(writer, lane_state_name((enum lane_state)state), values[state]);
        }
    }
    json_writer_end_object(writer);
}

static void write_lanes(struct json_writer *writer, const struct range_totals *totals) {
    json_writer_key(writer, "lanes");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < totals->lane_count; i++) {
        json_writer_begin_object(writer);
        span_view_int(writer, "id", totals->lanes[i].lane);
        write_states(writer, "totals", totals->lanes[i].state_ns);
        write_states(writer, "spans", totals->lanes[i].spans);
        span_view_known(writer, totals->lanes[i].known_until_ns);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
}

/* Who had what, and who waited for it. */
static void write_holdings(struct json_writer *writer,
                           const struct range_totals *totals) {
    const struct range_holding *items = totals->holdings;
    json_writer_key(writer, "holdings");
    json_writer_begin_object(writer);
    WRITE_COLUMN(writer, "lane", items, totals->holding_count, lane);
    WRITE_COLUMN(writer, "state", items, totals->holding_count, state);
    WRITE_COLUMN(writer, "resource", items, totals->holding_count, resource);
    WRITE_COLUMN(writer, "ns", items, totals->holding_count, ns);
    json_writer_end_object(writer);
}

/* --- waits --------------------------------------------------------------------- */

static void write_blame(struct json_writer *writer, const struct longest_wait *wait) {
    const struct blame *blame = &wait->blame;
    json_writer_key(writer, "blame");
    if (!wait->is_blamed) {
        json_writer_null(writer);
        return;
    }
    json_writer_begin_object(writer);
    json_writer_key(writer, "by_holder");
    json_writer_bool(writer, wait->is_by_holder);
    WRITE_COLUMN(writer, "holder", blame->shares, blame->count, holder);
    WRITE_COLUMN(writer, "site", blame->shares, blame->count, site);
    WRITE_COLUMN(writer, "state", blame->shares, blame->count, state);
    WRITE_COLUMN(writer, "ns", blame->shares, blame->count, ns);
    json_writer_end_object(writer);
}

static void write_waits(struct json_writer *writer, const struct longest_waits *waits) {
    json_writer_key(writer, "waits");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < waits->count; i++) {
        json_writer_begin_object(writer);
        json_writer_key(writer, "span");
        span_view_write(writer, &waits->items[i].wait);
        write_blame(writer, &waits->items[i]);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
}

/* --- the range ----------------------------------------------------------------- */

/* Both are about the same chunks. */
static int join_damages(struct range_totals *totals, const struct longest_waits *waits,
                        struct err *err) {
    int code = 0;
    for (size_t i = 0; code == 0 && i < waits->damages.count; i++) {
        code = damage_list_add(&totals->damages, &waits->damages.items[i], err);
    }
    return code;
}

static int read_waits(struct db_reader *reader, const struct range_query *query,
                      uint32_t limit, struct longest_waits *out, struct err *err) {
    const struct wait_query waits = {
        .run = query->run,
        .from_ns = query->from_ns,
        .to_ns = query->to_ns,
        .lanes = query->lanes,
        .lane_count = query->lane_count,
        .limit = limit,
    };
    return limit > 0 ? longest_waits_read(reader, &waits, out, err) : 0;
}

static int parse_range(struct db_reader *reader, const struct http_request *request,
                       struct range_query *query, int64_t *waits, struct err *err) {
    const struct api_number limit = {"waits", WAITS_DEFAULT, 0, LONGEST_WAITS_MAX};
    sim_ns duration;
    int code = span_query_run(reader, request, &query->run, &duration, err);
    if (code == 0) {
        code = span_query_range(request, duration, &query->from_ns, &query->to_ns, err);
    }
    return code == 0 ? api_query_number(request, &limit, waits, err) : code;
}

static int read_range(struct db_reader *reader, const struct http_request *request,
                      struct http_response *response, struct err *err) {
    struct json_writer writer = {0};
    struct range_query query = {0};
    struct range_totals totals = {0};
    struct longest_waits waits = {0};
    lane_id *lanes = NULL;
    int64_t limit;
    int code = parse_range(reader, request, &query, &limit, err);
    if (code == 0) {
        code =
            span_query_lanes(reader, request, query.run, &lanes, &query.lane_count, err);
    }
    query.lanes = lanes;
    if (code == 0) {
        code = range_totals_read(reader, &query, &totals, err);
    }
    if (code == 0) {
        code = read_waits(reader, &query, (uint32_t)limit, &waits, err);
    }
    if (code == 0) {
        code = join_damages(&totals, &waits, err);
    }
    if (code == 0) {
        json_writer_begin_object(&writer);
        span_view_int(&writer, "from", query.from_ns);
        span_view_int(&writer, "to", query.to_ns);
        write_lanes(&writer, &totals);
        write_holdings(&writer, &totals);
        write_waits(&writer, &waits);
        span_view_damages(&writer, &totals.damages);
        json_writer_end_object(&writer);
        code = http_response_take_json(response, 200, &writer, err);
    }
    free(lanes);
    range_totals_deinit(&totals);
    longest_waits_deinit(&waits);
    return code;
}

int range_api_read(void *context, const struct http_request *request,
                   struct http_response *response, struct err *err) {
    return api_read_once(context, request, read_range, response, err);
}
