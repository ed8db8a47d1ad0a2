/* SPDX-License-Identifier: MIT */
#include "db/span_flow.h"

#include "db/recording_store.h"

enum { SPANS_MAX = 1000 * 1000 }; /* of an instant: as many as there are lanes, twice */

/* When the arrow left is told by what lanes did just before it arrived. */
static int find_flow(struct db_reader *reader, int64_t run, const struct span_found *span,
                     struct flow *out, struct damage_list *damages, struct err *err) {
    struct recording recording;
    recording_init(&recording);
    recording.kinds = 1u << LANE_CORE | 1u << LANE_GIL | 1u << LANE_THREAD |
                      1u << LANE_TASK | 1u << LANE_LOCK;
    recording.span_limit = SPANS_MAX;
    recording.from_ns = span->span.end_ns - 1;
    recording.to_ns = span->span.end_ns + 1;
    int rc = recording_store_read(reader, run, &recording, damages, err);
    if (rc == 0 && (size_t)span->lane < recording.lane_count) {
        rc = flow_of_span(&recording, span->lane, &span->span, out) ? 1 : 0;
    }
    recording_deinit(&recording);
    return rc;
}

int span_flow_origin(struct db_reader *reader, int64_t run, const struct span_found *span,
                     struct span_origin *out, struct damage_list *damages,
                     struct err *err) {
    if (span->span.by == LANE_NONE || span->span.end_ns == SIM_NEVER) {
        return 0;
    }
    struct span_origin origin = {.has_source = false};
    int rc = find_flow(reader, run, span, &origin.flow, damages, err);
    if (rc != 1) {
        return rc;
    }
    const sim_ns before = origin.flow.left_ns > 0 ? origin.flow.left_ns - 1 : 0;
    rc = span_lookup_at(reader, run, origin.flow.from, before, &origin.source, damages,
                        err);
    if (rc < 0) {
        return rc;
    }
    origin.has_source = rc == 1;
    *out = origin;
    return 1;
}

int span_flow_ended(struct db_reader *reader, int64_t run, const struct span_found *span,
                    uint32_t limit, struct span_page *out, struct err *err) {
    const struct span_query query = {
        .run = run,
        .from_ns = span->span.start_ns,
        .to_ns = span->span.end_ns,
        .resource = LANE_NONE,
        .by = span->lane,
        .site = SITE_NONE,
        .order = SPAN_ORDER_TIME,
        .limit = limit,
    };
    struct span_page page;
    const int rc = span_search(reader, &query, &page, err);
    if (rc != 0) {
        return rc;
    }
    /* The search has those that go on beyond the range, too: they come last. */
    while (page.count > 0 && page.items[page.count - 1].span.end_ns > span->span.end_ns) {
        page.count--;
        page.has_more = false;
    }
    *out = page;
    return 0;
}
