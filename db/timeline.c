/* SPDX-License-Identifier: MIT */
/*
 * timeline - has the spans of a window painted, one lane group after the other, from sheets
 * of the pyramid, and from chunks where these are as good: the work is proportional to the
 * number of cells in the window, however many spans there are.
 */
#include "db/timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/carried_spans_priv.h"
#include "db/chunk_codec.h"
#include "db/db_priv.h"
#include "db/sheet_codec_priv.h"
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
    struct sheet sheet;             /* or the sheet */
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
    damage_list_deinit(&timeline->damages);
    *timeline = (struct timeline_view){0};
}

/* --- spans --------------------------------------------------------------------- */

static int damaged(const struct painting *p, const char *what, struct err *err) {
    return err_set(err, ERR_CORRUPT, "%s is damaged: run %lld: %s: restore a copy",
                   connection_path(p->connection), (long long)p->query->run, what);
}

/* A chunk or a sheet that cannot be read is missing in the answer, which says so. */
static int note_missing(struct painting *p, int64_t group, sim_ns from, sim_ns to,
                        const char *what, struct err *err) {
    struct damage damage = {.group = group, .from_ns = from, .to_ns = to};
    snprintf(damage.what, sizeof damage.what, "%.*s", DAMAGE_TEXT_BYTES - 1, what);
    return damage_list_add(&p->out.damages, &damage, err);
}

/* One lane group of the answer. */
struct group_painting {
    uint32_t group;
    uint64_t wanted;        /* bit of each lane */
    unsigned level;         /* of the sheets that are used; PYRAMID_NONE: none */
    struct source *sources; /* in the order of time */
    size_t source_count, source_capacity;
    struct span_painter painters[LANE_GROUP_LANES];
};

/* Rows that together have every span that ended in the window, once. */
struct source {
    int64_t id;
    int64_t seq; /* of the chunk, or the first of the sheet's */
    sim_ns t0_ns, t1_ns;
    bool is_sheet;
};

static const char READ_LANES[] =
    "SELECT lane, born_ns, died_ns FROM lane WHERE run = ? AND lane BETWEEN ? AND ?";

/* Paints each lane from its birth on, and keeps when it died. */
static int begin_group(struct painting *p, struct group_painting *g,
                       sim_ns died_ns[LANE_GROUP_LANES], struct err *err) {
    const int64_t first = (int64_t)g->group * LANE_GROUP_LANES;
    g->wanted = 0;
    for (size_t i = 0; i < LANE_GROUP_LANES; i++) {
        const size_t lane = (size_t)first + i;
        const bool wanted = lane < p->slot_count && p->slots[lane].wanted;
        g->painters[i] =
            (struct span_painter){.lane.lane = (lane_id)lane, .wanted = wanted};
        g->wanted |= (uint64_t)wanted << i;
        died_ns[i] = SIM_NEVER;
    }
    struct query q;
    query_begin(&q, p->connection, READ_LANES);
    query_int(&q, p->query->run);
    query_int(&q, first);
    query_int(&q, first + LANE_GROUP_LANES - 1);
    int rc;
    while ((rc = query_next(&q, err)) == 1) {
        const size_t place = (size_t)(query_get_int(&q, 0) - first);
        g->painters[place].free_from = query_get_int(&q, 1);
        died_ns[place] = query_get_int(&q, 2);
    }
    query_end(&q);
    return rc;
}

/* --- which rows ---------------------------------------------------------------- */

static const char HIGHEST_LEVEL[] =
    "SELECT max(level) FROM sheet WHERE run = ? AND lane_group = ?";

static int choose_level(const struct painting *p, struct group_painting *g,
                        struct err *err) {
    struct query q;
    query_begin(&q, p->connection, HIGHEST_LEVEL);
    query_int(&q, p->query->run);
    query_int(&q, g->group);
    int rc = query_next(&q, err);
    g->level = PYRAMID_NONE;
    if (rc == 1 && !query_is_null(&q, 0)) {
        const int64_t highest = query_get_int(&q, 0);
        rc = highest >= 0 && highest < PYRAMID_LEVELS
                 ? 0
                 : damaged(p, "a sheet of an unknown level", err);
        g->level = highest < p->view.level ? (unsigned)highest : p->view.level;
    }
    query_end(&q);
    return rc < 0 ? rc : 0;
}

static int add_source(struct group_painting *g, const struct source *source,
                      struct err *err) {
    if (vec_reserve((void **)&g->sources, &g->source_capacity, g->source_count,
                    sizeof *g->sources) != 0) {
        return err_set_nomem(err);
    }
    g->sources[g->source_count++] = *source;
    return 0;
}

static const char FIND_SHEETS[] = "SELECT id, seq, t0_ns, t1_ns FROM sheet WHERE run = ? "
                                  "AND lane_group = ? AND level = ?"
                                  " AND t1_ns > ? ORDER BY t1_ns, seq";
static const char FIND_CHUNKS[] =
    "SELECT id, seq, t0_ns, t1_ns FROM span_chunk INDEXED BY span_chunk_by_base WHERE"
    " run = ? AND lane_group = ? AND base = ? AND t1_ns > ? ORDER BY t1_ns, seq";

/* The rows of a level that touch the window. They begin in the order in which they end, so
 * that the first one beyond the window is the last to look at. A short span that was begun
 * in the window may end a cell later. */
static int find_sources(const struct painting *p, struct group_painting *g,
                        const char *sql, unsigned level, struct err *err) {
    const sim_ns cell = INT64_C(1) << pyramid_shift(p->view.level);
    struct query q;
    query_begin(&q, p->connection, sql);
    query_int(&q, p->query->run);
    query_int(&q, g->group);
    query_int(&q, level);
    query_int(&q, p->view.from);
    int rc;
    while ((rc = query_next(&q, err)) == 1 && query_get_int(&q, 2) < p->view.to + cell) {
        const struct source source = {.id = query_get_int(&q, 0),
                                      .seq = query_get_int(&q, 1),
                                      .t0_ns = query_get_int(&q, 2),
                                      .t1_ns = query_get_int(&q, 3),
                                      .is_sheet = sql == FIND_SHEETS};
        rc = add_source(g, &source, err);
        if (rc != 0) {
            break;
        }
    }
    query_end(&q);
    return rc < 0 ? rc : 0;
}

static const char NEXT_BASE[] =
    "SELECT min(base) FROM span_chunk INDEXED BY span_chunk_by_base WHERE run = ? AND"
    " lane_group = ? AND base > ?";

/* The lowest base above *base; false when there is none. */
static int next_base(const struct painting *p, const struct group_painting *g,
                     int64_t *base, struct err *err) {
    struct query q;
    query_begin(&q, p->connection, NEXT_BASE);
    query_int(&q, p->query->run);
    query_int(&q, g->group);
    query_int(&q, *base);
    int rc = query_next(&q, err);
    if (rc == 1) {
        rc = query_is_null(&q, 0) ? 0 : 1;
        *base = query_get_int(&q, 0);
    }
    query_end(&q);
    return rc;
}

static int by_seq(const void *left, const void *right) {
    const struct source *a = left, *b = right;
    return a->seq == b->seq ? 0 : a->seq < b->seq ? -1 : 1;
}

/* Sheets of the level, and the chunks that are not in them. */
static int choose_sources(const struct painting *p, struct group_painting *g,
                          struct err *err) {
    int rc = choose_level(p, g, err);
    g->source_count = 0;
    if (rc == 0 && g->level != PYRAMID_NONE) {
        rc = find_sources(p, g, FIND_SHEETS, g->level, err);
    }
    int64_t base = g->level != PYRAMID_NONE ? (int64_t)g->level : -1;
    int more = 1;
    while (rc == 0 && (more = next_base(p, g, &base, err)) == 1) {
        rc = base <= PYRAMID_NONE ? find_sources(p, g, FIND_CHUNKS, (unsigned)base, err)
                                  : damaged(p, "a chunk with an unknown base", err);
    }
    if (rc == 0 && more == 0 && g->source_count > 0) {
        qsort(g->sources, g->source_count, sizeof *g->sources, by_seq);
    }
    return rc != 0 ? rc : more;
}

/* --- painting them ------------------------------------------------------------- */

static struct long_span span_of(const struct span_block *block, uint32_t i) {
    const struct span_kind *kind = &block->kinds[block->kind[i]];
    return (struct long_span){
        .start_ns = block->start_ns[i],
        .end_ns = block->end_ns[i],
        .resource = kind->resource,
        .by = kind->by,
        .site = kind->site,
        .state = kind->state,
    };
}

/* Adds the spans of the present chunk. */
static int paint_chunk(struct painting *p, struct group_painting *g, struct err *err) {
    const struct span_block *b = p->spans;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < b->chunk.count; i++) {
        const struct span_kind *kind = &b->kinds[b->kind[i]];
        struct span_painter *painter =
            &g->painters[(uint32_t)kind->lane % LANE_GROUP_LANES];
        if (painter->wanted && !span_painter_extend(painter, &p->view, b->start_ns[i],
                                                    b->end_ns[i], kind->state)) {
            const struct long_span span = span_of(b, i);
            rc = span_painter_add(painter, &p->view, &span, err);
        }
    }
    return rc;
}

static int paint_sheet(struct painting *p, struct group_painting *g, struct err *err) {
    const struct sheet *sheet = &p->sheet;
    const sim_ns *times = sheet->times;
    const struct long_span *longs = sheet->longs;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < sheet->count; i++) {
        struct span_painter *painter = &g->painters[sheet->place[i]];
        const uint32_t mask = sheet->mask[i];
        if ((mask & NODE_LONG) != 0) {
            rc = painter->wanted ? span_painter_add(painter, &p->view, longs, err) : 0;
            longs++;
        }
        if (rc == 0 && painter->wanted) {
            rc = span_painter_add_cell(painter, &p->view, sheet, i, times, err);
        }
        times += __builtin_popcount(mask & ~NODE_LONG);
    }
    return rc;
}

/* One of the functions of chunk_codec.h. */
typedef int (*decode_fn)(const void *data, size_t size, struct span_block *out,
                         struct err *err);

/* Decodes a chunk of the group into p->spans. ERR_CORRUPT */
static int decode_chunk(struct painting *p, const struct group_painting *g,
                        const struct query *q, decode_fn decode, struct err *err) {
    size_t size;
    const void *data = query_get_blob(q, 0, &size);
    const int rc = decode(data, size, p->spans, err);
    return rc == 0 && p->spans->chunk.group != g->group
               ? err_set(err, ERR_CORRUPT, "the chunk is of another lane group")
               : rc;
}

/* ERR_CORRUPT, ERR_NOMEM */
static int decode_sheet(struct painting *p, const struct group_painting *g,
                        const struct query *q, struct err *err) {
    size_t size;
    const void *data = query_get_blob(q, 0, &size);
    const int rc = sheet_codec_decode(data, size, &p->sheet, err);
    return rc == 0 && (p->sheet.group != g->group || p->sheet.level != g->level)
               ? err_set(err, ERR_CORRUPT, "the sheet is of another group or level")
               : rc;
}

static const char READ_SHEET[] = "SELECT data FROM sheet WHERE id = ?";
static const char READ_CHUNK[] = "SELECT data FROM span_chunk WHERE id = ?";

static int paint_source(struct painting *p, struct group_painting *g,
                        const struct source *source, struct err *err) {
    struct query q;
    struct err fault = {0};
    query_begin(&q, p->connection, source->is_sheet ? READ_SHEET : READ_CHUNK);
    query_int(&q, source->id);
    int rc = query_next(&q, err);
    if (rc == 0) {
        (void)err_set(&fault, ERR_CORRUPT, "the chunk has gone"); /* it is kept there */
    } else if (rc == 1) {
        rc = source->is_sheet ? decode_sheet(p, g, &q, &fault)
                              : decode_chunk(p, g, &q, chunk_codec_decode_kinds, &fault);
    }
    query_end(&q);
    if (fault.code == ERR_CORRUPT) {
        return note_missing(p, g->group, source->t0_ns, source->t1_ns, fault.text, err);
    }
    if (rc != 0) {
        return err_set(err, rc, "%s", fault.text);
    }
    return source->is_sheet ? paint_sheet(p, g, err) : paint_chunk(p, g, err);
}

static const char READ_LAST_CHUNK[] =
    "SELECT data, t0_ns, t1_ns FROM span_chunk INDEXED BY span_chunk_by_time WHERE"
    " run = ? AND lane_group = ? AND t1_ns >= ? ORDER BY t1_ns, seq LIMIT 1";

/* The span of a lane in which the window ends, unless it is known already: as what is short
 * at the level is. */
static int paint_last_span(struct painting *p, struct group_painting *g, lane_id lane,
                           const struct long_span *span, struct err *err) {
    const sim_ns shortest =
        g->level == PYRAMID_NONE ? 0 : INT64_C(1) << pyramid_shift(g->level);
    struct span_painter *painter = &g->painters[(uint32_t)lane % LANE_GROUP_LANES];
    if (!painter->wanted || span->start_ns >= p->view.to ||
        span->end_ns <= painter->known_to || span->end_ns - span->start_ns < shortest) {
        return 0;
    }
    return span_painter_add(painter, &p->view, span, err);
}

static int paint_last_spans(struct painting *p, struct group_painting *g,
                            struct err *err) {
    const struct span_block *b = p->spans;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < b->chunk.count; i++) {
        if (b->end_ns[i] >= p->view.to) {
            const struct long_span span = span_of(b, i);
            rc = paint_last_span(p, g, b->kinds[b->kind[i]].lane, &span, err);
        }
    }
    struct carried_span carried[LANE_GROUP_LANES];
    uint32_t count = 0;
    if (rc == 0) {
        rc = carried_spans_read(p->connection, p->query->run, &b->chunk, g->wanted,
                                carried, &count, err);
    }
    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        rc = paint_last_span(p, g, carried[i].lane, &carried[i].span, err);
    }
    return rc;
}

/* From the chunk in which the window ends, or carried over from it. */
static int paint_last(struct painting *p, struct group_painting *g, struct err *err) {
    struct query q;
    query_begin(&q, p->connection, READ_LAST_CHUNK);
    query_int(&q, p->query->run);
    query_int(&q, g->group);
    query_int(&q, p->view.to);
    int rc = query_next(&q, err);
    bool is_sound = false;
    if (rc == 1) {
        struct err fault = {0};
        is_sound = decode_chunk(p, g, &q, chunk_codec_decode_spans, &fault) == 0;
        rc = is_sound ? 0
                      : note_missing(p, g->group, query_get_int(&q, 1),
                                     query_get_int(&q, 2), fault.text, err);
    }
    query_end(&q);
    return is_sound ? paint_last_spans(p, g, err) : rc;
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

static int end_group(struct painting *p, struct group_painting *g,
                     const sim_ns died_ns[LANE_GROUP_LANES], int rc, struct err *err) {
    for (size_t i = 0; i < LANE_GROUP_LANES; i++) {
        struct span_painter *painter = &g->painters[i];
        if (rc == 0) {
            rc = span_painter_close(painter, &p->view, died_ns[i], err);
        }
        if (rc == 0 && painter->lane.count > 0) {
            rc = deliver(p, &painter->lane, err);
            if (rc == 0) {
                continue;
            }
        }
        span_painter_lane_deinit(&painter->lane);
    }
    return rc;
}

static int paint_group(struct painting *p, struct group_painting *g, struct err *err) {
    sim_ns died_ns[LANE_GROUP_LANES];
    int rc = begin_group(p, g, died_ns, err);
    if (rc == 0 && g->wanted != 0) {
        rc = choose_sources(p, g, err);
        for (size_t i = 0; rc == 0 && i < g->source_count; i++) {
            rc = paint_source(p, g, &g->sources[i], err);
        }
        if (rc == 0) {
            rc = paint_last(p, g, err);
        }
    }
    return end_group(p, g, died_ns, rc, err);
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
    struct group_painting *g = memory_zeroed(1, sizeof *g);
    p->spans = memory_zeroed(1, sizeof *p->spans);
    int rc = g != NULL && p->spans != NULL ? 0 : err_set_nomem(err);
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
        g->group = (uint32_t)group++;
        rc = paint_group(p, g, err);
    }
    if (g != NULL) {
        memory_free(g->sources);
    }
    memory_free(g);
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
    if (!slot->wanted || c->at_ns[i] < p->query->from_ns ||
        c->at_ns[i] >= p->query->to_ns || c->at_ns[i] >= p->view.to) {
        return 0;
    }
    const int64_t pixel = (int64_t)view_pixel(&p->view, c->at_ns[i]);
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
        return note_missing(p, DAMAGE_INSTANTS, query_get_int(q, 1), query_get_int(q, 2),
                            inner.text, err);
    }
    for (uint32_t i = 0; rc == 0 && i < p->instants->chunk.count; i++) {
        rc = paint_instant(p, i, err);
    }
    return rc;
}

/* t1 of a chunk of instants is the last one itself, so that it may equal `from`. */
static const char READ_INSTANTS[] =
    "SELECT data, t0_ns, t1_ns FROM instant_chunk INDEXED BY instant_chunk_by_time WHERE"
    " run = ? AND t1_ns >= ? AND t0_ns < ? ORDER BY t1_ns, seq";

static int paint_instants(struct painting *p, struct err *err) {
    p->instants = memory_zeroed(1, sizeof *p->instants);
    if (p->instants == NULL) {
        return err_set_nomem(err);
    }
    struct query q;
    query_begin(&q, p->connection, READ_INSTANTS);
    query_int(&q, p->query->run);
    query_int(&q, p->query->from_ns);
    query_int(&q, p->query->to_ns);
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
    sheet_deinit(&p.sheet);
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
