/* SPDX-License-Identifier: MIT */
/*
 * A run is read while it is recorded. Its chunks come in a random order of the groups, and
 * whenever the writer stops for a moment, what is read is compared with plain lists of what
 * came so far: spans that are open are cut where their group is known to.
 */
#include "tests/db/naive_timeline.h"

#include <stdlib.h>
#include <string.h>

#include "db/range_totals.h"
#include "db/run_store.h"
#include "db/span_lookup.h"
#include "db/span_search.h"
#include "db/timeline.h"
#include "engine/base/memory.h"

/* A run in the making, and what is known of it. */
struct live {
    struct db *db;
    struct db_reader *reader;
    struct run_writer *writer;
    int64_t id;
    struct naive_run whole, seen;
    bool is_open[NAIVE_SPANS_MAX]; /* of seen.spans */
    struct span_author authors[NAIVE_GROUPS];
    sim_ns last_ns[NAIVE_GROUPS], known_ns[NAIVE_GROUPS];
    uint32_t open[NAIVE_GROUPS]; /* spans that were sent of the chunk that is open */
    sim_ns instants_ns;
    uint32_t instant_seq;
    uint64_t random;
};

/* --- recording ----------------------------------------------------------------- */

static void announce_lanes(struct live *l) {
    struct err err = {0};
    struct run_result result = naive_run_result(&l->whole);
    const struct sink *sink = run_writer_sink(l->writer);
    for (lane_id i = 0; i < NAIVE_LANES; i++) {
        const struct lane lane = lane_table_lane(&result.lanes, i);
        fixture_ok(sink->lane(sink->context, &lane, &err), &err);
    }
    run_result_deinit(&result);
}

static struct live *live_begin(const struct fixture *fixture, uint64_t seed) {
    struct live *l = calloc(1, sizeof *l);
    assert_non_null(l);
    struct err err = {0};
    l->db = fixture_open(fixture);
    l->reader = fixture_reader(l->db);
    l->random = seed;
    naive_run_fill(&l->whole, &l->random);
    const struct run_new run = {
        .cell = fixture_cell(l->reader, fixture_experiment(l->db, (int)seed, 1)),
        .record = true};
    fixture_ok(run_writer_open(&l->writer, l->db, &run, &err), &err);
    l->id = run_writer_id(l->writer);
    for (uint32_t group = 0; group < NAIVE_GROUPS; group++) {
        span_author_begin(&l->authors[group], l->whole.spans, l->whole.span_count, group);
    }
    announce_lanes(l);
    return l;
}

static void live_end(struct live *l) {
    run_writer_close(l->writer);
    db_reader_close(l->reader);
    db_close(l->db);
    free(l);
}

static uint32_t group_of(const struct authored_span *s) {
    return (uint32_t)s->lane / LANE_GROUP_LANES;
}

/* The first end or birth in a group after its last chunk. */
static sim_ns next_event(const struct live *l, uint32_t group) {
    sim_ns next = INT64_MAX;
    for (size_t i = 0; i < l->whole.span_count; i++) {
        const struct authored_span *s = &l->whole.spans[i];
        if (group_of(s) == group && s->end > l->last_ns[group]) {
            next = s->end < next ? s->end : next;
            next = s->start > l->last_ns[group] && s->start < next ? s->start : next;
        }
    }
    return next;
}

/* Sometimes it is said that a group goes on doing what it does. */
static void say_settled(struct live *l, uint32_t group) {
    struct err err = {0};
    const struct sink *sink = run_writer_sink(l->writer);
    const sim_ns until = next_event(l, group);
    if (until != INT64_MAX && fixture_below(&l->random, 2) == 0) {
        fixture_ok(sink->settled(sink->context, group, until, &err), &err);
        l->known_ns[group] = until;
    }
}

/* Spans for the next chunk: at least those that were sent of it. */
static uint32_t room_of(struct live *l, uint32_t group, uint32_t most) {
    const uint32_t room = 1 + l->open[group] + fixture_below(&l->random, most);
    return room < AUTHOR_ROOM ? room : AUTHOR_ROOM;
}

/* False when the group has no more. */
static bool send_chunk(struct live *l, uint32_t group) {
    struct err err = {0};
    struct span_chunk chunk;
    const struct sink *sink = run_writer_sink(l->writer);
    const uint32_t most = fixture_below(&l->random, 4) == 0 ? AUTHOR_ROOM : 200;
    if (!span_author_next(&l->authors[group], room_of(l, group, most), &chunk)) {
        return false;
    }
    l->open[group] = 0;
    fixture_ok(sink->spans(sink->context, &chunk, &err), &err);
    l->last_ns[group] = l->known_ns[group] = chunk.t1_ns;
    say_settled(l, group);
    return true;
}

/* The beginning of a group's next chunk, which comes again. */
static bool send_open(struct live *l, uint32_t group) {
    static struct span_author author;
    struct err err = {0};
    struct span_chunk chunk;
    const struct sink *sink = run_writer_sink(l->writer);
    author = l->authors[group];
    if (!span_author_next(&author, room_of(l, group, 300), &chunk)) {
        return false;
    }
    chunk.is_open = true;
    l->open[group] = chunk.count;
    fixture_ok(sink->spans(sink->context, &chunk, &err), &err);
    l->last_ns[group] = l->known_ns[group] = chunk.t1_ns;
    say_settled(l, group);
    return true;
}

static bool send_instants(struct live *l) {
    const uint32_t room = 1 + fixture_below(&l->random, NAIVE_INSTANT_ROOM);
    const size_t from = l->seen.instant_count;
    const size_t count = naive_run_send_instants(&l->whole, from, room, l->instant_seq++,
                                                 run_writer_sink(l->writer));
    memcpy(&l->seen.instants[from], &l->whole.instants[from],
           count * sizeof l->seen.instants[0]);
    l->seen.instant_count += count;
    l->instants_ns = count > 0 ? l->whole.instants[from + count - 1].at : l->instants_ns;
    return count > 0;
}

/* A few chunks of whatever; false when all have been sent. */
static bool send_some(struct live *l) {
    bool more = false;
    for (uint32_t n = 1 + fixture_below(&l->random, 30); n > 0; n--) {
        const uint32_t group = fixture_below(&l->random, NAIVE_GROUPS + 1);
        const bool is_open = group < NAIVE_GROUPS && fixture_below(&l->random, 3) == 0;
        more |= group == NAIVE_GROUPS ? send_instants(l)
                : is_open             ? send_open(l, group)
                                      : send_chunk(l, group);
    }
    return more;
}

static void see(struct live *l) {
    l->seen.span_count = 0;
    for (size_t i = 0; i < l->whole.span_count; i++) {
        struct authored_span s = l->whole.spans[i];
        const sim_ns last = l->last_ns[group_of(&s)], known = l->known_ns[group_of(&s)];
        const bool is_open = s.end > last;
        if (is_open && (s.start > last || s.start >= known || last == 0)) {
            continue;
        }
        s.end = is_open ? known : s.end;
        s.by = is_open ? LANE_NONE : s.by;
        l->is_open[l->seen.span_count] = is_open;
        l->seen.spans[l->seen.span_count++] = s;
    }
}

/* --- comparing ----------------------------------------------------------------- */

static void compare_known(const struct live *l) {
    struct err err = {0};
    const lane_id lanes[] = {0, LANE_GROUP_LANES, 2 * LANE_GROUP_LANES};
    const struct timeline_query query = {.run = l->id,
                                         .to_ns = NAIVE_LAST_NS,
                                         .pixels = 10,
                                         .lanes = lanes,
                                         .lane_count = NAIVE_GROUPS};
    struct timeline_view got;
    fixture_ok(timeline_read(l->reader, &query, &got, &err), &err);
    for (size_t i = 0; i < NAIVE_GROUPS; i++) {
        assert_int_equal(got.lanes[i].known_until_ns, l->known_ns[i]);
    }
    assert_int_equal(got.instants.known_until_ns, l->instants_ns);
    timeline_view_deinit(&got);
}

static size_t count_overlaps(const struct live *l, sim_ns from, sim_ns to, sim_ns least) {
    size_t count = 0;
    for (size_t i = 0; i < l->seen.span_count; i++) {
        const struct authored_span *s = &l->seen.spans[i];
        count += s->end > from && s->start < to && s->end - s->start >= least;
    }
    return count;
}

/* One span of the naive list. */
static const struct authored_span *find_seen(const struct live *l, lane_id lane,
                                             sim_ns start, bool *is_open) {
    for (size_t i = 0; i < l->seen.span_count; i++) {
        if (l->seen.spans[i].lane == lane && l->seen.spans[i].start == start) {
            *is_open = l->is_open[i];
            return &l->seen.spans[i];
        }
    }
    return NULL;
}

static sim_ns length_of(const struct live *l, const struct span_found *it) {
    bool is_open = false;
    const struct authored_span *s = find_seen(l, it->lane, it->span.start_ns, &is_open);
    assert_non_null(s);
    assert_int_equal(it->is_open, is_open);
    assert_int_equal(it->span.state, s->state);
    assert_true(it->span.end_ns == s->end || (is_open && it->span.end_ns == SIM_NEVER));
    return s->end - s->start;
}

/* Every span that is known comes once, in the order that was asked for. */
static void compare_search(struct live *l, enum span_order order) {
    struct err err = {0};
    struct span_found after;
    const sim_ns from = fixture_below(&l->random, NAIVE_LAST_NS);
    struct span_query query = {
        .run = l->id,
        .from_ns = from,
        .to_ns = from + 1 + fixture_below(&l->random, NAIVE_LAST_NS / 2),
        .resource = LANE_NONE,
        .by = LANE_NONE,
        .site = SITE_NONE,
        .least_ns = fixture_below(&l->random, 2) * fixture_below(&l->random, 9999),
        .order = order,
        .limit = SPAN_SEARCH_MAX,
    };
    size_t count = 0;
    sim_ns last = order == SPAN_ORDER_TIME ? 0 : INT64_MAX;
    for (bool more = true; more;) {
        struct span_page page;
        fixture_ok(span_search(l->reader, &query, &page, &err), &err);
        for (size_t i = 0; i < page.count; i++) {
            const sim_ns length = length_of(l, &page.items[i]);
            const sim_ns now =
                order == SPAN_ORDER_TIME ? page.items[i].span.end_ns : length;
            assert_true(order == SPAN_ORDER_TIME ? now >= last : now <= last);
            last = now;
        }
        count += page.count;
        more = page.has_more;
        after = page.items[page.count > 0 ? page.count - 1 : 0];
        query.after = &after;
        span_page_deinit(&page);
    }
    assert_int_equal(count,
                     count_overlaps(l, query.from_ns, query.to_ns, query.least_ns));
}

static void compare_lookup(struct live *l) {
    struct err err = {0};
    struct damage_list damages = {0};
    struct span_found got;
    const lane_id lane = (lane_id)fixture_below(&l->random, NAIVE_LANES);
    const sim_ns at = fixture_below(&l->random, NAIVE_LAST_NS);
    const struct authored_span *expected = NULL;
    for (size_t i = 0; i < l->seen.span_count; i++) {
        const struct authored_span *s = &l->seen.spans[i];
        expected = s->lane == lane && s->start <= at && s->end > at ? s : expected;
    }
    const int rc = span_lookup_at(l->reader, l->id, lane, at, &got, &damages, &err);
    assert_int_equal(rc, expected != NULL);
    if (expected != NULL) {
        assert_int_equal(got.span.start_ns, expected->start);
        assert_int_equal(got.span.end_ns, expected->end);
        (void)length_of(l, &got);
    }
    damage_list_deinit(&damages);
}

static void compare_range(struct live *l) {
    struct err err = {0};
    struct range_totals got;
    const lane_id lane = (lane_id)fixture_below(&l->random, NAIVE_LANES);
    const sim_ns from = fixture_below(&l->random, NAIVE_LAST_NS);
    const struct range_query query = {.run = l->id,
                                      .from_ns = from,
                                      .to_ns =
                                          from + 1 + fixture_below(&l->random, 400000),
                                      .lanes = &lane,
                                      .lane_count = 1};
    sim_ns state_ns[STATE_COUNT] = {0};
    int64_t spans[STATE_COUNT] = {0};
    for (size_t i = 0; i < l->seen.span_count; i++) {
        const struct authored_span *s = &l->seen.spans[i];
        const sim_ns start = s->start > from ? s->start : from;
        const sim_ns end = s->end < query.to_ns ? s->end : query.to_ns;
        if (s->lane == lane && start < end) {
            state_ns[s->state] += end - start;
            spans[s->state]++;
        }
    }
    fixture_ok(range_totals_read(l->reader, &query, &got, &err), &err);
    assert_int_equal(got.lane_count, 1);
    for (int state = 0; state < STATE_COUNT; state++) {
        assert_int_equal(got.lanes[0].state_ns[state], state_ns[state]);
        assert_int_equal(got.lanes[0].spans[state], spans[state]);
    }
    range_totals_deinit(&got);
}

static void compare_all(struct live *l, const struct naive_run *r) {
    for (int i = 0; i < 12; i++) {
        naive_run_compare_some(l->reader, r, l->id, &l->random);
    }
    naive_run_compare_all(l->reader, r, l->id, &l->random);
}

/* No sheet of a level goes on where one above it ends. */
static const char CROSSING[] =
    "SELECT count(*) FROM sheet high JOIN sheet low ON low.run = high.run"
    " AND low.lane_group = high.lane_group AND low.level < high.level"
    " AND low.t0_ns < high.t1_ns AND low.t1_ns > high.t1_ns";

/* --- tests --------------------------------------------------------------------- */

static void test_live_run_shows_what_is_stored(void **state) {
    struct err err = {0};
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct live *l = live_begin(*state, seed);
        while (send_some(l)) {
            fixture_ok(run_writer_flush(l->writer, &err), &err);
            see(l);
            struct naive_run *sorted = malloc(sizeof *sorted);
            assert_non_null(sorted);
            *sorted = l->seen;
            naive_run_sort(sorted);
            compare_all(l, sorted);
            free(sorted);
            compare_known(l);
            compare_search(l, SPAN_ORDER_TIME);
            compare_search(l, SPAN_ORDER_LONGEST);
            for (int i = 0; i < 20; i++) {
                compare_lookup(l);
                compare_range(l);
            }
        }
        while (send_some(l)) {
        }
        for (uint32_t group = 0; group < NAIVE_GROUPS; group++) {
            while (send_chunk(l, group)) {
            }
        }
        while (send_instants(l)) {
        }
        struct run_result result = naive_run_result(&l->whole);
        fixture_ok(run_writer_finish(l->writer, &result, 1, &err), &err);
        run_result_deinit(&result);
        naive_run_sort(&l->whole);
        for (int i = 0; i < 10; i++) {
            compare_all(l, &l->whole);
        }
        live_end(l);
    }
    assert_int_equal(fixture_sql(*state, "SELECT count(*) FROM known_time"), 0);
    assert_int_equal(fixture_sql(*state, "SELECT count(*) FROM lane WHERE died_ns < 0"),
                     0);
    assert_true(fixture_sql(*state, "SELECT count(DISTINCT level) FROM sheet") > 4);
    assert_int_equal(fixture_sql(*state, CROSSING), 0);
}

static int read_code(struct db_reader *reader, int64_t run) {
    const struct timeline_query query = {
        .run = run, .to_ns = NAIVE_LAST_NS, .pixels = 10};
    struct timeline_view got;
    const int rc = timeline_read(reader, &query, &got, NULL);
    if (rc == 0) {
        timeline_view_deinit(&got);
    }
    return rc;
}

static void record_some(struct live *l) {
    struct err err = {0};
    for (int i = 0; i < 3; i++) {
        (void)send_some(l);
    }
    fixture_ok(run_writer_flush(l->writer, &err), &err);
}

static int64_t count_rows(const struct fixture *fixture) {
    return fixture_sql(fixture, "SELECT (SELECT count(*) FROM lane)"
                                " + (SELECT count(*) FROM span_chunk)"
                                " + (SELECT count(*) FROM sheet)"
                                " + (SELECT count(*) FROM instant_chunk)"
                                " + (SELECT count(*) FROM carried_span)"
                                " + (SELECT count(*) FROM known_time)");
}

/* Another process sees it as long as its owner lives, and tidies up after that. */
static void test_live_run_is_seen_while_its_owner_lives(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    struct live *l = live_begin(fixture, 7);
    struct db *other = NULL;
    fixture_ok(db_open(&other, fixture->path, DB_READ, &err), &err);
    struct db_reader *reader = fixture_reader(other);
    sim_ns known_ns = 0;
    record_some(l);
    const int64_t id = l->id;
    assert_int_equal(read_code(reader, id), 0);
    assert_int_equal(run_store_known(reader, id, LANE_NONE, &known_ns, &err), 1);
    assert_true(known_ns > 0);
    assert_true(count_rows(fixture) > NAIVE_LANES);
    live_end(l); /* without an end of the run: it died */
    assert_int_equal(read_code(reader, id), ERR_NOT_FOUND);
    assert_int_equal(run_store_known(reader, id, LANE_NONE, &known_ns, &err), 0);
    db_reader_close(reader);
    db_close(other);

    struct db *db = fixture_open(fixture);
    struct db_recovered recovered;
    fixture_ok(db_recover(db, &recovered, &err), &err);
    assert_int_equal(recovered.timelines, 1);
    assert_int_equal(count_rows(fixture), 0);
    db_close(db);
}

/* What is removed bit by bit is not read any more. */
static void test_live_run_is_not_seen_when_it_was_abandoned(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    struct live *l = live_begin(fixture, 8);
    record_some(l);
    assert_int_equal(read_code(l->reader, l->id), 0);
    fixture_ok(run_writer_abandon(l->writer, RUN_STATE_STOPPED, "stopped", 1, &err),
               &err);
    assert_int_equal(read_code(l->reader, l->id), ERR_NOT_FOUND);
    assert_true(count_rows(fixture) > 0);
    fixture_ok(db_recover(l->db, NULL, &err), &err);
    assert_int_equal(count_rows(fixture), 0);
    live_end(l);
}

/* Between two reads more may be stored: within one state of the store it is not seen. */
static void test_live_run_stands_still_in_one_state(void **state) {
    struct err err = {0};
    struct live *l = live_begin(*state, 9);
    sim_ns before = 0, now = 0;
    assert_true(send_chunk(l, 0));
    fixture_ok(run_writer_flush(l->writer, &err), &err);
    fixture_ok(db_reader_begin(l->reader, &err), &err);
    assert_int_equal(run_store_known(l->reader, l->id, LANE_NONE, &before, &err), 1);
    assert_true(send_chunk(l, 0));
    fixture_ok(run_writer_flush(l->writer, &err), &err);
    assert_int_equal(read_code(l->reader, l->id), 0);
    assert_int_equal(run_store_known(l->reader, l->id, LANE_NONE, &now, &err), 1);
    assert_int_equal(now, before);
    db_reader_end(l->reader);
    assert_int_equal(run_store_known(l->reader, l->id, LANE_NONE, &now, &err), 1);
    assert_true(now > before);
    live_end(l);
}

/* A long one, in which a level may be full before the one below is so again. */
static void test_live_run_seals_sheets_with_all_below(void **state) {
    enum { LANES = 8, SPANS = 500000 };
    struct err err = {0};
    uint64_t random = 1;
    struct db *db = fixture_open(*state);
    struct db_reader *reader = fixture_reader(db);
    struct authored_span *spans = calloc(SPANS, sizeof *spans);
    assert_non_null(spans);
    sim_ns at[LANES] = {0};
    for (int i = 0; i < SPANS; i++) {
        sim_ns *const start = &at[i % LANES];
        const sim_ns end = *start + 1 + fixture_below(&random, 90);
        spans[i] = (struct authored_span){.lane = i % LANES,
                                          .start = *start,
                                          .end = end,
                                          .state = (uint8_t)(i / LANES % 2),
                                          .resource = LANE_NONE,
                                          .by = LANE_NONE,
                                          .site = SITE_NONE};
        *start = end;
    }
    qsort(spans, SPANS, sizeof spans[0], span_author_order);
    struct run_writer *writer = NULL;
    const struct run_new run = {
        .cell = fixture_cell(reader, fixture_experiment(db, 1, 1)), .record = true};
    fixture_ok(run_writer_open(&writer, db, &run, &err), &err);
    const struct sink *sink = run_writer_sink(writer);
    struct span_author *author = malloc(sizeof *author);
    assert_non_null(author);
    struct span_chunk chunk;
    span_author_begin(author, spans, SPANS, 0);
    while (span_author_next(author, AUTHOR_ROOM, &chunk)) {
        fixture_ok(sink->spans(sink->context, &chunk, &err), &err);
    }
    struct run_result result = fixture_result(1, LANES);
    fixture_ok(run_writer_finish(writer, &result, 1, &err), &err);
    run_result_deinit(&result);
    run_writer_close(writer);
    db_reader_close(reader);
    db_close(db);
    free(author);
    free(spans);
    assert_true(fixture_sql(*state, "SELECT count(*) FROM (SELECT 1 FROM sheet"
                                    " GROUP BY level HAVING count(*) > 3)") > 1);
    assert_int_equal(fixture_sql(*state, CROSSING), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_live_run_shows_what_is_stored),
        TEST(test_live_run_is_seen_while_its_owner_lives),
        TEST(test_live_run_is_not_seen_when_it_was_abandoned),
        TEST(test_live_run_stands_still_in_one_state),
        TEST(test_live_run_seals_sheets_with_all_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
