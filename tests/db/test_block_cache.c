/* SPDX-License-Identifier: MIT */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "db/block_cache_priv.h"
#include "engine/base/memory.h"

/* --- rows ---------------------------------------------------------------------- */

enum { NODES = 100 };

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

/* A chunk of one span of a state. */
static void encode_chunk(struct chunk_bytes *out, uint8_t state) {
    static const struct lane_before before = {.lane = 0, .since_ns = 0};
    static const lane_id lane = 0, none = LANE_NONE;
    static const sim_ns start = 0, end = 10;
    static const site_id site = SITE_NONE;
    const struct span_chunk chunk = {.count = 1,
                                     .before_count = 1,
                                     .t1_ns = 10,
                                     .before = &before,
                                     .lane = &lane,
                                     .start_ns = &start,
                                     .end_ns = &end,
                                     .state = &state,
                                     .resource = &none,
                                     .by = &none,
                                     .site = &site};
    struct err err = {0};
    assert_int_equal(chunk_codec_encode_spans(&chunk, out, &err), 0);
}

static struct block_row row_of(int64_t id, const struct chunk_bytes *bytes) {
    return (struct block_row){.id = id, .data = bytes->data, .size = bytes->size};
}

static const struct sheet_block *get_sheet(struct block_cache *cache, int64_t id,
                                           const struct chunk_bytes *bytes) {
    const struct block_row row = row_of(id, bytes);
    const struct sheet_block *sheet = NULL;
    struct err err = {0};
    assert_int_equal(block_cache_sheet(cache, &row, &sheet, &err), 0);
    return sheet;
}

static const struct span_block *get_spans(struct block_cache *cache, int64_t id,
                                          const struct chunk_bytes *bytes) {
    const struct block_row row = row_of(id, bytes);
    const struct span_block *spans = NULL;
    struct err err = {0};
    assert_int_equal(block_cache_spans(cache, &row, &spans, &err), 0);
    return spans;
}

/* --- tests --------------------------------------------------------------------- */

static void test_block_cache_decodes_once(void **state) {
    (void)state;
    struct block_cache cache = {0};
    struct chunk_bytes sheet = {0}, chunk = {0};
    encode_sheet(&sheet, 3, 7);
    encode_chunk(&chunk, STATE_IO);
    const struct sheet_block *first = get_sheet(&cache, 1, &sheet);
    const struct block_row row = row_of(1, &chunk);
    const struct span_block *kinds = NULL;
    assert_int_equal(block_cache_kinds(&cache, &row, &kinds, NULL), 0);
    assert_int_equal(kinds->kinds[kinds->kind[0]].state, STATE_IO);
    assert_int_equal(cache.decoded, 2); /* the tables have ids of their own */
    assert_ptr_equal(get_sheet(&cache, 1, &sheet), first);
    assert_int_equal(first->nodes[NODES - 1].ended, 7);
    assert_ptr_equal(get_spans(&cache, 1, &chunk), kinds);
    assert_int_equal(kinds->chunk.state[0], STATE_IO); /* added to what was there */
    assert_int_equal(cache.decoded, 2);
    block_cache_deinit(&cache);
    chunk_bytes_deinit(&sheet);
    chunk_bytes_deinit(&chunk);
}

/* As when a timeline is removed and another one gets the ids of its rows. */
static void test_block_cache_sees_that_a_row_is_another_one(void **state) {
    (void)state;
    struct block_cache cache = {0};
    struct chunk_bytes sheets[2] = {0}, chunks[2] = {0};
    for (uint32_t i = 0; i < 2; i++) {
        encode_sheet(&sheets[i], 3, 7 + i);
        encode_chunk(&chunks[i], (uint8_t)(STATE_IO + i));
    }
    assert_int_equal(sheets[0].size, sheets[1].size);
    assert_int_equal(chunks[0].size, chunks[1].size);
    for (uint32_t turn = 0; turn < 4; turn++) {
        const uint32_t i = turn % 2;
        assert_int_equal(get_sheet(&cache, 1, &sheets[i])->nodes[0].ended, 7 + i);
        assert_int_equal(get_spans(&cache, 1, &chunks[i])->state[0], STATE_IO + i);
        assert_int_equal(cache.count, 2);
    }
    block_cache_deinit(&cache);
    for (uint32_t i = 0; i < 2; i++) {
        chunk_bytes_deinit(&sheets[i]);
        chunk_bytes_deinit(&chunks[i]);
    }
}

/* Chunks come and go in what room there is; the sheet stays until it was not asked for for
 * long. */
static void test_block_cache_is_bounded(void **state) {
    (void)state;
    struct block_cache cache = {.at_most = 3 * sizeof(struct span_block)};
    struct chunk_bytes sheet = {0}, chunk = {0};
    encode_sheet(&sheet, 1, 7);
    encode_chunk(&chunk, STATE_IO);
    get_sheet(&cache, 1, &sheet);
    for (int64_t id = 1; id <= 20; id++) {
        get_spans(&cache, id, &chunk);
        assert_true(cache.bytes <= cache.at_most);
    }
    assert_int_equal(cache.count, 3);
    assert_int_equal(cache.decoded, 21);
    get_spans(&cache, 19, &chunk);
    get_spans(&cache, 20, &chunk);
    get_sheet(&cache, 1, &sheet);
    assert_int_equal(cache.decoded, 21);
    for (int64_t id = 1; id <= 1000; id++) {
        get_spans(&cache, id, &chunk);
    }
    assert_int_equal(cache.count, 3);
    cache.decoded = 0;
    get_sheet(&cache, 1, &sheet);
    assert_int_equal(cache.decoded, 1);
    block_cache_deinit(&cache);
    chunk_bytes_deinit(&sheet);
    chunk_bytes_deinit(&chunk);
}

static void test_block_cache_gives_a_block_that_is_too_large(void **state) {
    (void)state;
    struct block_cache cache = {.at_most = 1};
    struct chunk_bytes chunks[2] = {0};
    encode_chunk(&chunks[0], STATE_IO);
    encode_chunk(&chunks[1], STATE_SLEEP);
    for (int64_t id = 0; id < 10; id++) {
        const struct span_block *spans = get_spans(&cache, id, &chunks[id % 2]);
        assert_int_equal(spans->state[0], id % 2 == 0 ? STATE_IO : STATE_SLEEP);
        assert_int_equal(cache.count, 1);
    }
    block_cache_deinit(&cache);
    chunk_bytes_deinit(&chunks[0]);
    chunk_bytes_deinit(&chunks[1]);
}

static void test_block_cache_does_not_keep_what_is_damaged(void **state) {
    (void)state;
    struct block_cache cache = {0};
    struct chunk_bytes sheet = {0};
    struct err err = {0};
    const struct sheet_block *got = NULL;
    const struct span_block *spans = NULL;
    encode_sheet(&sheet, 3, 7);
    get_sheet(&cache, 1, &sheet);
    struct block_row row = row_of(1, &sheet);
    row.size--;
    assert_int_equal(block_cache_sheet(&cache, &row, &got, &err), ERR_CORRUPT);
    row.size = 0;
    assert_int_equal(block_cache_sheet(&cache, &row, &got, &err), ERR_CORRUPT);
    assert_int_equal(block_cache_spans(&cache, &row, &spans, &err), ERR_CORRUPT);
    assert_null(got);
    assert_int_equal(cache.count, 0);
    assert_int_equal(cache.bytes, 0);
    assert_int_equal(get_sheet(&cache, 1, &sheet)->count, NODES);
    block_cache_deinit(&cache);
    chunk_bytes_deinit(&sheet);
}

static void test_block_cache_survives_a_lack_of_memory(void **state) {
    (void)state;
    struct block_cache cache = {.at_most = 2 * sizeof(struct span_block)};
    struct chunk_bytes sheet = {0}, chunk = {0};
    encode_sheet(&sheet, 3, 7);
    encode_chunk(&chunk, STATE_IO);
    int64_t failures = 0;
    for (int64_t id = 1; id <= 40; id++) {
        const struct block_row rows[2] = {row_of(id, &sheet), row_of(id, &chunk)};
        const struct sheet_block *got = NULL;
        const struct span_block *spans = NULL;
        struct err err = {0};
        memory_fail_after(id % 10);
        const int rc = id % 2 == 0 ? block_cache_sheet(&cache, &rows[0], &got, &err)
                                   : block_cache_spans(&cache, &rows[1], &spans, &err);
        memory_fail_after(-1);
        failures += rc != 0;
        assert_int_equal(rc, rc == 0 ? 0 : ERR_NOMEM);
        assert_int_equal(rc == 0, got != NULL || spans != NULL);
        assert_int_equal(get_sheet(&cache, id, &sheet)->nodes[1].ended, 7);
        assert_int_equal(get_spans(&cache, id, &chunk)->state[0], STATE_IO);
    }
    assert_in_range(failures, 10, 39);
    block_cache_deinit(&cache);
    chunk_bytes_deinit(&sheet);
    chunk_bytes_deinit(&chunk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block_cache_decodes_once),
        cmocka_unit_test(test_block_cache_sees_that_a_row_is_another_one),
        cmocka_unit_test(test_block_cache_is_bounded),
        cmocka_unit_test(test_block_cache_gives_a_block_that_is_too_large),
        cmocka_unit_test(test_block_cache_does_not_keep_what_is_damaged),
        cmocka_unit_test(test_block_cache_survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
