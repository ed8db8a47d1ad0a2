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

#include "db/block_cache_priv.h"
#include "db/carried_spans_priv.h"
#include "db/db_priv.h"
#include "db/timeline_priv.h"

/* --- what the parts share ------------------------------------------------------ */

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
    memory_free(timeline->counters.items);
    memory_free(timeline->counters.at_ns);
    memory_free(timeline->counters.min);
    memory_free(timeline->counters.max);
    memory_free(timeline->counters.last);
    memory_free(timeline->counters.merged);
    damage_list_deinit(&timeline->damages);
    *timeline = (struct timeline_view){0};
}

int painting_note_missing(struct painting *p, int64_t group, const struct source *source,
                          const char *what, struct err *err) {
    struct damage damage = {
        .group = group, .from_ns = source->t0_ns, .to_ns = source->t1_ns};
    snprintf(damage.what, sizeof damage.what, "%.*s", DAMAGE_TEXT_BYTES - 1, what);
    return damage_list_add(&p->out.damages, &damage, err);
}

/* --- spans --------------------------------------------------------------------- */

/* One lane group of the answer. */
struct group_painting {
    uint32_t group;
    uint64_t wanted; /* bit of each lane */
    sim_ns known_ns; /* nothing is known beyond it */
    struct source_list sources;
    struct span_painter painters[LANE_GROUP_LANES];
};

static const char READ_LANES[] =
    "SELECT lane, born_ns, died_ns FROM lane WHERE run = ? AND lane BETWEEN ? AND ?";

/* Paints each lane from its birth on, and keeps when it died: not yet, when it lives. */
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
    query_begin(&q, p->run.connection, READ_LANES);
    query_int(&q, p->query->run);
    query_int(&q, first);
    query_int(&q, first + LANE_GROUP_LANES - 1);
    int rc;
    while ((rc = query_next(&q, err)) == 1) {
        const size_t place = (size_t)(query_get_int(&q, 0) - first);
        g->painters[place].pixel.free_from = query_get_int(&q, 1);
        died_ns[place] = query_get_int(&q, 2) < 0 ? SIM_NEVER : query_get_int(&q, 2);
    }
    query_end(&q);
    return rc == 0 ? recorded_run_known(&p->run, g->group, &g->known_ns, err) : rc;
}

/* --- painting them ------------------------------------------------------------- */

/* Adds the spans of the present chunk that are in the window. */
static int paint_chunk(struct painting *p, struct group_painting *g, struct err *err) {
    int rc = 0;
    for (uint64_t rest = g->wanted; rc == 0 && rest != 0; rest &= rest - 1) {
        const uint32_t place = (uint32_t)__builtin_ctzll(rest);
        rc = span_painter_add_spans(&g->painters[place], &p->view, p->lanes, place, err);
    }
    return rc;
}

static int paint_sheet(struct painting *p, struct group_painting *g, struct err *err) {
    const struct sheet_block *sheet = p->sheet;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < sheet->lane_count; i++) {
        struct span_painter *painter = &g->painters[sheet->lanes[i].place];
        if (painter->wanted) {
            rc = span_painter_add_nodes(painter, &p->view, sheet, &sheet->lanes[i], err);
        }
    }
    return rc;
}

/* The row of a source, whose data are in the first column. */
static struct block_row row_of(const struct source *source, const struct query *q) {
    struct block_row row = {.id = source->id};
    row.data = query_get_blob(q, 0, &row.size);
    return row;
}

/* Decodes a chunk of the group into p->lanes. ERR_CORRUPT, ERR_NOMEM */
static int get_chunk(struct painting *p, const struct group_painting *g,
                     const struct block_row *row, struct err *err) {
    const struct decoded *decoded = NULL;
    const int rc = block_cache_get(connection_blocks(p->run.connection), DECODED_LANES,
                                   row, &decoded, err);
    p->lanes = rc == 0 ? &decoded->as.lanes : NULL;
    return rc == 0 && p->lanes->spans.chunk.group != g->group
               ? err_set(err, ERR_CORRUPT, "the chunk is of another lane group")
               : rc;
}

/* ERR_CORRUPT, ERR_NOMEM */
static int get_sheet(struct painting *p, const struct group_painting *g,
                     const struct source *source, const struct block_row *row,
                     struct err *err) {
    const struct decoded *decoded = NULL;
    const int rc = block_cache_get(connection_blocks(p->run.connection), DECODED_SHEET,
                                   row, &decoded, err);
    p->sheet = rc == 0 ? &decoded->as.sheet : NULL;
    return rc == 0 && (p->sheet->group != g->group || p->sheet->level != source->level)
               ? err_set(err, ERR_CORRUPT, "the sheet is of another group or level")
               : rc;
}

static const char READ_SHEET[] = "SELECT data FROM sheet WHERE id = ?";
static const char READ_CHUNK[] = "SELECT data FROM span_chunk WHERE id = ?";

static int paint_source(struct painting *p, struct group_painting *g,
                        const struct source *source, struct err *err) {
    struct query q;
    struct err fault = {0};
    query_begin(&q, p->run.connection, source->is_sheet ? READ_SHEET : READ_CHUNK);
    query_int(&q, source->id);
    int rc = query_next(&q, err);
    if (rc == 0) {
        (void)err_set(&fault, ERR_CORRUPT, "the chunk has gone"); /* it is kept there */
    } else if (rc == 1) {
        const struct block_row row = row_of(source, &q);
        rc = source->is_sheet ? get_sheet(p, g, source, &row, &fault)
                              : get_chunk(p, g, &row, &fault);
    }
    query_end(&q);
    if (fault.code == ERR_CORRUPT) {
        return painting_note_missing(p, g->group, source, fault.text, err);
    }
    if (rc != 0) {
        return err_set_from(err, rc, &fault);
    }
    return source->is_sheet ? paint_sheet(p, g, err) : paint_chunk(p, g, err);
}

static const char READ_LAST_CHUNK[] =
    "SELECT data, id, t0_ns, t1_ns FROM span_chunk INDEXED BY span_chunk_by_time WHERE"
    " run = ? AND lane_group = ? AND t1_ns >= ? ORDER BY t1_ns, seq LIMIT 1";
static const char LAST_END[] =
    "SELECT max(t1_ns) FROM span_chunk WHERE run = ? AND lane_group = ?";

/* From where on a chunk may be the one in which the window ends: at the latest the end of
 * the last one, of a run that is being recorded, behind which its lanes go on. */
static int find_last(struct painting *p, const struct group_painting *g, sim_ns *from,
                     struct err *err) {
    *from = p->view.to;
    if (!p->run.is_live) {
        return 0;
    }
    struct query q;
    query_begin(&q, p->run.connection, LAST_END);
    query_int(&q, p->query->run);
    query_int(&q, g->group);
    const int rc = query_next(&q, err);
    if (rc == 1 && query_get_int(&q, 0) < *from) {
        *from = query_get_int(&q, 0);
    }
    query_end(&q);
    return rc < 0 ? rc : 0;
}

/* The span of a lane in which the window ends, unless it is known already: as what is short
 * at the level is. */
static int paint_last_span(struct painting *p, struct group_painting *g, lane_id lane,
                           const struct long_span *span, struct err *err) {
    const sim_ns shortest =
        g->sources.level == PYRAMID_NONE ? 0 : INT64_C(1) << g->sources.level;
    struct span_painter *painter = &g->painters[(uint32_t)lane % LANE_GROUP_LANES];
    if (!painter->wanted || span->start_ns >= p->view.to ||
        span->end_ns <= painter->known_to || span->end_ns - span->start_ns < shortest) {
        return 0;
    }
    return span_painter_add(painter, &p->view, span, err);
}

/* That of a lane in the present chunk. */
static int paint_last_in_chunk(struct painting *p, struct group_painting *g,
                               uint32_t place, struct err *err) {
    const struct decoded_lanes *lanes = p->lanes;
    const uint32_t i = decoded_lanes_after(lanes, place, p->view.to - 1);
    if (i == lanes->first[place + 1]) {
        return 0;
    }
    const struct long_span span = decoded_lanes_span(lanes, place, i);
    return paint_last_span(p, g, g->painters[place].lane.lane, &span, err);
}

/* The lanes of which the window ends in the span that is open at the end of the chunk, unless
 * that is known. */
static uint64_t open_lanes(const struct painting *p, const struct group_painting *g) {
    uint64_t lanes = g->wanted & carried_spans_before(&p->lanes->spans, p->view.to);
    for (size_t i = 0; i < LANE_GROUP_LANES; i++) {
        if (p->lanes->spans.since_ns[i] < g->painters[i].known_to) {
            lanes &= ~(UINT64_C(1) << i);
        }
    }
    return lanes;
}

/* One that is in no chunk or sheet, however short. */
static int paint_open_span(struct painting *p, struct group_painting *g, lane_id lane,
                           const struct long_span *span, struct err *err) {
    struct span_painter *painter = &g->painters[(uint32_t)lane % LANE_GROUP_LANES];
    return painter->wanted ? span_painter_add(painter, &p->view, span, err) : 0;
}

static int paint_last_spans(struct painting *p, struct group_painting *g,
                            struct err *err) {
    int rc = 0;
    for (uint64_t rest = g->wanted; rc == 0 && rest != 0; rest &= rest - 1) {
        rc = paint_last_in_chunk(p, g, (uint32_t)__builtin_ctzll(rest), err);
    }
    struct carried_span carried[LANE_GROUP_LANES];
    uint32_t count = 0;
    if (rc == 0) {
        rc = carried_spans_read(&p->run, &p->lanes->spans, open_lanes(p, g), carried,
                                &count, err);
    }
    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        rc = carried[i].is_open && p->run.is_live
                 ? paint_open_span(p, g, carried[i].lane, &carried[i].span, err)
                 : paint_last_span(p, g, carried[i].lane, &carried[i].span, err);
    }
    return rc;
}

/* From the chunk in which the window ends, or carried over from it. */
static int paint_last(struct painting *p, struct group_painting *g, struct err *err) {
    sim_ns from;
    struct query q;
    int rc = find_last(p, g, &from, err);
    if (rc != 0) {
        return rc;
    }
    query_begin(&q, p->run.connection, READ_LAST_CHUNK);
    query_int(&q, p->query->run);
    query_int(&q, g->group);
    query_int(&q, from);
    rc = query_next(&q, err);
    bool is_sound = false;
    if (rc == 1) {
        struct err fault = {0};
        const struct source source = {.id = query_get_int(&q, 1),
                                      .t0_ns = query_get_int(&q, 2),
                                      .t1_ns = query_get_int(&q, 3)};
        const struct block_row row = row_of(&source, &q);
        rc = get_chunk(p, g, &row, &fault);
        is_sound = rc == 0;
        if (fault.code == ERR_CORRUPT) {
            rc = painting_note_missing(p, g->group, &source, fault.text, err);
        } else if (rc != 0) {
            rc = err_set_nomem(err);
        }
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
        painter->lane.known_until_ns = g->known_ns;
        if (rc == 0) {
            rc = span_painter_close(painter, &p->view,
                                    died_ns[i] < g->known_ns ? died_ns[i] : g->known_ns,
                                    err);
        }
        if (rc == 0 &&
            (painter->lane.count > 0 || (painter->wanted && p->query->lanes != NULL))) {
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
        rc = source_list_choose(&g->sources, p, g->group, err);
        for (size_t i = 0; rc == 0 && i < g->sources.count; i++) {
            rc = paint_source(p, g, &g->sources.items[i], err);
        }
        if (rc == 0) {
            rc = paint_last(p, g, err);
        }
    }
    return end_group(p, g, died_ns, rc, err);
}

static int paint_spans(struct painting *p, struct err *err) {
    struct group_painting *g = memory_zeroed(1, sizeof *g);
    int rc = g != NULL ? 0 : err_set_nomem(err);
    int64_t group = INT64_MIN; /* so that a damaged number is noticed */
    while (rc == 0) {
        const int more = recorded_run_next_group(&p->run, &group, err);
        if (more != 1) {
            rc = more;
            break;
        }
        g->group = (uint32_t)group++;
        rc = paint_group(p, g, err);
    }
    if (g != NULL) {
        source_list_deinit(&g->sources);
    }
    memory_free(g);
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
        p->out.lanes[p->out.lane_count++] = (struct timeline_lane){
            .lane = lane, .known_until_ns = p->run.is_live ? 0 : SIM_NEVER};
    }
    return 0;
}

static int make_slots(struct painting *p, struct err *err) {
    p->slot_count = p->run.lane_count;
    p->slots = memory_zeroed(p->slot_count, sizeof *p->slots);
    if (p->slots == NULL) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; i < p->slot_count; i++) {
        p->slots[i].wanted = p->query->lanes == NULL;
    }
    return p->query->lanes != NULL ? choose_lanes(p, err) : 0;
}

static int paint(struct painting *p, struct db_reader *reader, struct err *err) {
    int rc = recorded_run_find(&p->run, db_reader_connection(reader), p->query->run, err);
    if (rc == 0) {
        rc = make_slots(p, err);
    }
    if (rc == 0) {
        rc = paint_spans(p, err);
    }
    if (rc == 0) {
        rc = painting_add_instants(p, err);
    }
    return rc == 0 ? painting_add_counters(p, err) : rc;
}

int timeline_read(struct db_reader *reader, const struct timeline_query *query,
                  struct timeline_view *out, struct err *err) {
    int rc = check_query(query, err);
    if (rc == 0) {
        rc = db_reader_begin(reader, err);
    }
    if (rc != 0) {
        return rc;
    }
    struct painting p = {.query = query};
    rc = view_init(&p.view, query, err);
    if (rc == 0) {
        rc = paint(&p, reader, err);
    }
    db_reader_end(reader);
    view_deinit(&p.view);
    memory_free(p.slots);
    if (rc != 0) {
        timeline_view_deinit(&p.out);
        return rc;
    }
    *out = p.out;
    return 0;
}
