/* SPDX-License-Identifier: MIT */
/*
 * What a query may do, what ends it, and what damaged files, full memory and interruption
 * make of it: a clear error each time.
 */
#include "tests/db/sql_store.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db/connection_priv.h"
#include "db/sql_session.h"
#include "db/sqlite_export.h"
#include "engine/base/memory.h"
#include "tests/db/sqlite_faults.h"

/* Runs to the end; how many rows, or the error. */
static int64_t run(struct sql_session *session, struct sql_request request,
                   struct err *err) {
    request.size = strlen(request.text);
    int64_t rows = 0;
    int rc = sql_session_begin(session, &request, err);
    while (rc == 0 && (rc = sql_session_next(session, err)) == 1) {
        for (size_t i = 0; i < sql_session_column_count(session); i++) {
            (void)sql_session_value(session, i); /* reading is enough */
        }
        rows++;
        rc = 0;
    }
    sql_session_end(session);
    return rc == 0 ? rows : rc;
}

static struct sql_session *open_session(struct db *db) {
    struct err err = {0};
    struct sql_session *session = NULL;
    fixture_ok(sql_session_open(&session, db, &err), &err);
    return session;
}

/* --- what is refused ----------------------------------------------------------- */

static void test_sql_session_only_reads(void **state) {
    static const char *const refused[] = {
        "DELETE FROM run",
        "INSERT INTO spans VALUES (1)",
        "UPDATE spans SET lane = 1",
        "CREATE TABLE x (a)",
        "CREATE TEMP TABLE x (a)",
        "CREATE TEMP VIEW x AS SELECT 1",
        "CREATE VIRTUAL TABLE x USING spans",
        "DROP VIEW lanes",
        "ATTACH ':memory:' AS x",
        "DETACH main",
        "PRAGMA user_version",
        "PRAGMA writable_schema = 1",
        "SELECT * FROM pragma_table_info('run')",
        "SELECT * FROM sqlite_dbpage",
        "SELECT * FROM sqlite_stmt",
        "SELECT load_extension('x')",
        "BEGIN",
        "SAVEPOINT x",
        "VACUUM",
        "VACUUM INTO 'x'",
        "ANALYZE",
        "REINDEX",
        "UPDATE sqlite_master SET sql = ''",
        "SELECT 1; SELECT 2",
        "SELECT 1; nonsense",
        "",
        "-- nothing",
        "SELECT ?",
        "SELECT",
        "SELECT x FROM spans",
    };
    struct fixture *fixture = *state;
    struct db *db = fixture_open(fixture);
    struct sql_session *session = open_session(db);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct err err = {0};
        if (run(session, (struct sql_request){.text = refused[i]}, &err) != ERR_INVALID) {
            fail_msg("'%s' was not refused: %s", refused[i], err.text);
        }
        assert_true(err.text[0] != '\0');
    }
    sql_session_close(session);
    db_close(db);
}

static void test_sql_session_knows_the_tables(void **state) {
    static const char *const accepted[] = {
        "SELECT * FROM lanes, runs, cells, experiments, metrics, sites LIMIT 1",
        "SELECT * FROM instants, flows",
        "SELECT value FROM json_each('[1,2]')",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9)"
        " SELECT i FROM n",
        "EXPLAIN QUERY PLAN SELECT * FROM spans WHERE run_id = 1",
        "SELECT sql FROM sqlite_schema",
        "SELECT 1; -- the end",
    };
    struct db *db = fixture_open(*state);
    struct sql_session *session = open_session(db);
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        struct err err = {0};
        if (run(session, (struct sql_request){.text = accepted[i]}, &err) < 0) {
            fail_msg("%s: %s", accepted[i], err.text);
        }
    }
    sql_session_close(session);
    db_close(db);
}

static void test_sql_session_says_where(void **state) {
    struct db *db = fixture_open(*state);
    struct sql_session *session = open_session(db);
    struct err err = {0};
    static const char query[] = "SELECT lane,\n  'é', nothing FROM spans";
    assert_int_equal(run(session, (struct sql_request){.text = query}, &err),
                     ERR_INVALID);
    assert_int_equal(err.text_line, 2);
    assert_int_equal(err.text_column, 8);
    assert_non_null(strstr(err.text, "nothing"));
    sql_session_close(session);
    db_close(db);
}

static void test_sql_session_binds_parameters(void **state) {
    struct db *db = fixture_open(*state);
    struct sql_session *session = open_session(db);
    struct err err = {0};
    const struct sql_value params[] = {{.type = SQL_INTEGER, .integer = 7},
                                       {.type = SQL_TEXT, .text = "x", .size = 1},
                                       {.type = SQL_REAL, .real = 0.5},
                                       {.type = SQL_NULL},
                                       {.type = SQL_BLOB, .text = "\0", .size = 1}};
    static const char query[] = "SELECT ?1, ?2, ?3, ?4, ?5 WHERE ?1 = 7 AND ?2 = 'x' AND"
                                " ?3 = 0.5 AND ?4 IS NULL AND ?5 = x'00'";
    assert_int_equal(
        run(session,
            (struct sql_request){.text = query, .params = params, .param_count = 5},
            &err),
        1);
    sql_session_close(session);
    db_close(db);
}

/* --- what ends a query ---------------------------------------------------------- */

static const char endless[] = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
                              " FROM n) SELECT count(*) FROM n";

static bool is_third(void *context) { return ++*(int *)context == 3; }

static void test_sql_session_ends_what_takes_too_long(void **state) {
    struct db *db = fixture_open(*state);
    struct sql_session *session = open_session(db);
    struct err err = {0};
    int looks = 0;
    assert_int_equal(
        run(session, (struct sql_request){.text = endless, .time_ms = 1}, &err),
        ERR_LIMIT);
    err_clear(&err);
    assert_int_equal(run(session,
                         (struct sql_request){
                             .text = endless, .cancelled = is_third, .context = &looks},
                         &err),
                     ERR_CANCELLED);
    /* And is ready for the next. */
    assert_int_equal(run(session, (struct sql_request){.text = "SELECT 1"}, &err), 1);
    err_clear(&err);
    assert_int_equal(
        run(session, (struct sql_request){.text = "SELECT zeroblob(100000000)"}, &err),
        ERR_LIMIT);
    sql_session_close(session);
    db_close(db);
}

static bool is_at_once(void *context) {
    (void)context;
    return true;
}

/* No row comes out of these: the scan itself must notice. */
static void test_sql_tables_can_be_interrupted(void **state) {
    uint64_t random = 3;
    struct sql_store store;
    sql_store_make(&store, *state, &random);
    struct sql_session *session = open_session(store.db);
    static const char *const queries[] = {
        "SELECT * FROM spans a, spans b WHERE b.dur_ns = a.start_ns + 900000",
        "SELECT l.lane, s.ns FROM lanes l, span_time(l.run_id, NULL, l.lane) s",
    };
    for (size_t i = 0; i < 2; i++) {
        struct err err = {0};
        assert_int_equal(
            run(session,
                (struct sql_request){.text = queries[i], .cancelled = is_at_once}, &err),
            ERR_CANCELLED);
    }
    sql_session_close(session);
    sql_store_close(&store);
}

/* --- damage --------------------------------------------------------------------- */

static const char *const scans[] = {
    "SELECT sum(dur_ns), max(site_path), max(lane_name) FROM spans",
    "SELECT state, count(*) FROM spans GROUP BY state",
    "SELECT * FROM spans WHERE run_id = 1 AND lane = 0 ORDER BY start_ns",
    "SELECT count(*), max(lane_name) FROM instants",
    "SELECT sum(value), max(lane_name) FROM counters",
    "SELECT max(left_ns) FROM flows",
    "SELECT * FROM damages",
    "SELECT * FROM span_time(1, NULL)",
    "SELECT * FROM span_time(1, 3, 100, 5000)",
    "SELECT * FROM lanes",
    "SELECT * FROM runs",
    "SELECT * FROM sites",
    "SELECT * FROM metrics",
};

/* Each ends in rows or in an error that says something. */
static void run_scans(struct db *db) {
    struct sql_session *session = open_session(db);
    for (size_t i = 0; i < sizeof scans / sizeof scans[0]; i++) {
        struct err err = {0};
        if (run(session, (struct sql_request){.text = scans[i]}, &err) < 0) {
            assert_true(err.text[0] != '\0');
        }
    }
    sql_session_close(session);
}

/* A sum with a part missing looks like any other: this one is not given. */
static void test_sql_session_sums_nothing_damaged(void **state) {
    struct fixture *fixture = *state;
    uint64_t random = 4;
    struct err err = {0};
    struct sql_store store;
    sql_store_make(&store, fixture, &random);
    fixture_sql(fixture,
                "UPDATE span_chunk SET data = substr(data, 1, length(data) - 5)");
    struct sql_session *session = open_session(store.db);
    assert_int_equal(
        run(session, (struct sql_request){.text = "SELECT * FROM span_time(1, 3, 1, 5)"},
            &err),
        ERR_CORRUPT);
    assert_non_null(strstr(err.text, "run 1"));
    sql_session_close(session);
    sql_store_close(&store);
}

/* Impossible rows, one after the other and then together. */
static void test_sql_tables_survive_damaged_rows(void **state) {
    static const char *const damages[] = {
        "UPDATE span_chunk SET data = x'' WHERE id % 7 = 1",
        "UPDATE span_chunk SET t0_ns = -5 WHERE id % 7 = 2",
        "UPDATE span_chunk SET t1_ns = 9223372036854775807 WHERE id % 7 = 3",
        "UPDATE span_chunk SET lane_group = -1 WHERE id = 4",
        "UPDATE span_chunk SET lane_group = 9000000000 WHERE id = 5",
        "UPDATE span_chunk SET lane_group = 2 WHERE lane_group = 1 AND seq = 0",
        "UPDATE span_chunk SET id = -id WHERE id = 6",
        "UPDATE span_chunk SET id = 0 WHERE id = 8",
        "UPDATE span_chunk SET id = 9223372036854775807 WHERE id = 9",
        "UPDATE span_chunk SET seq = 1000 - seq",
        "UPDATE instant_chunk SET t0_ns = t1_ns + 1",
        "UPDATE instant_chunk SET data = zeroblob(100000)",
        "UPDATE instant_chunk SET id = 0 WHERE id = 1",
        "UPDATE counter_chunk SET t0_ns = t1_ns + 1",
        "UPDATE counter_chunk SET data = zeroblob(100000)",
        "UPDATE counter_chunk SET id = 0 WHERE id = 1",
        "UPDATE run SET sites = '[1,' WHERE id = 1",
        "UPDATE run SET sites = '{\"a\":null}' WHERE id = 2",
        "UPDATE lane SET kind = 'nonsense' WHERE lane = 3",
        "UPDATE lane SET lane = 2000000000 WHERE lane = 9",
        "UPDATE lane SET lane = -7 WHERE lane = 8",
        "UPDATE lane SET died_ns = -9223372036854775807, born_ns = 9223372036854775807",
        "DELETE FROM lane WHERE lane > 20",
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i <= sizeof damages / sizeof damages[0]; i++) {
        uint64_t random = 100 + i;
        struct sql_store store;
        unlink(fixture->path);
        sql_store_make(&store, fixture, &random);
        for (size_t k = 0; k < sizeof damages / sizeof damages[0]; k++) {
            if (k == i || i == sizeof damages / sizeof damages[0]) {
                fixture_sql(fixture, damages[k]);
            }
        }
        run_scans(store.db);
        sql_store_close(&store);
    }
}

/* --- memory --------------------------------------------------------------------- */

static void test_sql_tables_report_the_nth_allocation(void **state) {
    uint64_t random = 6;
    struct sql_store store;
    sql_store_make(&store, *state, &random);
    struct sql_session *session = open_session(store.db);
    for (size_t i = 0; i < 8; i++) {
        bool failed = true;
        for (int64_t n = 0; failed; n += 1 + n / 4) {
            struct err err = {0};
            memory_fail_after(n);
            const int64_t rows =
                run(session, (struct sql_request){.text = scans[i]}, &err);
            memory_fail_after(-1);
            failed = rows < 0;
            assert_true(!failed || rows == ERR_NOMEM);
        }
    }
    sql_session_close(session);
    for (int64_t n = 0; n < 4; n++) {
        struct err err = {0};
        session = NULL;
        memory_fail_after(n);
        const int rc = sql_session_open(&session, store.db, &err);
        memory_fail_after(-1);
        assert_true(rc == 0 || rc == ERR_NOMEM);
        sql_session_close(session);
    }
    sql_store_close(&store);
}

/* --- SQLite -------------------------------------------------------------------- */

/* What fails is not the query's fault. */
static void test_sql_session_survives_every_failing_call(void **state) {
    const struct sql_value one = {.type = SQL_INTEGER, .integer = 1};
    const struct sql_request request = {
        .text = "SELECT ? /* and no more */", .params = &one, .param_count = 1};
    struct db *db = fixture_open(*state);
    struct sql_session *session = open_session(db);
    int failures = 0;
    for (bool failed = true; failed; failures += failed) {
        struct err err = {0};
        sqlite_calls_fail_after(failures, false);
        const int64_t rows = run(session, request, &err);
        failed = sqlite_calls_have_failed();
        sqlite_calls_fail_after(-1, false);
        assert_int_equal(rows, failed ? err.code : 1);
        assert_true(!failed || rows == ERR_IO || rows == ERR_NOMEM);
    }
    assert_int_equal(failures, 5); /* prepare, look behind it, bind, step, step */
    sql_session_close(session);
    db_close(db);
}

/* --- export --------------------------------------------------------------------- */

static int export_to(const struct sql_store *store, const char *path, int64_t run,
                     struct err *err) {
    const struct sqlite_export_request request = {.path = path, .run = run};
    return sqlite_export_write(store->db, &request, err);
}

static void test_sqlite_export_has_all_rows(void **state) {
    struct fixture *fixture = *state;
    uint64_t random = 8;
    struct err err = {0};
    struct sql_store store;
    struct fixture other = *fixture;
    sql_store_make(&store, fixture, &random);
    snprintf(other.path, sizeof other.path, "%s/export.db", fixture->folder);
    fixture_ok(export_to(&store, other.path, 0, &err), &err);
    struct sql_session *session = open_session(store.db);
    static const char *const tables[] = {"spans",       "instants", "counters", "lanes",
                                         "runs",        "metrics",  "cells",    "sites",
                                         "experiments", "flows"};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        char sql[64];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", tables[i]);
        const int64_t exported = fixture_sql(&other, sql);
        snprintf(sql, sizeof sql, "SELECT * FROM %s", tables[i]);
        assert_int_equal(run(session, (struct sql_request){.text = sql}, &err), exported);
    }
    assert_int_equal(export_to(&store, other.path, 0, &err), ERR_CONFLICT);
    assert_int_equal(fixture_sql(&other, "SELECT count(DISTINCT run_id) FROM spans"), 2);
    assert_int_equal(unlink(other.path), 0);
    err_clear(&err);
    assert_int_equal(export_to(&store, other.path, store.runs[2], &err), ERR_NOT_FOUND);
    assert_int_not_equal(access(other.path, F_OK), 0);
    err_clear(&err);
    fixture_ok(export_to(&store, other.path, store.runs[1], &err), &err);
    assert_int_equal(fixture_sql(&other, "SELECT min(run_id) FROM spans"), store.runs[1]);
    assert_int_equal(unlink(other.path), 0);
    fixture_sql(fixture, "UPDATE span_chunk SET data = x'00' WHERE id = 3");
    /* A damaged chunk costs what it held, and the file says so. */
    size_t damage_count = 0;
    const struct sqlite_export_request damaged = {.path = other.path,
                                                  .damage_count = &damage_count};
    fixture_ok(sqlite_export_write(store.db, &damaged, &err), &err);
    assert_int_equal(damage_count, 1);
    assert_int_equal(fixture_sql(&other,
                                 "SELECT count(*) FROM damages WHERE kind = 'spans'"
                                 " AND run_id = 1 AND to_ns > from_ns"),
                     1);
    assert_int_equal(
        run(session, (struct sql_request){.text = "SELECT * FROM spans"}, &err),
        fixture_sql(&other, "SELECT count(*) FROM spans"));
    assert_true(fixture_sql(&other, "SELECT count(*) FROM spans") > 0);
    sql_session_close(session);
    sql_store_close(&store);
}

/* How many rows of all tables of one kind the exported file has. */
static int64_t exported_rows(const struct fixture *file, const char *table) {
    char sql[64];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    return fixture_sql(file, sql);
}

static void test_sqlite_export_of_one_experiment_has_nothing_else(void **state) {
    struct fixture *fixture = *state;
    struct err err = {0};
    struct sql_store store;
    struct fixture file = *fixture;
    uint64_t random = 9;
    sql_store_make(&store, fixture, &random);
    struct db_reader *reader = fixture_reader(store.db);
    const int64_t other = fixture_experiment(store.db, 2, 3);
    const int64_t its_run = fixture_run(store.db, fixture_cell(reader, other), 0, 4);
    const int64_t all_lanes = fixture_sql(fixture, "SELECT count(*) FROM lane");
    snprintf(file.path, sizeof file.path, "%s/export.db", fixture->folder);
    struct sqlite_export_request request = {.path = file.path, .experiment = other};
    fixture_ok(sqlite_export_write(store.db, &request, &err), &err);
    assert_int_equal(exported_rows(&file, "experiments"), 1);
    assert_int_equal(fixture_sql(&file, "SELECT experiment_id FROM experiments"), other);
    assert_int_equal(exported_rows(&file, "cells"), 3);
    assert_int_equal(exported_rows(&file, "runs"), 1);
    assert_int_equal(fixture_sql(&file, "SELECT DISTINCT run_id FROM spans"), its_run);
    assert_int_equal(fixture_sql(&file, "SELECT max(run_id) FROM lanes"), its_run);
    assert_int_equal(fixture_sql(&file, "SELECT min(run_id) FROM lanes"), its_run);
    assert_true(exported_rows(&file, "lanes") < all_lanes);
    assert_int_equal(unlink(file.path), 0);
    /* The run of another one, and an experiment that is not there. */
    request.run = store.runs[0];
    assert_int_equal(sqlite_export_write(store.db, &request, &err), ERR_NOT_FOUND);
    request = (struct sqlite_export_request){.path = file.path, .experiment = 99};
    err_clear(&err);
    assert_int_equal(sqlite_export_write(store.db, &request, &err), ERR_NOT_FOUND);
    assert_string_equal(err.text, "there is no experiment 99");
    assert_int_not_equal(access(file.path, F_OK), 0);
    db_reader_close(reader);
    sql_store_close(&store);
}

static void copy_file(int from, const char *path) {
    char buffer[4096];
    ssize_t size;
    off_t at = 0;
    FILE *to = fopen(path, "wb");
    assert_non_null(to);
    for (; (size = pread(from, buffer, sizeof buffer, at)) > 0; at += size) {
        assert_int_equal(fwrite(buffer, 1, (size_t)size, to), size);
    }
    assert_int_equal(size, 0);
    assert_int_equal(fclose(to), 0);
}

static void test_sqlite_export_without_a_name_is_a_whole_file(void **state) {
    struct fixture *fixture = *state;
    struct err err = {0};
    struct sql_store store;
    char path[512];
    struct fixture file = *fixture;
    uint64_t random = 10;
    int descriptor = -1;
    sql_store_make(&store, fixture, &random);
    snprintf(path, sizeof path, "%s/export.db", fixture->folder);
    const struct sqlite_export_request request = {.path = path, .file = &descriptor};
    fixture_ok(sqlite_export_write(store.db, &request, &err), &err);
    assert_int_not_equal(access(path, F_OK), 0);
    snprintf(file.path, sizeof file.path, "%s/copy.db", fixture->folder);
    copy_file(descriptor, file.path);
    assert_int_equal(exported_rows(&file, "runs"), SQL_STORE_RUNS);
    assert_int_equal(
        fixture_sql(&file, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"),
        1);
    assert_int_equal(close(descriptor), 0);
    sql_store_close(&store);
}

static bool is_third_look(void *context) {
    int *looks = context;
    return ++*looks >= 3;
}

static void test_sqlite_export_ends_when_it_is_cancelled(void **state) {
    struct fixture *fixture = *state;
    struct err err = {0};
    struct sql_store store;
    char path[512];
    uint64_t random = 11;
    int looks = 0, descriptor = -1;
    sql_store_make(&store, fixture, &random);
    snprintf(path, sizeof path, "%s/export.db", fixture->folder);
    const struct sqlite_export_request request = {
        .path = path, .file = &descriptor, .cancelled = is_third_look, .context = &looks};
    assert_int_equal(sqlite_export_write(store.db, &request, &err), ERR_CANCELLED);
    assert_int_equal(looks, 3);
    assert_int_equal(descriptor, -1);
    assert_int_not_equal(access(path, F_OK), 0);
    sql_store_close(&store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_sql_session_only_reads),
        TEST(test_sql_session_knows_the_tables),
        TEST(test_sql_session_says_where),
        TEST(test_sql_session_binds_parameters),
        TEST(test_sql_session_ends_what_takes_too_long),
        TEST(test_sql_tables_can_be_interrupted),
        TEST(test_sql_session_sums_nothing_damaged),
        TEST(test_sql_tables_survive_damaged_rows),
        TEST(test_sql_tables_report_the_nth_allocation),
        TEST(test_sql_session_survives_every_failing_call),
        TEST(test_sqlite_export_has_all_rows),
        TEST(test_sqlite_export_of_one_experiment_has_nothing_else),
        TEST(test_sqlite_export_without_a_name_is_a_whole_file),
        TEST(test_sqlite_export_ends_when_it_is_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
