/* SPDX-License-Identifier: MIT */
/* The sheets of the pyramid of spans: against a naive reading of what was put in, on frozen
 * bytes, and with damage of every kind. */
#include "tests/db/fixture.h"

#include <stdlib.h>
#include <string.h>

#include "db/sheet_codec_priv.h"
#include "engine/base/memory.h"

enum { NODES_MOST = 300, SUM_BYTES = 8 };

/* --- sheets -------------------------------------------------------------------- */

/* Together they are no longer than a cell. */
static void add_times(struct sheet *sheet, uint32_t states, uint64_t *random) {
    const uint32_t cell = sheet->level < 20 ? UINT32_C(1) << sheet->level : 1 << 20;
    const uint32_t count = (uint32_t)__builtin_popcount(states);
    const uint32_t room = cell / (count > 0 ? count : 1);
    for (uint32_t rest = states; rest != 0; rest &= rest - 1) {
        const uint32_t most = fixture_below(random, 4) == 0 ? 3 : room;
        sheet->times[sheet->time_count++] =
            1 + fixture_below(random, most < room ? most : room);
    }
}

/* As many as there are nanoseconds in a cell at most. */
static uint32_t random_states(unsigned level, uint64_t *random) {
    uint32_t states = fixture_below(random, 1 << fixture_below(random, 6));
    while (level < 3 && __builtin_popcount(states) > 1 << level) {
        states &= states - 1;
    }
    return states;
}

/* Ends in the cell, and is at least as long. */
static void add_long(struct sheet *sheet, int64_t cell, uint64_t *random) {
    const sim_ns length = INT64_C(1) << sheet->level;
    const sim_ns end = (cell << sheet->level) + 1 + fixture_below(random, 99) % length;
    sheet->longs[sheet->long_count++] = (struct long_span){
        .start_ns = end - length - fixture_below(random, 70000),
        .end_ns = end,
        .resource = (lane_id)fixture_below(random, 9) - 1,
        .by = (lane_id)fixture_below(random, 9) - 1,
        .site = (site_id)fixture_below(random, 9) - 1,
        .state = (uint8_t)fixture_below(random, STATE_COUNT),
    };
}

/* Lanes take turns, the cells of each ascend. Released with sheet_deinit(). */
static struct sheet random_sheet(uint64_t *random) {
    struct sheet sheet = {.group = fixture_below(random, 5),
                          .level = fixture_below(random, 40),
                          .first_seq = fixture_below(random, 99)};
    const uint32_t count = 1 + fixture_below(random, NODES_MOST);
    const uint32_t lanes = 1 + fixture_below(random, LANE_GROUP_LANES);
    int64_t cells[LANE_GROUP_LANES];
    assert_int_equal(sheet_reserve(&sheet, count, count * STATE_COUNT, count), 0);
    for (int i = 0; i < LANE_GROUP_LANES; i++) {
        cells[i] = 1000;
    }
    sheet.t0_ns = INT64_C(1000) << sheet.level;
    for (; sheet.count < count; sheet.count++) {
        const uint32_t i = sheet.count, place = fixture_below(random, lanes);
        const uint32_t states = random_states(sheet.level, random);
        const bool has_long = states == 0 || fixture_below(random, 3) == 0;
        cells[place] += fixture_below(random, 3);
        sheet.place[i] = (uint8_t)place;
        sheet.cell[i] = cells[place];
        sheet.mask[i] = states | (has_long ? NODE_LONG : 0);
        sheet.ended[i] = fixture_below(random, 300);
        add_times(&sheet, states, random);
        if (has_long) {
            add_long(&sheet, cells[place], random);
        }
    }
    sheet.t1_ns = INT64_C(2000) << sheet.level;
    return sheet;
}

/* From an exact copy, so that a sanitizer sees each read beyond it. */
static int decode(struct sheet_block *out, const uint8_t *data, size_t size,
                  struct err *err) {
    uint8_t *exact = malloc(size > 0 ? size : 1);
    assert_non_null(exact);
    memcpy(exact, data, size);
    const int rc = sheet_codec_decode(exact, size, out, err);
    free(exact);
    return rc;
}

static bool same_span(const struct long_span *a, const struct long_span *b) {
    return a->start_ns == b->start_ns && a->end_ns == b->end_ns &&
           a->resource == b->resource && a->by == b->by && a->site == b->site &&
           a->state == b->state;
}

static const struct sheet_kind *kind_of(const struct sheet_block *block, uint32_t node) {
    return &block->kinds[block->nodes[node].kind];
}

static struct sheet_times times_of(const struct sheet_lane *lane) {
    return (struct sheet_times){lane->first, lane->times_at};
}

/* The state with most of the times, and the times themselves. */
static void assert_same_times(const struct sheet_block *block, struct sheet_times *place,
                              uint32_t node, const sim_ns *times) {
    sim_ns got[STATE_COUNT] = {0}, most = 0;
    unsigned state = 0;
    sheet_block_add_times(block, place, node, got);
    for (unsigned s = 0; s < STATE_COUNT; s++) {
        const sim_ns time = (kind_of(block, node)->mask >> s & 1) != 0 ? *times++ : 0;
        assert_int_equal(got[s], time);
        state = time > most ? s : state;
        most = time > most ? time : most;
    }
    assert_int_equal(kind_of(block, node)->state, state);
}

/* Looks for the nodes of each lane in turn. */
static void assert_same(const struct sheet *sheet, const struct sheet_block *block) {
    uint32_t at = 0, longs = 0, lane = 0;
    assert_int_equal(block->group, sheet->group);
    assert_int_equal(block->level, sheet->level);
    assert_int_equal(block->first_seq, sheet->first_seq);
    assert_int_equal(block->t0_ns, sheet->t0_ns);
    assert_int_equal(block->t1_ns, sheet->t1_ns);
    assert_int_equal(block->count, sheet->count);
    assert_int_equal(block->long_count, sheet->long_count);
    for (uint32_t place = 0; place < LANE_GROUP_LANES; place++) {
        const sim_ns *times = sheet->times;
        const struct long_span *span = sheet->longs;
        const uint32_t first = at, first_long = longs;
        struct sheet_times place_in_times = times_of(&block->lanes[lane]);
        for (uint32_t i = 0; i < sheet->count; i++) {
            if (sheet->place[i] == place) {
                const struct sheet_node *node = &block->nodes[at];
                assert_int_equal(node->cell, sheet->cell[i]);
                assert_int_equal(kind_of(block, at)->mask, sheet->mask[i]);
                assert_int_equal(node->ended, sheet->ended[i]);
                assert_same_times(block, &place_in_times, at++, times);
                assert_true((sheet->mask[i] & NODE_LONG) == 0 ||
                            same_span(&block->longs[longs++], span));
            }
            times += __builtin_popcount(sheet->mask[i] & ~NODE_LONG);
            span += (sheet->mask[i] & NODE_LONG) != 0;
        }
        if (at > first) {
            const struct sheet_lane *got = &block->lanes[lane++];
            assert_int_equal(got->place, place);
            assert_int_equal(got->first, first);
            assert_int_equal(got->end, at);
            assert_int_equal(got->first_long, first_long);
            assert_int_equal(got->end_long, longs);
        }
    }
    assert_int_equal(block->lane_count, lane);
}

static void test_sheet_codec_sheets_come_back(void **state) {
    (void)state;
    struct sheet_block back = {0};
    struct err err = {0};
    uint64_t random = 1;
    for (int round = 0; round < 400; round++) {
        struct chunk_bytes bytes = {0};
        struct sheet sheet = random_sheet(&random);
        fixture_ok(sheet_codec_encode(&sheet, &bytes, &err), &err);
        fixture_ok(decode(&back, bytes.data, bytes.size, &err), &err);
        assert_same(&sheet, &back);
        chunk_bytes_deinit(&bytes);
        sheet_deinit(&sheet);
    }
    sheet_block_deinit(&back);
}

/* --- frozen bytes -------------------------------------------------------------- */

/* Of cells of 512 ns from 3100 ns on: lane 66 has a long span and 7 ns of state 1, later 512
 * of it, lane 65 3 of state 0 and 300 of state 2. */
static struct sheet frozen_sheet(void) {
    static uint8_t place[] = {2, 1, 2};
    static int64_t cell[] = {6, 7, 8};
    static uint32_t mask[] = {NODE_LONG | 2, 5, 2}, ended[] = {1, 0, 2};
    static sim_ns times[] = {7, 3, 300, 512};
    static struct long_span longs[] = {{2000, 3105, 65, -1, 3, 4}};
    return (struct sheet){.group = 1,
                          .level = 9,
                          .first_seq = 6,
                          .t0_ns = 3100,
                          .t1_ns = 5000,
                          .count = 3,
                          .time_count = 4,
                          .long_count = 1,
                          .place = place,
                          .cell = cell,
                          .mask = mask,
                          .ended = ended,
                          .times = times,
                          .longs = longs};
}

/* Worked out from the specification, and the checksum, by another program. */
static const char frozen_text[] = /* header */
    "47 53 70 79 03 09 00 00 01 00 00 00 06 00 00 00 "
    "1c 0c 00 00 00 00 00 00 88 13 00 00 00 00 00 00 03 00 00 00 01 00 00 00 "
    "00 07 00 00 00 04 06 fa ff ff ff 0f " /* kinds: mask */
    "00 03 00 00 00 02 02 01 "             /* state with most time */
    "00 03 00 00 00 00 02 01 "             /* bytes of a time */
    "00 02 00 00 00 02 02 "                /* lanes */
    "00 02 00 00 00 02 02 "                /* their nodes */
    "00 03 00 00 00 02 01 04 "             /* nodes: cell */
    "00 03 00 00 00 02 02 03 "             /* kind */
    "00 03 00 00 00 00 02 02 "             /* ended */
    "02 05 00 00 00 d1 01 d8 03 00 "       /* unused room */
    "00 01 00 00 00 42 "                   /* long spans: end */
    "00 02 00 00 00 a2 09 "                /* length */
    "00 01 00 00 00 08 "                   /* state */
    "02 01 00 00 00 41 "                   /* resource */
    "00 01 00 00 00 01 "                   /* by */
    "00 01 00 00 00 06 "                   /* site */
    "03 "                                  /* times */
    "e2 73 ab 4f 24 78 8d aa " /* checksum */;
enum { FROZEN_BYTES = (sizeof frozen_text - 1) / 3 };

/* Where columns of the frozen sheet begin. */
enum {
    AT_MASK = 40,
    AT_STATE = 52,
    AT_BYTES = 60,
    AT_LANES = 68,
    AT_NODES = 75,
    AT_CELL = 82,
    AT_KIND = 90,
    AT_ENDED = 98,
    AT_ROOM = 106,
    AT_LONGS = 116,
    AT_LENGTH = 122,
    AT_SITE = 147,
    AT_TIMES = 153
};

static void bytes_of(const char *text, size_t count, uint8_t *out) {
    for (size_t i = 0; i < count; i++) {
        out[i] = (uint8_t)strtol(text + 3 * i, NULL, 16);
    }
}

static void frozen_bytes(uint8_t out[FROZEN_BYTES]) {
    bytes_of(frozen_text, FROZEN_BYTES, out);
}

static void test_sheet_codec_writes_the_frozen_bytes(void **state) {
    (void)state;
    const struct sheet sheet = frozen_sheet();
    struct sheet_block back = {0};
    uint8_t frozen[FROZEN_BYTES];
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    frozen_bytes(frozen);
    fixture_ok(sheet_codec_encode(&sheet, &bytes, &err), &err);
    assert_int_equal(bytes.size, sizeof frozen);
    assert_memory_equal(bytes.data, frozen, sizeof frozen);
    fixture_ok(decode(&back, frozen, sizeof frozen, &err), &err);
    assert_same(&sheet, &back);
    chunk_bytes_deinit(&bytes);
    sheet_block_deinit(&back);
}

/* The same sheet, as it was written before. */
static const char version_2_text[] =
    "47 53 70 79 02 09 00 00 01 00 00 00 06 00 00 00 "
    "1c 0c 00 00 00 00 00 00 88 13 00 00 00 00 00 00 03 00 00 00 07 00 00 00 "
    "00 07 00 00 00 04 06 fa ff ff ff 0f " /* kinds: mask */
    "00 03 00 00 00 02 02 01 "             /* state with most time */
    "00 03 00 00 00 04 00 01 "             /* bytes of a time */
    "00 02 00 00 00 02 02 "                /* lanes */
    "00 02 00 00 00 02 02 "                /* their nodes */
    "00 03 00 00 00 02 01 04 "             /* nodes: cell */
    "00 03 00 00 00 02 02 03 "             /* kind */
    "00 03 00 00 00 00 02 02 "             /* ended */
    "00 01 00 00 00 42 "                   /* long spans: end */
    "00 02 00 00 00 a2 09 "                /* length */
    "00 01 00 00 00 08 "                   /* state */
    "02 01 00 00 00 41 "                   /* resource */
    "00 01 00 00 00 01 "                   /* by */
    "00 01 00 00 00 06 "                   /* site */
    "03 00 2c 01 07 00 02 "                /* times */
    "dd da ae 30 be 36 df b3 ";            /* checksum */

static void test_sheet_codec_reads_version_2(void **state) {
    (void)state;
    const struct sheet sheet = frozen_sheet();
    struct sheet_block back = {0};
    uint8_t bytes[(sizeof version_2_text - 1) / 3];
    struct err err = {0};
    bytes_of(version_2_text, sizeof bytes, bytes);
    fixture_ok(decode(&back, bytes, sizeof bytes, &err), &err);
    assert_same(&sheet, &back);
    for (size_t size = 0; size < sizeof bytes; size++) {
        assert_int_equal(decode(&back, bytes, size, NULL), ERR_CORRUPT);
    }
    sheet_block_deinit(&back);
}

/* --- damage -------------------------------------------------------------------- */

/* As the specification has it, byte by byte. */
static void reseal(uint8_t *data, size_t size) {
    const size_t body = size - SUM_BYTES;
    uint64_t sum = body;
    for (size_t at = 0; at < body; at += 8) {
        uint64_t word = 0;
        for (size_t i = 0; i < 8 && at + i < body; i++) {
            word |= (uint64_t)data[at + i] << (8 * i);
        }
        sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        sum = sum << 31 | sum >> 33;
    }
    for (size_t i = 0; i < SUM_BYTES; i++) {
        data[body + i] = (uint8_t)(sum >> (8 * i));
    }
}

static void test_sheet_codec_refuses_every_truncation(void **state) {
    (void)state;
    struct sheet_block back = {0};
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    uint64_t random = 2;
    struct sheet sheet = random_sheet(&random);
    fixture_ok(sheet_codec_encode(&sheet, &bytes, &err), &err);
    for (size_t size = 0; size < bytes.size; size++) {
        assert_int_equal(decode(&back, bytes.data, size, NULL), ERR_CORRUPT);
        assert_int_equal(back.count, 0);
    }
    chunk_bytes_deinit(&bytes);
    sheet_deinit(&sheet);
    sheet_block_deinit(&back);
}

static void test_sheet_codec_notices_every_bit(void **state) {
    (void)state;
    struct sheet_block back = {0};
    uint8_t bytes[FROZEN_BYTES];
    frozen_bytes(bytes);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(decode(&back, bytes, sizeof bytes, NULL), ERR_CORRUPT);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    sheet_block_deinit(&back);
}

/* What the decoder says of a node it accepts, and of its long span. */
static void check_node(const struct sheet_block *block, uint32_t i,
                       const struct long_span *span) {
    const struct sheet_kind *kind = kind_of(block, i);
    const uint32_t states = kind->mask & ~NODE_LONG;
    assert_in_range(kind->mask, 1, UINT32_MAX);
    assert_int_equal(states >> STATE_COUNT, 0);
    assert_true(states == 0 ? kind->state == 0 : (states >> kind->state & 1) != 0);
    assert_true(block->nodes[i].cell >= 0);
    if ((kind->mask & NODE_LONG) != 0) {
        assert_int_equal((span->end_ns - 1) >> block->level, block->nodes[i].cell);
        assert_true(span->end_ns - span->start_ns >= INT64_C(1) << block->level);
        assert_true(span->state < STATE_COUNT && span->resource >= LANE_NONE &&
                    span->by >= LANE_NONE && span->site >= SITE_NONE);
    }
}

static void check_promise(const struct sheet_block *block) {
    uint32_t longs = 0;
    for (uint32_t n = 0; n < block->lane_count; n++) {
        const struct sheet_lane *lane = &block->lanes[n];
        struct sheet_times place = times_of(lane);
        assert_int_equal(lane->first_long, longs);
        for (uint32_t i = lane->first; i < lane->end; i++) {
            sim_ns times[STATE_COUNT] = {0};
            check_node(block, i, &block->longs[longs]);
            longs += kind_of(block, i)->mask >> 31;
            sheet_block_add_times(block, &place, i, times);
        }
        assert_int_equal(lane->end_long, longs);
    }
    assert_int_equal(longs, block->long_count);
}

/* Several bytes at once are wrong, and the checksum is right. */
static void test_sheet_codec_survives_forged_sheets(void **state) {
    (void)state;
    struct sheet_block back = {0};
    struct err err = {0};
    uint64_t random = 11;
    int accepted = 0;
    for (int round = 0; round < 3000; round++) {
        struct chunk_bytes bytes = {0};
        struct sheet sheet = random_sheet(&random);
        fixture_ok(sheet_codec_encode(&sheet, &bytes, &err), &err);
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
        sheet_deinit(&sheet);
    }
    assert_true(accepted > 30);
    sheet_block_deinit(&back);
}

static void test_sheet_codec_names_what_is_wrong(void **state) {
    (void)state;
    static const struct {
        size_t at;
        uint8_t byte;
        const char *why;
    } cases[] = {
        {0, 'g', "magic"},
        {4, 1, "format version 1"},
        {5, PYRAMID_LEVELS, "wrong level"},
        {32, 0, "wrong level, number"},
        {34, 0x41, "wrong level, number"},
        {39, 1, "wrong level, number"},
        {36, 0, "wrong length of the times"},
        {36, 60, "a column is cut off"},
        {AT_MASK, 9, "kinds do not decode"},
        {AT_MASK + 5, 0, "unknown state"},
        {AT_STATE + 5, 0, "cannot be"},
        {AT_STATE + 5, 1, "out of range"},
        {AT_BYTES + 5, 6, "out of range"},
        {AT_BYTES + 5, 2, "cannot be"},
        {AT_LANES, 9, "lanes do not decode"},
        {AT_LANES + 6, 0, "wrong lanes"},
        {AT_NODES + 6, 4, "wrong lanes"},
        {AT_NODES + 6, 0, "nodes of no lane"},
        {AT_CELL + 5, 5, "out of range"},
        {AT_CELL + 6, 9, "out of range"},
        {AT_KIND + 5, 8, "out of range"},
        {AT_ENDED + 5, 1, "out of range"},
        {AT_ROOM + 6, 4, "more time than it is long"},
        {AT_ROOM + 8, 4, "more time than it is long"},
        {AT_SITE + 5, 3, "out of range"},
    };
    struct sheet_block back = {0};
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
    sheet_block_deinit(&back);
}

/* The frozen sheet with other bytes in place of `size` of them, sealed again, is refused. */
static void assert_refused(size_t at, size_t size, const char *text, const char *why) {
    const size_t count = (strlen(text) + 1) / 3, rest = FROZEN_BYTES - at - size;
    struct sheet_block back = {0};
    struct err err = {0};
    uint8_t frozen[FROZEN_BYTES], bytes[2 * FROZEN_BYTES];
    frozen_bytes(frozen);
    memcpy(bytes, frozen, at);
    bytes_of(text, count, bytes + at);
    memcpy(bytes + at + count, frozen + at + size, rest);
    reseal(bytes, at + count + rest);
    assert_int_equal(decode(&back, bytes, at + count + rest, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.text, why));
    sheet_block_deinit(&back);
}

static void test_sheet_codec_refuses_nodes_without_kinds(void **state) {
    (void)state;
    assert_refused(AT_MASK, AT_LANES - AT_MASK,
                   "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", "no kinds");
}

static void test_sheet_codec_refuses_long_spans_that_are_too_few_or_many(void **state) {
    (void)state;
    static const char none[] = "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
                               "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00";
    static const char two[] = "00 02 00 00 00 42 00 00 03 00 00 00 a2 09 00 "
                              "00 02 00 00 00 08 00 02 02 00 00 00 41 41 "
                              "00 02 00 00 00 01 00 00 02 00 00 00 06 00";
    static const char uneven[] = "00 02 00 00 00 42 00";
    assert_refused(AT_LONGS, AT_TIMES - AT_LONGS, none, "without its long span");
    assert_refused(AT_LONGS, AT_TIMES - AT_LONGS, two, "without its node");
    assert_refused(AT_LONGS, AT_LENGTH - AT_LONGS, uneven, "does not decode");
}

/* --- memory -------------------------------------------------------------------- */

static void test_sheet_codec_needs_memory(void **state) {
    (void)state;
    uint64_t random = 5;
    struct sheet sheet = random_sheet(&random);
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    int failures = 0;
    for (int after = 0;; after++, failures++) {
        memory_fail_after(after);
        const int rc = sheet_codec_encode(&sheet, &bytes, NULL);
        memory_fail_after(-1);
        if (rc == 0) {
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
        assert_int_equal(bytes.size, 0);
    }
    assert_true(failures >= 4);
    for (int after = failures = 0;; after++, failures++) {
        struct sheet_block back = {0};
        memory_fail_after(after);
        const int rc = sheet_codec_decode(bytes.data, bytes.size, &back, NULL);
        memory_fail_after(-1);
        assert_int_equal(back.count, rc == 0 ? sheet.count : 0);
        sheet_block_deinit(&back);
        if (rc == 0) {
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
    }
    assert_true(failures >= 4);
    fixture_ok(0, &err);
    chunk_bytes_deinit(&bytes);
    sheet_deinit(&sheet);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sheet_codec_sheets_come_back),
        cmocka_unit_test(test_sheet_codec_writes_the_frozen_bytes),
        cmocka_unit_test(test_sheet_codec_reads_version_2),
        cmocka_unit_test(test_sheet_codec_refuses_every_truncation),
        cmocka_unit_test(test_sheet_codec_notices_every_bit),
        cmocka_unit_test(test_sheet_codec_survives_forged_sheets),
        cmocka_unit_test(test_sheet_codec_names_what_is_wrong),
        cmocka_unit_test(test_sheet_codec_refuses_nodes_without_kinds),
        cmocka_unit_test(test_sheet_codec_refuses_long_spans_that_are_too_few_or_many),
        cmocka_unit_test(test_sheet_codec_needs_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
