/* SPDX-License-Identifier: MIT */
/*
 * The virtual tables against ordinary tables with the same rows: SQLite must answer the same
 * query alike, whatever was pushed down and whatever order was promised. Queries are random.
 */
#include "tests/db/sql_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/recording_store.h"
#include "db/sql/run_names.h"
#include "db/sql_session.h"
#include "engine/analysis/flow.h"

enum { STORES = 2, QUERIES = 400, ROWS_MAX = 30000, SQL_MAX = 2000 };

/* --- running a query on both --------------------------------------------------- */

struct rows {
    char *texts[ROWS_MAX]; /* a row: its values with bars between them */
    size_t count;
};

static struct rows left, right; /* virtual, oracle */

static void rows_clear(struct rows *rows) {
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->texts[i]);
    }
    rows->count = 0;
}

static void add_row(struct rows *rows, const char *text) {
    assert_true(rows->count < ROWS_MAX);
    rows->texts[rows->count] = strdup(text);
    assert_non_null(rows->texts[rows->count]);
    rows->count++;
}

static void append(char text[1024], const struct sql_value *value) {
    char *end = text + strlen(text);
    const size_t room = 1024 - (size_t)(end - text);
    switch (value->type) {
    case SQL_NULL:
        snprintf(end, room, "NULL|");
        break;
    case SQL_INTEGER:
        snprintf(end, room, "%lld|", (long long)value->integer);
        break;
    case SQL_REAL:
        snprintf(end, room, "%.15g|", value->real);
        break;
    default:
        snprintf(end, room, "'%.*s'|", (int)value->size, value->text);
        break;
    }
}

static void run_virtual(struct sql_session *session, const char *sql) {
    struct err err = {0};
    const struct sql_request request = {.text = sql, .size = strlen(sql)};
    int rc = sql_session_begin(session, &request, &err);
    while (rc == 0 && (rc = sql_session_next(session, &err)) == 1) {
        char text[1024] = "";
        for (size_t i = 0; i < sql_session_column_count(session); i++) {
            const struct sql_value value = sql_session_value(session, i);
            append(text, &value);
        }
        add_row(&left, text);
        rc = 0;
    }
    if (rc != 0) {
        fail_msg("%s: %s", sql, err.text);
    }
    sql_session_end(session);
}

static void run_oracle(sqlite3 *oracle, const char *sql) {
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(oracle, sql, -1, &stmt, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", sql, sqlite3_errmsg(oracle));
    }
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        char text[1024] = "";
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            static const enum sql_type types[] = {
                [SQLITE_INTEGER] = SQL_INTEGER, [SQLITE_FLOAT] = SQL_REAL,
                [SQLITE_TEXT] = SQL_TEXT,       [SQLITE_BLOB] = SQL_BLOB,
                [SQLITE_NULL] = SQL_NULL,
            };
            const struct sql_value value = {
                .type = types[sqlite3_column_type(stmt, i)],
                .integer = sqlite3_column_int64(stmt, i),
                .real = sqlite3_column_double(stmt, i),
                .text = (const char *)sqlite3_column_text(stmt, i),
                .size = (size_t)sqlite3_column_bytes(stmt, i),
            };
            append(text, &value);
        }
        add_row(&right, text);
    }
    sqlite3_finalize(stmt);
}

static int compare_texts(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void expect_same(struct sql_session *session, sqlite3 *oracle, const char *sql,
                        bool ordered) {
    run_virtual(session, sql);
    run_oracle(oracle, sql);
    if (!ordered && left.count > 0 && right.count > 0) {
        qsort(left.texts, left.count, sizeof left.texts[0], compare_texts);
        qsort(right.texts, right.count, sizeof right.texts[0], compare_texts);
    }
    for (size_t i = 0; i < left.count && i < right.count; i++) {
        if (strcmp(left.texts[i], right.texts[i]) != 0) {
            fail_msg("%s: row %zu is %s instead of %s", sql, i, left.texts[i],
                     right.texts[i]);
        }
    }
    if (left.count != right.count) {
        fail_msg("%s: %zu rows instead of %zu", sql, left.count, right.count);
    }
    rows_clear(&left);
    rows_clear(&right);
}

/* --- random queries ------------------------------------------------------------ */

static const char *const time_values[] = {"NULL",  "'abc'", "-1",     "9e99",   "-9e99",
                                          "'500'", "x'00'", "2000.5", "'7.5e2'"};
static const char *const operators[] = {"=", "<", "<=", ">", ">=", "<>", "IS"};

static void add_time_value(char *sql, uint64_t *random) {
    char text[64];
    const uint32_t kind = fixture_below(random, 20);
    if (kind < 2) {
        const uint32_t i =
            fixture_below(random, sizeof time_values / sizeof time_values[0]);
        snprintf(text, sizeof text, "%s", time_values[i]);
    } else {
        snprintf(text, sizeof text, "%u%s", fixture_below(random, SQL_STORE_LAST_NS),
                 kind == 2   ? ".5"
                 : kind == 3 ? ".0"
                             : "");
    }
    strcat(sql, text);
}

static void add_list(char *sql, const char *column, uint64_t *random) {
    char text[64];
    snprintf(text, sizeof text, "%s %sIN (", column,
             fixture_below(random, 5) == 0 ? "NOT " : "");
    strcat(sql, text);
    const uint32_t count = 1 + fixture_below(random, 6);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t value = fixture_below(random, SQL_STORE_LANES + 10);
        if (strcmp(column, "lane") == 0) {
            snprintf(text, sizeof text, "%s%u%s", i > 0 ? "," : "", value,
                     value % 9 == 0 ? ".0" : "");
        } else if (strcmp(column, "run_id") == 0) {
            snprintf(text, sizeof text, "%s%u", i > 0 ? "," : "", value % 5);
        } else if (strcmp(column, "state") == 0) {
            snprintf(text, sizeof text, "%s'%s'", i > 0 ? "," : "",
                     lane_state_name((enum lane_state)(value % STATE_COUNT)));
        } else {
            snprintf(text, sizeof text, "%s'%s'", i > 0 ? "," : "",
                     lane_kind_name((enum lane_kind)(value % LANE_KIND_COUNT)));
        }
        strcat(sql, text);
    }
    strcat(sql, ")");
}

/* One comparison of a column of spans. */
static void add_comparison(char *sql, uint64_t *random) {
    static const char *const times[] = {"start_ns", "end_ns", "dur_ns"};
    const char *op = operators[fixture_below(random, 7)];
    char text[128];
    switch (fixture_below(random, 10)) {
    case 0:
        snprintf(text, sizeof text, "run_id %s %u", op, fixture_below(random, 4));
        break;
    case 1:
        snprintf(text, sizeof text, "lane %s %u", op,
                 fixture_below(random, SQL_STORE_LANES));
        break;
    case 2:
        snprintf(text, sizeof text, "state %s '%s'", op,
                 lane_state_name((enum lane_state)fixture_below(random, STATE_COUNT)));
        break;
    case 3: {
        static const char *const lists[] = {"lane", "run_id", "state", "lane_kind"};
        add_list(sql, lists[fixture_below(random, 4)], random);
        return;
    }
    case 4: {
        static const char *const others[] = {"by = resource",
                                             "site IS NULL",
                                             "site_path LIKE '%1'",
                                             "lane_name >= 'lane 5'",
                                             "state = 3",
                                             "state = 'IDLE' COLLATE NOCASE",
                                             "lane_kind = 'thread'",
                                             "lane = resource",
                                             "state = NULL",
                                             "lane = 1 + site",
                                             "0",
                                             "start_ns % 2 = 0"};
        snprintf(text, sizeof text, "%s", others[fixture_below(random, 12)]);
        break;
    }
    default:
        snprintf(text, sizeof text, "%s %s ", times[fixture_below(random, 3)], op);
        strcat(sql, text);
        add_time_value(sql, random);
        return;
    }
    strcat(sql, text);
}

static void add_where(char *sql, uint64_t *random) {
    const uint32_t count = fixture_below(random, 5);
    for (uint32_t i = 0; i < count; i++) {
        strcat(sql, i == 0                          ? " WHERE "
                    : fixture_below(random, 6) == 0 ? " OR "
                                                    : " AND ");
        add_comparison(sql, random);
    }
}

static void random_query(struct sql_session *session, sqlite3 *oracle, uint64_t *random) {
    static const char *const heads[] = {
        "SELECT run_id, lane, start_ns, end_ns, dur_ns, state, resource, by, site FROM "
        "spans",
        "SELECT run_id, lane, start_ns, site_path, lane_name, lane_kind FROM spans",
        "SELECT state, sum(dur_ns), count(*) FROM spans",
        "SELECT run_id, state, min(start_ns), max(lane) FROM spans",
        "SELECT DISTINCT state FROM spans",
        "SELECT DISTINCT run_id, state FROM spans",
        "SELECT count(*), sum(end_ns), min(by) FROM spans",
        "SELECT lane, count(*) FROM spans",
    };
    static const char *const tails[] = {
        "", "", " GROUP BY state", " GROUP BY run_id, state", "",
        "", "", " GROUP BY lane",
    };
    const uint32_t form = fixture_below(random, 8);
    char sql[SQL_MAX];
    snprintf(sql, sizeof sql, "%s", heads[form]);
    add_where(sql, random);
    strcat(sql, tails[form]);
    expect_same(session, oracle, sql, false);
}

/* Only what the order is by is selected: ties may come in any order. */
static void random_order(struct sql_session *session, sqlite3 *oracle, uint64_t *random) {
    static const char *const orders[] = {"state",
                                         "state DESC",
                                         "run_id, state",
                                         "run_id",
                                         "start_ns",
                                         "end_ns",
                                         "lane, start_ns",
                                         "start_ns, end_ns",
                                         "start_ns DESC",
                                         "state, lane",
                                         "run_id, end_ns",
                                         "dur_ns",
                                         "run_id DESC, state"};
    const char *order = orders[fixture_below(random, 13)];
    char columns[64];
    char sql[SQL_MAX];
    snprintf(columns, sizeof columns, "%s", order);
    for (char *desc; (desc = strstr(columns, " DESC")) != NULL;) {
        memmove(desc, desc + 5, strlen(desc + 5) + 1);
    }
    snprintf(sql, sizeof sql, "SELECT %s FROM spans", columns);
    add_where(sql, random);
    if (strstr(sql, "WHERE") == NULL && fixture_below(random, 2) == 0) {
        sprintf(sql + strlen(sql), " WHERE run_id = 1 AND lane = %u",
                fixture_below(random, SQL_STORE_LANES));
    }
    sprintf(sql + strlen(sql), " ORDER BY %s", order);
    if (fixture_below(random, 3) == 0) {
        sprintf(sql + strlen(sql), " LIMIT %u OFFSET %u", fixture_below(random, 50),
                fixture_below(random, 50));
    }
    expect_same(session, oracle, sql, true);
}

static void random_join(struct sql_session *session, sqlite3 *oracle, uint64_t *random) {
    const unsigned lane = fixture_below(random, SQL_STORE_LANES);
    const unsigned run = 1 + fixture_below(random, 2);
    char sql[SQL_MAX];
    snprintf(sql, sizeof sql,
             "SELECT l.name, s.state, count(*) FROM lanes l JOIN spans s ON"
             " s.run_id = l.run_id AND s.lane = l.lane WHERE l.lane < %u GROUP BY 1, 2",
             lane);
    expect_same(session, oracle, sql, false);
    snprintf(sql, sizeof sql,
             "SELECT a.start_ns, b.start_ns, b.state FROM spans a, spans b WHERE"
             " a.run_id = %u AND a.lane = %u AND b.run_id = a.run_id AND b.lane ="
             " a.resource AND b.start_ns < a.end_ns AND b.end_ns > a.start_ns",
             run, lane);
    expect_same(session, oracle, sql, false);
    snprintf(
        sql, sizeof sql,
        "SELECT i.at_ns, i.kind, s.state FROM instants i, spans s WHERE i.run_id = %u"
        " AND s.run_id = i.run_id AND s.lane = i.lane AND s.start_ns <= i.at_ns AND"
        " s.end_ns > i.at_ns AND i.at_ns < %u",
        run, fixture_below(random, 3000));
    expect_same(session, oracle, sql, false);
}

/* A table of things that happen at one time each. */
struct point_table {
    const char *name, *columns, *word;
    const char *(*name_of)(int code);
    int word_count;
};

static const struct point_table point_tables[] = {
    {"instants", "run_id, lane, at_ns, kind, by, lane_name, lane_kind", "kind",
     run_names_instant_word, INSTANT_COUNT},
    {"counters", "run_id, lane, counter, at_ns, value, lane_name, lane_kind", "counter",
     run_names_counter_word, COUNTER_COUNT},
};

static void random_points(struct sql_session *session, sqlite3 *oracle,
                          const struct point_table *table, uint64_t *random) {
    static const char *const orders[] = {"", " ORDER BY run_id, at_ns",
                                         " ORDER BY at_ns"};
    const uint32_t order = fixture_below(random, 3);
    char sql[SQL_MAX];
    snprintf(sql, sizeof sql, "SELECT %s FROM %s WHERE at_ns %s ",
             order == 0 ? table->columns : "run_id, at_ns", table->name,
             operators[fixture_below(random, 7)]);
    if (order == 2) {
        snprintf(sql, sizeof sql, "SELECT at_ns FROM %s WHERE at_ns > ", table->name);
    }
    add_time_value(sql, random);
    if (fixture_below(random, 2) == 0) {
        strcat(sql, " AND run_id = 2");
    }
    if (fixture_below(random, 2) == 0) {
        sprintf(sql + strlen(sql), " AND %s %s '%s'", table->word,
                operators[fixture_below(random, 6)],
                table->name_of((int)fixture_below(random, (uint32_t)table->word_count)));
    }
    if (fixture_below(random, 3) == 0) {
        strcat(sql, " AND ");
        add_list(sql, "lane", random);
    }
    strcat(sql, orders[order]);
    expect_same(session, oracle, sql, order != 0);
}

static void test_sql_tables_answer_as_ordinary_tables(void **state) {
    for (int n = 0; n < STORES; n++) {
        uint64_t random = 77 + (uint64_t)n;
        struct err err = {0};
        struct sql_store store;
        struct sql_session *session = NULL;
        struct fixture fixture = *(struct fixture *)*state;
        snprintf(fixture.path, sizeof fixture.path, "%s/%d.db", fixture.folder, n);
        sql_store_make(&store, &fixture, &random);
        fixture_ok(sql_session_open(&session, store.db, &err), &err);
        for (int i = 0; i < QUERIES; i++) {
            random_query(session, store.oracle, &random);
            random_order(session, store.oracle, &random);
            random_points(session, store.oracle, &point_tables[i % 2], &random);
            if (i % 25 == 0) {
                random_join(session, store.oracle, &random);
            }
        }
        sql_session_close(session);
        sql_store_close(&store);
    }
}

/* --- span_time ----------------------------------------------------------------- */

static void expect_span_time(struct sql_session *session, sqlite3 *oracle, long long run,
                             const char *lane, long long t0, long long t1) {
    char sql[SQL_MAX];
    snprintf(sql, sizeof sql,
             "SELECT state, ns FROM span_time(%lld, %s, %lld, %lld) ORDER BY state", run,
             lane, t0, t1);
    run_virtual(session, sql);
    snprintf(sql, sizeof sql,
             "SELECT state, sum(min(end_ns, %lld) - max(start_ns, %lld)) FROM spans WHERE"
             " run_id = %lld AND lane = coalesce(%s, lane) AND start_ns < %lld AND"
             " end_ns > %lld AND %lld < %lld GROUP BY state ORDER BY state",
             t1, t0, run, lane, t1, t0, t0, t1);
    run_oracle(oracle, sql);
    assert_int_equal(left.count, right.count);
    for (size_t i = 0; i < left.count; i++) {
        assert_string_equal(left.texts[i], right.texts[i]);
    }
    rows_clear(&left);
    rows_clear(&right);
}

static void test_span_time_is_the_sum_of_the_spans(void **state) {
    uint64_t random = 5;
    struct err err = {0};
    struct sql_store store;
    struct sql_session *session = NULL;
    sql_store_make(&store, *state, &random);
    fixture_ok(sql_session_open(&session, store.db, &err), &err);
    for (int i = 0; i < 500; i++) {
        char lane[16] = "NULL";
        if (fixture_below(&random, 4) != 0) {
            snprintf(lane, sizeof lane, "%u", fixture_below(&random, SQL_STORE_LANES));
        }
        const long long t0 = fixture_below(&random, SQL_STORE_LAST_NS);
        const long long t1 = t0 + fixture_below(&random, SQL_STORE_LAST_NS) - 1000;
        expect_span_time(session, store.oracle, 1 + fixture_below(&random, 3), lane, t0,
                         t1);
    }
    /* All lanes one after the other, without times. */
    run_virtual(session, "SELECT lane, state, ns FROM lanes l, span_time(l.run_id,"
                         " l.lane) s WHERE l.run_id = 2 ORDER BY 1, 2");
    run_oracle(store.oracle, "SELECT lane, state, sum(dur_ns) FROM spans WHERE run_id = 2"
                             " GROUP BY 1, 2 ORDER BY 1, 2");
    assert_int_equal(left.count, right.count);
    for (size_t i = 0; i < left.count; i++) {
        assert_string_equal(left.texts[i], right.texts[i]);
    }
    rows_clear(&left);
    rows_clear(&right);
    sql_session_close(session);
    sql_store_close(&store);
}

/* --- flows --------------------------------------------------------------------- */

/* What the analysis says of the whole recording, as rows. */
static void add_flows(struct db *db, int64_t run, sim_ns from, sim_ns to) {
    struct err err = {0};
    struct db_reader *reader = fixture_reader(db);
    struct recording recording;
    struct damage_list damages = {0};
    struct flow_list flows;
    recording_init(&recording);
    recording.kinds = 1u << LANE_CORE | 1u << LANE_GIL | 1u << LANE_THREAD |
                      1u << LANE_TASK | 1u << LANE_LOCK;
    fixture_ok(recording_store_read(reader, run, &recording, &damages, &err), &err);
    assert_int_equal(damages.count, 0);
    fixture_ok(flow_list_init(&flows, &recording, &err), &err);
    for (size_t i = 0; i < flows.count; i++) {
        const struct flow *f = &flows.items[i];
        char text[200];
        snprintf(text, sizeof text, "%lld|'%s'|%d|%d|%lld|%lld|", (long long)run,
                 flow_kind_name(f->kind), f->from, f->to, (long long)f->left_ns,
                 (long long)f->at_ns);
        if (f->at_ns >= from && f->at_ns < to) {
            add_row(&right, text);
        }
    }
    flow_list_deinit(&flows);
    recording_deinit(&recording);
    db_reader_close(reader);
}

static void test_flows_are_those_of_the_analysis(void **state) {
    uint64_t random = 9;
    struct err err = {0};
    struct sql_store store;
    struct sql_session *session = NULL;
    sql_store_make(&store, *state, &random);
    fixture_ok(sql_session_open(&session, store.db, &err), &err);
    for (int i = 0; i < 20; i++) {
        const long long from = i == 0 ? 0 : fixture_below(&random, SQL_STORE_LAST_NS);
        const long long to =
            i == 0 ? INT32_MAX : from + fixture_below(&random, SQL_STORE_LAST_NS);
        char sql[SQL_MAX];
        snprintf(
            sql, sizeof sql,
            "SELECT * FROM flows WHERE run_id = 2 AND at_ns >= %lld AND at_ns < %lld",
            from, to);
        run_virtual(session, sql);
        add_flows(store.db, 2, from, to);
        assert_true(i > 0 || left.count > 20);
        assert_int_equal(left.count, right.count);
        qsort(left.texts, left.count, sizeof left.texts[0], compare_texts);
        qsort(right.texts, right.count, sizeof right.texts[0], compare_texts);
        for (size_t k = 0; k < left.count; k++) {
            assert_string_equal(left.texts[k], right.texts[k]);
        }
        rows_clear(&left);
        rows_clear(&right);
    }
    sql_session_close(session);
    sql_store_close(&store);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sql_tables_answer_as_ordinary_tables,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_span_time_is_the_sum_of_the_spans,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_flows_are_those_of_the_analysis,
                                        fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
