/* SPDX-License-Identifier: MIT */
#include "tests/support/test.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "db/block_cache_priv.h"
#include "engine/base/memory.h"

/* --- rows ---------------------------------------------------------------------- */

enum { NODES = 100, SPANS = 1000 };

/* A sheet of one lane, whose nodes have so many short spans each. */
static void encode_sheet(struct chunk_bytes *out, unsigned level, uint32_t ended) {
    struct sheet sheet = {.level = level, .t1_ns = (sim_ns)NODES << level};
    struct err err = {0};
    assert_int_equal(sheet_reserve(&sheet, NODES, NODES, 0), 0);
    for (uint32_t i = 0; i < NODES; i++) {
        sheet.place[i] = 0;
        sheet.cell[i] = i;
        sheet.mask[i] = 1;
        sheet.ended[i] = ended;
        sheet.times[i] = 1;
    }
    sheet.count = sheet.time_count = NODES;
    assert_int_equal(sheet_codec_encode(&sheet, out, &err), 0);
    sheet_deinit(&sheet);
}

/* A chunk of spans of one state of 10 ns each. */
static void encode_chunk(struct chunk_bytes *out, uint8_t state) {
    static const struct lane_before before = {.lane = 0, .since_ns = 0};
    static lane_id lane[SPANS], none[SPANS];
    static site_id site[SPANS];
    static sim_ns start[SPANS], end[SPANS];
    static uint8_t states[SPANS];
    for (int i = 0; i < SPANS; i++) {
        lane[i] = 0;
        none[i] = LANE_NONE;
        site[i] = SITE_NONE;
        start[i] = 10 * i;
        end[i] = 10 * i + 10;
        states[i] = state;
    }
    const struct span_chunk chunk = {.count = SPANS,
                                     .before_count = 1,
                                     .t1_ns = 10 * SPANS,
                                     .before = &before,
                                     .lane = lane,
                                     .start_ns = start,
                                     .end_ns = end,
                                     .state = states,
                                     .resource = none,
                                     .by = none,
                                     .site = site};
    struct err err = {0};
    assert_int_equal(chunk_codec_encode_spans(&chunk, out, &err), 0);
}

static void encode_instant(struct chunk_bytes *out, uint8_t kind) {
    static const lane_id lane = 0, none = LANE_NONE;
    static const sim_ns at = 7;
    const struct instant_chunk chunk = {.count = 1,
                                        .t0_ns = at,
                                        .t1_ns = at,
                                        .lane = &lane,
                                        .at_ns = &at,
                                        .kind = &kind,
                                        .by = &none};
    struct err err = {0};
    assert_int_equal(chunk_codec_encode_instants(&chunk, out, &err), 0);
}

static struct block_row row_of(int64_t id, const struct chunk_bytes *bytes) {
    return (struct block_row){.id = id, .data = bytes->data, .size = bytes->size};
}

/* --- a cache and two readers ----------------------------------------------------- */

struct reading {
    struct block_cache *cache;
    struct block_hold a, b;
    struct chunk_bytes sheet, other_sheet; /* of 7 and 8 spans */
    struct chunk_bytes chunk, other_chunk; /* IO and sleep */
    size_t sheet_bytes, spans_bytes;       /* decoded */
};

static const struct sheet_block *get_sheet(struct block_hold *hold, int64_t id,
                                           const struct chunk_bytes *bytes) {
    const struct block_row row = row_of(id, bytes);
    const struct decoded *decoded = NULL;
    struct err err = {0};
    assert_int_equal(block_cache_get(hold, DECODED_SHEET, &row, &decoded, &err), 0);
    return &decoded->as.sheet;
}

static const struct decoded_spans *get_spans(struct block_hold *hold, int64_t id,
                                             const struct chunk_bytes *bytes) {
    const struct block_row row = row_of(id, bytes);
    const struct decoded *decoded = NULL;
    struct err err = {0};
    assert_int_equal(block_cache_get(hold, DECODED_SPANS, &row, &decoded, &err), 0);
    return &decoded->as.spans;
}

static const struct decoded_lanes *get_lanes(struct block_hold *hold, int64_t id,
                                             const struct chunk_bytes *bytes) {
    const struct block_row row = row_of(id, bytes);
    const struct decoded *decoded = NULL;
    struct err err = {0};
    assert_int_equal(block_cache_get(hold, DECODED_LANES, &row, &decoded, &err), 0);
    return &decoded->as.lanes;
}

static size_t decoded(const struct reading *r) {
    return block_cache_use(r->cache).decoded;
}

static struct reading *reading_create(size_t bytes) {
    struct reading *r = calloc(1, sizeof *r);
    struct err err = {0};
    assert_non_null(r);
    encode_sheet(&r->sheet, 3, 7);
    encode_sheet(&r->other_sheet, 3, 8);
    encode_chunk(&r->chunk, STATE_IO);
    encode_chunk(&r->other_chunk, STATE_SLEEP);
    assert_int_equal(block_cache_create(&r->cache, bytes, &err), 0);
    r->a.cache = r->b.cache = r->cache;
    return r;
}

static void reading_destroy(struct reading *r) {
    block_hold_deinit(&r->a);
    block_hold_deinit(&r->b);
    block_cache_destroy(r->cache);
    chunk_bytes_deinit(&r->sheet);
    chunk_bytes_deinit(&r->other_sheet);
    chunk_bytes_deinit(&r->chunk);
    chunk_bytes_deinit(&r->other_chunk);
    free(r);
}

/* --- tests --------------------------------------------------------------------- */

static void test_block_cache_decodes_once_for_all_readers(void **state) {
    (void)state;
    struct reading *r = reading_create(BLOCK_CACHE_BYTES);
    const struct sheet_block *first = get_sheet(&r->a, 1, &r->sheet);
    const struct decoded_spans *spans = get_spans(&r->b, 1, &r->chunk);
    assert_int_equal(spans->chunk.state[SPANS - 1], STATE_IO);
    assert_int_equal(spans->chunk.start_ns[SPANS - 1], 10 * SPANS - 10);
    assert_int_equal(spans->chunk.resource[0], LANE_NONE);
    assert_int_equal(spans->since_ns[0], 10 * SPANS);
    assert_int_equal(decoded(r), 2); /* the tables have ids of their own */
    assert_ptr_equal(get_sheet(&r->b, 1, &r->sheet), first);
    assert_int_equal(first->nodes[NODES - 1].ended, 7);
    assert_ptr_equal(get_spans(&r->a, 1, &r->chunk), spans);
    assert_int_equal(decoded(r), 2);
    reading_destroy(r);
}

/* The same row, in another order. */
static void test_block_cache_keeps_lanes(void **state) {
    (void)state;
    struct reading *r = reading_create(BLOCK_CACHE_BYTES);
    const struct decoded_lanes *lanes = get_lanes(&r->a, 1, &r->chunk);
    get_spans(&r->b, 1, &r->chunk);
    assert_int_equal(decoded(r), 2);
    assert_ptr_equal(get_lanes(&r->b, 1, &r->chunk), lanes);
    assert_int_equal(decoded(r), 2);
    assert_int_equal(lanes->first[0], 0);
    assert_int_equal(lanes->first[1], SPANS);
    assert_int_equal(lanes->first[LANE_GROUP_LANES], SPANS);
    assert_int_equal(lanes->spans.since_ns[0], 10 * SPANS);
    assert_int_equal(decoded_lanes_start(lanes, 0, 0), 0);
    const uint32_t last = decoded_lanes_after(lanes, 0, 10 * SPANS - 1);
    const struct long_span span = decoded_lanes_span(lanes, 0, last);
    assert_int_equal(last, SPANS - 1);
    assert_int_equal(span.start_ns, 10 * SPANS - 10);
    assert_int_equal(span.end_ns, 10 * SPANS);
    assert_int_equal(span.state, STATE_IO);
    assert_int_equal(decoded_lanes_after(lanes, 0, 10 * SPANS), SPANS);
    reading_destroy(r);
}

static void test_block_cache_keeps_points(void **state) {
    (void)state;
    struct reading *r = reading_create(BLOCK_CACHE_BYTES);
    struct chunk_bytes bytes = {0};
    const struct decoded *got = NULL;
    encode_instant(&bytes, INSTANT_SLOW_CALLBACK);
    const struct block_row row = row_of(1, &bytes);
    for (int i = 0; i < 2; i++) {
        struct block_hold *hold = i == 0 ? &r->a : &r->b;
        assert_int_equal(block_cache_get(hold, DECODED_INSTANTS, &row, &got, NULL), 0);
        assert_int_equal(got->as.instants.count, 1);
        assert_int_equal(got->as.instants.kind[0], INSTANT_SLOW_CALLBACK);
        assert_int_equal(got->as.instants.at_ns[0], 7);
    }
    assert_int_equal(decoded(r), 1);
    /* Bytes of one kind are not those of another. */
    assert_int_equal(block_cache_get(&r->a, DECODED_COUNTERS, &row, &got, NULL),
                     ERR_CORRUPT);
    chunk_bytes_deinit(&bytes);
    reading_destroy(r);
}

/* As when a timeline is removed and another one gets the ids of its rows: one reader has seen
 * that, another one still sees the old one. */
static void test_block_cache_sees_that_a_row_is_another_one(void **state) {
    (void)state;
    struct reading *r = reading_create(BLOCK_CACHE_BYTES);
    assert_int_equal(r->sheet.size, r->other_sheet.size);
    assert_int_equal(r->chunk.size, r->other_chunk.size);
    for (int turn = 0; turn < 4; turn++) {
        const struct sheet_block *old = get_sheet(&r->a, 1, &r->sheet);
        assert_int_equal(get_sheet(&r->b, 1, &r->other_sheet)->nodes[0].ended, 8);
        assert_int_equal(old->nodes[0].ended, 7); /* as long as it is held */
        assert_int_equal(get_spans(&r->a, 1, &r->chunk)->chunk.state[0], STATE_IO);
        assert_int_equal(get_spans(&r->b, 1, &r->other_chunk)->chunk.state[0],
                         STATE_SLEEP);
        assert_int_equal(block_cache_use(r->cache).blocks, 2);
    }
    reading_destroy(r);
}

/* How much one decoded chunk and one sheet take. */
static void measure(struct reading *r) {
    get_sheet(&r->a, 1, &r->sheet);
    r->sheet_bytes = block_cache_use(r->cache).bytes;
    get_spans(&r->a, 1, &r->chunk);
    r->spans_bytes = block_cache_use(r->cache).bytes - r->sheet_bytes;
}

/* Chunks come and go in what room there is; the sheet stays until it was not asked for for
 * long. */
static void test_block_cache_is_bounded(void **state) {
    (void)state;
    struct reading *r = reading_create(BLOCK_CACHE_BYTES);
    measure(r);
    const size_t room = r->sheet_bytes + 2 * r->spans_bytes;
    block_cache_resize(r->cache, room);
    const size_t before = decoded(r);
    get_sheet(&r->a, 1, &r->sheet);
    for (int64_t id = 1; id <= 20; id++) {
        get_spans(id % 2 == 0 ? &r->a : &r->b, id, &r->chunk);
        assert_true(block_cache_use(r->cache).bytes <= room);
    }
    assert_int_equal(block_cache_use(r->cache).blocks, 3);
    assert_int_equal(decoded(r), before + 21);
    get_spans(&r->a, 19, &r->chunk);
    get_spans(&r->b, 20, &r->chunk);
    get_sheet(&r->a, 1, &r->sheet);
    assert_int_equal(decoded(r), before + 21);
    for (int64_t id = 1; id <= 1000; id++) {
        get_spans(&r->a, id, &r->chunk);
    }
    const size_t late = decoded(r);
    get_sheet(&r->a, 1, &r->sheet);
    assert_int_equal(decoded(r), late + 1);
    reading_destroy(r);
}

static void test_block_cache_gives_a_block_that_is_too_large(void **state) {
    (void)state;
    struct reading *r = reading_create(1);
    for (int64_t id = 0; id < 10; id++) {
        const bool other = id % 2 != 0;
        const struct decoded_spans *spans =
            get_spans(&r->a, id, other ? &r->other_chunk : &r->chunk);
        assert_int_equal(spans->chunk.state[0], other ? STATE_SLEEP : STATE_IO);
        assert_int_equal(block_cache_use(r->cache).blocks, 0);
    }
    reading_destroy(r);
}

static void test_block_cache_does_not_keep_what_is_damaged(void **state) {
    (void)state;
    struct reading *r = reading_create(BLOCK_CACHE_BYTES);
    struct err err = {0};
    const struct decoded *got = NULL;
    get_sheet(&r->a, 1, &r->sheet);
    block_hold_deinit(&r->a);
    r->a.cache = r->cache;
    struct block_row row = row_of(1, &r->sheet);
    row.size--;
    assert_int_equal(block_cache_get(&r->a, DECODED_SHEET, &row, &got, &err),
                     ERR_CORRUPT);
    row.size = 0;
    assert_int_equal(block_cache_get(&r->a, DECODED_SHEET, &row, &got, &err),
                     ERR_CORRUPT);
    assert_int_equal(block_cache_get(&r->a, DECODED_SPANS, &row, &got, &err),
                     ERR_CORRUPT);
    assert_int_equal(block_cache_get(&r->a, DECODED_LANES, &row, &got, &err),
                     ERR_CORRUPT);
    assert_null(got);
    assert_int_equal(block_cache_use(r->cache).blocks, 0);
    assert_int_equal(block_cache_use(r->cache).bytes, 0);
    assert_int_equal(get_sheet(&r->a, 1, &r->sheet)->count, NODES);
    reading_destroy(r);
}

static void test_block_cache_survives_a_lack_of_memory(void **state) {
    (void)state;
    struct reading *r = reading_create(BLOCK_CACHE_BYTES);
    measure(r);
    block_cache_resize(r->cache, 2 * r->spans_bytes);
    int64_t failures = 0;
    for (int64_t id = 1; id <= 60; id++) {
        static const enum decoded_kind kinds[3] = {DECODED_SHEET, DECODED_SPANS,
                                                   DECODED_LANES};
        const struct block_row row = row_of(id, id % 3 == 0 ? &r->sheet : &r->chunk);
        const struct decoded *got = NULL;
        struct err err = {0};
        memory_fail_after(id % 10);
        const int rc = block_cache_get(&r->a, kinds[id % 3], &row, &got, &err);
        memory_fail_after(-1);
        failures += rc != 0;
        assert_int_equal(rc, rc == 0 ? 0 : ERR_NOMEM);
        assert_int_equal(rc == 0, got != NULL);
        assert_int_equal(get_sheet(&r->b, id, &r->sheet)->nodes[1].ended, 7);
        assert_int_equal(get_spans(&r->b, id, &r->chunk)->chunk.state[0], STATE_IO);
    }
    assert_in_range(failures, 10, 59);
    reading_destroy(r);
}

/* --- several threads -------------------------------------------------------------- */

enum { THREADS = 4, QUESTIONS = 2000, IDS = 12 };

struct asker {
    pthread_t thread;
    struct reading *reading;
    uint64_t random;
    size_t wrong;
};

/* Half of the rows become others all the time, as if each thread saw another state of the
 * store. */
static void *ask(void *context) {
    struct asker *asker = context;
    struct reading *r = asker->reading;
    struct block_hold hold = {.cache = r->cache};
    for (int i = 0; i < QUESTIONS; i++) {
        asker->random =
            asker->random * UINT64_C(6364136223846793005) + 1442695040888963407;
        const uint64_t draw = asker->random >> 33;
        const int64_t id = (int64_t)(draw % IDS);
        const bool other = id % 2 == 0 && (draw >> 8 & 1) != 0;
        const struct chunk_bytes *chunk = other ? &r->other_chunk : &r->chunk;
        const struct block_row rows[2] = {
            row_of(id, chunk), row_of(id, other ? &r->other_sheet : &r->sheet)};
        const uint8_t state = other ? STATE_SLEEP : STATE_IO;
        const struct decoded *got = NULL;
        int rc = 0;
        switch (draw >> 9 & 3) {
        case 0:
            rc = block_cache_get(&hold, DECODED_SHEET, &rows[1], &got, NULL);
            asker->wrong += rc != 0 || got->as.sheet.nodes[NODES - 1].ended != 7U + other;
            break;
        case 1:
            rc = block_cache_get(&hold, DECODED_SPANS, &rows[0], &got, NULL);
            asker->wrong += rc != 0 || got->as.spans.chunk.state[SPANS - 1] != state;
            break;
        default:
            rc = block_cache_get(&hold, DECODED_LANES, &rows[0], &got, NULL);
            asker->wrong +=
                rc != 0 || decoded_lanes_span(&got->as.lanes, 0, 0).state != state;
            break;
        }
    }
    block_hold_deinit(&hold);
    return NULL;
}

static void ask_together(size_t bytes) {
    struct reading *r = reading_create(bytes);
    struct asker askers[THREADS];
    for (uint64_t i = 0; i < THREADS; i++) {
        askers[i] = (struct asker){.reading = r, .random = i + 1};
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(askers[i].thread, NULL), 0);
        assert_int_equal(askers[i].wrong, 0);
    }
    const struct block_cache_use use = block_cache_use(r->cache);
    assert_true(use.bytes <= bytes);
    assert_true(use.blocks <= 3 * IDS); /* none twice */
    reading_destroy(r);
}

static void test_block_cache_serves_threads(void **state) {
    (void)state;
    ask_together(BLOCK_CACHE_BYTES); /* all shards, room for all */
    ask_together(100 * 1000);        /* room for few */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block_cache_decodes_once_for_all_readers),
        cmocka_unit_test(test_block_cache_keeps_lanes),
        cmocka_unit_test(test_block_cache_keeps_points),
        cmocka_unit_test(test_block_cache_sees_that_a_row_is_another_one),
        cmocka_unit_test(test_block_cache_is_bounded),
        cmocka_unit_test(test_block_cache_gives_a_block_that_is_too_large),
        cmocka_unit_test(test_block_cache_does_not_keep_what_is_damaged),
        cmocka_unit_test(test_block_cache_survives_a_lack_of_memory),
        cmocka_unit_test(test_block_cache_serves_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
