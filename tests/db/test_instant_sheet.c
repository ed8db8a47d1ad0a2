/* SPDX-License-Identifier: MIT */
#include "tests/db/fixture.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "db/instant_sheet_priv.h"
#include "engine/base/memory.h"

enum { NODES_MOST = 300 };

/* --- sheets -------------------------------------------------------------------- */

static bool same_node(const struct instant_node *a, const struct instant_node *b) {
    return a->first_ns == b->first_ns && a->lane == b->lane && a->by == b->by &&
           a->total == b->total && memcmp(a->count, b->count, sizeof a->count) == 0;
}

static void assert_same(const struct point_sheet *a, const struct point_sheet *b) {
    assert_int_equal(a->level, b->level);
    assert_int_equal(a->first_seq, b->first_seq);
    assert_int_equal(a->t0_ns, b->t0_ns);
    assert_int_equal(a->t1_ns, b->t1_ns);
    assert_int_equal(a->count, b->count);
    const struct instant_node *left = a->nodes, *right = b->nodes;
    for (uint32_t i = 0; i < a->count; i++) {
        assert_true(same_node(&left[i], &right[i]));
    }
}

static void add_up(struct instant_node *node) {
    node->total = 0;
    for (int kind = 0; kind < INSTANT_COUNT; kind++) {
        node->total += node->count[kind];
    }
}

/* A sheet in `nodes`, which has room for NODES_MOST. */
static struct point_sheet random_sheet(struct instant_node *nodes, uint64_t *random) {
    const struct point_sheet sheet = {
        .level = fixture_below(random, PYRAMID_LEVELS),
        .first_seq = fixture_below(random, 99),
        .t0_ns = fixture_below(random, 9999),
        .t1_ns = 10000 + fixture_below(random, 99999),
        .count = 1 + fixture_below(random, NODES_MOST),
        .nodes = nodes,
    };
    const uint32_t width = (uint32_t)(sheet.t1_ns - sheet.t0_ns) + 1;
    for (uint32_t i = 0; i < sheet.count; i++) {
        struct instant_node *node = &nodes[i];
        *node = (struct instant_node){
            .first_ns = sheet.t0_ns + fixture_below(random, width),
            .lane = (lane_id)fixture_below(random, 70),
            .by = LANE_NONE,
        };
        for (int kind = 0; kind < INSTANT_COUNT; kind++) {
            node->count[kind] = fixture_below(random, 3);
        }
        node->count[fixture_below(random, INSTANT_COUNT)]++;
        add_up(node);
        if (node->total == 1 || node->count[INSTANT_SLOW_CALLBACK] == 1) {
            node->by = (lane_id)fixture_below(random, 70) - 1;
        }
    }
    return sheet;
}

/* Decodes a copy that ends where its memory does. */
static int decode(struct point_sheet *out, const uint8_t *data, size_t size,
                  struct err *err) {
    uint8_t *exact = malloc(size > 0 ? size : 1);
    assert_non_null(exact);
    memcpy(exact, data, size);
    const int rc = point_sheet_decode(&instant_sheet_format, exact, size, out, err);
    free(exact);
    assert_true(rc == 0 || out->count == 0);
    return rc;
}

static void reseal(uint8_t *data, size_t size) {
    const uint32_t crc = (uint32_t)crc32(0, data, (uInt)(size - 4));
    for (int i = 0; i < 4; i++) {
        data[size - 4 + (size_t)i] = (uint8_t)(crc >> (8 * i));
    }
}

static void test_instant_sheet_sheets_come_back(void **state) {
    (void)state;
    struct instant_node nodes[NODES_MOST];
    struct point_sheet back = {0};
    struct err err = {0};
    uint64_t random = 1;
    for (int round = 0; round < 300; round++) {
        const struct point_sheet sheet = random_sheet(nodes, &random);
        struct chunk_bytes bytes = {0};
        fixture_ok(point_sheet_encode(&instant_sheet_format, &sheet, &bytes, &err), &err);
        fixture_ok(decode(&back, bytes.data, bytes.size, &err), &err);
        assert_same(&sheet, &back);
        chunk_bytes_deinit(&bytes);
    }
    point_sheet_deinit(&back);
}

static void test_instant_sheet_takes_every_extreme(void **state) {
    (void)state;
    struct instant_node nodes[] = {
        {0, 0, INT32_MAX, 1, {0, 0, 0, 0, 0, 1}},
        {INT64_MAX, INT32_MAX, 0, UINT32_MAX, {UINT32_MAX - 1, 0, 0, 0, 0, 1}},
        {7, 1, LANE_NONE, UINT32_MAX, {1, 1, 1, 1, UINT32_MAX - 6, 2}},
    };
    const struct point_sheet sheet = {.level = PYRAMID_LEVELS - 1,
                                      .first_seq = UINT32_MAX,
                                      .t1_ns = INT64_MAX,
                                      .count = 3,
                                      .nodes = nodes};
    struct point_sheet back = {0};
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    fixture_ok(point_sheet_encode(&instant_sheet_format, &sheet, &bytes, &err), &err);
    fixture_ok(decode(&back, bytes.data, bytes.size, &err), &err);
    assert_same(&sheet, &back);
    chunk_bytes_deinit(&bytes);
    point_sheet_deinit(&back);
}

/* --- the format ---------------------------------------------------------------- */

static struct point_sheet frozen_sheet(struct instant_node nodes[2]) {
    nodes[0] = (struct instant_node){1001, 3, 9, 1, {0, 0, 0, 0, 1, 0}};
    nodes[1] = (struct instant_node){1256, 2, -1, 6, {0, 3, 0, 0, 1, 2}};
    return (struct point_sheet){.level = 4,
                                .first_seq = 6,
                                .t0_ns = 1000,
                                .t1_ns = 2500,
                                .count = 2,
                                .nodes = nodes};
}

/* Worked out by hand from the specification; the checksum by another program. */
static const char frozen_text[] = /* header */
    "47 53 69 70 02 04 00 00 06 00 00 00 "
    "e8 03 00 00 00 00 00 00 c4 09 00 00 00 00 00 00 02 00 00 00 "
    "00 02 00 00 00 06 01 "    /* lane */
    "00 03 00 00 00 02 fe 03 " /* first instant */
    "00 02 00 00 00 12 13 "    /* by */
    "00 02 00 00 00 00 00 "    /* drop_request */
    "00 02 00 00 00 00 06 "    /* forced_drop */
    "00 02 00 00 00 00 00 "    /* voluntary_drop */
    "00 02 00 00 00 00 00 "    /* false_wakeup */
    "00 02 00 00 00 02 00 "    /* late_timer */
    "00 02 00 00 00 00 04 "    /* slow_callback */
    "52 9c 00 b4 ";            /* checksum */
enum { FROZEN_BYTES = (sizeof frozen_text - 1) / 3 };

/* Where the columns of the frozen sheet begin. */
enum { AT_LANE = 32, AT_FIRST = 39, AT_BY = 47, AT_COUNTS = 54 };

static void frozen_bytes(uint8_t out[FROZEN_BYTES]) {
    for (size_t i = 0; i < FROZEN_BYTES; i++) {
        out[i] = (uint8_t)strtol(frozen_text + 3 * i, NULL, 16);
    }
}

static void test_instant_sheet_writes_the_frozen_bytes(void **state) {
    (void)state;
    struct instant_node nodes[2];
    const struct point_sheet sheet = frozen_sheet(nodes);
    struct point_sheet back = {0};
    uint8_t frozen[FROZEN_BYTES];
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    frozen_bytes(frozen);
    fixture_ok(point_sheet_encode(&instant_sheet_format, &sheet, &bytes, &err), &err);
    assert_int_equal(bytes.size, sizeof frozen);
    assert_memory_equal(bytes.data, frozen, sizeof frozen);
    fixture_ok(decode(&back, frozen, sizeof frozen, &err), &err);
    assert_same(&sheet, &back);
    chunk_bytes_deinit(&bytes);
    point_sheet_deinit(&back);
}

/* --- damage -------------------------------------------------------------------- */

static void test_instant_sheet_refuses_every_truncation(void **state) {
    (void)state;
    struct instant_node nodes[NODES_MOST];
    struct point_sheet back = {0};
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    uint64_t random = 7;
    const struct point_sheet sheet = random_sheet(nodes, &random);
    fixture_ok(point_sheet_encode(&instant_sheet_format, &sheet, &bytes, &err), &err);
    for (size_t size = 0; size < bytes.size; size++) {
        assert_int_equal(decode(&back, bytes.data, size, NULL), ERR_CORRUPT);
    }
    /* The same with a right checksum: the columns themselves must notice. */
    for (size_t size = bytes.size; size-- > 4;) {
        reseal(bytes.data, size);
        assert_int_equal(decode(&back, bytes.data, size, NULL), ERR_CORRUPT);
    }
    chunk_bytes_deinit(&bytes);
    point_sheet_deinit(&back);
}

static void test_instant_sheet_refuses_every_bit_flip(void **state) {
    (void)state;
    struct point_sheet back = {0};
    uint8_t copy[FROZEN_BYTES];
    for (size_t bit = 0; bit < 8 * sizeof copy; bit++) {
        frozen_bytes(copy);
        copy[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        assert_int_equal(decode(&back, copy, sizeof copy, NULL), ERR_CORRUPT);
    }
    point_sheet_deinit(&back);
}

/* What the decoder promises of a sheet that it accepts, whoever wrote it. */
static void check_promise(const struct point_sheet *sheet) {
    const struct instant_node *nodes = sheet->nodes;
    assert_true(sheet->level < PYRAMID_LEVELS);
    for (uint32_t i = 0; i < sheet->count; i++) {
        struct instant_node node = nodes[i];
        assert_true(node.first_ns >= sheet->t0_ns && node.first_ns <= sheet->t1_ns);
        assert_true(node.lane >= 0 && node.by >= LANE_NONE && node.total > 0);
        assert_true(node.by == LANE_NONE || node.total == 1 ||
                    node.count[INSTANT_SLOW_CALLBACK] == 1);
        add_up(&node);
        assert_int_equal(node.total, nodes[i].total);
    }
}

/* Several bytes at once are wrong, and the checksum is right. */
static void test_instant_sheet_survives_forged_sheets(void **state) {
    (void)state;
    struct instant_node nodes[NODES_MOST];
    struct point_sheet back = {0};
    struct err err = {0};
    uint64_t random = 11;
    int accepted = 0;
    for (int round = 0; round < 3000; round++) {
        struct chunk_bytes bytes = {0};
        const struct point_sheet sheet = random_sheet(nodes, &random);
        fixture_ok(point_sheet_encode(&instant_sheet_format, &sheet, &bytes, &err), &err);
        for (uint32_t n = 1 + fixture_below(&random, 3); n > 0; n--) {
            bytes.data[fixture_below(&random, (uint32_t)bytes.size)] =
                (uint8_t)fixture_random(&random);
        }
        reseal(bytes.data, bytes.size);
        const int rc = decode(&back, bytes.data, bytes.size, NULL);
        assert_true(rc == 0 || rc == ERR_CORRUPT);
        if (rc == 0) {
            accepted++;
            check_promise(&back);
        }
        chunk_bytes_deinit(&bytes);
    }
    assert_true(accepted > 30);
    point_sheet_deinit(&back);
}

static void test_instant_sheet_names_what_is_wrong(void **state) {
    (void)state;
    static const struct {
        size_t at;
        uint8_t byte;
        const char *why;
    } cases[] = {
        {0, 'g', "magic"},
        {4, 1, "format version 1"},
        {5, PYRAMID_LEVELS, "wrong level"},
        {28, 0, "wrong level, number"},
        {30, 0x41, "wrong level, number"},
        {21, 4, "out of range"},
        {AT_LANE, 9, "does not decode"},
        {AT_LANE + 5, 1, "out of range"},
        {AT_FIRST + 5, 1, "out of range"},
        {AT_BY + 6, 0x15, "out of range"},
        {AT_BY + 6, 0, "of many"},
        {AT_COUNTS + 5, 1, "out of range"},
        {AT_COUNTS + 5 + 4 * 7, 0, "wrong number"},
    };
    struct point_sheet back = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = {0};
        uint8_t bytes[FROZEN_BYTES];
        frozen_bytes(bytes);
        bytes[cases[i].at] = cases[i].byte;
        reseal(bytes, sizeof bytes);
        assert_int_equal(decode(&back, bytes, sizeof bytes, &err), ERR_CORRUPT);
        if (strstr(err.text, cases[i].why) == NULL) {
            fail_msg("case %zu: '%s'", i, err.text);
        }
    }
    point_sheet_deinit(&back);
}

/* --- limits -------------------------------------------------------------------- */

static void test_instant_sheet_writes_no_sheet_that_it_would_refuse(void **state) {
    (void)state;
    const struct point_sheet sheet = {.count = (1 << 22) + 1};
    struct chunk_bytes bytes = {0};
    assert_int_equal(point_sheet_encode(&instant_sheet_format, &sheet, &bytes, NULL),
                     ERR_LIMIT);
    assert_int_equal(bytes.size, 0);
}

static void test_instant_sheet_reports_lack_of_memory(void **state) {
    (void)state;
    struct instant_node nodes[2];
    const struct point_sheet sheet = frozen_sheet(nodes);
    struct chunk_bytes bytes = {0};
    struct point_sheet back = {0};
    for (int64_t nth = 0; nth < 2; nth++) {
        memory_fail_after(nth);
        assert_int_equal(point_sheet_encode(&instant_sheet_format, &sheet, &bytes, NULL),
                         ERR_NOMEM);
        assert_int_equal(bytes.size, 0);
    }
    memory_fail_after(-1);
    assert_int_equal(point_sheet_encode(&instant_sheet_format, &sheet, &bytes, NULL), 0);
    for (int64_t nth = 0; nth < 2; nth++) {
        point_sheet_deinit(&back);
        memory_fail_after(nth);
        assert_int_equal(decode(&back, bytes.data, bytes.size, NULL), ERR_NOMEM);
    }
    memory_fail_after(-1);
    assert_int_equal(decode(&back, bytes.data, bytes.size, NULL), 0);
    chunk_bytes_deinit(&bytes);
    point_sheet_deinit(&back);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instant_sheet_sheets_come_back),
        cmocka_unit_test(test_instant_sheet_takes_every_extreme),
        cmocka_unit_test(test_instant_sheet_writes_the_frozen_bytes),
        cmocka_unit_test(test_instant_sheet_refuses_every_truncation),
        cmocka_unit_test(test_instant_sheet_refuses_every_bit_flip),
        cmocka_unit_test(test_instant_sheet_survives_forged_sheets),
        cmocka_unit_test(test_instant_sheet_names_what_is_wrong),
        cmocka_unit_test(test_instant_sheet_writes_no_sheet_that_it_would_refuse),
        cmocka_unit_test(test_instant_sheet_reports_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
