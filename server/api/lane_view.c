/* SPDX-License-Identifier: MIT */
#include "server/api/lane_view.h"

#include "server/api/span_view.h"

/* --- lanes ----------------------------------------------------------------------- */

void lane_view_write(struct json_writer *writer, const struct lane_total *item) {
    json_writer_begin_object(writer);
    span_view_int(writer, "id", item->lane.id);
    json_writer_key(writer, "kind");
    json_writer_string(writer, lane_kind_name(item->lane.kind));
    json_writer_key(writer, "name");
    json_writer_string(writer, item->lane.name);
    span_view_int(writer, "parent", item->lane.parent);
    span_view_int(writer, "born_ns", item->lane.born_ns);
    json_writer_key(writer, "died_ns");
    if (item->died_ns >= 0) {
        json_writer_int(writer, item->died_ns);
    } else {
        json_writer_null(writer);
    }
    json_writer_key(writer, "totals");
    json_writer_begin_object(writer);
    for (int state = 0; state < STATE_COUNT; state++) {
        if (item->state_ns[state] > 0) {
            span_view_int(writer, lane_state_name((enum lane_state)state),
                          item->state_ns[state]);
        }
    }
    json_writer_end_object(writer);
    json_writer_end_object(writer);
}

void lane_view_states(struct json_writer *writer) {
    json_writer_key(writer, "states");
    json_writer_begin_array(writer);
    for (int state = 0; state < STATE_COUNT; state++) {
        json_writer_string(writer, lane_state_name((enum lane_state)state));
    }
    json_writer_end_array(writer);
}

void lane_view_names(struct json_writer *writer) {
    lane_view_states(writer);
    json_writer_key(writer, "instants");
    json_writer_begin_array(writer);
    for (int kind = 0; kind < INSTANT_COUNT; kind++) {
        json_writer_string(writer, instant_kind_name((enum instant_kind)kind));
    }
    json_writer_end_array(writer);
    json_writer_key(writer, "counters");
    json_writer_begin_array(writer);
    for (int kind = 0; kind < COUNTER_COUNT; kind++) {
        json_writer_string(writer, counter_kind_name((enum counter_kind)kind));
    }
    json_writer_end_array(writer);
}

/* --- windows --------------------------------------------------------------------- */

/* Writes `"key":[...]` from a column of any integer type. */
#define WRITE_COLUMN(writer, key, count, column)                                         \
    do {                                                                                 \
        json_writer_key((writer), (key));                                                \
        json_writer_begin_array(writer);                                                 \
        for (size_t column_i = 0; column_i < (count); column_i++) {                      \
            json_writer_int((writer), (int64_t)(column)[column_i]);                      \
        }                                                                                \
        json_writer_end_array(writer);                                                   \
    } while (0)

/* The same, or `"key":value` when all are equal, as they are where spans are merged. */
#define WRITE_COMPACT(writer, key, count, column)                                        \
    do {                                                                                 \
        size_t same = 0;                                                                 \
        while (same < (count) && (column)[same] == (column)[0]) {                        \
            same++;                                                                      \
        }                                                                                \
        if (same > 0 && same == (count)) {                                               \
            span_view_int((writer), (key), (int64_t)(column)[0]);                        \
        } else {                                                                         \
            WRITE_COLUMN((writer), (key), (count), (column));                            \
        }                                                                                \
    } while (0)

static void write_counters(struct json_writer *writer,
                           const struct timeline_counters *counters) {
    json_writer_key(writer, "counters");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < counters->item_count; i++) {
        const struct timeline_counter *item = &counters->items[i];
        json_writer_begin_object(writer);
        span_view_int(writer, "lane", item->lane);
        span_view_int(writer, "kind", item->kind);
        span_view_int(writer, "before", item->before);
        WRITE_COLUMN(writer, "at", item->count, counters->at_ns + item->first);
        WRITE_COLUMN(writer, "min", item->count, counters->min + item->first);
        WRITE_COLUMN(writer, "max", item->count, counters->max + item->first);
        WRITE_COLUMN(writer, "last", item->count, counters->last + item->first);
        WRITE_COLUMN(writer, "count", item->count, counters->merged + item->first);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
}

static void write_lane(struct json_writer *writer, const struct timeline_lane *lane) {
    json_writer_begin_object(writer);
    span_view_int(writer, "id", lane->lane);
    WRITE_COLUMN(writer, "start", lane->count, lane->start_ns);
    WRITE_COLUMN(writer, "end", lane->count, lane->end_ns);
    WRITE_COLUMN(writer, "state", lane->count, lane->state);
    WRITE_COLUMN(writer, "resource", lane->count, lane->resource);
    WRITE_COLUMN(writer, "by", lane->count, lane->by);
    WRITE_COLUMN(writer, "site", lane->count, lane->site);
    WRITE_COLUMN(writer, "count", lane->count, lane->merged);
    span_view_known(writer, lane->known_until_ns);
    json_writer_end_object(writer);
}

/* Entries mostly follow one another. */
static void write_gaps(struct json_writer *writer, const struct timeline_lane *lane) {
    sim_ns end = 0;
    json_writer_key(writer, "gap");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < lane->count; i++) {
        json_writer_int(writer, lane->start_ns[i] - end);
        end = lane->end_ns[i];
    }
    json_writer_end_array(writer);
}

static void write_durations(struct json_writer *writer,
                            const struct timeline_lane *lane) {
    json_writer_key(writer, "duration");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < lane->count; i++) {
        json_writer_int(writer, lane->end_ns[i] - lane->start_ns[i]);
    }
    json_writer_end_array(writer);
}

static void write_compact_lane(struct json_writer *writer,
                               const struct timeline_lane *lane) {
    json_writer_begin_object(writer);
    span_view_int(writer, "id", lane->lane);
    span_view_int(writer, "length", (int64_t)lane->count);
    write_gaps(writer, lane);
    write_durations(writer, lane);
    WRITE_COMPACT(writer, "state", lane->count, lane->state);
    WRITE_COMPACT(writer, "resource", lane->count, lane->resource);
    WRITE_COMPACT(writer, "by", lane->count, lane->by);
    WRITE_COMPACT(writer, "site", lane->count, lane->site);
    WRITE_COMPACT(writer, "count", lane->count, lane->merged);
    span_view_known(writer, lane->known_until_ns);
    json_writer_end_object(writer);
}

void lane_view_window(struct json_writer *writer, const struct timeline_query *query,
                      const struct timeline_view *timeline, bool compact) {
    json_writer_begin_object(writer);
    span_view_int(writer, "from", query->from_ns);
    span_view_int(writer, "to", query->to_ns);
    span_view_int(writer, "pixels", query->pixels);
    json_writer_key(writer, "lanes");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < timeline->lane_count; i++) {
        (compact ? write_compact_lane : write_lane)(writer, &timeline->lanes[i]);
    }
    json_writer_end_array(writer);
    const struct timeline_instants *instants = &timeline->instants;
    json_writer_key(writer, "instants");
    json_writer_begin_object(writer);
    WRITE_COLUMN(writer, "lane", instants->count, instants->lane);
    WRITE_COLUMN(writer, "at", instants->count, instants->at_ns);
    WRITE_COLUMN(writer, "kind", instants->count, instants->kind);
    WRITE_COLUMN(writer, "by", instants->count, instants->by);
    WRITE_COLUMN(writer, "count", instants->count, instants->merged);
    span_view_known(writer, instants->known_until_ns);
    json_writer_end_object(writer);
    write_counters(writer, &timeline->counters);
    if (timeline->counters.known_until_ns != SIM_NEVER) {
        span_view_int(writer, "counters_known_until", timeline->counters.known_until_ns);
    }
    span_view_damages(writer, &timeline->damages);
    json_writer_end_object(writer);
}

void lane_view_picture(struct json_writer *writer, const struct run_picture *picture) {
    json_writer_begin_object(writer);
    lane_view_states(writer);
    json_writer_key(writer, "lanes");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < picture->view.lane_count; i++) {
        lane_view_write(writer, &picture->lanes[i]);
    }
    json_writer_end_array(writer);
    json_writer_key(writer, "timeline");
    lane_view_window(writer, &picture->window, &picture->view, false);
    json_writer_end_object(writer);
}
