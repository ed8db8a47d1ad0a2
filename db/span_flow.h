/* SPDX-License-Identifier: MIT */
/*
 * span_flow - follows the arrows of one span (engine/analysis/flow.h): who ended it, and what
 * that one was doing then; and which spans of others were ended while it went on.
 */
#ifndef DB_SPAN_FLOW_H
#define DB_SPAN_FLOW_H

#include "db/span_lookup.h"
#include "db/span_search.h"
#include "engine/analysis/flow.h"

struct span_origin {
    struct flow flow;
    bool has_source; /* `source` is known: it is not in a chunk that is damaged */
    struct span_found source; /* what flow.from did when the arrow left */
};

/* 1, or 0 when nobody ended the span, or it is open. Errors as in span_lookup.h. */
int span_flow_origin(struct db_reader *reader, int64_t run, const struct span_found *span,
                     struct span_origin *out, struct damage_list *damages,
                     struct err *err) WARN_UNUSED;

/* Those that the span's lane ended while it went on, in the order of time, `limit` at most:
 * after it began and up to its end. What it released may arrive later. */
int span_flow_ended(struct db_reader *reader, int64_t run, const struct span_found *span,
                    uint32_t limit, struct span_page *out, struct err *err) WARN_UNUSED;

#endif
