/* SPDX-License-Identifier: MIT */
/*
 * The pyramid of instants against its promise: at every level the sheets, and the chunks
 * with a higher base, have each instant once.
 */
#include "tests/db/fixture.h"

#include <stdlib.h>
#include <string.h>

#include "db/instant_pyramid_priv.h"
#include "engine/base/memory.h"

enum { INSTANTS = 60000, CHUNKS_MAX = 4000, LANES_MAX = 3000, SHEETS_MAX = 4000 };

/* A recording, and what became of it. */
struct recording {
    lane_id lane[INSTANTS], by[INSTANTS];
    sim_ns at[INSTANTS];
    uint8_t kind[INSTANTS];
    uint32_t first[CHUNKS_MAX + 1]; /* of each chunk */
    unsigned base[CHUNKS_MAX];
    uint32_t chunk_count;
    struct point_sheet sheets[SHEETS_MAX];
    uint32_t sheet_count;
    uint32_t lanes;
};

static int keep_sheet(void *context, const struct point_sheet *sheet, struct err *err) {
    struct recording *r = context;
    (void)err;
    assert_true(r->sheet_count < SHEETS_MAX);
    struct point_sheet *copy = &r->sheets[r->sheet_count++];
    *copy = *sheet;
    copy->nodes = calloc(sheet->count, sizeof(struct instant_node));
    assert_non_null(copy->nodes);
    memcpy(copy->nodes, sheet->nodes, sheet->count * sizeof(struct instant_node));
    return 0;
}

static void forget_sheets(struct recording *r) {
    for (uint32_t i = 0; i < r->sheet_count; i++) {
        free(r->sheets[i].nodes);
    }
    r->sheet_count = 0;
}

/* Crowds and pauses, on lanes of which some come late. */
static void random_recording(struct recording *r, uint32_t lanes, uint64_t *random) {
    sim_ns at = 0;
    r->lanes = lanes;
    for (uint32_t i = 0; i < INSTANTS; i++) {
        const uint32_t born = 1 + (uint32_t)((uint64_t)lanes * i / INSTANTS);
        const uint32_t step = fixture_below(random, 5000) == 0 ? 40000000 : 3000;
        at += fixture_below(random, 4) == 0 ? 0 : fixture_below(random, step);
        r->lane[i] = (lane_id)fixture_below(random, born);
        r->by[i] = (lane_id)fixture_below(random, 9) - 1;
        r->at[i] = at;
        r->kind[i] = (uint8_t)fixture_below(random, INSTANT_COUNT);
    }
    r->chunk_count = 0;
    uint32_t room = CHUNK_SPANS;
    for (uint32_t i = 0; i < INSTANTS; i += room) {
        r->first[r->chunk_count++] = i;
        room =
            1 + fixture_below(random, fixture_below(random, 9) == 0 ? 20 : CHUNK_SPANS);
        room = room < INSTANTS - i ? room : INSTANTS - i;
    }
    r->first[r->chunk_count] = INSTANTS;
}

static struct instant_chunk chunk_of(const struct recording *r, uint32_t seq) {
    const uint32_t i = r->first[seq], end = r->first[seq + 1];
    return (struct instant_chunk){seq,       end - i,        false,
                                  r->at[i],  r->at[end - 1], &r->lane[i],
                                  &r->at[i], &r->kind[i],    &r->by[i]};
}

static int build(struct recording *r, struct err *err) {
    struct point_pyramid *pyramid = NULL;
    int rc = instant_pyramid_create(&pyramid, keep_sheet, r, err);
    for (uint32_t seq = 0; rc == 0 && seq < r->chunk_count; seq++) {
        const struct instant_chunk chunk = chunk_of(r, seq);
        rc = instant_pyramid_add(pyramid, &chunk, &r->base[seq], err);
    }
    if (rc == 0) {
        rc = point_pyramid_finish(pyramid, err);
    }
    point_pyramid_destroy(pyramid);
    return rc;
}

/* --- what a level has ------------------------------------------------------------ */

/* In the order of time, as a reader takes them: sheets and chunks by their number. */
static size_t nodes_of(const struct recording *r, unsigned level,
                       struct instant_node *out) {
    size_t count = 0;
    uint32_t sheet = 0;
    for (uint32_t seq = 0; seq < r->chunk_count; seq++) {
        for (; sheet < r->sheet_count; sheet++) {
            const struct point_sheet *s = &r->sheets[sheet];
            if (s->level == level && s->first_seq > seq) {
                break;
            }
            const struct instant_node *nodes = s->nodes;
            for (uint32_t i = 0; s->level == level && i < s->count; i++) {
                assert_in_range(nodes[i].first_ns, s->t0_ns, s->t1_ns);
                out[count++] = nodes[i];
            }
        }
        const struct instant_chunk chunk = chunk_of(r, seq);
        for (uint32_t i = 0; r->base[seq] > level && i < chunk.count; i++) {
            out[count++] = instant_node_of(&chunk, i);
        }
    }
    return count;
}

/* Adds up nodes of the same lane and cell; what is left is by lane and time. */
static size_t add_up(struct recording *r, unsigned level, struct instant_node *nodes,
                     size_t count, struct instant_node *out) {
    static size_t first[LANES_MAX + 1];
    memset(first, 0, sizeof first);
    for (size_t i = 0; i < count; i++) {
        first[nodes[i].lane + 1]++;
    }
    for (uint32_t lane = 0; lane < r->lanes; lane++) {
        first[lane + 1] += first[lane];
    }
    for (size_t i = 0; i < count; i++) {
        out[first[nodes[i].lane]++] = nodes[i];
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct instant_node *last = kept > 0 ? &out[kept - 1] : NULL;
        if (last != NULL && last->lane == out[i].lane &&
            last->first_ns >> level == out[i].first_ns >> level) {
            instant_node_add(last, &out[i]);
        } else {
            out[kept++] = out[i];
        }
    }
    return kept;
}

static bool same_node(const struct instant_node *a, const struct instant_node *b) {
    return a->first_ns == b->first_ns && a->lane == b->lane && a->by == b->by &&
           a->total == b->total && memcmp(a->count, b->count, sizeof a->count) == 0;
}

static void check_level(struct recording *r, unsigned level) {
    static struct instant_node all[INSTANTS], expected[INSTANTS], nodes[INSTANTS],
        got[INSTANTS];
    const struct instant_chunk whole = {0,       INSTANTS, false,   0,    0,
                                        r->lane, r->at,    r->kind, r->by};
    for (uint32_t i = 0; i < INSTANTS; i++) {
        all[i] = instant_node_of(&whole, i);
    }
    const size_t count = add_up(r, level, all, INSTANTS, expected);
    assert_int_equal(add_up(r, level, nodes, nodes_of(r, level, nodes), got), count);
    for (size_t i = 0; i < count; i++) {
        assert_true(same_node(&got[i], &expected[i]));
    }
}

static unsigned highest_level(const struct recording *r) {
    unsigned highest = 0;
    for (uint32_t i = 0; i < r->sheet_count; i++) {
        highest = r->sheets[i].level > highest ? r->sheets[i].level : highest;
        assert_in_range(r->sheets[i].count, 1,
                        2 * (SHEET_NODES + r->lanes) + CHUNK_SPANS);
    }
    return highest;
}

static void test_instant_pyramid_has_each_instant_once(void **state) {
    static const uint32_t lanes[] = {1, 2, 40, 700, LANES_MAX};
    struct recording *r = *state;
    for (uint64_t seed = 0; seed < sizeof lanes / sizeof lanes[0]; seed++) {
        struct err err = {0};
        uint64_t random = seed;
        random_recording(r, lanes[seed], &random);
        fixture_ok(build(r, &err), &err);
        assert_true(r->sheet_count > 3);
        const unsigned highest = highest_level(r);
        assert_true(r->at[INSTANTS - 1] >> highest == 0);
        for (unsigned level = 0; level <= highest; level++) {
            check_level(r, level);
        }
        forget_sheets(r);
    }
}

/* Few instants have no pyramid. */
static void test_instant_pyramid_begins_late(void **state) {
    struct recording *r = *state;
    struct err err = {0};
    uint64_t random = 5;
    random_recording(r, 3, &random);
    r->chunk_count = 4;
    fixture_ok(build(r, &err), &err);
    assert_int_equal(r->sheet_count, 0);
    for (uint32_t seq = 0; seq < r->chunk_count; seq++) {
        assert_int_equal(r->base[seq], PYRAMID_NONE);
    }
}

static void test_instant_pyramid_reports_lack_of_memory(void **state) {
    struct recording *r = *state;
    uint64_t random = 6;
    random_recording(r, 300, &random);
    int64_t nth = 0;
    for (;; nth++) {
        memory_fail_after(nth);
        const int rc = build(r, NULL);
        memory_fail_after(-1);
        forget_sheets(r);
        if (rc == 0) {
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
    }
    assert_true(nth > 20);
}

static int setup(void **state) {
    *state = calloc(1, sizeof(struct recording));
    return *state != NULL ? 0 : -1;
}

static int teardown(void **state) {
    free(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instant_pyramid_has_each_instant_once),
        cmocka_unit_test(test_instant_pyramid_begins_late),
        cmocka_unit_test(test_instant_pyramid_reports_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
