/* SPDX-License-Identifier: MIT */
/* test_recording_store - what is read back is what the sink was given, filtered. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/recording_store.h"
#include "engine/base/memory.h"
#include "tests/db/fixture.h"
#include "tests/db/span_author.h"

enum { LANES = 150, SPANS = 4200, CHUNK = 700 };

static const enum lane_kind kinds[] = {LANE_CORE,   LANE_THREAD, LANE_GIL,
                                       LANE_THREAD, LANE_LOCK,   LANE_TASK};

static enum lane_kind kind_of(lane_id lane) {
    return kinds[(size_t)lane % (sizeof kinds / sizeof kinds[0])];
}

/* Lanes in turn, each from where it was; some are born late. */
static void write_spans(struct authored_span *spans) {
    sim_ns since[LANES] = {0}, now = 0;
    uint64_t dice = 7;
    for (lane_id lane = 0; lane < LANES; lane += 5) {
        since[lane] = lane * 10;
    }
    for (size_t i = 0; i < SPANS;) {
        const lane_id lane = (lane_id)fixture_below(&dice, LANES);
        now += fixture_below(&dice, 3);
        if (since[lane] >= now) {
            continue;
        }
        spans[i++] = (struct authored_span){
            .start = since[lane],
            .end = now,
            .lane = lane,
            .resource = (lane_id)fixture_below(&dice, LANES) - 1,
            .by = (lane_id)fixture_below(&dice, LANES) - 1,
            .site = (site_id)fixture_below(&dice, 9) - 1,
            .state = (uint8_t)fixture_below(&dice, STATE_COUNT),
        };
        since[lane] = now;
    }
}

static void add_lanes(struct run_result *result) {
    for (lane_id i = 0; i < LANES; i++) {
        fixture_add_lane(result, kind_of(i));
        if (i % 4 == 0 && lane_kind_has_state(kind_of(i), STATE_HELD)) {
            lane_table_add_time(&result->lanes, i, STATE_HELD, 5);
        }
    }
}

/* Filters of one reading. */
struct filter {
    uint32_t kinds;
    sim_ns from_ns, to_ns;
};

static const struct filter filters[] = {
    {UINT32_MAX, 0, SIM_NEVER},
    {1u << LANE_THREAD | 1u << LANE_GIL, 0, SIM_NEVER},
    {1u << LANE_LOCK, 900, 2000},
    {UINT32_MAX, 1500, 1501},
    {UINT32_MAX, SIM_NEVER - 1, SIM_NEVER},
    {0, 0, SIM_NEVER},
};
enum { FILTERS = sizeof filters / sizeof filters[0] };

static void set_filter(struct recording *recording, const struct filter *filter) {
    recording_init(recording);
    recording->kinds = filter->kinds;
    recording->from_ns = filter->from_ns;
    recording->to_ns = filter->to_ns;
}

static void send_group(const struct authored_span *spans, uint32_t group,
                       const struct sink *sink, struct recording *direct) {
    static struct span_author author;
    struct span_chunk chunk;
    struct err err = {0};
    span_author_begin(&author, spans, SPANS, group);
    while (span_author_next(&author, CHUNK, &chunk)) {
        fixture_ok(sink->spans(sink->context, &chunk, &err), &err);
        for (int k = 0; k < FILTERS; k++) {
            fixture_ok(recording_add_spans(&direct[k], &chunk, &err), &err);
        }
    }
}

/* Stores a run; the recordings get the same chunks, without the store in between. */
static int64_t store_run(struct db *db, int64_t cell, struct recording *direct) {
    static struct authored_span spans[SPANS];
    struct err err = {0};
    struct run_writer *writer = NULL;
    const struct run_new run = {.cell = cell, .started_ms = 1, .record = true};
    struct run_result result = fixture_result(1, 0);
    add_lanes(&result);
    write_spans(spans);
    fixture_ok(run_writer_open(&writer, db, &run, &err), &err);
    for (lane_id i = 0; i < LANES; i++) {
        const struct lane lane = lane_table_lane(&result.lanes, i);
        for (int k = 0; k < FILTERS; k++) {
            fixture_ok(recording_add_lane(&direct[k], &lane, &err), &err);
        }
    }
    for (uint32_t group = 0; group <= LANES / LANE_GROUP_LANES; group++) {
        send_group(spans, group, run_writer_sink(writer), direct);
    }
    fixture_ok(run_writer_finish(writer, &result, 2, &err), &err);
    const int64_t id = run_writer_id(writer);
    run_writer_close(writer);
    run_result_deinit(&result);
    return id;
}

static void expect_same(const struct recording *a, const struct recording *b) {
    assert_int_equal(a->lane_count, b->lane_count);
    assert_int_equal(a->span_count, b->span_count);
    for (size_t i = 0; i < a->lane_count; i++) {
        assert_int_equal(a->lanes[i].kind, b->lanes[i].kind);
        assert_int_equal(a->lanes[i].count, b->lanes[i].count);
        for (size_t k = 0; k < a->lanes[i].count; k++) {
            const struct span *x = &a->lanes[i].spans[k], *y = &b->lanes[i].spans[k];
            assert_int_equal(x->start_ns, y->start_ns);
            assert_int_equal(x->end_ns, y->end_ns);
            assert_int_equal(x->state, y->state);
            assert_int_equal(x->resource, y->resource);
            assert_int_equal(x->by, y->by);
            assert_int_equal(x->site, y->site);
        }
    }
}

static void test_recording_store_gives_back_what_was_stored(void **state) {
    struct recording direct[FILTERS];
    struct err err = {0};
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    for (int k = 0; k < FILTERS; k++) {
        set_filter(&direct[k], &filters[k]);
    }
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    const int64_t run = store_run(db, cell, direct);
    assert_int_equal(direct[0].span_count, SPANS);
    assert_true(direct[2].span_count > 0 && direct[2].span_count < CHUNK);
    for (int k = 0; k < FILTERS; k++) {
        struct recording stored;
        struct damage_list damages = {0};
        set_filter(&stored, &filters[k]);
        fixture_ok(recording_store_read(reader, run, &stored, &damages, &err), &err);
        assert_int_equal(damages.count, 0);
        expect_same(&stored, &direct[k]);
        assert_true(stored.lanes[4].was_held); /* by its totals */
        recording_deinit(&stored);
        recording_deinit(&direct[k]);
    }
    db_reader_close(reader);
    db_close(db);
}

static void test_recording_store_refuses(void **state) {
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    const int64_t run = fixture_run(db, cell, 0, 2);
    struct recording recording;
    struct damage_list damages = {0};
    recording_init(&recording);
    assert_int_equal(recording_store_read(reader, run + 1, &recording, &damages, NULL),
                     ERR_NOT_FOUND);
    recording.span_limit = 150; /* of 200 */
    assert_int_equal(recording_store_read(reader, run, &recording, &damages, NULL),
                     ERR_LIMIT);
    recording_deinit(&recording);
    db_reader_close(reader);
    db_close(db);
}

static void test_recording_store_reports_every_failed_allocation(void **state) {
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    const int64_t run = fixture_run(db, cell, 0, 2);
    int failures = 0;
    for (int64_t nth = 0;; nth++) {
        struct recording recording;
        struct damage_list damages = {0};
        recording_init(&recording);
        memory_fail_after(nth);
        const int rc = recording_store_read(reader, run, &recording, &damages, NULL);
        memory_fail_after(-1);
        const size_t spans = recording.span_count;
        recording_deinit(&recording);
        if (rc == 0) {
            assert_int_equal(spans, 201); /* the last one is open */
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
        failures++;
    }
    assert_true(failures > 3);
    db_reader_close(reader);
    db_close(db);
}

/* --- damage -------------------------------------------------------------------- */

static int64_t of_chunk(const struct fixture *fixture, const char *column, int64_t id) {
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT %s FROM span_chunk WHERE id = %lld", column,
             (long long)id);
    return fixture_sql(fixture, sql);
}

static void set_data(const struct fixture *fixture, const char *data, int64_t id) {
    char sql[128];
    snprintf(sql, sizeof sql, "UPDATE span_chunk SET data = %s WHERE id = %lld", data,
             (long long)id);
    (void)fixture_sql(fixture, sql);
}

/* What a chunk holds: what ended in its time on its lanes. How many spans. */
static size_t take_out(struct recording *recording, const struct damage *chunk) {
    size_t taken = 0;
    for (size_t lane = 0; lane < recording->lane_count; lane++) {
        struct recorded_lane *it = &recording->lanes[lane];
        size_t kept = 0;
        for (size_t i = 0;
             (int64_t)lane / LANE_GROUP_LANES == chunk->group && i < it->count; i++) {
            const sim_ns end = it->spans[i].end_ns;
            if (end <= chunk->from_ns || end > chunk->to_ns) {
                it->spans[kept++] = it->spans[i];
            }
        }
        if ((int64_t)lane / LANE_GROUP_LANES == chunk->group) {
            taken += it->count - kept;
            it->count = kept;
        }
    }
    recording->span_count -= taken;
    return taken;
}

static void read_window(struct db_reader *reader, int64_t run,
                        const struct filter *filter, struct recording *out,
                        struct damage_list *damages) {
    struct err err = {0};
    set_filter(out, filter);
    fixture_ok(recording_store_read(reader, run, out, damages, &err), &err);
}

/* Whether the chunk touches the window: others are not looked at. */
static bool is_read(const struct damage *chunk, const struct filter *filter) {
    return chunk->to_ns > filter->from_ns && chunk->from_ns < filter->to_ns;
}

/* How many spans the chunk cost. */
static size_t expect_cost(const struct fixture *fixture, struct db_reader *reader,
                          const struct damage *chunk, int64_t id,
                          const struct filter *filter) {
    struct recording sound, left;
    struct damage_list damages = {0};
    read_window(reader, chunk->run, filter, &sound, &damages);
    assert_int_equal(damages.count, 0);
    set_data(fixture, "CAST(x'00' || data AS BLOB)", id);
    read_window(reader, chunk->run, filter, &left, &damages);
    set_data(fixture, "substr(data, 2)", id);
    const size_t cost = damages.count > 0 ? take_out(&sound, chunk) : 0;
    expect_same(&left, &sound);
    assert_int_equal(damages.count > 0, is_read(chunk, filter));
    if (damages.count > 0) {
        assert_int_equal(damages.count, 1);
        assert_int_equal(damages.items[0].group, chunk->group);
        assert_int_equal(damages.items[0].from_ns, chunk->from_ns);
        assert_int_equal(damages.items[0].to_ns, chunk->to_ns);
    }
    damage_list_deinit(&damages);
    recording_deinit(&sound);
    recording_deinit(&left);
    return cost;
}

/* Whatever the window: also what ends behind it, in a chunk that is not of the window. */
static void test_recording_store_leaves_out_a_damaged_chunk(void **state) {
    const struct fixture *fixture = *state;
    struct recording direct[FILTERS];
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    for (int k = 0; k < FILTERS; k++) {
        set_filter(&direct[k], &filters[k]);
    }
    const int64_t run =
        store_run(db, fixture_cell(reader, fixture_experiment(db, 1, 1)), direct);
    const int64_t chunks = fixture_sql(fixture, "SELECT max(id) FROM span_chunk");
    uint64_t dice = 9;
    size_t cost = 0;
    assert_true(chunks >= 6);
    for (int64_t id = 1; id <= chunks; id++) {
        const struct damage chunk = {.run = run,
                                     .group = of_chunk(fixture, "lane_group", id),
                                     .from_ns = of_chunk(fixture, "t0_ns", id),
                                     .to_ns = of_chunk(fixture, "t1_ns", id)};
        cost += expect_cost(fixture, reader, &chunk, id, &filters[0]);
        for (int i = 0; i < 30; i++) {
            const sim_ns from = fixture_below(&dice, SPANS);
            const sim_ns to = from + 1 + fixture_below(&dice, i % 2 == 0 ? 20 : 2000);
            cost += expect_cost(fixture, reader, &chunk, id,
                                &(struct filter){UINT32_MAX, from, to});
        }
    }
    assert_true(cost > SPANS);
    for (int k = 0; k < FILTERS; k++) {
        recording_deinit(&direct[k]);
    }
    db_reader_close(reader);
    db_close(db);
}

/* A chunk that goes on in the time of the one before it costs itself. */
static void test_recording_store_leaves_out_a_contradiction(void **state) {
    const struct fixture *fixture = *state;
    struct recording direct[FILTERS], found;
    struct damage_list damages = {0};
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    for (int k = 0; k < FILTERS; k++) {
        set_filter(&direct[k], &filters[k]);
    }
    const int64_t run =
        store_run(db, fixture_cell(reader, fixture_experiment(db, 1, 1)), direct);
    const int64_t id = fixture_sql(
        fixture, "SELECT id FROM span_chunk WHERE lane_group = 0 AND seq = 1");
    (void)fixture_sql(
        fixture,
        "INSERT INTO span_chunk (run, lane_group, seq, t0_ns, t1_ns, count, data,"
        " base, longest_ns, longest_wait_ns, start_ns, lanes, states, causes)"
        " SELECT run, lane_group, seq + 1000, t0_ns, t1_ns, count, data, base,"
        " longest_ns, longest_wait_ns, start_ns, lanes, states, causes FROM"
        " span_chunk WHERE lane_group = 0 AND seq = 1");
    read_window(reader, run, &filters[0], &found, &damages);
    expect_same(&found, &direct[0]);
    assert_int_equal(damages.count, 1);
    assert_int_equal(damages.items[0].from_ns, of_chunk(fixture, "t0_ns", id));
    assert_non_null(strstr(damages.items[0].what, "before the one before it ends"));
    damage_list_deinit(&damages);
    recording_deinit(&found);
    for (int k = 0; k < FILTERS; k++) {
        recording_deinit(&direct[k]);
    }
    db_reader_close(reader);
    db_close(db);
}

static void test_recording_store_refuses_unknown_lanes(void **state) {
    const struct fixture *fixture = *state;
    static const char *const damage[] = {
        "UPDATE span_chunk SET lane_group = 1",
        "UPDATE span_chunk SET lane_group = 99999999999",
        "UPDATE span_chunk SET lane_group = -1",
        "UPDATE span_chunk SET lane_group = 9223372036854775807",
        "DELETE FROM lane",
        "UPDATE lane SET lane = 5",
    };
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        struct db *db = fixture_open(fixture);
        struct db_reader *reader = fixture_reader(db);
        const int64_t cell = fixture_cell(reader, fixture_experiment(db, (int)i, 1));
        const int64_t run = fixture_run(db, cell, 0, 2);
        struct recording recording;
        struct damage_list damages = {0};
        struct err err = {0};
        fixture_sql(fixture, damage[i]);
        recording_init(&recording);
        const int rc = recording_store_read(reader, run, &recording, &damages, &err);
        if (rc != ERR_CORRUPT || strstr(err.text, fixture->path) == NULL) {
            fail_msg("%s: code %d, '%s'", damage[i], rc, err.text);
        }
        recording_deinit(&recording);
        db_reader_close(reader);
        db_close(db);
        fixture_sql(fixture, "DELETE FROM experiment");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_recording_store_gives_back_what_was_stored),
        TEST(test_recording_store_refuses),
        TEST(test_recording_store_reports_every_failed_allocation),
        TEST(test_recording_store_leaves_out_a_damaged_chunk),
        TEST(test_recording_store_leaves_out_a_contradiction),
        TEST(test_recording_store_refuses_unknown_lanes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
