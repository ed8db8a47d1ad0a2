/* SPDX-License-Identifier: MIT */
/*
 * timeline_sources - which rows of a run are read for a window: sheets of a level that is
 * fine enough, and the chunks that are not in them.
 */
#include "db/timeline_priv.h"

#include <stdlib.h>

#include "db/block_cache_priv.h"
#include "db/connection_priv.h"
#include "engine/base/memory.h"

void source_list_deinit(struct source_list *list) {
    memory_free(list->items);
    *list = (struct source_list){0};
}

static const char HIGHEST_LEVEL[] =
    "SELECT max(level) FROM sheet WHERE run = ? AND lane_group = ?";

static int choose_level(struct source_list *list, const struct painting *p, int64_t group,
                        struct err *err) {
    struct query q;
    query_begin(&q, p->run.connection, HIGHEST_LEVEL);
    query_int(&q, p->query->run);
    query_int(&q, group);
    int rc = query_next(&q, err);
    list->level = PYRAMID_NONE;
    if (rc == 1 && !query_is_null(&q, 0)) {
        const int64_t highest = query_get_int(&q, 0);
        rc = highest >= 0 && highest < PYRAMID_LEVELS
                 ? 0
                 : recorded_run_damaged(&p->run, "a sheet of an unknown level", err);
        list->level = highest < p->view.level ? (unsigned)highest : p->view.level;
    }
    query_end(&q);
    return rc < 0 ? rc : 0;
}

static int add_source(struct source_list *list, const struct source *source,
                      struct err *err) {
    if (vec_reserve((void **)&list->items, &list->capacity, list->count,
                    sizeof *list->items) != 0) {
        return err_set_nomem(err);
    }
    list->items[list->count++] = *source;
    return 0;
}

/* Those of one level, or base, by time. The tables of instants and counters have no groups.
 */
static const char FIND_SHEETS[] = "SELECT id, seq, t0_ns, t1_ns FROM sheet WHERE run = ? "
                                  "AND lane_group = ? AND level = ?"
                                  " AND t1_ns >= ? ORDER BY t1_ns, seq";
static const char FIND_SPANS[] =
    "SELECT id, seq, t0_ns, t1_ns FROM span_chunk INDEXED BY span_chunk_by_base WHERE"
    " run = ? AND lane_group = ? AND base = ? AND t1_ns >= ? ORDER BY t1_ns, seq";
static const char FIND_INSTANTS[] =
    "SELECT id, seq, t0_ns, t1_ns FROM instant_chunk INDEXED BY instant_chunk_by_base"
    " WHERE run = ? AND -1 = ? AND base = ? AND t1_ns >= ? ORDER BY t1_ns, seq";
static const char FIND_COUNTERS[] =
    "SELECT id, seq, t0_ns, t1_ns FROM counter_chunk INDEXED BY counter_chunk_by_base"
    " WHERE run = ? AND -2 = ? AND base = ? AND t1_ns >= ? ORDER BY t1_ns, seq";

/* Which of them. */
struct choice {
    const char *sql;
    int64_t group;
    unsigned level;
    sim_ns after_ns; /* those that end later */
};

/* The rows that touch the window. They begin in the order in which they end, so that the
 * first one beyond the window is the last to look at. A span may end at t1, and one that
 * ends where the window begins is not in it; a short one that was begun in the window may
 * end a cell later. A point at t1 is in the window that begins there. */
static int find_sources(struct source_list *list, const struct painting *p,
                        const struct choice *choice, struct err *err) {
    const bool spans = choice->group >= 0;
    const sim_ns from = p->view.from + (spans ? 1 : 0);
    const sim_ns to = p->view.to + (spans ? INT64_C(1) << p->view.level : 0);
    struct query q;
    query_begin(&q, p->run.connection, choice->sql);
    query_int(&q, p->query->run);
    query_int(&q, choice->group);
    query_int(&q, choice->level);
    query_int(&q, from > choice->after_ns ? from : choice->after_ns + 1);
    int rc;
    while ((rc = query_next(&q, err)) == 1 && query_get_int(&q, 2) < to) {
        const struct source source = {.id = query_get_int(&q, 0),
                                      .seq = query_get_int(&q, 1),
                                      .t0_ns = query_get_int(&q, 2),
                                      .t1_ns = query_get_int(&q, 3),
                                      .is_sheet = choice->sql == FIND_SHEETS,
                                      .level = choice->level};
        rc = add_source(list, &source, err);
        if (rc != 0) {
            break;
        }
    }
    query_end(&q);
    return rc < 0 ? rc : 0;
}

static const char NEXT_BASE_OF_SPANS[] =
    "SELECT min(base) FROM span_chunk INDEXED BY span_chunk_by_base WHERE run = ? AND"
    " lane_group = ? AND base > ?";
static const char NEXT_BASE_OF_INSTANTS[] =
    "SELECT min(base) FROM instant_chunk INDEXED BY instant_chunk_by_base WHERE run = ?"
    " AND -1 = ? AND base > ?";
static const char NEXT_BASE_OF_COUNTERS[] =
    "SELECT min(base) FROM counter_chunk INDEXED BY counter_chunk_by_base WHERE run = ?"
    " AND -2 = ? AND base > ?";

struct chunk_queries {
    const char *find, *next_base;
};

static struct chunk_queries queries_of(int64_t group) {
    switch (group) {
    case DAMAGE_INSTANTS:
        return (struct chunk_queries){FIND_INSTANTS, NEXT_BASE_OF_INSTANTS};
    case DAMAGE_COUNTERS:
        return (struct chunk_queries){FIND_COUNTERS, NEXT_BASE_OF_COUNTERS};
    default:
        return (struct chunk_queries){FIND_SPANS, NEXT_BASE_OF_SPANS};
    }
}

/* The lowest base above *base; false when there is none. */
static int next_base(const struct painting *p, int64_t group, int64_t *base,
                     struct err *err) {
    struct query q;
    query_begin(&q, p->run.connection, queries_of(group).next_base);
    query_int(&q, p->query->run);
    query_int(&q, group);
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

/* A run that is being recorded: what is not in sheets of the level yet is in those below,
 * and at last in chunks. */
static int find_unsealed(struct source_list *list, const struct painting *p,
                         const char *find_chunks, int64_t group, struct err *err) {
    struct choice choice = {.group = group};
    int rc = 0;
    for (unsigned level = list->level; rc == 0; level--) {
        rc = recorded_run_move_cut(&p->run, group, level, &choice.after_ns, err);
        if (rc == 0) {
            choice.sql = find_chunks;
            choice.level = level;
            rc = find_sources(list, p, &choice, err);
        }
        if (rc != 0 || level == 0) {
            break;
        }
        choice.sql = FIND_SHEETS;
        choice.level = level - 1;
        rc = find_sources(list, p, &choice, err);
    }
    return rc;
}

int source_list_choose(struct source_list *list, const struct painting *p, int64_t group,
                       struct err *err) {
    const char *find_chunks = queries_of(group).find;
    struct choice choice = {.sql = FIND_SHEETS, .group = group};
    int rc = choose_level(list, p, group, err);
    list->count = 0;
    if (rc == 0 && list->level != PYRAMID_NONE) {
        choice.level = list->level;
        rc = find_sources(list, p, &choice, err);
    }
    if (rc == 0 && list->level != PYRAMID_NONE && p->run.is_live) {
        rc = find_unsealed(list, p, find_chunks, group, err);
    }
    int64_t base = list->level != PYRAMID_NONE ? (int64_t)list->level : -1;
    int more = 1;
    choice.sql = find_chunks;
    while (rc == 0 && (more = next_base(p, group, &base, err)) == 1) {
        choice.level = (unsigned)base;
        rc = base <= PYRAMID_NONE
                 ? find_sources(list, p, &choice, err)
                 : recorded_run_damaged(&p->run, "a chunk with an unknown base", err);
    }
    if (rc == 0 && more == 0 && list->count > 0) {
        qsort(list->items, list->count, sizeof *list->items, by_seq);
    }
    return rc != 0 ? rc : more;
}

static const char READ_SHEET[] = "SELECT data FROM sheet WHERE id = ?";

/* The first column of the row. ERR_CORRUPT, ERR_NOMEM */
static int decode(const struct painting *p, const struct source_kind *kind,
                  const struct source *source, const struct query *q,
                  const struct decoded **out, struct err *err) {
    struct block_row row = {.id = source->id};
    row.data = query_get_blob(q, 0, &row.size);
    const int rc =
        block_cache_get(connection_blocks(p->run.connection),
                        source->is_sheet ? kind->sheet : kind->chunk, &row, out, err);
    if (rc == 0 && source->is_sheet && (*out)->as.points.level != source->level) {
        return err_set(err, ERR_CORRUPT, "the sheet is of another level");
    }
    return rc == 0 && (size_t)(*out)->last_lane >= p->slot_count
               ? err_set(err, ERR_CORRUPT, "%s", kind->unknown_lane)
               : rc;
}

int painting_read_source(struct painting *p, const struct source_kind *kind,
                         const struct source *source, const struct decoded **out,
                         struct err *err) {
    struct query q;
    struct err fault = {0};
    query_begin(&q, p->run.connection, source->is_sheet ? READ_SHEET : kind->read_chunk);
    query_int(&q, source->id);
    int rc = query_next(&q, err);
    if (rc == 0) {
        (void)err_set(&fault, ERR_CORRUPT, "the chunk has gone"); /* it is kept there */
    } else if (rc == 1) {
        rc = decode(p, kind, source, &q, out, &fault);
    }
    query_end(&q);
    if (fault.code == ERR_CORRUPT) {
        return painting_note_missing(p, kind->group, source, fault.text, err);
    }
    return rc != 0 ? err_set_from(err, rc, &fault) : 1;
}
