/* SPDX-License-Identifier: MIT */
#include "tests/db/fixture.h"
#include "tests/db/naive_chunk.h"
#include "tests/db/span_author.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "db/chunk_codec.h"
#include "engine/base/memory.h"

struct columns {
    struct authored_span list[CHUNK_SPANS + LANE_GROUP_LANES];
    struct span_author author;
    struct span_chunk spans; /* points into the author */
    struct span_block spans_back;
    struct instant_block instants; /* `chunk` points into it as into a decoded one */
    struct instant_block instants_back;
};

static int setup(void **state) {
    struct columns *columns = calloc(1, sizeof *columns);
    if (columns == NULL) {
        return -1;
    }
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

/* How the spans of a chunk look. */
struct shape {
    uint32_t count, lanes; /* 1 .. CHUNK_SPANS, 1 .. LANE_GROUP_LANES */
    uint64_t step;         /* times go on by less than this */
    sim_ns begin;
    uint32_t variety; /* 0: all alike, 1: few kinds, 2: as many as there are spans */
};

static struct authored_span next_span(const struct shape *shape, uint32_t i,
                                      uint64_t *random) {
    struct authored_span s = {.resource = -1, .by = -1, .site = -1};
    if (shape->variety > 0) {
        s.state = (uint8_t)fixture_below(random, STATE_COUNT);
        s.by = (lane_id)fixture_below(random, 3) - 1;
        s.site = (site_id)fixture_below(random, 3) - 1;
    }
    if (shape->variety > 1) {
        s.resource = (lane_id)i;
        s.by = any_reference(random);
        s.site = any_reference(random);
    }
    return s;
}

/* Lanes in turn or in any order, some born late; half of them stay open at the end. */
static size_t make_list(struct authored_span *list, const struct shape *shape,
                        lane_id first, uint64_t *random) {
    sim_ns since[LANE_GROUP_LANES], now = shape->begin;
    const bool in_turn = fixture_below(random, 2) == 0;
    size_t count = 0;
    for (uint32_t lane = 0; lane < shape->lanes; lane++) {
        since[lane] = fixture_below(random, 3) == 0 ? now : now / 2;
    }
    for (uint32_t i = 0; i < shape->count; i++) {
        const uint32_t lane =
            in_turn ? i % shape->lanes : fixture_below(random, shape->lanes);
        now += (sim_ns)(fixture_random(random) % shape->step);
        now = now > since[lane] ? now : since[lane] + 1;
        struct authored_span s = next_span(shape, i, random);
        s.lane = first + (lane_id)lane;
        s.start = since[lane];
        s.end = now;
        list[count++] = s;
        since[lane] = now;
    }
    for (uint32_t lane = 0; lane < shape->lanes; lane += 2) {
        struct authored_span s = next_span(shape, lane, random);
        s.lane = first + (lane_id)lane;
        s.start = since[lane];
        s.end = SIM_NEVER;
        list[count++] = s;
    }
    return count;
}

/* One chunk of that shape, which need not be the first of its group. */
static void make_spans(struct columns *c, const struct shape *shape, uint64_t *random) {
    const uint32_t group = fixture_below(random, 3) == 0
                               ? (uint32_t)INT32_MAX / LANE_GROUP_LANES
                               : fixture_below(random, 5);
    const size_t count =
        make_list(c->list, shape, (lane_id)(group * LANE_GROUP_LANES), random);
    span_author_begin(&c->author, c->list, count, group);
    c->author.seq = (uint32_t)fixture_random(random);
    c->author.t0_ns = shape->begin > 1 ? shape->begin - 1 : 0;
    assert_true(span_author_next(&c->author, CHUNK_SPANS, &c->spans));
    assert_int_equal(c->spans.count, shape->count);
}

static void random_spans(struct columns *c, uint64_t *random, uint32_t count) {
    const struct shape shape = {
        .count = count,
        .lanes = 1 + fixture_below(random, LANE_GROUP_LANES),
        .step = 1 + fixture_below(random, fixture_below(random, 2) == 0 ? 3 : 100000),
        .begin = fixture_below(random, 1000),
        .variety = fixture_below(random, 3),
    };
    make_spans(c, &shape, random);
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

static bool same_lanes(const struct span_chunk *a, const struct span_chunk *b) {
    bool same = a->before_count == b->before_count && a->after_count == b->after_count;
    for (uint32_t i = 0; same && i < a->before_count; i++) {
        same = a->before[i].lane == b->before[i].lane &&
               a->before[i].since_ns == b->before[i].since_ns;
    }
    for (uint32_t i = 0; same && i < a->after_count; i++) {
        same = a->after[i].lane == b->after[i].lane &&
               a->after[i].state == b->after[i].state &&
               a->after[i].resource == b->after[i].resource &&
               a->after[i].site == b->after[i].site;
    }
    return same;
}

static bool same_spans(const struct span_chunk *a, const struct span_chunk *b) {
    const size_t n = a->count;
    return same_lanes(a, b) && a->group == b->group && a->seq == b->seq &&
           a->count == b->count && a->t0_ns == b->t0_ns && a->t1_ns == b->t1_ns &&
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

/* The same bytes in the order of lanes are refused with the same words, or are the same
 * spans. */
static void check_lanes(const struct span_block *spans, const uint8_t *data, size_t size,
                        int rc, const struct err *err) {
    static struct span_block lanes;
    struct err again = {0};
    assert_int_equal(chunk_codec_decode_lanes(data, size, &lanes, &again), rc);
    if (rc != 0) {
        assert_true(err == NULL || strcmp(again.text, err->text) == 0);
        return;
    }
    uint32_t next[LANE_GROUP_LANES];
    memcpy(next, lanes.first, sizeof next);
    for (uint32_t i = 0; i < spans->chunk.count; i++) {
        const uint32_t place = (uint32_t)spans->lane[i] % LANE_GROUP_LANES;
        const uint32_t at = next[place]++;
        assert_int_equal(lanes.end_ns[at], spans->end_ns[i]);
        assert_int_equal(lanes.kind[at], spans->kind[i]);
        if (at > lanes.first[place]) {
            assert_int_equal(lanes.end_ns[at - 1], spans->start_ns[i]);
        }
    }
    assert_int_equal(lanes.first[LANE_GROUP_LANES], spans->chunk.count);
    assert_memory_equal(next, lanes.first + 1, sizeof next);
    assert_memory_equal(lanes.since_ns, spans->since_ns, sizeof lanes.since_ns);
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
    check_lanes(out, exact, size, rc, err);
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

/* Through our reader, and through the one that knows the text only. */
static size_t there_and_back(struct columns *c, const struct span_chunk *chunk) {
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    fixture_ok(chunk_codec_encode_spans(chunk, &bytes, &err), &err);
    fixture_ok(decode_spans(&c->spans_back, bytes.data, bytes.size, &err), &err);
    assert_true(same_spans(chunk, &c->spans_back.chunk));
    assert_true(naive_chunk_equals(bytes.data, bytes.size, chunk));
    const size_t size = bytes.size;
    chunk_bytes_deinit(&bytes);
    return size;
}

static void test_chunk_codec_spans_come_back(void **state) {
    struct columns *c = *state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        uint64_t random = seed;
        random_spans(c, &random,
                     seed % 10 == 0 ? CHUNK_SPANS : 1 + fixture_below(&random, 100));
        there_and_back(c, &c->spans);
    }
}

static void test_chunk_codec_takes_every_extreme(void **state) {
    struct columns *c = *state;
    static const struct shape shapes[] = {
        {1, 1, 1, 0, 0},                                       /* the smallest */
        {CHUNK_SPANS, 1, 1, 0, 0},                             /* one kind, all hits */
        {CHUNK_SPANS, LANE_GROUP_LANES, 1000, 0, 2},           /* one kind each, no hit */
        {LANE_GROUP_LANES, LANE_GROUP_LANES, 1, 5, 1},         /* all but one joined */
        {CHUNK_SPANS, LANE_GROUP_LANES, 1, 5, 1},              /* 64 at a time */
        {CHUNK_SPANS, 7, UINT64_C(1) << 50, INT64_MAX / 2, 1}, /* very late */
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        for (uint64_t seed = 0; seed < 4; seed++) {
            uint64_t random = seed;
            make_spans(c, &shapes[i], &random);
            there_and_back(c, &c->spans);
        }
    }
    c->list[0] = (struct authored_span){.end = INT64_MAX - 1}; /* the longest span */
    span_author_begin(&c->author, c->list, 1, 0);
    assert_true(span_author_next(&c->author, 1, &c->spans));
    there_and_back(c, &c->spans);
    c->author.end[0] = c->spans.t1_ns = INT64_MAX;
    there_and_back(c, &c->spans);
}

/* What threads do repeats: two that hand something over in turn, three spans at a time. */
static void test_chunk_codec_is_short_where_spans_repeat(void **state) {
    struct columns *c = *state;
    for (uint32_t i = 0; i < CHUNK_SPANS; i++) {
        const sim_ns round = i / 3;
        c->list[i] = (struct authored_span){.lane = (lane_id)(i % 3),
                                            .resource = (lane_id)(round % 2),
                                            .by = LANE_NONE,
                                            .site = 3,
                                            .start = round * 5000,
                                            .end = (round + 1) * 5000};
    }
    span_author_begin(&c->author, c->list, CHUNK_SPANS, 0);
    assert_true(span_author_next(&c->author, CHUNK_SPANS, &c->spans));
    /* a bit for each span, a run for all times */
    assert_true(there_and_back(c, &c->spans) < CHUNK_SPANS / 8 + 250);
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
    random_spans(c, &random, 5);
    fixture_ok(chunk_codec_encode_spans(&c->spans, &bytes, &err), &err);
    const size_t first = bytes.size;
    fixture_ok(chunk_codec_encode_spans(&c->spans, &bytes, &err), &err);
    assert_int_equal(bytes.size, 2 * first);
    assert_memory_equal(bytes.data, bytes.data + first, first);
    chunk_bytes_deinit(&bytes);
}

/* --- the frozen format --------------------------------------------------------- */

/* Lane 64 ends; 65 goes on, changing with it, and 66 is born. */
static void five_spans(struct columns *c) {
    static const struct authored_span spans[] = {
        {900, 1300, 64, 0, -1, 7, STATE_RUNNING},
        {1000, 1300, 65, 2, 64, -1, STATE_WAIT_GIL},
        {1300, 1500, 64, 0, -1, 7, STATE_RUNNING},
        {1300, 1500, 65, 2, 64, -1, STATE_WAIT_GIL},
        {1500, 2500, 64, -1, -1, 7, STATE_IO},
        {1500, SIM_NEVER, 65, 0, -1, 7, STATE_RUNNING},
        {1400, SIM_NEVER, 66, -1, -1, -1, STATE_READY},
    };
    memcpy(c->list, spans, sizeof spans);
    span_author_begin(&c->author, c->list, sizeof spans / sizeof spans[0], 1);
    c->author.seq = 3;
    c->author.t0_ns = 1000;
    assert_true(span_author_next(&c->author, 5, &c->spans));
}

/* Worked out by hand from the specification; the checksum by another program. */
static const char frozen_text[] = /* header */
    "47 53 73 70 01 03 02 00 01 00 00 00 03 00 00 00 "
    "e8 03 00 00 00 00 00 00 c4 09 00 00 00 00 00 00 05 00 03 00 "
    "00 03 00 00 00 00 02 02 "          /* before: lane */
    "00 06 00 00 00 c7 01 c8 01 a0 06 " /* since */
    "00 02 00 00 00 02 02 "             /* after: lane */
    "00 02 00 00 00 00 0a "             /* state */
    "00 02 00 00 00 00 01 "             /* resource */
    "00 02 00 00 00 0e 0f "             /* site */
    "00 03 00 00 00 00 02 01 "          /* kinds: lane */
    "00 03 00 00 00 00 06 06 "          /* state */
    "00 03 00 00 00 00 04 05 "          /* resource */
    "00 05 00 00 00 01 82 01 81 01 "    /* by */
    "00 03 00 00 00 0e 0f 10 "          /* site */
    "00 03 00 00 00 00 02 01 "          /* joined */
    "03 01 00 00 00 08 "                /* hit: the fourth */
    "00 04 00 00 00 00 02 01 04 "       /* misses: 0 1 0 2 */
    "00 06 00 00 00 d8 04 c7 01 c0 0c " /* times: 300 200 1000 */
    "14 2c d8 36 ";                     /* checksum */
enum { FROZEN_BYTES = (sizeof frozen_text - 1) / 3 };

/* Where the columns of the frozen chunk begin. */
enum {
    AT_BEFORE_LANE = 36,
    AT_SINCE = 44,
    AT_AFTER_LANE = 55,
    AT_AFTER_STATE = 62,
    AT_KIND_LANE = 83,
    AT_KIND_STATE = 91,
    AT_JOINED = 125,
    AT_HIT = 133,
    AT_MISSES = 139,
    AT_TIMES = 148
};

static void frozen_bytes(uint8_t out[FROZEN_BYTES]) {
    for (size_t i = 0; i < FROZEN_BYTES; i++) {
        out[i] = (uint8_t)strtol(frozen_text + 3 * i, NULL, 16);
    }
}

static void test_chunk_codec_writes_the_frozen_bytes(void **state) {
    struct columns *c = *state;
    uint8_t frozen[FROZEN_BYTES];
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    five_spans(c);
    frozen_bytes(frozen);
    fixture_ok(chunk_codec_encode_spans(&c->spans, &bytes, &err), &err);
    assert_int_equal(bytes.size, sizeof frozen);
    assert_memory_equal(bytes.data, frozen, sizeof frozen);
    fixture_ok(decode_spans(&c->spans_back, frozen, sizeof frozen, &err), &err);
    assert_true(same_spans(&c->spans, &c->spans_back.chunk));
    assert_true(naive_chunk_equals(frozen, sizeof frozen, &c->spans));
    chunk_bytes_deinit(&bytes);
}

/* --- damage -------------------------------------------------------------------- */

static void test_chunk_codec_refuses_every_truncation(void **state) {
    struct columns *c = *state;
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    uint64_t random = 7;
    random_spans(c, &random, 50);
    fixture_ok(chunk_codec_encode_spans(&c->spans, &bytes, &err), &err);
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
    uint8_t copy[FROZEN_BYTES];
    for (size_t bit = 0; bit < 8 * sizeof copy; bit++) {
        frozen_bytes(copy);
        copy[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        assert_int_equal(decode_spans(&c->spans_back, copy, sizeof copy, NULL),
                         ERR_CORRUPT);
    }
}

/* What the decoder promises of a chunk that it accepts, whoever wrote it: that is what
 * the encoder takes, and it means the same to the reader that knows the text only. */
static void check_promise(const struct span_chunk *c) {
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    assert_true(c->t0_ns >= 0);
    for (uint32_t i = 0; i < c->before_count; i++) {
        assert_in_range(c->before[i].since_ns, 0, c->t1_ns);
    }
    for (uint32_t i = 0; i < c->count; i++) {
        assert_true(c->start_ns[i] >= 0 && c->start_ns[i] < c->end_ns[i]);
        assert_true(c->end_ns[i] > c->t0_ns && c->end_ns[i] <= c->t1_ns);
        assert_true(c->state[i] < STATE_COUNT);
    }
    fixture_ok(chunk_codec_encode_spans(c, &bytes, &err), &err);
    assert_true(naive_chunk_equals(bytes.data, bytes.size, c));
    chunk_bytes_deinit(&bytes);
}

/* Several bytes at once are wrong, and the checksum is right. */
static void test_chunk_codec_survives_forged_spans(void **state) {
    struct columns *c = *state;
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    int accepted = 0, refused = 0;
    for (uint64_t seed = 0; seed < 20000; seed++) {
        uint64_t random = seed;
        random_spans(c, &random, 1 + fixture_below(&random, 12));
        bytes.size = 0;
        fixture_ok(chunk_codec_encode_spans(&c->spans, &bytes, &err), &err);
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
        size_t also; /* another byte, or 0 */
        uint8_t value_there;
    } cases[] = {
        {0, 'X', "wrong magic", 0, 0},
        {4, 9, "format version 9", 0, 0},
        {5, 65, "wrong number of lanes", 0, 0},
        {6, 65, "wrong number of lanes", 0, 0},
        {7, 1, "wrong number of lanes", 0, 0},
        {11, 0xff, "wrong group", 0, 0},
        {23, 0x80, "wrong times", 0, 0},
        {24, 0, "wrong times", 25, 0},
        {32, 0, "wrong number of kinds", 0, 0},
        {33, 0x20, "wrong number of rows", 0, 0},
        {34, 0, "wrong number of kinds", 0, 0},
        {34, 6, "wrong number of kinds", 0, 0},
        {AT_BEFORE_LANE, 7, "column 'before.lane' does not decode", 0, 0},
        {AT_BEFORE_LANE + 1, 200, "column 'before.lane' is cut off", 0, 0},
        {AT_BEFORE_LANE + 6, 1, "column 'before.lane' is out of range", 0, 0},
        {AT_BEFORE_LANE + 6, 0, "a lane before it is of another group, or out of order",
         0, 0},
        {AT_SINCE + 10, 0x7f, "a lane before it begins outside its time", 0, 0},
        {AT_AFTER_LANE + 5, 0, "a lane before it is lost", 0, 0},
        {AT_AFTER_LANE + 5, 6, "a lane after it is unknown", 0, 0},
        {AT_AFTER_STATE + 6, 0x7e, "column 'after.state' is out of range", 0, 0},
        {AT_KIND_LANE + 5, 0x7e, "column 'kind.lane' is out of range", 0, 0},
        {AT_KIND_LANE + 6, 6, "row 1: a lane of which nothing is known before", 0, 0},
        {AT_KIND_STATE + 7, 0x7e, "column 'kind.state' is out of range", 0, 0},
        {AT_JOINED + 6, 4, "column 'kind.joined' is out of range", 0, 0},
        {AT_HIT, 0, "column 'hit' does not decode", 0, 0},
        {AT_HIT + 5, 0x28, "column 'hit' does not decode", 0, 0},
        {AT_HIT + 5, 0x09, "hits and misses do not fit together", 0, 0},
        {AT_HIT + 5, 0x00, "hits and misses do not fit together", 0, 0},
        {AT_MISSES + 8, 8, "column 'misses' is out of range", 0, 0},
        {AT_TIMES, 3, "column 'times' does not decode", 0, 0},
        {AT_TIMES + 10, 0x7f, "column 'times' is out of range", 0, 0},
        {AT_JOINED + 6, 0, "column 'times' is too short", AT_JOINED + 7, 0},
        {AT_JOINED + 7, 0, "row 4: a span that does not last", 0, 0},
        {AT_TIMES + 9, 0x40, "column 'times' is too long", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t copy[FROZEN_BYTES];
        struct err err = {0};
        frozen_bytes(copy);
        copy[cases[i].at] = cases[i].value;
        if (cases[i].also != 0) {
            copy[cases[i].also] = cases[i].value_there;
        }
        reseal(copy, sizeof copy);
        const int rc = decode_spans(&c->spans_back, copy, sizeof copy, &err);
        if (rc != ERR_CORRUPT || strstr(err.text, cases[i].text) == NULL) {
            fail_msg("byte %zu: '%s' instead of '%s'", cases[i].at, err.text,
                     cases[i].text);
        }
    }
    struct err err = {0};
    uint8_t copy[FROZEN_BYTES];
    frozen_bytes(copy);
    copy[sizeof copy - 1] ^= 1;
    assert_int_equal(decode_spans(&c->spans_back, copy, sizeof copy, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.text, "wrong checksum"));
}

/* Nothing has ended, but lanes live: only while the chunk is open. */
static void test_chunk_codec_takes_no_rows_of_what_is_open(void **state) {
    struct columns *c = *state;
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    static const struct lane_before before[] = {{64, 10}, {70, 50}};
    static const struct lane_after after[] = {{64, LANE_NONE, 3, STATE_RUNNING},
                                              {70, 64, SITE_NONE, STATE_WAIT_LOCK}};
    struct span_chunk chunk = {.group = 1,
                               .seq = 7,
                               .before_count = 2,
                               .after_count = 2,
                               .t0_ns = 20,
                               .t1_ns = 50,
                               .before = before,
                               .after = after};
    assert_int_equal(chunk_codec_encode_spans(&chunk, &bytes, NULL), ERR_INVALID);
    chunk.is_open = true;
    fixture_ok(chunk_codec_encode_spans(&chunk, &bytes, &err), &err);
    fixture_ok(decode_spans(&c->spans_back, bytes.data, bytes.size, &err), &err);
    const struct span_chunk *back = &c->spans_back.chunk;
    assert_int_equal(back->count, 0);
    assert_true(back->t0_ns == 20 && back->t1_ns == 50 && back->seq == 7);
    assert_int_equal(back->before_count, 2);
    assert_int_equal(back->after_count, 2);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(back->before[i].lane, before[i].lane);
        assert_int_equal(back->before[i].since_ns, before[i].since_ns);
        assert_int_equal(back->after[i].lane, after[i].lane);
        assert_int_equal(back->after[i].resource, after[i].resource);
        assert_int_equal(back->after[i].site, after[i].site);
        assert_int_equal(back->after[i].state, after[i].state);
    }
    for (size_t size = 0; size < bytes.size; size++) {
        assert_int_equal(decode_spans(&c->spans_back, bytes.data, size, NULL),
                         ERR_CORRUPT);
    }
    chunk_bytes_deinit(&bytes);
}

/* The chunk is refused, and for this reason. */
static void refuse(const struct span_chunk *chunk, const char *reason) {
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    const int rc = chunk_codec_encode_spans(chunk, &bytes, &err);
    if (rc != ERR_INVALID || strstr(err.text, reason) == NULL) {
        fail_msg("'%s' instead of '%s'", err.text, reason);
    }
    assert_int_equal(bytes.size, 0);
    chunk_bytes_deinit(&bytes);
}

/* Sets one thing in the five spans to something wrong. */
#define REFUSE(c, what, value, reason)                                                   \
    do {                                                                                 \
        five_spans(c);                                                                   \
        (what) = (value);                                                                \
        refuse(&(c)->spans, (reason));                                                   \
    } while (0)

static void test_chunk_codec_writes_no_invalid_chunk(void **state) {
    struct columns *c = *state;
    struct span_author *a = &c->author;
    REFUSE(c, c->spans.count, 0, "a chunk of 0 rows");
    REFUSE(c, c->spans.count, CHUNK_SPANS + 1, "a chunk of 4097 rows");
    REFUSE(c, c->spans.group, 0, "a lane before it is of another group");
    REFUSE(c, c->spans.t0_ns, -1, "wrong times");
    REFUSE(c, c->spans.t0_ns, 2501, "wrong times");
    REFUSE(c, c->spans.t0_ns, 1300, "row 0: a span that ends outside");
    REFUSE(c, c->spans.t1_ns, 2499, "row 4: a span that ends outside");
    REFUSE(c, c->spans.before_count, 65, "more lanes");
    REFUSE(c, c->spans.before_count, 2, "a lane after it is unknown");
    REFUSE(c, c->spans.after_count, 65, "more lanes");
    REFUSE(c, c->spans.after_count, 1, "a lane before it is lost");
    REFUSE(c, a->before[1].lane, 64, "a lane before it is of another group, or out");
    REFUSE(c, a->before[2].since_ns, 2501, "a lane before it begins outside");
    REFUSE(c, a->before[2].since_ns, -1, "a lane before it begins outside");
    REFUSE(c, a->before[0].since_ns, 901, "row 0: a gap before it");
    REFUSE(c, a->after[0].lane, 66, "a lane after it is unknown, or out of order");
    REFUSE(c, a->after[0].state, STATE_COUNT, "a lane after it is in an unknown state");
    REFUSE(c, a->after[0].resource, -2, "a lane after it is in an unknown state");
    REFUSE(c, a->lane[0], 63, "row 0: a lane of another group");
    REFUSE(c, a->lane[1], 67, "row 1: a lane of which nothing is known before");
    REFUSE(c, a->start[2], 1299, "row 2: a gap before it");
    REFUSE(c, a->end[1], 1299, "row 1: spans out of order");
    REFUSE(c, a->state[2], STATE_COUNT, "row 2: an unknown state");
    REFUSE(c, a->resource[4], -2, "row 4: a negative reference");
    REFUSE(c, a->by[0], -2, "row 0: a negative reference");
    REFUSE(c, a->site[0], -2, "row 0: a negative reference");
    five_spans(c);
    a->end[0] = a->end[1] = a->start[2] = a->start[3] = 1500;
    refuse(&c->spans, "row 2: a span that does not last");
}

static void test_chunk_codec_reports_lack_of_memory(void **state) {
    struct columns *c = *state;
    struct chunk_bytes bytes = {0};
    five_spans(c);
    int64_t nth = 0;
    for (;; nth++) {
        memory_fail_after(nth);
        const int rc = chunk_codec_encode_spans(&c->spans, &bytes, NULL);
        memory_fail_after(-1);
        if (rc == 0) {
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
        assert_int_equal(bytes.size, 0);
        assert_null(bytes.data);
    }
    assert_int_equal(nth, 1);
    chunk_bytes_deinit(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunk_codec_spans_come_back),
        cmocka_unit_test(test_chunk_codec_takes_every_extreme),
        cmocka_unit_test(test_chunk_codec_is_short_where_spans_repeat),
        cmocka_unit_test(test_chunk_codec_instants_come_back),
        cmocka_unit_test(test_chunk_codec_appends),
        cmocka_unit_test(test_chunk_codec_writes_the_frozen_bytes),
        cmocka_unit_test(test_chunk_codec_refuses_every_truncation),
        cmocka_unit_test(test_chunk_codec_refuses_every_bit_flip),
        cmocka_unit_test(test_chunk_codec_survives_forged_spans),
        cmocka_unit_test(test_chunk_codec_survives_forged_instants),
        cmocka_unit_test(test_chunk_codec_names_what_is_wrong),
        cmocka_unit_test(test_chunk_codec_takes_no_rows_of_what_is_open),
        cmocka_unit_test(test_chunk_codec_writes_no_invalid_chunk),
        cmocka_unit_test(test_chunk_codec_reports_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
