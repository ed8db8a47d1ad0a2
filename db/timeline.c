/* SPDX-License-Identifier: MIT */
/*
 * timeline - reads the chunks that touch a window and has their spans painted, one lane
 * group after the other. The work is proportional to the number of spans in the chunks
 * that touch the window: there is no pyramid yet.
 */
#include "db/timeline.h"

#include <string.h>

#include "db/chunk_codec.h"
#include "db/db_priv.h"
#include "db/span_painter_priv.h"

enum {
    LANES_MAX = 1 << 24, /* so that a damaged file cannot ask for all the memory */
    INSTANTS_FIRST = 16
};

/* What the reading of one answer shares. */
struct painting {
    struct connection *connection;
    const struct timeline_query *query;
    struct view view;
    struct timeline_view out;
    size_t lanes_capacity;
    struct slot *slots; /* by lane */
    size_t slot_count;
    struct span_block *spans;       /* the chunk that is being painted */
    struct instant_block *instants; /* or this one */
};

/* What is known of a lane, besides what its painter knows. */
struct slot {
    bool wanted;
    size_t position; /* in query.lanes */
    /* The instants of the last pixel that had any. */
    int64_t pixel;
    size_t entry;
    uint32_t kinds[INSTANT_COUNT];
};

/* --- columns of the answer ----------------------------------------------------- */

static int reserve_instant(struct timeline_instants *instants, struct err *err) {
    if (instants->count < instants->capacity) {
        return 0;
    }
    const size_t capacity =
        instants->capacity == 0 ? INSTANTS_FIRST : instants->capacity * 2;
    int rc = 0;
    TIMELINE_GROW(rc, instants->lane, capacity);
    TIMELINE_GROW(rc, instants->at_ns, capacity);
    TIMELINE_GROW(rc, instants->kind, capacity);
    TIMELINE_GROW(rc, instants->by, capacity);
    TIMELINE_GROW(rc, instants->merged, capacity);
    if (rc != 0) {
        return err_set_nomem(err);
    }
    instants->capacity = capacity;
    return 0;
}

void timeline_view_deinit(struct timeline_view *timeline) {
    for (size_t i = 0; i < timeline->lane_count; i++) {
        span_painter_lane_deinit(&timeline->lanes[i]);
    }
    memory_free(timeline->lanes);
    memory_free(timeline->instants.lane);
    memory_free(timeline->instants.at_ns);
    memory_free(timeline->instants.kind);
    memory_free(timeline->instants.by);
    memory_free(timeline->instants.merged);
    *timeline = (struct timeline_view){0};
}

/* --- spans --------------------------------------------------------------------- */

static int damaged(const struct painting *p, const char *what, struct err *err) {
    return err_set(err, ERR_CORRUPT, "%s is damaged: run %lld: %s: restore a copy",
                   connection_path(p->connection), (long long)p->query->run, what);
}

/* The chunk is valid and of the painters' group. */
static int paint_chunk(struct painting *p, struct span_painter painters[LANE_GROUP_LANES],
                       struct err *err) {
    const struct span_chunk *c = &p->spans->chunk;
    for (uint32_t i = 0; i < c->count; i++) {
        if ((size_t)c->lane[i] >= p->slot_count) {
            return damaged(p, "a span of an unknown lane", err);
        }
        struct span_painter *painter = &painters[c->lane[i] % LANE_GROUP_LANES];
        if (!painter->wanted || c->end_ns[i] <= p->view.from ||
            c->start_ns[i] >= p->view.to) {
            continue;
        }
        const struct span_entry span = {
            .start = c->start_ns[i],
            .end = c->end_ns[i],
            .state = c->state[i],
            .resource = c->resource[i],
            .by = c->by[i],
            .site = c->site[i],
            .merged = 1,
        };
        const int rc = span_painter_add(painter, &p->view, &span, err);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static const char READ_SPANS[] =
    "SELECT data FROM span_chunk INDEXED BY span_chunk_by_time WHERE run = ? AND"
    " lane_group = ? AND t1_ns > ? AND t0_ns < ? ORDER BY t1_ns, seq";

static int decode_spans(struct painting *p, const struct query *q, uint32_t group,
                        struct err *err) {
    size_t size;
    const void *data = query_get_blob(q, 0, &size);
    struct err inner = {0};
    const int rc = chunk_codec_decode_spans(data, size, p->spans, &inner);
    if (rc != 0) {
        return damaged(p, inner.text, err);
    }
    return p->spans->chunk.group == group
               ? 0
               : damaged(p, "a chunk is of another lane group", err);
}

static int paint_chunks(struct painting *p, uint32_t group,
                        struct span_painter painters[LANE_GROUP_LANES], struct err *err) {
    struct query q;
    query_begin(&q, p->connection, READ_SPANS);
    query_int(&q, p->query->run);
    query_int(&q, group);
    query_int(&q, p->view.from);
    query_int(&q, p->view.to);
    int rc;
    while ((rc = query_next(&q, err)) == 1) {
        rc = decode_spans(p, &q, group, err);
        if (rc == 0) {
            rc = paint_chunk(p, painters, err);
        }
        if (rc != 0) {
            break;
        }
    }
    query_end(&q);
    for (int i = 0; rc == 0 && i < LANE_GROUP_LANES; i++) {
        rc = span_painter_close(&painters[i], &p->view, err);
    }
    return rc;
}

/* Puts a painted lane where the query wants it. The lane is consumed on success. */
static int deliver(struct painting *p, const struct timeline_lane *take_lane,
                   struct err *err) {
    if (p->query->lanes != NULL) {
        const struct slot *slot = &p->slots[take_lane->lane];
        span_painter_lane_deinit(&p->out.lanes[slot->position]);
        p->out.lanes[slot->position] = *take_lane;
        return 0;
    }
    if (vec_reserve((void **)&p->out.lanes, &p->lanes_capacity, p->out.lane_count,
                    sizeof *p->out.lanes) != 0) {
        return err_set_nomem(err);
    }
    p->out.lanes[p->out.lane_count++] = *take_lane;
    return 0;
}

static int paint_group(struct painting *p, uint32_t group,
                       struct span_painter painters[LANE_GROUP_LANES], struct err *err) {
    const size_t first = (size_t)group * LANE_GROUP_LANES;
    bool any = false;
    for (size_t i = 0; i < LANE_GROUP_LANES; i++) {
        const size_t lane = first + i;
        const bool wanted = lane < p->slot_count && p->slots[lane].wanted;
        painters[i] = (struct span_painter){.lane.lane = (lane_id)lane, .wanted = wanted};
        any = any || wanted;
    }
    int rc = any ? paint_chunks(p, group, painters, err) : 0;
    for (size_t i = 0; i < LANE_GROUP_LANES; i++) {
        if (rc == 0 && painters[i].lane.count > 0) {
            rc = deliver(p, &painters[i].lane, err);
            if (rc == 0) {
                continue;
            }
        }
        span_painter_lane_deinit(&painters[i].lane);
    }
    return rc;
}

static const char NEXT_GROUP[] =
    "SELECT min(lane_group) FROM span_chunk WHERE run = ? AND lane_group >= ?";

/* 1 and the smallest group from *group on; 0 when there is none. */
static int next_group(struct painting *p, int64_t *group, struct err *err) {
    struct query q;
    query_begin(&q, p->connection, NEXT_GROUP);
    query_int(&q, p->query->run);
    query_int(&q, *group);
    int rc = query_next(&q, err);
    if (rc == 1) {
        rc = query_is_null(&q, 0) ? 0 : 1;
        *group = query_get_int(&q, 0);
    }
    query_end(&q);
    return rc;
}

static int paint_spans(struct painting *p, struct err *err) {
    struct span_painter *painters = memory_zeroed(LANE_GROUP_LANES, sizeof *painters);
    p->spans = memory_zeroed(1, sizeof *p->spans);
    int rc = painters != NULL && p->spans != NULL ? 0 : err_set_nomem(err);
    int64_t group = INT64_MIN; /* so that a damaged number is noticed */
    while (rc == 0) {
        const int more = next_group(p, &group, err);
        if (more != 1) {
            rc = more;
            break;
        }
        if (group < 0 || group > LANES_MAX / LANE_GROUP_LANES ||
            (size_t)group * LANE_GROUP_LANES >= p->slot_count) {
            rc = damaged(p, "a chunk of unknown lanes", err);
            break;
        }
        rc = paint_group(p, (uint32_t)group, painters, err);
        group++;
    }
    memory_free(painters);
    return rc;
}

/* --- instants ------------------------------------------------------------------ */

/* A slow callback is rare and what one looks for: a hundred others do not hide it. */
static bool outdoes(const uint32_t *kinds, uint8_t kind, uint8_t best) {
    if (kind == INSTANT_SLOW_CALLBACK || best == INSTANT_SLOW_CALLBACK) {
        return kind == INSTANT_SLOW_CALLBACK;
    }
    return kinds[kind] > kinds[best] || (kinds[kind] == kinds[best] && kind < best);
}

/* Several instants have nothing that they are by, unless one is the only slow callback. */
static void merge_instant(struct painting *p, struct slot *slot, uint8_t kind,
                          lane_id by) {
    struct timeline_instants *out = &p->out.instants;
    uint32_t *kinds = slot->kinds;
    kinds[kind]++;
    if (kinds[INSTANT_SLOW_CALLBACK] != 1) {
        out->by[slot->entry] = LANE_NONE;
    } else if (kind == INSTANT_SLOW_CALLBACK) {
        out->by[slot->entry] = by;
    }
    out->merged[slot->entry]++;
    if (outdoes(kinds, kind, out->kind[slot->entry])) {
        out->kind[slot->entry] = kind;
    }
}

static int paint_instant(struct painting *p, uint32_t i, struct err *err) {
    const struct instant_chunk *c = &p->instants->chunk;
    const lane_id lane = c->lane[i];
    if ((size_t)lane >= p->slot_count) {
        return damaged(p, "an instant of an unknown lane", err);
    }
    struct slot *slot = &p->slots[lane];
    if (!slot->wanted || c->at_ns[i] < p->view.from || c->at_ns[i] >= p->view.to) {
        return 0;
    }
    const int64_t pixel = view_pixel(&p->view, c->at_ns[i]);
    if (slot->pixel == pixel) {
        merge_instant(p, slot, c->kind[i], c->by[i]);
        return 0;
    }
    struct timeline_instants *out = &p->out.instants;
    int rc = view_count_entry(&p->view, err);
    if (rc == 0) {
        rc = reserve_instant(out, err);
    }
    if (rc != 0) {
        return rc;
    }
    slot->pixel = pixel;
    slot->entry = out->count;
    memset(slot->kinds, 0, sizeof slot->kinds);
    slot->kinds[c->kind[i]] = 1;
    out->lane[out->count] = lane;
    out->at_ns[out->count] = c->at_ns[i];
    out->kind[out->count] = c->kind[i];
    out->by[out->count] = c->by[i];
    out->merged[out->count] = 1;
    out->count++;
    return 0;
}

static int paint_instant_chunk(struct painting *p, const struct query *q,
                               struct err *err) {
    size_t size;
    const void *data = query_get_blob(q, 0, &size);
    struct err inner = {0};
    int rc = chunk_codec_decode_instants(data, size, p->instants, &inner);
    if (rc != 0) {
        return damaged(p, inner.text, err);
    }
    for (uint32_t i = 0; rc == 0 && i < p->instants->chunk.count; i++) {
        rc = paint_instant(p, i, err);
    }
    return rc;
}

/* t1 of a chunk of instants is the last one itself, so that it may equal `from`. */
static const char READ_INSTANTS[] =
    "SELECT data FROM instant_chunk INDEXED BY instant_chunk_by_time WHERE run = ? AND"
    " t1_ns >= ? AND t0_ns < ? ORDER BY t1_ns, seq";

static int paint_instants(struct painting *p, struct err *err) {
    p->instants = memory_zeroed(1, sizeof *p->instants);
    if (p->instants == NULL) {
        return err_set_nomem(err);
    }
    struct query q;
    query_begin(&q, p->connection, READ_INSTANTS);
    query_int(&q, p->query->run);
    query_int(&q, p->view.from);
    query_int(&q, p->view.to);
    int rc;
    while ((rc = query_next(&q, err)) == 1) {
        rc = paint_instant_chunk(p, &q, err);
        if (rc != 0) {
            break;
        }
    }
    query_end(&q);
    return rc;
}

/* --- the query ----------------------------------------------------------------- */

static int check_query(const struct timeline_query *query, struct err *err) {
    if (query->from_ns < 0 || query->from_ns >= query->to_ns) {
        return err_set(err, ERR_INVALID, "the window must have 0 <= from < to");
    }
    if (query->pixels < 1 || query->pixels > TIMELINE_MAX_PIXELS) {
        return err_set(err, ERR_INVALID, "pixels must be 1 to %d", TIMELINE_MAX_PIXELS);
    }
    return 0;
}

static const char READ_RUN[] = "SELECT timeline, (SELECT max(lane) FROM lane l"
                               " WHERE l.run = r.id) FROM run r WHERE r.id = ?";

/* How many lanes the run has. */
static int count_lanes(const struct painting *p, size_t *count, struct err *err) {
    const long long run = p->query->run;
    struct query q;
    query_begin(&q, p->connection, READ_RUN);
    query_int(&q, p->query->run);
    int rc = query_next(&q, err);
    if (rc == 0) {
        rc = err_set(err, ERR_NOT_FOUND, "there is no run %lld", run);
    } else if (rc == 1 && query_get_int(&q, 0) != 2) {
        rc = err_set(err, ERR_NOT_FOUND, "run %lld has no timeline", run);
    } else if (rc == 1) {
        const int64_t last = query_is_null(&q, 1) ? -1 : query_get_int(&q, 1);
        rc = 0;
        if (last < -1 || last >= LANES_MAX) {
            rc = damaged(p, "an impossible lane", err);
        } else {
            *count = (size_t)(last + 1);
        }
    }
    query_end(&q);
    return rc;
}

static int choose_lanes(struct painting *p, struct err *err) {
    const struct timeline_query *query = p->query;
    p->out.lanes = memory_zeroed(query->lane_count, sizeof *p->out.lanes);
    if (p->out.lanes == NULL) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; i < query->lane_count; i++) {
        const lane_id lane = query->lanes[i];
        if (lane < 0 || (size_t)lane >= p->slot_count || p->slots[lane].wanted) {
            return err_set(err, ERR_INVALID, "lane %d is named twice or not in the run",
                           (int)lane);
        }
        p->slots[lane].wanted = true;
        p->slots[lane].position = i;
        p->out.lanes[p->out.lane_count++] = (struct timeline_lane){.lane = lane};
    }
    return 0;
}

static int make_slots(struct painting *p, struct err *err) {
    int rc = count_lanes(p, &p->slot_count, err);
    if (rc != 0) {
        return rc;
    }
    p->slots = memory_zeroed(p->slot_count, sizeof *p->slots);
    if (p->slots == NULL) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; i < p->slot_count; i++) {
        p->slots[i].pixel = -1;
        p->slots[i].wanted = p->query->lanes == NULL;
    }
    return p->query->lanes != NULL ? choose_lanes(p, err) : 0;
}

int timeline_read(struct db_reader *reader, const struct timeline_query *query,
                  struct timeline_view *out, struct err *err) {
    int rc = check_query(query, err);
    if (rc != 0) {
        return rc;
    }
    struct painting p = {
        .connection = db_reader_connection(reader),
        .query = query,
        .view = view_of(query),
    };
    rc = make_slots(&p, err);
    if (rc == 0) {
        rc = paint_spans(&p, err);
    }
    if (rc == 0) {
        rc = paint_instants(&p, err);
    }
    memory_free(p.slots);
    memory_free(p.spans);
    memory_free(p.instants);
    if (rc != 0) {
        timeline_view_deinit(&p.out);
        return rc;
    }
    *out = p.out;
    return 0;
}
