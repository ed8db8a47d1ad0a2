/* SPDX-License-Identifier: MIT */
/*
 * Counters of windows: what timeline_read() gives equals a painter that walks over all
 * samples of the run, to the last entry.
 */
#include "tests/db/random_counters.h"

#include <stdlib.h>
#include <string.h>

#include "db/timeline.h"
#include "engine/base/memory.h"

enum { LANES = 130, ENTRIES_MAX = 60000 };

static int64_t store_run(struct db *db, int64_t cell,
                         const struct counter_samples *samples, uint32_t room,
                         uint64_t *random) {
    struct err err = {0};
    struct run_writer *writer = NULL;
    const struct run_new run = {.cell = cell, .record = true};
    fixture_ok(run_writer_open(&writer, db, &run, &err), &err);
    samples_send(samples, run_writer_sink(writer), room, random);
    struct run_result result = fixture_result(1, LANES);
    fixture_ok(run_writer_finish(writer, &result, 1, &err), &err);
    const int64_t id = run_writer_id(writer);
    run_writer_close(writer);
    run_result_deinit(&result);
    return id;
}

/* --- samples by counter -------------------------------------------------------- */

enum { COUNTERS = LANES * COUNTER_COUNT };

/* Those of counter c are order[first[c]] .. order[first[c + 1] - 1], in the order of time. */
struct counter_index {
    uint32_t first[COUNTERS + 1];
    uint32_t *order;
};

static size_t number_of(const struct counter_samples *samples, uint32_t i) {
    return (size_t)samples->lane[i] * COUNTER_COUNT + samples->kind[i];
}

static void index_init(struct counter_index *index,
                       const struct counter_samples *samples) {
    uint32_t next[COUNTERS];
    *index =
        (struct counter_index){.order = calloc(samples->count + 1, sizeof *index->order)};
    assert_non_null(index->order);
    for (uint32_t i = 0; i < samples->count; i++) {
        index->first[number_of(samples, i) + 1]++;
    }
    for (size_t c = 0; c < COUNTERS; c++) {
        next[c] = index->first[c];
        index->first[c + 1] += index->first[c];
    }
    for (uint32_t i = 0; i < samples->count; i++) {
        index->order[next[number_of(samples, i)]++] = i;
    }
}

/* --- the brute-force painter --------------------------------------------------- */

/* What was asked for, and the rule about cells applied to it. */
struct window {
    sim_ns from, to;
    int64_t pixels;
    sim_ns cell, first; /* length, and where the first one begins */
    int64_t cells;
};

static struct window window_of(sim_ns from, sim_ns to, int64_t pixels) {
    struct window w = {.from = from, .to = to, .pixels = pixels, .cell = 1};
    while (w.cell * 2 * pixels <= to - from) {
        w.cell *= 2;
    }
    w.first = from / w.cell * w.cell;
    w.cells = (to + w.cell - 1) / w.cell - w.first / w.cell;
    w.pixels = pixels < w.cells ? pixels : w.cells;
    return w;
}

static sim_ns edge(const struct window *w, int64_t pixel) {
    return w->first + pixel * w->cells / w->pixels * w->cell;
}

struct entry {
    int64_t pixel;
    sim_ns at;
    int64_t min, max, last;
    uint32_t merged;
};

/* What a counter was before, and its entries. */
static size_t paint(const struct counter_samples *samples,
                    const struct counter_index *index, const struct window *w, size_t c,
                    int64_t *before, struct entry *out) {
    size_t count = 0;
    int64_t pixel = 0;
    *before = 0;
    for (uint32_t k = index->first[c]; k < index->first[c + 1]; k++) {
        const uint32_t i = index->order[k];
        const int64_t value = samples->value[i];
        if (samples->at[i] >= edge(w, w->pixels)) {
            break;
        }
        if (samples->at[i] < w->first) {
            *before = value;
            continue;
        }
        while (edge(w, pixel + 1) <= samples->at[i]) {
            pixel++;
        }
        struct entry *last = count > 0 ? &out[count - 1] : NULL;
        if (last == NULL || last->pixel != pixel) {
            assert_true(count < ENTRIES_MAX);
            out[count++] = (struct entry){pixel, samples->at[i], value, value, value, 1};
            continue;
        }
        last->min = value < last->min ? value : last->min;
        last->max = value > last->max ? value : last->max;
        last->last = value;
        last->merged++;
    }
    return count;
}

static void compare_counter(const struct timeline_counters *got,
                            const struct timeline_counter *item,
                            const struct entry *entries, size_t count, int64_t before) {
    assert_true(item->before == before);
    assert_int_equal(item->count, count);
    for (size_t i = 0; i < count; i++) {
        const size_t at = item->first + i;
        assert_int_equal(got->at_ns[at], entries[i].at);
        assert_true(got->min[at] == entries[i].min);
        assert_true(got->max[at] == entries[i].max);
        assert_true(got->last[at] == entries[i].last);
        assert_int_equal(got->merged[at], entries[i].merged);
    }
}

/* All counters, of the wanted lanes. */
static void compare(const struct counter_samples *samples,
                    const struct counter_index *index, const struct window *w,
                    const bool wanted[LANES], const struct timeline_counters *got) {
    static struct entry entries[ENTRIES_MAX];
    size_t item = 0, sum = 0;
    for (lane_id lane = 0; lane < LANES; lane++) {
        for (unsigned kind = 0; wanted[lane] && kind < COUNTER_COUNT; kind++) {
            int64_t before;
            const size_t count = paint(
                samples, index, w, (size_t)lane * COUNTER_COUNT + kind, &before, entries);
            if (count == 0 && before == 0) {
                continue;
            }
            assert_true(item < got->item_count);
            assert_int_equal(got->items[item].lane, lane);
            assert_int_equal(got->items[item].kind, kind);
            compare_counter(got, &got->items[item++], entries, count, before);
            sum += count;
        }
    }
    assert_int_equal(item, got->item_count);
    assert_int_equal(sum, got->count);
}

/* --- windows ------------------------------------------------------------------- */

static struct window random_window(sim_ns last, uint64_t *random) {
    const uint32_t most = fixture_below(random, 3) == 0 ? (uint32_t)(2 * last) : 9000;
    const sim_ns from =
        fixture_below(random, 10) == 0 ? 0 : fixture_below(random, (uint32_t)last + 9);
    const uint32_t pixels = fixture_below(random, 4) == 0 ? 4000 : 60;
    return window_of(from, from + 1 + fixture_below(random, most),
                     1 + fixture_below(random, pixels));
}

static void compare_window(struct db_reader *reader, int64_t run,
                           const struct counter_samples *samples,
                           const struct counter_index *index, uint64_t *random) {
    struct err err = {0};
    lane_id lanes[5];
    bool wanted[LANES] = {false};
    const sim_ns last = samples->count > 0 ? samples->at[samples->count - 1] : 100;
    const struct window w = random_window(last, random);
    struct timeline_query query = {
        .run = run, .from_ns = w.from, .to_ns = w.to, .pixels = (uint32_t)w.pixels};
    if (fixture_below(random, 2) == 0) {
        memset(wanted, 1, sizeof wanted);
    } else {
        query.lanes = lanes;
        while (query.lane_count < 1 + fixture_below(random, 5) && query.lane_count < 5) {
            const uint32_t lane = fixture_below(random, LANES);
            if (!wanted[lane]) {
                wanted[lane] = true;
                lanes[query.lane_count++] = (lane_id)lane;
            }
        }
    }
    struct timeline_view got;
    fixture_ok(timeline_read(reader, &query, &got, &err), &err);
    assert_int_equal(got.damages.count, 0);
    compare(samples, index, &w, wanted, &got.counters);
    timeline_view_deinit(&got);
}

static void test_timeline_counters_equal_the_brute_force_painter(void **state) {
    const struct fixture *fixture = *state;
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    for (uint64_t seed = 1; seed <= 6; seed++) {
        uint64_t random = seed;
        struct counter_samples samples = samples_random(
            &(struct counter_shape){.count = 20000,
                                    .lanes = seed % 3 == 0 ? LANES : 1 + (uint32_t)seed,
                                    .step_ns = seed % 2 == 0 ? 4000 : 60,
                                    .height = 2 + fixture_below(&random, 90)},
            &random);
        const int64_t run =
            store_run(db, cell, &samples, seed % 2 == 0 ? 300 : CHUNK_SPANS, &random);
        struct counter_index index;
        index_init(&index, &samples);
        for (int i = 0; i < 100; i++) {
            compare_window(reader, run, &samples, &index, &random);
        }
        free(index.order);
        samples_deinit(&samples);
    }
    assert_true(fixture_sql(fixture, "SELECT count(DISTINCT level) FROM sheet"
                                     " WHERE lane_group = -2") > 4);
    assert_true(fixture_sql(fixture,
                            "SELECT count(*) FROM counter_chunk WHERE carry IS NULL"
                            " AND seq > 0") > 10);
    assert_true(fixture_sql(fixture, "SELECT count(carry) FROM counter_chunk") > 10);
    db_reader_close(reader);
    db_close(db);
}

/* --- damage -------------------------------------------------------------------- */

/* A carry that cannot be read costs nothing, since there is one before it; a chunk costs
 * what it held. */
static void test_timeline_counters_outlive_damage(void **state) {
    const struct fixture *fixture = *state;
    struct err err = {0};
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    uint64_t random = 1;
    struct counter_samples samples = samples_random(
        &(struct counter_shape){.count = 3000, .lanes = 2, .step_ns = 60, .height = 9},
        &random);
    const int64_t run = store_run(db, cell, &samples, 500, &random);
    assert_true(fixture_sql(fixture, "SELECT count(*) FROM counter_chunk") > 5);
    fixture_sql(fixture, "UPDATE counter_chunk SET carry = zeroblob(50)"
                         " WHERE carry IS NOT NULL AND seq > 2");
    struct counter_index index;
    index_init(&index, &samples);
    for (int i = 0; i < 50; i++) {
        compare_window(reader, run, &samples, &index, &random);
    }
    free(index.order);
    fixture_sql(fixture, "UPDATE counter_chunk SET data = zeroblob(50) WHERE seq = 3");
    const struct timeline_query query = {.run = run,
                                         .from_ns = 0,
                                         .to_ns = samples.at[samples.count - 1] + 1,
                                         .pixels = 9};
    struct timeline_view got;
    fixture_ok(timeline_read(reader, &query, &got, &err), &err);
    assert_int_equal(got.damages.count, 1);
    assert_int_equal(got.damages.items[0].group, DAMAGE_COUNTERS);
    assert_int_equal(
        got.damages.items[0].from_ns,
        fixture_sql(fixture, "SELECT t0_ns FROM counter_chunk WHERE seq = 3"));
    uint64_t sum = 0;
    for (size_t i = 0; i < got.counters.count; i++) {
        sum += got.counters.merged[i];
    }
    assert_int_equal(
        sum, fixture_sql(fixture, "SELECT sum(count) FROM counter_chunk WHERE seq <> 3"));
    timeline_view_deinit(&got);
    samples_deinit(&samples);
    db_reader_close(reader);
    db_close(db);
}

static void test_timeline_counters_report_lack_of_memory(void **state) {
    const struct fixture *fixture = *state;
    struct db *db = fixture_open(fixture);
    struct db_reader *reader = fixture_reader(db);
    const int64_t cell = fixture_cell(reader, fixture_experiment(db, 1, 1));
    uint64_t random = 1;
    struct counter_samples samples = samples_random(
        &(struct counter_shape){.count = 2500, .lanes = 3, .step_ns = 60, .height = 9},
        &random);
    const int64_t run = store_run(db, cell, &samples, 400, &random);
    const struct timeline_query query = {.run = run,
                                         .from_ns = samples.at[samples.count / 2],
                                         .to_ns = INT32_MAX,
                                         .pixels = 9};
    int64_t nth = 0;
    for (;; nth++) {
        struct timeline_view got;
        memory_fail_after(nth);
        const int rc = timeline_read(reader, &query, &got, NULL);
        memory_fail_after(-1);
        if (rc == 0) {
            assert_true(got.counters.count > 0);
            timeline_view_deinit(&got);
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
    }
    assert_true(nth > 10);
    samples_deinit(&samples);
    db_reader_close(reader);
    db_close(db);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_timeline_counters_equal_the_brute_force_painter, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(test_timeline_counters_outlive_damage,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_timeline_counters_report_lack_of_memory,
                                        fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
