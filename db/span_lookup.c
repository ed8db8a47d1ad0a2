/* SPDX-License-Identifier: MIT */
#include "db/span_lookup.h"

#include "db/chunk_reader_priv.h"
#include "db/db_priv.h"

/* One question. */
struct lookup {
    struct chunk_reader reader;
    struct span_wish wish;
    sim_ns at;
    struct span_found *out;
};

/* --- spans of the chunk in the reader --------------------------------------------- */

static struct span span_of(const struct span_chunk *c, uint32_t i) {
    return (struct span){
        .start_ns = c->start_ns[i],
        .end_ns = c->end_ns[i],
        .resource = c->resource[i],
        .by = c->by[i],
        .site = c->site[i],
        .state = c->state[i],
    };
}

static bool is_wished(const struct span_wish *wish, const struct span *span) {
    return (wish->states == 0 || (wish->states >> span->state & 1) != 0) &&
           span->end_ns - span->start_ns >= wish->least_ns;
}

static int found(struct lookup *lookup, const struct span *span) {
    *lookup->out = (struct span_found){.lane = lookup->wish.lane, .span = *span};
    return 1;
}

/* The span that is open at the end of the chunk; 0 when there is none. */
static int carried(struct lookup *lookup, struct span_found *out, struct err *err) {
    struct carried_span it;
    const int rc = chunk_reader_carried(&lookup->reader, lookup->wish.lane, &it, err);
    if (rc == 1) {
        *out = (struct span_found){.lane = it.lane,
                                   .is_open = it.is_open,
                                   .span = {.start_ns = it.span.start_ns,
                                            .end_ns = it.span.end_ns,
                                            .resource = it.span.resource,
                                            .by = it.span.by,
                                            .site = it.span.site,
                                            .state = it.span.state}};
    }
    return rc;
}

/* --- at ------------------------------------------------------------------------ */

static int look_at(struct lookup *lookup, struct err *err) {
    const struct span_chunk *c = &lookup->reader.block->chunk;
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->lane[i] == lookup->wish.lane && c->start_ns[i] <= lookup->at &&
            c->end_ns[i] > lookup->at) {
            const struct span span = span_of(c, i);
            return found(lookup, &span);
        }
    }
    struct span_found it;
    const int rc = carried(lookup, &it, err);
    if (rc != 1 || it.span.start_ns > lookup->at || it.span.end_ns <= lookup->at) {
        return rc < 0 ? rc : 0;
    }
    *lookup->out = it;
    return 1;
}

static int find_at(struct lookup *lookup, struct err *err) {
    struct chunk_place place;
    const uint32_t group = (uint32_t)lookup->wish.lane / LANE_GROUP_LANES;
    int rc = chunk_reader_find(&lookup->reader, group, lookup->at, &place, err);
    if (rc == 1) {
        rc = chunk_reader_read(&lookup->reader, &place, err);
    }
    return rc == 1 ? look_at(lookup, err) : rc;
}

/* --- next ---------------------------------------------------------------------- */

/* Whether the chunk can have a span that ends in it and is wished for. */
static bool can_have(const struct span_wish *wish, const struct chunk_place *place) {
    return (place->digest.lanes & chunk_digest_bit(wish->lane % LANE_GROUP_LANES)) != 0 &&
           (wish->states == 0 || (place->digest.states & wish->states) != 0) &&
           chunk_digest_longest(&place->digest, wish->states) >= wish->least_ns;
}

static int look_for_next(struct lookup *lookup) {
    const struct span_chunk *c = &lookup->reader.block->chunk;
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->lane[i] == lookup->wish.lane && c->start_ns[i] > lookup->at) {
            const struct span span = span_of(c, i);
            if (is_wished(&lookup->wish, &span)) {
                return found(lookup, &span);
            }
        }
    }
    return 0;
}

/* One that is open when the last chunk ends. */
static int look_for_open(struct lookup *lookup, const struct chunk_place *last,
                         struct err *err) {
    struct span_found it;
    int rc = chunk_reader_read(&lookup->reader, last, err);
    if (rc == 1) {
        rc = carried(lookup, &it, err);
    }
    if (rc != 1 || it.span.start_ns <= lookup->at ||
        !is_wished(&lookup->wish, &it.span)) {
        return rc < 0 ? rc : 0;
    }
    *lookup->out = it;
    return 1;
}

/* Ends are in order, so that the first chunk with one has the first one. Spans that are
 * still open when the last chunk ends have no other chunk. */
static int find_next(struct lookup *lookup, struct err *err) {
    struct chunk_place place, last;
    const uint32_t group = (uint32_t)lookup->wish.lane / LANE_GROUP_LANES;
    int rc = chunk_reader_find(&lookup->reader, group, lookup->at, &place, err);
    while (rc == 1) {
        last = place;
        if (can_have(&lookup->wish, &place)) {
            rc = chunk_reader_read(&lookup->reader, &place, err);
            rc = rc == 1 ? look_for_next(lookup) : rc;
            if (rc != 0) {
                return rc;
            }
        }
        rc = chunk_reader_next(&lookup->reader, &place, err);
        if (rc == 0) {
            return look_for_open(lookup, &last, err);
        }
    }
    return rc;
}

/* --- previous ------------------------------------------------------------------ */

static int look_for_previous(struct lookup *lookup) {
    const struct span_chunk *c = &lookup->reader.block->chunk;
    for (uint32_t i = c->count; i-- > 0;) {
        if (c->lane[i] == lookup->wish.lane && c->end_ns[i] <= lookup->at) {
            const struct span span = span_of(c, i);
            if (is_wished(&lookup->wish, &span)) {
                return found(lookup, &span);
            }
        }
    }
    return 0;
}

static int find_previous(struct lookup *lookup, struct err *err) {
    struct chunk_place place;
    const uint32_t group = (uint32_t)lookup->wish.lane / LANE_GROUP_LANES;
    int rc = chunk_reader_find(&lookup->reader, group, lookup->at, &place, err);
    while (rc == 1) {
        if (can_have(&lookup->wish, &place)) {
            rc = chunk_reader_read(&lookup->reader, &place, err);
            rc = rc == 1 ? look_for_previous(lookup) : rc;
            if (rc != 0) {
                return rc;
            }
        }
        rc = chunk_reader_previous(&lookup->reader, &place, err);
    }
    return rc;
}

/* --- questions ----------------------------------------------------------------- */

static int ask(struct db_reader *reader, struct lookup *lookup,
               int (*find)(struct lookup *lookup, struct err *err),
               struct damage_list *damages, struct err *err) {
    int rc = db_reader_begin(reader, err);
    if (rc != 0) {
        return rc;
    }
    rc = chunk_reader_open(&lookup->reader, db_reader_connection(reader),
                           lookup->wish.run, damages, err);
    if (rc == 0) {
        rc = chunk_reader_check_lane(&lookup->reader, lookup->wish.lane, err);
    }
    if (rc == 0) {
        rc = find(lookup, err);
    }
    db_reader_end(reader);
    return rc;
}

int span_lookup_at(struct db_reader *reader, int64_t run, lane_id lane, sim_ns at,
                   struct span_found *out, struct damage_list *damages, struct err *err) {
    struct lookup lookup = {.wish = {.run = run, .lane = lane}, .at = at, .out = out};
    return ask(reader, &lookup, find_at, damages, err);
}

int span_lookup_next(struct db_reader *reader, const struct span_wish *wish, sim_ns at,
                     struct span_found *out, struct damage_list *damages,
                     struct err *err) {
    struct lookup lookup = {.wish = *wish, .at = at, .out = out};
    return ask(reader, &lookup, find_next, damages, err);
}

int span_lookup_previous(struct db_reader *reader, const struct span_wish *wish,
                         sim_ns at, struct span_found *out, struct damage_list *damages,
                         struct err *err) {
    struct lookup lookup = {.wish = *wish, .at = at, .out = out};
    return ask(reader, &lookup, find_previous, damages, err);
}
