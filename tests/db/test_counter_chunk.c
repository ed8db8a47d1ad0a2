/* SPDX-License-Identifier: MIT */
#include "tests/db/random_counters.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "db/chunk_codec.h"
#include "engine/base/memory.h"

static struct counter_block back;

/* --- chunks -------------------------------------------------------------------- */

static void assert_same(const struct counter_chunk *a, const struct counter_chunk *b) {
    assert_int_equal(a->seq, b->seq);
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->t0_ns, b->t0_ns);
    assert_int_equal(a->t1_ns, b->t1_ns);
    for (uint32_t i = 0; i < a->count; i++) {
        assert_int_equal(a->lane[i], b->lane[i]);
        assert_int_equal(a->kind[i], b->kind[i]);
        assert_int_equal(a->at_ns[i], b->at_ns[i]);
        assert_true(a->value[i] == b->value[i]);
    }
}

/* Decodes a copy that ends where its memory does. */
static int decode(const uint8_t *data, size_t size, struct err *err) {
    uint8_t *exact = malloc(size > 0 ? size : 1);
    assert_non_null(exact);
    memcpy(exact, data, size);
    const int rc = chunk_codec_decode_counters(exact, size, &back, err);
    free(exact);
    return rc;
}

static void reseal(uint8_t *data, size_t size) {
    const uLong crc = crc32(0, data, (uInt)(size - 4));
    for (size_t i = 0; i < 4; i++) {
        data[size - 4 + i] = (uint8_t)(crc >> (8 * i));
    }
}

static size_t there_and_back(const struct counter_chunk *chunk) {
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    fixture_ok(chunk_codec_encode_counters(chunk, &bytes, &err), &err);
    fixture_ok(decode(bytes.data, bytes.size, &err), &err);
    assert_same(chunk, &back.chunk);
    for (uint32_t i = 0; i < chunk->count; i++) {
        const struct counter_key *key = &back.counters[back.counter[i]];
        assert_int_equal(key->lane, chunk->lane[i]);
        assert_int_equal(key->kind, chunk->kind[i]);
    }
    const size_t size = bytes.size;
    chunk_bytes_deinit(&bytes);
    return size;
}

static void test_counter_chunk_comes_back(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        uint64_t random = seed;
        const struct counter_shape shape = {
            .count = 1 + fixture_below(&random, CHUNK_SPANS),
            .lanes = 1 + fixture_below(&random, seed % 4 == 0 ? 5000 : 9),
            .step_ns = 1 + fixture_below(&random, 9999),
            .height = 2 + fixture_below(&random, 100),
        };
        struct counter_samples samples = samples_random(&shape, &random);
        if (samples.count > 0) {
            const struct counter_chunk chunk =
                samples_chunk(&samples, (uint32_t)seed, 0, samples.count);
            (void)there_and_back(&chunk);
        }
        samples_deinit(&samples);
    }
}

static void test_counter_chunk_takes_every_extreme(void **state) {
    (void)state;
    const lane_id lane[] = {INT32_MAX, 0, INT32_MAX, INT32_MAX};
    const uint8_t kind[] = {0, COUNTER_COUNT - 1, 0, 0};
    const sim_ns at[] = {0, 0, 1, INT64_MAX};
    const int64_t value[] = {INT64_MIN, INT64_MAX, INT64_MAX, INT64_MIN};
    const struct counter_chunk chunk = {UINT32_MAX, 4,    false, 0,    INT64_MAX,
                                        lane,       kind, at,    value};
    (void)there_and_back(&chunk);
}

/* A number that goes up and down by one takes little more than its times. */
static void test_counter_chunk_is_short(void **state) {
    (void)state;
    static lane_id lane[CHUNK_SPANS];
    static uint8_t kind[CHUNK_SPANS];
    static sim_ns at[CHUNK_SPANS];
    static int64_t value[CHUNK_SPANS];
    for (int i = 0; i < CHUNK_SPANS; i++) {
        lane[i] = 5 + i % 2;
        at[i] = 50 * i;
        value[i] = 1000 + i % 4 / 2;
    }
    const struct counter_chunk chunk = {
        0, CHUNK_SPANS, false, 0, at[CHUNK_SPANS - 1], lane, kind, at, value};
    assert_in_range(there_and_back(&chunk), 1, 3 * CHUNK_SPANS + 100);
}

/* --- the format ---------------------------------------------------------------- */

static const lane_id frozen_lane[] = {3, 7, 3, 7};
static const uint8_t frozen_kind[] = {COUNTER_QUEUE_ITEMS, COUNTER_GIL_WAITERS,
                                      COUNTER_QUEUE_ITEMS, COUNTER_GIL_WAITERS};
static const sim_ns frozen_at[] = {1000, 1010, 1010, 1300};
static const int64_t frozen_value[] = {5, 1, 4, 0};
static const struct counter_chunk frozen_chunk = {
    2, 4, false, 1000, 1300, frozen_lane, frozen_kind, frozen_at, frozen_value};

/* Worked out by hand from the specification; the checksum by another program. */
static const char frozen_text[] = /* header */
    "47 53 63 74 01 00 00 00 00 00 00 00 02 00 00 00 "
    "e8 03 00 00 00 00 00 00 14 05 00 00 00 00 00 00 04 00 02 00 "
    "00 02 00 00 00 06 08 "          /* lane of the counters */
    "00 02 00 00 00 06 03 "          /* kind */
    "00 04 00 00 00 00 02 01 02 "    /* counter of the samples */
    "00 05 00 00 00 00 14 00 c4 04 " /* at */
    "00 04 00 00 00 0a 07 03 00 "    /* change */
    "b2 df f0 32 ";                  /* checksum */
enum { FROZEN_BYTES = (sizeof frozen_text - 1) / 3 };
enum { AT_LANE = 36, AT_KIND = 43, AT_COUNTER = 50, AT_AT = 59, AT_CHANGE = 69 };

static void frozen_bytes(uint8_t out[FROZEN_BYTES]) {
    for (size_t i = 0; i < FROZEN_BYTES; i++) {
        out[i] = (uint8_t)strtol(frozen_text + 3 * i, NULL, 16);
    }
}

static void test_counter_chunk_writes_the_frozen_bytes(void **state) {
    (void)state;
    uint8_t frozen[FROZEN_BYTES];
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    frozen_bytes(frozen);
    fixture_ok(chunk_codec_encode_counters(&frozen_chunk, &bytes, &err), &err);
    assert_int_equal(bytes.size, sizeof frozen);
    assert_memory_equal(bytes.data, frozen, sizeof frozen);
    fixture_ok(decode(frozen, sizeof frozen, &err), &err);
    assert_same(&frozen_chunk, &back.chunk);
    chunk_bytes_deinit(&bytes);
}

/* --- damage -------------------------------------------------------------------- */

static void test_counter_chunk_refuses_every_truncation(void **state) {
    (void)state;
    uint8_t bytes[FROZEN_BYTES];
    for (size_t size = 0; size < sizeof bytes; size++) {
        frozen_bytes(bytes);
        assert_int_equal(decode(bytes, size, NULL), ERR_CORRUPT);
        if (size >= 4) { /* the columns themselves must notice */
            reseal(bytes, size);
            assert_int_equal(decode(bytes, size, NULL), ERR_CORRUPT);
        }
    }
}

static void test_counter_chunk_refuses_every_bit_flip(void **state) {
    (void)state;
    uint8_t bytes[FROZEN_BYTES];
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        frozen_bytes(bytes);
        bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        assert_int_equal(decode(bytes, sizeof bytes, NULL), ERR_CORRUPT);
    }
}

/* Several bytes are wrong and the checksum is right: what is accepted can be written. */
static void test_counter_chunk_survives_forged_ones(void **state) {
    (void)state;
    uint64_t random = 3;
    int accepted = 0;
    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[FROZEN_BYTES];
        frozen_bytes(bytes);
        for (uint32_t n = 1 + fixture_below(&random, 3); n > 0; n--) {
            bytes[36 + fixture_below(&random, FROZEN_BYTES - 40)] =
                (uint8_t)fixture_below(&random,
                                       fixture_below(&random, 2) == 0 ? 12 : 256);
        }
        reseal(bytes, sizeof bytes);
        const int rc = decode(bytes, sizeof bytes, NULL);
        assert_true(rc == 0 || rc == ERR_CORRUPT);
        if (rc == 0) {
            const struct counter_block first = back;
            struct counter_chunk chunk = back.chunk;
            chunk.lane = first.lane;
            chunk.kind = first.kind;
            chunk.at_ns = first.at_ns;
            chunk.value = first.value;
            (void)there_and_back(&chunk);
            accepted++;
        }
    }
    assert_true(accepted > 100);
}

static void test_counter_chunk_names_what_is_wrong(void **state) {
    (void)state;
    static const struct {
        size_t at;
        uint8_t byte;
        const char *why;
    } cases[] = {
        {3, 'p', "magic"},
        {4, 2, "format version 2"},
        {32, 0, "number of rows"},
        {34, 0, "number of kinds"},
        {34, 5, "number of kinds"},
        {23, 0x80, "wrong times"},
        {AT_LANE + 5, 1, "'counter.lane' is out of range"},
        {AT_KIND + 5, 2 * COUNTER_COUNT, "'counter.kind' is out of range"},
        {AT_COUNTER + 5, 4, "'counter' is out of range"},
        {AT_AT + 5, 1, "outside the time"},
        {AT_AT + 7, 1, "out of order"},
        {AT_CHANGE + 7, 1, "does not change"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = {0};
        uint8_t bytes[FROZEN_BYTES];
        frozen_bytes(bytes);
        bytes[cases[i].at] = cases[i].byte;
        reseal(bytes, sizeof bytes);
        assert_int_equal(decode(bytes, sizeof bytes, &err), ERR_CORRUPT);
        if (strstr(err.text, cases[i].why) == NULL) {
            fail_msg("case %zu: '%s'", i, err.text);
        }
    }
}

static void test_counter_chunk_has_each_counter_once_in_order(void **state) {
    (void)state;
    static const uint8_t turned[] = {2, 1, 0, 0}; /* 1, 0, 0, 0 */
    struct err err = {0};
    uint8_t bytes[FROZEN_BYTES];
    frozen_bytes(bytes);
    memcpy(bytes + AT_COUNTER + 5, turned, sizeof turned);
    reseal(bytes, sizeof bytes);
    assert_int_equal(decode(bytes, sizeof bytes, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.text, "counters out of order"));
    err_clear(&err);
    memset(bytes + AT_COUNTER + 5, 0, sizeof turned);
    reseal(bytes, sizeof bytes);
    assert_int_equal(decode(bytes, sizeof bytes, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.text, "without samples"));
    err_clear(&err);
    frozen_bytes(bytes);
    bytes[AT_LANE + 6] = 0;
    bytes[AT_KIND + 6] = 0;
    reseal(bytes, sizeof bytes);
    assert_int_equal(decode(bytes, sizeof bytes, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.text, "there twice"));
}

/* --- limits -------------------------------------------------------------------- */

static void refuse(const struct counter_chunk *chunk, const char *why) {
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    assert_int_equal(chunk_codec_encode_counters(chunk, &bytes, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, why));
    assert_int_equal(bytes.size, 0);
}

static void test_counter_chunk_writes_no_invalid_one(void **state) {
    (void)state;
    struct counter_chunk chunk = frozen_chunk;
    chunk.count = 0;
    refuse(&chunk, "0 rows");
    chunk = frozen_chunk;
    chunk.t1_ns = 1299;
    refuse(&chunk, "outside the time");
    static const lane_id negative[] = {3, 7, 3, -1};
    chunk = frozen_chunk;
    chunk.lane = negative;
    refuse(&chunk, "a negative lane");
    static const uint8_t unknown[] = {COUNTER_COUNT, 1, 3, 1};
    chunk = frozen_chunk;
    chunk.kind = unknown;
    refuse(&chunk, "an unknown kind");
    static const int64_t same[] = {5, 1, 5, 0};
    chunk = frozen_chunk;
    chunk.value = same;
    refuse(&chunk, "does not change");
    static const sim_ns at_once[] = {1010, 1010, 1010, 1300};
    chunk = frozen_chunk;
    chunk.at_ns = at_once;
    refuse(&chunk, "does not change");
}

static void test_counter_chunk_reports_lack_of_memory(void **state) {
    (void)state;
    struct chunk_bytes bytes = {0};
    memory_fail_after(0);
    assert_int_equal(chunk_codec_encode_counters(&frozen_chunk, &bytes, NULL), ERR_NOMEM);
    memory_fail_after(-1);
    assert_int_equal(bytes.size, 0);
    chunk_bytes_deinit(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counter_chunk_comes_back),
        cmocka_unit_test(test_counter_chunk_takes_every_extreme),
        cmocka_unit_test(test_counter_chunk_is_short),
        cmocka_unit_test(test_counter_chunk_writes_the_frozen_bytes),
        cmocka_unit_test(test_counter_chunk_refuses_every_truncation),
        cmocka_unit_test(test_counter_chunk_refuses_every_bit_flip),
        cmocka_unit_test(test_counter_chunk_survives_forged_ones),
        cmocka_unit_test(test_counter_chunk_names_what_is_wrong),
        cmocka_unit_test(test_counter_chunk_has_each_counter_once_in_order),
        cmocka_unit_test(test_counter_chunk_writes_no_invalid_one),
        cmocka_unit_test(test_counter_chunk_reports_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
