/* SPDX-License-Identifier: MIT */
/* Nodes of the pyramid are painted like the spans they are made of: random lanes of so few
 * nanoseconds that states often have equal times in a pixel. */
#include "tests/db/fixture.h"

#include <string.h>

#include "db/sheet_format_priv.h"
#include "db/span_painter_priv.h"

enum { SPANS = 60, LEVELS = 4, STATES = 3 };

/* A lane, whose spans follow one another, mostly. */
struct spans {
    uint32_t count;
    struct long_span spans[SPANS];
};

static void fill(struct spans *lane, uint64_t *random) {
    sim_ns at = fixture_below(random, 9);
    lane->count = 1 + fixture_below(random, SPANS);
    for (uint32_t i = 0; i < lane->count; i++) {
        at += fixture_below(random, 8) == 0 ? fixture_below(random, 20) : 0;
        const sim_ns end = at + 1 + fixture_below(random, 1 << fixture_below(random, 6));
        lane->spans[i] = (struct long_span){
            .start_ns = at,
            .end_ns = end,
            .resource = (lane_id)fixture_below(random, 4),
            .by = LANE_NONE,
            .site = SITE_NONE,
            .state = (uint8_t)(2 * fixture_below(random, STATES)),
        };
        at = end;
    }
}

/* --- nodes --------------------------------------------------------------------- */

/* The node of a cell, the last one or one behind it. */
static uint32_t node_at(struct sheet *sheet, int64_t cell) {
    if (sheet->count == 0 || sheet->cell[sheet->count - 1] != cell) {
        const uint32_t i = sheet->count++;
        sheet->place[i] = 0;
        sheet->cell[i] = cell;
        sheet->mask[i] = sheet->ended[i] = 0;
    }
    return sheet->count - 1;
}

/* One in the last node. Its times are those of all states here, and are packed later. */
static void add_time(struct sheet *sheet, sim_ns *all_times, int64_t cell,
                     const struct long_span *span) {
    const uint32_t i = node_at(sheet, cell);
    sheet->mask[i] |= UINT32_C(1) << span->state;
    all_times[i * STATE_COUNT + span->state] +=
        sheet_part_of(span, cell << sheet->level, sheet->level);
    sheet->ended[i] += (span->end_ns - 1) >> sheet->level == cell;
}

/* By the definition in pyramid_priv.h. Released with sheet_deinit(). */
static struct sheet sheet_of(const struct spans *lane, unsigned level) {
    enum { NODES = SPANS * 2 };
    static sim_ns all_times[NODES * STATE_COUNT];
    struct sheet sheet = {.level = level,
                          .t0_ns = lane->spans[0].start_ns,
                          .t1_ns = lane->spans[lane->count - 1].end_ns};
    memset(all_times, 0, sizeof all_times);
    assert_int_equal(sheet_reserve(&sheet, NODES, NODES * STATE_COUNT, SPANS), 0);
    for (uint32_t k = 0; k < lane->count; k++) {
        const struct long_span *span = &lane->spans[k];
        const int64_t first = span->start_ns >> level, last = (span->end_ns - 1) >> level;
        if ((span->end_ns - span->start_ns) >> level != 0) {
            sheet.mask[node_at(&sheet, last)] |= NODE_LONG;
            sheet.longs[sheet.long_count++] = *span;
            continue;
        }
        for (int64_t cell = first; cell <= last; cell++) {
            add_time(&sheet, all_times, cell, span);
        }
    }
    for (uint32_t i = 0; i < sheet.count * STATE_COUNT; i++) {
        if (all_times[i] > 0) {
            sheet.times[sheet.time_count++] = all_times[i];
        }
    }
    return sheet;
}

/* --- painting them --------------------------------------------------------------- */

static void paint_spans(struct span_painter *painter, struct view *view,
                        const struct spans *lane) {
    struct err err = {0};
    for (uint32_t i = 0; i < lane->count; i++) {
        fixture_ok(span_painter_add(painter, view, &lane->spans[i], &err), &err);
    }
    fixture_ok(span_painter_close(painter, view, SIM_NEVER, &err), &err);
}

static void paint_nodes(struct span_painter *painter, struct view *view,
                        const struct spans *lane, unsigned level) {
    struct sheet sheet = sheet_of(lane, level);
    struct sheet_block block = {0};
    struct chunk_bytes bytes = {0};
    struct err err = {0};
    fixture_ok(sheet_codec_encode(&sheet, &bytes, &err), &err);
    fixture_ok(sheet_codec_decode(bytes.data, bytes.size, &block, &err), &err);
    fixture_ok(span_painter_add_nodes(painter, view, &block, &block.lanes[0], &err),
               &err);
    fixture_ok(span_painter_close(painter, view, SIM_NEVER, &err), &err);
    sheet_block_deinit(&block);
    chunk_bytes_deinit(&bytes);
    sheet_deinit(&sheet);
}

static void assert_same(const struct timeline_lane *got,
                        const struct timeline_lane *expected) {
    assert_int_equal(got->count, expected->count);
    for (size_t i = 0; i < got->count; i++) {
        assert_int_equal(got->start_ns[i], expected->start_ns[i]);
        assert_int_equal(got->end_ns[i], expected->end_ns[i]);
        assert_int_equal(got->state[i], expected->state[i]);
        assert_int_equal(got->resource[i], expected->resource[i]);
        assert_int_equal(got->merged[i], expected->merged[i]);
    }
}

static void test_span_painter_paints_nodes_like_their_spans(void **state) {
    (void)state;
    uint64_t random = 1;
    for (int round = 0; round < 20000; round++) {
        struct spans lane;
        fill(&lane, &random);
        const sim_ns end = lane.spans[lane.count - 1].end_ns;
        const sim_ns from = fixture_below(&random, (uint32_t)end);
        const struct timeline_query query = {
            .from_ns = from,
            .to_ns = from + 1 + fixture_below(&random, 2 * (uint32_t)end),
            .pixels = 1 + fixture_below(&random, 40)};
        struct span_painter spans = {0}, nodes = {0};
        struct view view;
        struct err err = {0};
        fixture_ok(view_init(&view, &query, &err), &err);
        const unsigned highest = view.level < LEVELS ? view.level : LEVELS;
        paint_spans(&spans, &view, &lane);
        paint_nodes(&nodes, &view, &lane, fixture_below(&random, highest + 1));
        assert_same(&nodes.lane, &spans.lane);
        span_painter_lane_deinit(&spans.lane);
        span_painter_lane_deinit(&nodes.lane);
        view_deinit(&view);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_span_painter_paints_nodes_like_their_spans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
