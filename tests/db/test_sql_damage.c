/* SPDX-License-Identifier: MIT */
/*
 * A damaged chunk costs a query the rows that it held, is named, and changes no other row:
 * what is left is what the sound store has but for the rows of that chunk, in whatever order
 * they are asked for.
 */
#include "tests/db/sql_store.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db/chunk_codec.h"
#include "db/sql_session.h"

enum { INDEX_BITS = 12 }; /* of a row id; above them is the chunk's */

static struct sql_session *open_session(struct db *db) {
    struct err err = {0};
    struct sql_session *session = NULL;
    fixture_ok(sql_session_open(&session, db, &err), &err);
    return session;
}

/* The rows of a query, in their order: how many, and a number made of them. */
struct rows {
    int64_t count;
    uint64_t hash;
};

static void mix(struct rows *rows, const struct sql_value *value) {
    static const uint64_t prime = 1099511628211U;
    rows->hash = (rows->hash ^ (uint64_t)value->integer) * prime ^ value->type;
    for (size_t i = 0; i < value->size; i++) {
        rows->hash = (rows->hash ^ (unsigned char)value->text[i]) * prime;
    }
}

static struct rows read_rows(struct sql_session *session, const char *text) {
    const struct sql_request request = {.text = text, .size = strlen(text)};
    struct rows rows = {0, 1};
    struct err err = {0};
    fixture_ok(sql_session_begin(session, &request, &err), &err);
    int rc;
    while ((rc = sql_session_next(session, &err)) == 1) {
        for (size_t i = 0; i < sql_session_column_count(session); i++) {
            const struct sql_value value = sql_session_value(session, i);
            mix(&rows, &value);
        }
        rows.count++;
    }
    fixture_ok(rc, &err);
    sql_session_end(session);
    return rows;
}

/* Queries over all chunks of a table; `%s` is a condition on their rows. */
static const struct table {
    const char *name, *kind;
    const char *queries[6];
} tables[] = {
    {"span_chunk",
     "spans",
     {"SELECT s.rowid, s.*, s.site_path, s.lane_name FROM spans s WHERE %s",
      "SELECT state, count(*), sum(dur_ns) FROM spans s WHERE %s GROUP BY run_id, state",
      "SELECT s.rowid, s.* FROM runs r JOIN spans s ON s.run_id = r.run_id WHERE %s"
      " ORDER BY s.run_id, s.state DESC",
      "SELECT s.rowid, s.* FROM lanes l JOIN spans s ON s.run_id = l.run_id AND"
      " s.lane = l.lane WHERE %s ORDER BY l.run_id, l.lane, s.start_ns",
      "SELECT s.rowid, run_id, kind, from_lane, to_lane, at_ns FROM flows s WHERE %s",
      NULL}},
    {"instant_chunk",
     "instants",
     {"SELECT s.rowid, s.*, s.lane_name FROM instants s WHERE %s",
      "SELECT count(*) FROM instants s WHERE s.lane < 70 AND %s", NULL}},
    {"counter_chunk",
     "counters",
     {"SELECT s.rowid, s.*, s.lane_kind FROM counters s WHERE %s ORDER BY at_ns", NULL}},
};

/* Each makes one chunk unreadable. */
static const char *const ways[] = {
    "UPDATE %s SET data = substr(data, 1, length(data) - 5) WHERE id = %lld",
    "UPDATE %s SET data = x'' WHERE id = %lld",
    "UPDATE %s SET t0_ns = -5 WHERE id = %lld",
    "UPDATE %s SET t1_ns = t1_ns + 1 WHERE id = %lld",
};

enum { TABLES = sizeof tables / sizeof tables[0], WAYS = sizeof ways / sizeof ways[0] };

static int64_t number(const struct fixture *fixture, const char *fmt, const char *table,
                      int64_t id) {
    char sql[512];
    sqlite3_snprintf(sizeof sql, sql, fmt, table, (long long)id);
    return fixture_sql(fixture, sql);
}

/* What the query says on all rows that are not of the chunk; of all for 0. */
static struct rows ask(struct sql_session *session, const char *query, int64_t chunk) {
    char condition[64], sql[512];
    snprintf(condition, sizeof condition, "s.rowid >> %d <> %lld", INDEX_BITS,
             (long long)chunk);
    sqlite3_snprintf(sizeof sql, sql, query, condition);
    return read_rows(session, sql);
}

/* The list of the last query has that chunk and no other, as its row describes it. */
static void expect_damage(const struct sql_session *session, const struct table *table,
                          const struct fixture *fixture, int64_t chunk) {
    const struct damage_list *list = sql_session_damages(session);
    assert_int_equal(list->count, 1);
    const struct damage *found = &list->items[0];
    assert_string_equal(damage_kind_name(found), table->kind);
    assert_int_equal(found->run, number(fixture, "SELECT run FROM %s WHERE id = %lld",
                                        table->name, chunk));
    assert_int_equal(
        found->from_ns,
        number(fixture, "SELECT t0_ns FROM %s WHERE id = %lld", table->name, chunk));
    assert_int_equal(found->to_ns, number(fixture, "SELECT t1_ns FROM %s WHERE id = %lld",
                                          table->name, chunk));
    assert_int_equal(found->group, table == &tables[0]
                                       ? number(fixture,
                                                "SELECT lane_group FROM %s"
                                                " WHERE id = %lld",
                                                table->name, chunk)
                                       : -(table - tables));
    assert_true(found->what[0] != '\0');
}

static void check_way(const struct fixture *fixture, const struct table *table,
                      const char *way, uint64_t *random) {
    struct sql_store store;
    struct rows sound[6];
    sql_store_make(&store, fixture, random);
    struct sql_session *session = open_session(store.db);
    const int64_t chunks = number(fixture, "SELECT max(id) FROM %s", table->name, 0);
    const int64_t chunk = 1 + (int64_t)fixture_below(random, (uint32_t)chunks);
    for (size_t i = 0; table->queries[i] != NULL; i++) {
        sound[i] = ask(session, table->queries[i], chunk);
        assert_true(sound[i].count > 0);
        assert_int_equal(sql_session_damages(session)->count, 0);
    }
    (void)number(fixture, way, table->name, chunk);
    for (size_t i = 0; table->queries[i] != NULL; i++) {
        const struct rows left = ask(session, table->queries[i], 0);
        assert_int_equal(left.count, sound[i].count);
        assert_int_equal(left.hash, sound[i].hash);
        expect_damage(session, table, fixture, chunk);
    }
    assert_int_equal(read_rows(session, "SELECT * FROM damages").count, 1);
    assert_int_equal(sql_session_damages(session)->count, 0); /* it is the answer */
    sql_session_close(session);
    sql_store_close(&store);
}

static void test_sql_damage_costs_the_rows_of_the_chunk(void **state) {
    const struct fixture *fixture = *state;
    for (size_t i = 0; i < (size_t)TABLES * WAYS; i++) {
        uint64_t random = 40 + i;
        unlink(fixture->path);
        check_way(fixture, &tables[i / WAYS], ways[i % WAYS], &random);
    }
}

/* Chunks that are sound each, but tell of the same time: the later one costs itself. */
/* The first span of lane 0 in the chunk begins at 0. */
static void shift_start(const struct fixture *fixture, int64_t id,
                        struct span_block *block) {
    struct err err = {0};
    struct chunk_bytes bytes = {0};
    sqlite3 *sqlite = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open(fixture->path, &sqlite), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(sqlite,
                                        "SELECT data FROM span_chunk WHERE id = ?", -1,
                                        &stmt, NULL),
                     SQLITE_OK);
    sqlite3_bind_int64(stmt, 1, id);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    fixture_ok(chunk_codec_decode_spans(sqlite3_column_blob(stmt, 0),
                                        (size_t)sqlite3_column_bytes(stmt, 0), block,
                                        &err),
               &err);
    sqlite3_finalize(stmt);
    uint32_t first = 0;
    while (block->lane[first] != 0) {
        first++;
    }
    assert_int_equal(block->before[0].lane, 0);
    block->before[0].since_ns = block->start_ns[first] = 0;
    fixture_ok(chunk_codec_encode_spans(&block->chunk, &bytes, &err), &err);
    assert_int_equal(sqlite3_prepare_v2(sqlite,
                                        "UPDATE span_chunk SET data = ? WHERE id = ?", -1,
                                        &stmt, NULL),
                     SQLITE_OK);
    sqlite3_bind_blob(stmt, 1, bytes.data, (int)bytes.size, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, id);
    assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
    sqlite3_finalize(stmt);
    sqlite3_close(sqlite);
    chunk_bytes_deinit(&bytes);
}

static void test_sql_damage_is_one_of_two_that_contradict(void **state) {
    static const char *const copies[] = {
        "INSERT INTO %s (run, lane_group, seq, t0_ns, t1_ns, count, data, base,"
        " longest_ns, longest_wait_ns, start_ns, lanes, states, causes) SELECT run,"
        " lane_group, seq + 1000, t0_ns, t1_ns, count, data, base, longest_ns,"
        " longest_wait_ns, start_ns, lanes, states, causes FROM span_chunk WHERE id = "
        "%lld",
        "INSERT INTO %s (run, seq, t0_ns, t1_ns, count, data, base) SELECT run,"
        " seq + 1000, t0_ns, t1_ns, count, data, base FROM instant_chunk WHERE id = %lld",
        "INSERT INTO %s (run, seq, t0_ns, t1_ns, count, data, base) SELECT run,"
        " seq + 1000, t0_ns, t1_ns, count, data, base FROM counter_chunk WHERE id = %lld",
    };
    const struct fixture *fixture = *state;
    for (size_t t = 0; t < TABLES; t++) {
        uint64_t random = 60 + t;
        struct sql_store store;
        struct rows sound[6];
        unlink(fixture->path);
        sql_store_make(&store, fixture, &random);
        struct sql_session *session = open_session(store.db);
        for (size_t i = 0; tables[t].queries[i] != NULL; i++) {
            sound[i] = ask(session, tables[t].queries[i], 0);
        }
        const int64_t chunk = number(
            fixture, "SELECT min(id) FROM %s WHERE t0_ns < t1_ns", tables[t].name, 0);
        (void)number(fixture, copies[t], tables[t].name, chunk);
        for (size_t i = 0; tables[t].queries[i] != NULL; i++) {
            const struct rows left = ask(session, tables[t].queries[i], 0);
            assert_int_equal(left.count, sound[i].count);
            assert_int_equal(left.hash, sound[i].hash);
            expect_damage(session, &tables[t], fixture, chunk);
        }
        assert_int_equal(read_rows(session, "SELECT * FROM damages").count, 1);
        sql_session_close(session);
        sql_store_close(&store);
    }
}

/* The same, of one lane: a span begins before the last one in the chunk before it ended. */
static void test_sql_damage_is_a_span_over_another(void **state) {
    static struct span_block block;
    const struct fixture *fixture = *state;
    uint64_t random = 70;
    struct sql_store store;
    sql_store_make(&store, fixture, &random);
    struct sql_session *session = open_session(store.db);
    static const char query[] = "SELECT * FROM spans s WHERE run_id = 1 AND lane = 0 AND"
                                " %s ORDER BY s.start_ns";
    const int64_t chunk = fixture_sql(
        fixture, "SELECT id FROM span_chunk WHERE run = 1 AND lane_group = 0 AND"
                 " lanes & 1 AND seq > 0 ORDER BY seq DESC LIMIT 1");
    assert_true(chunk > 0);
    const struct rows sound = ask(session, query, chunk);
    shift_start(fixture, chunk, &block);
    const struct rows left = ask(session, query, 0);
    assert_int_equal(left.count, sound.count);
    assert_int_equal(left.hash, sound.hash);
    expect_damage(session, &tables[0], fixture, chunk);
    sql_session_close(session);
    sql_store_close(&store);
}

static void test_sql_damage_is_a_table(void **state) {
    struct fixture *fixture = *state;
    uint64_t random = 5;
    struct sql_store store;
    sql_store_make(&store, fixture, &random);
    struct sql_session *session = open_session(store.db);
    assert_int_equal(read_rows(session, "SELECT * FROM damages").count, 0);
    fixture_sql(fixture, "UPDATE span_chunk SET data = x'00' WHERE run = 2 AND seq = 0");
    fixture_sql(fixture, "UPDATE span_chunk SET lane_group = 9000000000 WHERE run = 2 AND"
                         " lane_group = 1 AND seq = 1");
    fixture_sql(fixture,
                "UPDATE counter_chunk SET data = x'00' WHERE run = 1 AND seq = 0");
    static const struct {
        const char *query;
        int64_t rows;
    } expected[] = {
        {"SELECT * FROM damages", 5},
        {"SELECT * FROM damages WHERE run_id = 1", 1},
        {"SELECT * FROM damages WHERE run_id > 1", 4},
        {"SELECT * FROM damages WHERE kind = 'counters' AND lane_group IS NULL", 1},
        {"SELECT * FROM damages WHERE kind = 'spans' AND lane_group IS NULL", 1},
        {"SELECT DISTINCT lane_group FROM damages WHERE kind = 'spans'", 4},
        {"SELECT d.run_id FROM runs r JOIN damages d ON d.run_id = r.run_id", 5},
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_int_equal(read_rows(session, expected[i].query).count, expected[i].rows);
    }
    /* What a query does not look at does not concern it. */
    read_rows(session, "SELECT * FROM spans WHERE run_id = 1");
    assert_int_equal(sql_session_damages(session)->count, 0);
    read_rows(session, "SELECT * FROM spans, (SELECT 1 UNION SELECT 2) WHERE lane < 64");
    assert_int_equal(sql_session_damages(session)->count, 2);
    sql_session_close(session);
    sql_store_close(&store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_sql_damage_costs_the_rows_of_the_chunk),
        TEST(test_sql_damage_is_one_of_two_that_contradict),
        TEST(test_sql_damage_is_a_span_over_another),
        TEST(test_sql_damage_is_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
