/* SPDX-License-Identifier: MIT */
#include "tests/db/fixture.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "db/chunk_codec.h"
#include "engine/base/memory.h"

/* Columns that a test fills; `chunk` points into them as in a decoded block. */
struct columns {
    struct span_block spans;
    struct instant_block instants;
    struct span_block spans_back;
    struct instant_block instants_back;
};

static int setup(void **state) {
    struct columns *columns = calloc(1, sizeof *columns);
    if (columns == NULL) {
        return -1;
    }
    struct span_block *s = &columns->spans;
    s->chunk.lane = s->lane;
    s->chunk.start_ns = s->start_ns;
    s->chunk.end_ns = s->end_ns;
    s->chunk.state = s->state;
    s->chunk.resource = s->resource;
    s->chunk.by = s->by;
    s->chunk.site = s->site;
    struct instant_block *i = &columns->instants;
    i->chunk.lane = i->lane;
    i->chunk.at_ns = i->at_ns;
    i->chunk.kind = i->kind;
    i->chunk.by = i->by;
    *state = columns;
    return 0;
}

static int teardown(void **state) {
    free(*state);
    return 0;
}

/* --- making chunks ------------------------------------------------------------- */

/* -1 or anything up to INT32_MAX, small numbers more often. */
static int32_t any_reference(uint64_t *random) {
    switch (fixture_below(random, 4)) {
    case 0:
        return -1;
    case 1:
        return INT32_MAX - (int32_t)fixture_below(random, 3);
    default:
        return (int32_t)fixture_below(random, 200);
    }
}

/* Spans that need not fit together: the codec keeps whatever is valid row by row. */
static void random_spans(struct span_block *s, uint64_t *random, uint32_t count) {
    s->chunk.group = fixture_below(random, 3) == 0
                         ? (uint32_t)INT32_MAX / LANE_GROUP_LANES
                         : fixture_below(random, 5);
    s->chunk.seq = (uint32_t)fixture_random(random);
    s->chunk.count = count;
    const bool is_wild = fixture_below(random, 2) == 0;
    sim_ns end = is_wild ? INT64_MIN + 2 : (sim_ns)fixture_below(random, 1000) + 1;
    const sim_ns before = is_wild ? INT64_MIN : 0;
    for (uint32_t i = 0; i < count; i++) {
        const sim_ns step = is_wild ? (sim_ns)(fixture_random(random) >> 12)
                                    : (sim_ns)fixture_below(random, 100);
        if (end <= INT64_MAX - step) {
            end += step;
        }
        s->lane[i] = (lane_id)(s->chunk.group * LANE_GROUP_LANES +
                               fixture_below(random, LANE_GROUP_LANES));
        s->end_ns[i] = end;
        const uint64_t room = (uint64_t)end - (uint64_t)before;
        s->start_ns[i] = (sim_ns)((uint64_t)end - 1 - fixture_random(random) % room);
        s->state[i] = (uint8_t)fixture_below(random, STATE_COUNT);
        s->resource[i] = any_reference(random);
        s->by[i] = any_reference(random);
        s->site[i] = fixture_below(random, 2) == 0 ? -1 : any_reference(random);
    }
    s->chunk.t0_ns = before;
    s->chunk.t1_ns = end;
}

static void random_instants(struct instant_block *c, uint64_t *random, uint32_t count) {
    sim_ns at = fixture_below(random, 1000);
    c->chunk.seq = (uint32_t)fixture_random(random);
    c->chunk.count = count;
    c->chunk.t0_ns = at;
    for (uint32_t i = 0; i < count; i++) {
        at += fixture_below(random, 3) == 0 ? (sim_ns)(fixture_random(random) >> 20) : 0;
        c->lane[i] = any_reference(random) & INT32_MAX;
        c->at_ns[i] = at;
        c->kind[i] = (uint8_t)fixture_below(random, INSTANT_COUNT);
        c->by[i] = any_reference(random);
    }
    c->chunk.t1_ns = at;
}

/* --- comparing ----------------------------------------------------------------- */

static bool same_spans(const struct span_chunk *a, const struct span_chunk *b) {
    const size_t n = a->count;
    return a->group == b->group && a->seq == b->seq && a->count == b->count &&
           a->t0_ns == b->t0_ns && a->t1_ns == b->t1_ns &&
           memcmp(a->lane, b->lane, n * sizeof *a->lane) == 0 &&
           memcmp(a->start_ns, b->start_ns, n * sizeof *a->start_ns) == 0 &&
           memcmp(a->end_ns, b->end_ns, n * sizeof *a->end_ns) == 0 &&
           memcmp(a->state, b->state, n * sizeof *a->state) == 0 &&
           memcmp(a->resource, b->resource, n * sizeof *a->resource) == 0 &&
           memcmp(a->by, b->by, n * sizeof *a->by) == 0 &&
           memcmp(a->site, b->site, n * sizeof *a->site) == 0;
}

static bool same_instants(const struct instant_chunk *a, const struct instant_chunk *b) {
    const size_t n = a->count;
    return a->seq == b->seq && a->count == b->count && a->t0_ns == b->t0_ns &&
           a->t1_ns == b->t1_ns && memcmp(a->lane, b->lane, n * sizeof *a->lane) == 0 &&
           memcmp(a->at_ns, b->at_ns, n * sizeof *a->at_ns) == 0 &&
           memcmp(a->kind, b->kind, n * sizeof *a->kind) == 0 &&
           memcmp(a->by, b->by, n * sizeof *a->by) == 0;
}

/*
 * Decodes from a block of exactly this size, so that the sanitizers see every byte that
 * is read beyond it.
 */
static int decode_spans(struct span_block *out, const uint8_t *data, size_t size,
                        struct err *err) {
    uint8_t *exact = malloc(size == 0 ? 1 : size);
    assert_non_null(exact);
    memcpy(exact, data, size);
    const int rc = chunk_codec_decode_spans(exact, size, out, err);
    free(exact);
    return rc;
}

static int decode_instants(struct instant_block *out, const uint8_t *data, size_t size,
                           struct err *err) {
    uint8_t *exact = malloc(size == 0 ? 1 : size);
    assert_non_null(exact);
    memcpy(exact, data, size);
    const int rc = chunk_codec_decode_instants(exact, size, out, err);
    free(exact);
    return rc;
}

/* Makes the checksum right again, so that what lies behind it is reached. */
static void reseal(uint8_t *data, size_t size) {
    const uLong crc = crc32(0, data, (uInt)(size - 4));
    for (size_t i = 0; i < 4; i++) {
        data[size - 4 + i] = (uint8_t)(crc >> (8 * i));
    }
}

/* --- round trips --------------------------------------------------------------- */

static void test_chunk_codec_spans_come_back(void **state) {
    struct columns *c = *state;
    struct chunk_bytes bytes = {0};
    for (uint64_t seed = 0; seed < 300; seed++) {
        uint64_t random = seed;
        struct err err = {0};
        const uint32_t count =
            seed % 10 == 0 ? CHUNK_SPANS : 1 + fixture_below(&random, 100);
        random_spans(&c->spans, &random, count);
        bytes.size = 0;
        fixture_ok(chunk_codec_encode_spans(&c->spans.chunk, &bytes, &err), &err);
        fixture_ok(decode_spans(&c->spans_back, bytes.data, bytes.size, &err), &err);
        if (!same_spans(&c->spans.chunk, &c->spans_back.chunk)) {
            fail_msg("seed %llu: other spans came back", (unsigned long long)seed);
        }
    }
    chunk_bytes_deinit(&bytes);
}

static void test_chunk_codec_instants_come_back(void **state) {
    struct columns *c = *state;
    struct chunk_bytes bytes = {0};
    for (uint64_t seed = 0; seed < 300; seed++) {
        uint64_t random = seed;
        struct err err = {0};
        const uint32_t count =
            seed % 10 == 0 ? CHUNK_SPANS : 1 + fixture_below(&random, 100);
        random_instants(&c->instants, &random, count);
        bytes.size = 0;
        fixture_ok(chunk_codec_encode_instants(&c->instants.chunk, &bytes, &err), &err);
        fixture_ok(decode_instants(&c->instants_back, bytes.data, bytes.size, &err),
                   &err);
        if (!same_instants(&c->instants.chunk, &c->instants_back.chunk)) {
            fail_msg("seed %llu: other instants came back", (unsigned long long)seed);
        }
    }
    chunk_bytes_deinit(&bytes);
}

/* Encoding appends; what was there stays. */
static void test_chunk_codec_appends(void **state) {
    struct columns *c = *state;
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    uint64_t random = 1;
    random_spans(&c->spans, &random, 5);
    fixture_ok(chunk_codec_encode_spans(&c->spans.chunk, &bytes, &err), &err);
    const size_t first = bytes.size;
    fixture_ok(chunk_codec_encode_spans(&c->spans.chunk, &bytes, &err), &err);
    assert_int_equal(bytes.size, 2 * first);
    assert_memory_equal(bytes.data, bytes.data + first, first);
    chunk_bytes_deinit(&bytes);
}

/* --- the frozen format --------------------------------------------------------- */

static void four_spans(struct span_block *s) {
    static const lane_id lane[] = {64, 65, 64, 64};
    static const sim_ns start[] = {1000, 1000, 1300, 1500};
    static const sim_ns end[] = {1300, 1400, 1500, 2500};
    static const uint8_t state[] = {STATE_RUNNING, STATE_WAIT_GIL, STATE_RUNNING,
                                    STATE_IO};
    static const lane_id resource[] = {0, 2, 0, -1};
    static const lane_id by[] = {-1, 64, -1, -1};
    static const site_id site[] = {7, -1, 7, 7};
    s->chunk.group = 1;
    s->chunk.seq = 3;
    s->chunk.count = 4;
    s->chunk.t0_ns = 1000;
    s->chunk.t1_ns = 2500;
    memcpy(s->lane, lane, sizeof lane);
    memcpy(s->start_ns, start, sizeof start);
    memcpy(s->end_ns, end, sizeof end);
    memcpy(s->state, state, sizeof state);
    memcpy(s->resource, resource, sizeof resource);
    memcpy(s->by, by, sizeof by);
    memcpy(s->site, site, sizeof site);
}

/* Worked out by hand from the specification; the checksum by another program. */
static const uint8_t frozen_spans[] = {
    /* header */
    0x47,
    0x53,
    0x73,
    0x70,
    0x00,
    0x07,
    0x04,
    0x00,
    0x01,
    0x00,
    0x00,
    0x00,
    0x03,
    0x00,
    0x00,
    0x00,
    0xe8,
    0x03,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0xc4,
    0x09,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    /* lane */
    0x00,
    0x04,
    0x00,
    0x00,
    0x00,
    0x00,
    0x02,
    0x01,
    0x00,
    /* end */
    0x00,
    0x08,
    0x00,
    0x00,
    0x00,
    0xd8,
    0x04,
    0xc8,
    0x01,
    0xc8,
    0x01,
    0xd0,
    0x0f,
    /* start */
    0x01,
    0x02,
    0x00,
    0x00,
    0x00,
    0x00,
    0x04,
    /* state */
    0x00,
    0x04,
    0x00,
    0x00,
    0x00,
    0x00,
    0x06,
    0x05,
    0x0c,
    /* resource */
    0x00,
    0x04,
    0x00,
    0x00,
    0x00,
    0x00,
    0x04,
    0x03,
    0x01,
    /* by */
    0x00,
    0x06,
    0x00,
    0x00,
    0x00,
    0x01,
    0x82,
    0x01,
    0x81,
    0x01,
    0x00,
    /* site */
    0x00,
    0x04,
    0x00,
    0x00,
    0x00,
    0x0e,
    0x0f,
    0x10,
    0x00,
    /* checksum */
    0x9c,
    0x37,
    0x88,
    0x95,
};

static void test_chunk_codec_writes_the_frozen_bytes(void **state) {
    struct columns *c = *state;
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    four_spans(&c->spans);
    fixture_ok(chunk_codec_encode_spans(&c->spans.chunk, &bytes, &err), &err);
    assert_int_equal(bytes.size, sizeof frozen_spans);
    assert_memory_equal(bytes.data, frozen_spans, sizeof frozen_spans);
    fixture_ok(decode_spans(&c->spans_back, frozen_spans, sizeof frozen_spans, &err),
               &err);
    assert_true(same_spans(&c->spans.chunk, &c->spans_back.chunk));
    chunk_bytes_deinit(&bytes);
}

/* --- damage -------------------------------------------------------------------- */

static void test_chunk_codec_refuses_every_truncation(void **state) {
    struct columns *c = *state;
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    uint64_t random = 7;
    random_spans(&c->spans, &random, 50);
    fixture_ok(chunk_codec_encode_spans(&c->spans.chunk, &bytes, &err), &err);
    for (size_t size = 0; size < bytes.size; size++) {
        err_clear(&err);
        assert_int_equal(decode_spans(&c->spans_back, bytes.data, size, &err),
                         ERR_CORRUPT);
        assert_int_equal(err.code, ERR_CORRUPT);
    }
    /* The same with a right checksum: the columns themselves must notice. */
    for (size_t size = 4; size < bytes.size; size++) {
        uint8_t *cut = malloc(size);
        assert_non_null(cut);
        memcpy(cut, bytes.data, size);
        reseal(cut, size);
        assert_int_equal(decode_spans(&c->spans_back, cut, size, NULL), ERR_CORRUPT);
        free(cut);
    }
    chunk_bytes_deinit(&bytes);
}

static void test_chunk_codec_refuses_every_bit_flip(void **state) {
    struct columns *c = *state;
    uint8_t copy[sizeof frozen_spans];
    for (size_t bit = 0; bit < 8 * sizeof copy; bit++) {
        memcpy(copy, frozen_spans, sizeof copy);
        copy[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        assert_int_equal(decode_spans(&c->spans_back, copy, sizeof copy, NULL),
                         ERR_CORRUPT);
    }
}

/* What the decoder promises of a chunk that it accepts, whoever wrote it. */
static void check_promise(const struct span_chunk *c) {
    const int64_t first = (int64_t)c->group * LANE_GROUP_LANES;
    assert_true(c->count >= 1 && c->count <= CHUNK_SPANS);
    for (uint32_t i = 0; i < c->count; i++) {
        assert_true(c->lane[i] >= first && c->lane[i] < first + LANE_GROUP_LANES);
        assert_true(c->state[i] < STATE_COUNT);
        assert_true(c->resource[i] >= -1 && c->by[i] >= -1 && c->site[i] >= -1);
        assert_true(c->start_ns[i] < c->end_ns[i]);
        assert_true(c->start_ns[i] >= c->t0_ns && c->end_ns[i] <= c->t1_ns);
    }
}

/* Several bytes at once are wrong, and the checksum is right. */
static void test_chunk_codec_survives_forged_spans(void **state) {
    struct columns *c = *state;
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    int accepted = 0, refused = 0;
    for (uint64_t seed = 0; seed < 20000; seed++) {
        uint64_t random = seed;
        random_spans(&c->spans, &random, 1 + fixture_below(&random, 12));
        bytes.size = 0;
        fixture_ok(chunk_codec_encode_spans(&c->spans.chunk, &bytes, &err), &err);
        for (uint32_t n = 1 + fixture_below(&random, 3); n > 0; n--) {
            const uint32_t at = fixture_below(&random, (uint32_t)bytes.size - 4);
            bytes.data[at] = (uint8_t)fixture_random(&random);
        }
        reseal(bytes.data, bytes.size);
        if (decode_spans(&c->spans_back, bytes.data, bytes.size, NULL) == 0) {
            check_promise(&c->spans_back.chunk);
            accepted++;
        } else {
            refused++;
        }
    }
    chunk_bytes_deinit(&bytes);
    assert_true(accepted > 0);
    assert_true(refused > accepted);
}

static void test_chunk_codec_survives_forged_instants(void **state) {
    struct columns *c = *state;
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    int refused = 0;
    for (uint64_t seed = 0; seed < 20000; seed++) {
        uint64_t random = seed;
        random_instants(&c->instants, &random, 1 + fixture_below(&random, 12));
        bytes.size = 0;
        fixture_ok(chunk_codec_encode_instants(&c->instants.chunk, &bytes, &err), &err);
        const uint32_t at = fixture_below(&random, (uint32_t)bytes.size - 4);
        bytes.data[at] = (uint8_t)fixture_random(&random);
        reseal(bytes.data, bytes.size);
        if (decode_instants(&c->instants_back, bytes.data, bytes.size, NULL) != 0) {
            refused++;
            continue;
        }
        const struct instant_chunk *back = &c->instants_back.chunk;
        for (uint32_t i = 0; i < back->count; i++) {
            assert_true(back->lane[i] >= 0 && back->kind[i] < INSTANT_COUNT);
            assert_true(back->at_ns[i] >= back->t0_ns && back->at_ns[i] <= back->t1_ns);
        }
    }
    chunk_bytes_deinit(&bytes);
    assert_true(refused > 0);
}

static void test_chunk_codec_names_what_is_wrong(void **state) {
    struct columns *c = *state;
    static const struct {
        size_t at;
        uint8_t value;
        const char *text;
    } cases[] = {
        {0, 'X', "wrong magic"},
        {4, 9, "format version 9"},
        {5, 8, "wrong number of columns"},
        {6, 0, "wrong number of rows"},
        {32, 7, "column 'lane' does not decode"},
        {33, 200, "column 'lane' is cut off"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t copy[sizeof frozen_spans];
        struct err err = {0};
        memcpy(copy, frozen_spans, sizeof copy);
        copy[cases[i].at] = cases[i].value;
        reseal(copy, sizeof copy);
        assert_int_equal(decode_spans(&c->spans_back, copy, sizeof copy, &err),
                         ERR_CORRUPT);
        if (strstr(err.text, cases[i].text) == NULL) {
            fail_msg("'%s' instead of '%s'", err.text, cases[i].text);
        }
    }
    struct err err = {0};
    uint8_t copy[sizeof frozen_spans];
    memcpy(copy, frozen_spans, sizeof copy);
    copy[sizeof copy - 1] ^= 1;
    assert_int_equal(decode_spans(&c->spans_back, copy, sizeof copy, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.text, "wrong checksum"));
}

static void test_chunk_codec_writes_no_invalid_chunk(void **state) {
    struct columns *c = *state;
    struct chunk_bytes bytes = {0};
    struct span_chunk *chunk = &c->spans.chunk;
    four_spans(&c->spans);
    chunk->count = 0;
    assert_int_equal(chunk_codec_encode_spans(chunk, &bytes, NULL), ERR_INVALID);
    chunk->count = CHUNK_SPANS + 1;
    assert_int_equal(chunk_codec_encode_spans(chunk, &bytes, NULL), ERR_INVALID);
    chunk->count = 4;
    chunk->group = 0;
    assert_int_equal(chunk_codec_encode_spans(chunk, &bytes, NULL), ERR_INVALID);
    chunk->group = 1;
    chunk->t1_ns = 2499;
    assert_int_equal(chunk_codec_encode_spans(chunk, &bytes, NULL), ERR_INVALID);
    chunk->t1_ns = 2500;
    c->spans.state[2] = STATE_COUNT;
    assert_int_equal(chunk_codec_encode_spans(chunk, &bytes, NULL), ERR_INVALID);
    c->spans.state[2] = STATE_RUNNING;
    c->spans.end_ns[2] = 1350; /* before the span that ended before it */
    assert_int_equal(chunk_codec_encode_spans(chunk, &bytes, NULL), ERR_INVALID);
    assert_int_equal(bytes.size, 0);
}

static void test_chunk_codec_reports_lack_of_memory(void **state) {
    struct columns *c = *state;
    struct chunk_bytes bytes = {0};
    four_spans(&c->spans);
    memory_fail_after(0);
    assert_int_equal(chunk_codec_encode_spans(&c->spans.chunk, &bytes, NULL), ERR_NOMEM);
    memory_fail_after(-1);
    assert_int_equal(bytes.size, 0);
    assert_null(bytes.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunk_codec_spans_come_back),
        cmocka_unit_test(test_chunk_codec_instants_come_back),
        cmocka_unit_test(test_chunk_codec_appends),
        cmocka_unit_test(test_chunk_codec_writes_the_frozen_bytes),
        cmocka_unit_test(test_chunk_codec_refuses_every_truncation),
        cmocka_unit_test(test_chunk_codec_refuses_every_bit_flip),
        cmocka_unit_test(test_chunk_codec_survives_forged_spans),
        cmocka_unit_test(test_chunk_codec_survives_forged_instants),
        cmocka_unit_test(test_chunk_codec_names_what_is_wrong),
        cmocka_unit_test(test_chunk_codec_writes_no_invalid_chunk),
        cmocka_unit_test(test_chunk_codec_reports_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
