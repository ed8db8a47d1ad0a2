/* SPDX-License-Identifier: MIT */
/*
 * fuzz_sheet - any bytes as a sheet of spans, of instants and of counters: refused with a
 * sentence, or a sheet that is what its header promises. The checksum is made right.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "db/counter_sheet_priv.h"
#include "db/instant_sheet_priv.h"
#include "db/sheet_codec_priv.h"
#include "engine/base/check.h"
#include "tests/fuzz/sealed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sheet_block spans; /* empty between two inputs */

static void check_refusal(int rc, const struct err *err, uint32_t count) {
    ASSERT(rc == ERR_CORRUPT && err->code == ERR_CORRUPT && err->text[0] != '\0');
    ASSERT(count == 0);
}

/* --- spans --------------------------------------------------------------------- */

static void check_long(const struct long_span *span, int64_t cell, unsigned level) {
    ASSERT(span->start_ns < span->end_ns && (span->end_ns - 1) >> level == cell);
    ASSERT(span->end_ns - span->start_ns >= INT64_C(1) << level);
    ASSERT(span->state < STATE_COUNT && span->resource >= LANE_NONE);
    ASSERT(span->by >= LANE_NONE && span->site >= SITE_NONE);
}

/* All of its times are what is left of its cell. */
static void check_times(const struct sheet_kind *kind, struct sheet_times *place,
                        uint32_t node) {
    const sim_ns all = spans.short_ns[node];
    const uint32_t states = kind->mask & ~NODE_LONG;
    sim_ns times[STATE_COUNT] = {0}, sum = 0;
    ASSERT(kind->mask != 0 && states >> STATE_COUNT == 0);
    ASSERT(states == 0 ? kind->state == 0 : (states >> kind->state & 1) != 0);
    ASSERT(states == 0 ? all == 0 : all > 0 && all <= INT64_C(1) << spans.level);
    sheet_block_add_times(&spans, place, node, times);
    for (int state = 0; state < STATE_COUNT; state++) {
        ASSERT(times[state] == 0 || (states >> state & 1) != 0);
        sum += times[state];
    }
    ASSERT(sum == all);
}

static void check_lane(const struct sheet_lane *lane) {
    struct sheet_times place = {lane->first, lane->times_at};
    uint32_t longs = lane->first_long;
    ASSERT(lane->place < LANE_GROUP_LANES && lane->first < lane->end);
    for (uint32_t i = lane->first; i < lane->end; i++) {
        const struct sheet_node *node = &spans.nodes[i];
        const struct sheet_kind *kind = &spans.kinds[node->kind];
        ASSERT(node->cell >= 0);
        check_times(kind, &place, i);
        if ((kind->mask & NODE_LONG) != 0) {
            check_long(&spans.longs[longs++], node->cell, spans.level);
        }
    }
    ASSERT(longs == lane->end_long);
}

static void try_spans(const uint8_t *data, size_t size) {
    struct err err = {0};
    const int rc = sheet_codec_decode(data, size, &spans, &err);
    if (rc != 0) {
        check_refusal(rc, &err, spans.count);
        sheet_block_deinit(&spans);
        return;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < spans.lane_count; i++) {
        ASSERT(spans.lanes[i].first == count);
        ASSERT(i == 0 || spans.lanes[i].place > spans.lanes[i - 1].place);
        check_lane(&spans.lanes[i]);
        count = spans.lanes[i].end;
    }
    ASSERT(count == spans.count);
    sheet_block_deinit(&spans);
}

/* --- instants and counters ----------------------------------------------------- */

/* Once more as bytes it is the same sheet. */
static void try_points(const struct point_format *format, const uint8_t *data,
                       size_t size) {
    struct err err = {0};
    struct point_sheet sheet = {0}, again = {0};
    struct chunk_bytes bytes = {0};
    const int rc = point_sheet_decode(format, data, size, &sheet, &err);
    if (rc != 0) {
        check_refusal(rc, &err, sheet.count);
        point_sheet_deinit(&sheet);
        return;
    }
    ASSERT(sheet.count > 0 && sheet.t0_ns <= sheet.t1_ns);
    ASSERT(point_sheet_encode(format, &sheet, &bytes, &err) == 0);
    ASSERT(point_sheet_decode(format, bytes.data, bytes.size, &again, &err) == 0);
    ASSERT(again.count == sheet.count && again.level == sheet.level);
    ASSERT(again.t0_ns == sheet.t0_ns && again.t1_ns == sheet.t1_ns);
    for (size_t c = 0; c < format->column_count; c++) {
        const struct point_column *column = &format->columns[c];
        for (uint32_t i = 0; i < sheet.count; i++) {
            const size_t at = i * format->node_size + column->offset;
            ASSERT(memcmp((const char *)sheet.nodes + at, (const char *)again.nodes + at,
                          column->size) == 0);
        }
    }
    point_sheet_deinit(&sheet);
    point_sheet_deinit(&again);
    chunk_bytes_deinit(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t *sealed = sealed_copy(data, size);
    try_spans(sealed, size);
    try_points(&instant_sheet_format, sealed, size);
    try_points(&counter_sheet_format, sealed, size);
    free(sealed);
    return 0;
}
