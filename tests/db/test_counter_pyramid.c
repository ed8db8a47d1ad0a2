/* SPDX-License-Identifier: MIT */
/*
 * The pyramid of counters against its promises: at every level the sheets, and the chunks
 * with a higher base, have each sample once; and a carry says what all counters were.
 */
#include "tests/db/random_counters.h"

#include <stdlib.h>
#include <string.h>

#include "db/counter_pyramid_priv.h"
#include "engine/base/memory.h"

enum { SHEETS_MAX = 4000, CHUNKS_MAX = 4000 };

/* A recording, and what became of it. */
struct build {
    struct counter_samples samples;
    uint32_t lanes;
    uint32_t first[CHUNKS_MAX + 1]; /* of each chunk */
    unsigned base[CHUNKS_MAX];
    uint32_t chunk_count;
    struct point_sheet sheets[SHEETS_MAX];
    uint32_t sheet_count;
    uint32_t carries;
};

static int keep_sheet(void *context, const struct point_sheet *sheet, struct err *err) {
    struct build *b = context;
    (void)err;
    assert_true(b->sheet_count < SHEETS_MAX);
    struct point_sheet *copy = &b->sheets[b->sheet_count++];
    *copy = *sheet;
    copy->nodes = calloc(sheet->count, sizeof(struct counter_node));
    assert_non_null(copy->nodes);
    memcpy(copy->nodes, sheet->nodes, sheet->count * sizeof(struct counter_node));
    return 0;
}

static void forget(struct build *b) {
    for (uint32_t i = 0; i < b->sheet_count; i++) {
        free(b->sheets[i].nodes);
    }
    b->sheet_count = 0;
    b->carries = 0;
}

static void begin(struct build *b, uint32_t lanes, uint32_t count, uint64_t *random) {
    b->lanes = lanes;
    b->samples = samples_random(
        &(struct counter_shape){
            .count = count, .lanes = lanes, .step_ns = 3000, .height = 9},
        random);
    b->chunk_count = 0;
    uint32_t room = CHUNK_SPANS;
    for (uint32_t i = 0; i < b->samples.count; i += room) {
        b->first[b->chunk_count++] = i;
        room =
            1 + fixture_below(random, fixture_below(random, 9) == 0 ? 20 : CHUNK_SPANS);
        room = room < b->samples.count - i ? room : b->samples.count - i;
    }
    b->first[b->chunk_count] = b->samples.count;
}

static struct counter_chunk chunk_of(const struct build *b, uint32_t seq) {
    return samples_chunk(&b->samples, seq, b->first[seq], b->first[seq + 1]);
}

/* --- carries ------------------------------------------------------------------- */

/* The carry names each counter with samples before, and its last one. */
static void check_carry(struct build *b, const struct point_sheet *carry, uint32_t end) {
    const struct counter_node *nodes = carry->nodes;
    uint32_t *last = calloc((size_t)b->lanes * COUNTER_COUNT, sizeof *last);
    assert_non_null(last);
    uint32_t count = 0;
    for (uint32_t i = 0; i < end; i++) {
        uint32_t *it = &last[counter_number(b->samples.lane[i], b->samples.kind[i])];
        count += *it == 0;
        *it = i + 1;
    }
    assert_int_equal(carry->count, count);
    for (uint32_t i = 0; i < carry->count; i++) {
        uint32_t *it = &last[counter_number(nodes[i].lane, nodes[i].kind)];
        assert_true(*it > 0);
        assert_true(nodes[i].last == b->samples.value[*it - 1]);
        assert_int_equal(nodes[i].first_ns, b->samples.at[*it - 1]);
        assert_int_equal(nodes[i].total, 1);
        *it = 0;
    }
    free(last);
}

static int add_chunk(struct build *b, struct counter_pyramid *pyramid, uint32_t seq,
                     struct err *err) {
    const struct counter_chunk chunk = chunk_of(b, seq);
    const struct point_sheet *carry = counter_pyramid_carry(pyramid, &chunk);
    if (carry != NULL) {
        assert_int_equal(carry->first_seq, seq);
        assert_int_equal(carry->t0_ns, 0);
        assert_int_equal(carry->t1_ns, chunk.t0_ns);
        check_carry(b, carry, b->first[seq]);
        b->carries++;
    }
    return counter_pyramid_add(pyramid, &chunk, &b->base[seq], err);
}

static int build(struct build *b, struct err *err) {
    struct counter_pyramid *pyramid = NULL;
    int rc = counter_pyramid_create(&pyramid, keep_sheet, b, err);
    for (uint32_t seq = 0; rc == 0 && seq < b->chunk_count; seq++) {
        rc = add_chunk(b, pyramid, seq, err);
    }
    if (rc == 0) {
        rc = counter_pyramid_finish(pyramid, err);
    }
    counter_pyramid_destroy(pyramid);
    return rc;
}

/* --- what a level has ------------------------------------------------------------ */

/* In the order of time, as a reader takes them: sheets and chunks by their number. */
static size_t nodes_of(const struct build *b, unsigned level, struct counter_node *out) {
    size_t count = 0;
    uint32_t sheet = 0;
    for (uint32_t seq = 0; seq < b->chunk_count; seq++) {
        for (; sheet < b->sheet_count; sheet++) {
            const struct point_sheet *s = &b->sheets[sheet];
            if (s->level == level && s->first_seq > seq) {
                break;
            }
            const struct counter_node *nodes = s->nodes;
            for (uint32_t i = 0; s->level == level && i < s->count; i++) {
                assert_in_range(nodes[i].first_ns, s->t0_ns, s->t1_ns);
                out[count++] = nodes[i];
            }
        }
        const struct counter_chunk chunk = chunk_of(b, seq);
        for (uint32_t i = 0; b->base[seq] > level && i < chunk.count; i++) {
            out[count++] = counter_node_of(&chunk, i);
        }
    }
    return count;
}

static int by_counter(const void *left, const void *right) {
    const struct counter_node *a = left, *b = right;
    const size_t x = counter_number(a->lane, a->kind);
    const size_t y = counter_number(b->lane, b->kind);
    if (x != y) {
        return x < y ? -1 : 1;
    }
    return a->first_ns < b->first_ns ? -1 : a->first_ns > b->first_ns;
}

/* Sorts nodes and adds up those of the same counter and cell, in place. */
static size_t add_up(unsigned level, struct counter_node *nodes, size_t count) {
    size_t kept = 0;
    qsort(nodes, count, sizeof *nodes, by_counter);
    for (size_t i = 0; i < count; i++) {
        struct counter_node *last = kept > 0 ? &nodes[kept - 1] : NULL;
        if (last != NULL && last->lane == nodes[i].lane && last->kind == nodes[i].kind &&
            last->first_ns >> level == nodes[i].first_ns >> level) {
            last->min = nodes[i].min < last->min ? nodes[i].min : last->min;
            last->max = nodes[i].max > last->max ? nodes[i].max : last->max;
            last->last = nodes[i].last;
            last->total += nodes[i].total;
        } else {
            nodes[kept++] = nodes[i];
        }
    }
    return kept;
}

static void check_level(const struct build *b, unsigned level) {
    struct counter_node *expected = calloc(b->samples.count, sizeof *expected);
    struct counter_node *got = calloc(b->samples.count, sizeof *got);
    assert_true(expected != NULL && got != NULL);
    const struct counter_chunk whole = samples_chunk(&b->samples, 0, 0, b->samples.count);
    for (uint32_t i = 0; i < whole.count; i++) {
        expected[i] = counter_node_of(&whole, i);
    }
    const size_t count = add_up(level, expected, whole.count);
    assert_int_equal(add_up(level, got, nodes_of(b, level, got)), count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(by_counter(&got[i], &expected[i]), 0);
        assert_true(got[i].min == expected[i].min && got[i].max == expected[i].max);
        assert_true(got[i].last == expected[i].last);
        assert_int_equal(got[i].total, expected[i].total);
    }
    free(expected);
    free(got);
}

static void test_counter_pyramid_has_each_sample_once(void **state) {
    static const uint32_t lanes[] = {1, 3, 40, 900};
    struct build *b = *state;
    for (uint64_t seed = 0; seed < sizeof lanes / sizeof lanes[0]; seed++) {
        struct err err = {0};
        uint64_t random = seed;
        unsigned highest = 0;
        begin(b, lanes[seed], 60000, &random);
        fixture_ok(build(b, &err), &err);
        assert_true(b->sheet_count > 3);
        for (uint32_t i = 0; i < b->sheet_count; i++) {
            highest = b->sheets[i].level > highest ? b->sheets[i].level : highest;
        }
        assert_true(b->samples.at[b->samples.count - 1] >> highest == 0);
        for (unsigned level = 0; level <= highest; level++) {
            check_level(b, level);
        }
        forget(b);
        samples_deinit(&b->samples);
    }
}

/* A carry is due as often as it costs little, and no less. */
static void test_counter_pyramid_carries_what_it_can_afford(void **state) {
    struct build *b = *state;
    static const uint32_t lanes[] = {1, 900};
    for (uint64_t seed = 0; seed < sizeof lanes / sizeof lanes[0]; seed++) {
        struct err err = {0};
        uint64_t random = seed;
        begin(b, lanes[seed], 60000, &random);
        fixture_ok(build(b, &err), &err);
        const uint32_t counters = lanes[seed] * COUNTER_COUNT;
        assert_true(b->carries <= b->chunk_count - 1);
        assert_true(lanes[seed] == 1
                        ? b->carries > b->chunk_count / 2
                        : b->carries <= 8 * b->samples.count / CARRY_SAMPLES / counters);
        forget(b);
        samples_deinit(&b->samples);
    }
}

static void test_counter_pyramid_reports_lack_of_memory(void **state) {
    struct build *b = *state;
    uint64_t random = 6;
    begin(b, 300, 20000, &random);
    int64_t nth = 0;
    for (;; nth++) {
        memory_fail_after(nth);
        const int rc = build(b, NULL);
        memory_fail_after(-1);
        forget(b);
        if (rc == 0) {
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
    }
    assert_true(nth > 20);
    samples_deinit(&b->samples);
}

/* --- bytes of a sheet ------------------------------------------------------------ */

/* Worked out by hand from the specification; the checksum by another program. */
static const char frozen_text[] = /* header */
    "47 53 63 70 02 03 00 00 06 00 00 00 "
    "e8 03 00 00 00 00 00 00 c4 09 00 00 00 00 00 00 02 00 00 00 "
    "00 02 00 00 00 06 01 "    /* lane */
    "00 02 00 00 00 02 01 "    /* kind */
    "00 03 00 00 00 02 fe 03 " /* first sample */
    "00 02 00 00 00 02 0a "    /* samples */
    "00 02 00 00 00 12 13 "    /* last */
    "00 02 00 00 00 12 15 "    /* min */
    "00 02 00 00 00 12 00 "    /* max */
    "48 0c b4 d2 ";            /* checksum */
enum { FROZEN_BYTES = (sizeof frozen_text - 1) / 3 };

static void test_counter_sheet_writes_the_frozen_bytes(void **state) {
    (void)state;
    struct counter_node nodes[] = {{1001, 9, 9, 9, 3, 1, 1}, {1256, -2, 9, -1, 2, 0, 6}};
    const struct point_sheet sheet = {3, 6, 1000, 2500, 2, nodes, 0};
    struct point_sheet back = {0};
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    uint8_t frozen[FROZEN_BYTES];
    for (size_t i = 0; i < FROZEN_BYTES; i++) {
        frozen[i] = (uint8_t)strtol(frozen_text + 3 * i, NULL, 16);
    }
    fixture_ok(point_sheet_encode(&counter_sheet_format, &sheet, &bytes, &err), &err);
    assert_int_equal(bytes.size, sizeof frozen);
    assert_memory_equal(bytes.data, frozen, sizeof frozen);
    fixture_ok(
        point_sheet_decode(&counter_sheet_format, frozen, sizeof frozen, &back, &err),
        &err);
    const struct counter_node *got = back.nodes;
    assert_int_equal(back.count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(by_counter(&got[i], &nodes[i]), 0);
        assert_true(got[i].min == nodes[i].min && got[i].max == nodes[i].max);
        assert_true(got[i].last == nodes[i].last && got[i].total == nodes[i].total);
    }
    chunk_bytes_deinit(&bytes);
    point_sheet_deinit(&back);
}

/* The least is not above the last, nor that above the largest; one sample has one value. */
static void test_counter_sheet_refuses_impossible_nodes(void **state) {
    (void)state;
    static const struct counter_node wrong[] = {
        {1, 5, 9, 4, 0, 0, 2}, {1, 5, 9, 10, 0, 0, 2}, {1, 5, 9, 5, 0, 0, 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct counter_node node = wrong[i];
        const struct point_sheet sheet = {0, 0, 0, 9, 1, &node, 0};
        struct point_sheet back = {0};
        struct chunk_bytes bytes = {0};
        struct err err = {0};
        fixture_ok(point_sheet_encode(&counter_sheet_format, &sheet, &bytes, &err), &err);
        assert_int_equal(point_sheet_decode(&counter_sheet_format, bytes.data, bytes.size,
                                            &back, &err),
                         ERR_CORRUPT);
        assert_non_null(strstr(err.text, "not between"));
        chunk_bytes_deinit(&bytes);
        point_sheet_deinit(&back);
    }
}

static int setup(void **state) {
    *state = calloc(1, sizeof(struct build));
    return *state != NULL ? 0 : -1;
}

static int teardown(void **state) {
    free(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counter_pyramid_has_each_sample_once),
        cmocka_unit_test(test_counter_pyramid_carries_what_it_can_afford),
        cmocka_unit_test(test_counter_pyramid_reports_lack_of_memory),
        cmocka_unit_test(test_counter_sheet_writes_the_frozen_bytes),
        cmocka_unit_test(test_counter_sheet_refuses_impossible_nodes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
