/* SPDX-License-Identifier: MIT */
#include "server/api/span_view.h"

void span_view_int(struct json_writer *writer, const char *key, int64_t value) {
    json_writer_key(writer, key);
    json_writer_int(writer, value);
}

void span_view_known(struct json_writer *writer, sim_ns until_ns) {
    if (until_ns != SIM_NEVER) {
        span_view_int(writer, "known_until", until_ns);
    }
}

void span_view_write(struct json_writer *writer, const struct span_found *span) {
    if (span == NULL) {
        json_writer_null(writer);
        return;
    }
    const struct span *it = &span->span;
    json_writer_begin_object(writer);
    span_view_int(writer, "lane", span->lane);
    span_view_int(writer, "start", it->start_ns);
    json_writer_key(writer, "end");
    if (span->is_open || it->end_ns == SIM_NEVER) {
        json_writer_null(writer);
    } else {
        json_writer_int(writer, it->end_ns);
    }
    json_writer_key(writer, "state");
    json_writer_string(writer, lane_state_name((enum lane_state)it->state));
    span_view_int(writer, "resource", it->resource);
    span_view_int(writer, "by", it->by);
    span_view_int(writer, "site", it->site);
    json_writer_end_object(writer);
}

void span_view_damages(struct json_writer *writer, const struct damage_list *damages) {
    json_writer_key(writer, "damages");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < damages->count; i++) {
        const struct damage *it = &damages->items[i];
        json_writer_begin_object(writer);
        span_view_int(writer, "group", it->group);
        span_view_int(writer, "from", it->from_ns);
        span_view_int(writer, "to", it->to_ns);
        json_writer_key(writer, "what");
        json_writer_string(writer, it->what);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
}
