/* SPDX-License-Identifier: MIT */
#include "tests/db/sql_store.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/db/random_counters.h"
#include "tests/db/span_author.h"

enum { SPANS_MAX = 12000, SITES = 3 };

static const char oracle_schema[] =
    "CREATE TABLE spans(run_id INTEGER, lane INTEGER, start_ns INTEGER, end_ns INTEGER,"
    " dur_ns INTEGER, state TEXT, resource INTEGER, by INTEGER, site INTEGER,"
    " site_path TEXT, lane_name TEXT, lane_kind TEXT);"
    "CREATE TABLE instants(run_id INTEGER, lane INTEGER, at_ns INTEGER, kind TEXT,"
    " by INTEGER, lane_name TEXT, lane_kind TEXT);"
    "CREATE TABLE counters(run_id INTEGER, lane INTEGER, counter TEXT, at_ns INTEGER,"
    " value INTEGER, lane_name TEXT, lane_kind TEXT);"
    "CREATE TABLE lanes(run_id INTEGER, lane INTEGER, kind TEXT, name TEXT);";

static void insert(sqlite3 *oracle, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    char *sql = sqlite3_vmprintf(fmt, args);
    va_end(args);
    char *message = NULL;
    if (sqlite3_exec(oracle, sql, NULL, NULL, &message) != SQLITE_OK) {
        fail_msg("%s: %s", sql, message);
    }
    sqlite3_free(sql);
}

/* A number or NULL for SQL text; valid until the fourth call after it. */
static const char *number(int32_t value) {
    static char texts[4][16];
    static int next;
    char *text = texts[next++ % 4];
    snprintf(text, sizeof texts[0], "%d", (int)value);
    return value >= 0 ? text : "NULL";
}

/* --- recordings ---------------------------------------------------------------- */

static size_t random_lane(struct authored_span *rows, lane_id lane, uint64_t *random) {
    const uint32_t scale = 1 + fixture_below(random, lane % 7 == 0 ? 9000 : 300);
    const size_t most = fixture_below(random, 16);
    sim_ns at = fixture_below(random, SQL_STORE_LAST_NS / 2);
    size_t count = 0;
    for (; count < most && at < SQL_STORE_LAST_NS; count++) {
        const sim_ns end = at + 1 + fixture_below(random, scale);
        rows[count] = (struct authored_span){
            .lane = lane,
            .start = at,
            .end = end,
            .state =
                (uint8_t)fixture_below(random, 1 + fixture_below(random, STATE_COUNT)),
            .resource = (lane_id)fixture_below(random, SQL_STORE_LANES) - 1,
            .by = (lane_id)fixture_below(random, SQL_STORE_LANES) - 1,
            .site = (site_id)fixture_below(random, SITES + 1) - 1,
        };
        at = end;
    }
    return count;
}

static void send_group(const struct authored_span *rows, size_t count, uint32_t group,
                       const struct sink *sink, uint64_t *random) {
    static struct span_author author;
    struct span_chunk chunk;
    struct err err = {0};
    span_author_begin(&author, rows, count, group);
    while (span_author_next(&author, 1 + fixture_below(random, 30), &chunk)) {
        fixture_ok(sink->spans(sink->context, &chunk, &err), &err);
    }
}

static void send_instants(struct sql_store *store, int64_t run, const struct sink *sink,
                          uint64_t *random) {
    struct err err = {0};
    sim_ns time = 0;
    for (uint32_t seq = 0; seq < 12; seq++) {
        lane_id lane[100], by[100];
        sim_ns at[100];
        uint8_t kind[100];
        const uint32_t count = 1 + fixture_below(random, 100);
        for (uint32_t i = 0; i < count; i++) {
            time += fixture_below(random, 3) == 0 ? 0 : fixture_below(random, 100);
            at[i] = time;
            lane[i] = (lane_id)fixture_below(random, SQL_STORE_LANES);
            by[i] = (lane_id)fixture_below(random, SQL_STORE_LANES) - 1;
            kind[i] = (uint8_t)fixture_below(random, INSTANT_COUNT);
            insert(store->oracle,
                   "INSERT INTO instants VALUES(%lld, %d, %lld, %Q, %s, 'lane %d', %Q)",
                   (long long)run, lane[i], (long long)time,
                   instant_kind_name((enum instant_kind)kind[i]), number(by[i]), lane[i],
                   lane_kind_name((enum lane_kind)(lane[i] % LANE_KIND_COUNT)));
        }
        const struct instant_chunk chunk = {seq,  count, false, at[0], at[count - 1],
                                            lane, at,    kind,  by};
        fixture_ok(sink->instants(sink->context, &chunk, &err), &err);
    }
}

static void send_counters(struct sql_store *store, int64_t run, const struct sink *sink,
                          uint64_t *random) {
    struct counter_samples samples = samples_random(
        &(struct counter_shape){
            .count = 1000, .lanes = SQL_STORE_LANES, .step_ns = 100, .height = 9},
        random);
    for (uint32_t i = 0; i < samples.count; i++) {
        insert(store->oracle,
               "INSERT INTO counters VALUES(%lld, %d, %Q, %lld, %lld, 'lane %d', %Q)",
               (long long)run, samples.lane[i],
               counter_kind_name((enum counter_kind)samples.kind[i]),
               (long long)samples.at[i], (long long)samples.value[i], samples.lane[i],
               lane_kind_name((enum lane_kind)(samples.lane[i] % LANE_KIND_COUNT)));
    }
    samples_send(&samples, sink, 100, random);
    samples_deinit(&samples);
}

static void insert_span(struct sql_store *store, int64_t run,
                        const struct authored_span *r) {
    char path[32] = "NULL";
    if (r->site >= 0) {
        snprintf(path, sizeof path, "'/site/%d'", (int)r->site);
    }
    insert(store->oracle,
           "INSERT INTO spans VALUES(%lld, %d, %lld, %lld, %lld, %Q, %s, %s, %s, %s,"
           " 'lane %d', %Q)",
           (long long)run, r->lane, (long long)r->start, (long long)r->end,
           (long long)(r->end - r->start), lane_state_name((enum lane_state)r->state),
           number(r->resource), number(r->by), number(r->site), path, r->lane,
           lane_kind_name((enum lane_kind)(r->lane % LANE_KIND_COUNT)));
}

/* --- runs ---------------------------------------------------------------------- */

static void finish_run(struct sql_store *store, struct run_writer *writer,
                       const sim_ns *died) {
    struct err err = {0};
    struct run_result result = fixture_result(1, 0);
    const int64_t run = run_writer_id(writer);
    for (lane_id i = 0; i < SQL_STORE_LANES; i++) {
        struct lane lane = {
            .id = i, .parent = LANE_NONE, .kind = (enum lane_kind)(i % LANE_KIND_COUNT)};
        snprintf(lane.name, sizeof lane.name, "lane %d", (int)i);
        assert_int_equal(lane_table_add(&result.lanes, &lane), 0);
        lane_table_end(&result.lanes, i, died[i]);
        insert(store->oracle, "INSERT INTO lanes VALUES(%lld, %d, %Q, 'lane %d')",
               (long long)run, (int)i, lane_kind_name(lane.kind), (int)i);
    }
    fixture_ok(run_writer_finish(writer, &result, 1, &err), &err);
    run_result_deinit(&result);
}

static int64_t make_run(struct sql_store *store, int64_t cell, bool record,
                        uint64_t *random) {
    static struct authored_span rows[SPANS_MAX];
    sim_ns died[SQL_STORE_LANES] = {0};
    struct err err = {0};
    struct run_writer *writer = NULL;
    const struct run_new run = {
        .cell = cell,
        .record = record,
        .sites = "[\"/site/0\",\"/site/1\",\"/site/2\"]",
    };
    fixture_ok(run_writer_open(&writer, store->db, &run, &err), &err);
    const int64_t id = run_writer_id(writer);
    size_t count = 0;
    for (lane_id lane = 0; record && lane < SQL_STORE_LANES; lane++) {
        count += random_lane(rows + count, lane, random);
    }
    qsort(rows, count, sizeof rows[0], span_author_order);
    for (size_t i = 0; i < count; i++) {
        insert_span(store, id, &rows[i]);
        died[rows[i].lane] = rows[i].end;
    }
    for (uint32_t group = 0; record && group <= SQL_STORE_LANES / LANE_GROUP_LANES;
         group++) {
        send_group(rows, count, group, run_writer_sink(writer), random);
    }
    if (record) {
        send_instants(store, id, run_writer_sink(writer), random);
        send_counters(store, id, run_writer_sink(writer), random);
    }
    finish_run(store, writer, died);
    run_writer_close(writer);
    return id;
}

void sql_store_make(struct sql_store *store, const struct fixture *fixture,
                    uint64_t *random) {
    store->db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(store->db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(store->db, 1, 1));
    db_reader_close(reader);
    assert_int_equal(sqlite3_open(":memory:", &store->oracle), SQLITE_OK);
    insert(store->oracle, "%s", oracle_schema);
    insert(store->oracle, "BEGIN");
    for (int i = 0; i < SQL_STORE_RUNS; i++) {
        store->runs[i] = make_run(store, cell, i + 1 < SQL_STORE_RUNS, random);
    }
    insert(store->oracle, "COMMIT");
    insert(store->oracle, "CREATE INDEX span_lanes ON spans(run_id, lane, start_ns);"
                          "CREATE INDEX lane_ids ON lanes(run_id, lane)");
}

void sql_store_close(struct sql_store *store) {
    sqlite3_close(store->oracle);
    db_close(store->db);
}
