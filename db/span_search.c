/* SPDX-License-Identifier: MIT */
#include "db/span_search.h"

#include <stdlib.h>
#include <string.h>

#include "db/chunk_reader_priv.h"
#include "db/db_priv.h"

/* A chunk or a sheet that may have something. */
struct source {
    struct chunk_place place;
    bool is_sheet;
    sim_ns below_ns;   /* only spans that are shorter: the longer ones are known */
    sim_ns longest_ns; /* none that is asked for is longer */
};

struct search {
    struct chunk_reader reader;
    const struct span_query *query;
    uint64_t *wanted; /* by group: a bit for each lane; NULL: all */
    int highest;      /* level of all groups' pyramids, -1: there is none */
    int first_level;  /* at which the longest are looked for first */
    struct source *sources;
    size_t source_count, source_capacity;
    struct span_page page; /* up to limit + 1, sorted */
    size_t sheets;         /* that were read */
};

void span_page_deinit(struct span_page *page) {
    memory_free(page->items);
    damage_list_deinit(&page->damages);
    *page = (struct span_page){0};
}

/* --- the page ------------------------------------------------------------------ */

static int compare(int64_t a, int64_t b) { return (a > b) - (a < b); }

static int compare_found(const struct span_query *query, const struct span_found *a,
                         const struct span_found *b) {
    if (query->order == SPAN_ORDER_LONGEST) {
        const int order =
            compare(b->span.end_ns - b->span.start_ns, a->span.end_ns - a->span.start_ns);
        if (order != 0) {
            return order;
        }
    }
    const int order = compare(a->span.end_ns, b->span.end_ns);
    return order != 0 ? order : compare(a->lane, b->lane);
}

static bool is_full(const struct search *s) { return s->page.count > s->query->limit; }

static const struct span_found *last_of(const struct search *s) {
    return &s->page.items[s->page.count - 1];
}

/* Puts it where it belongs, unless the page is full of those before it. */
static void add_to_page(struct search *s, const struct span_found *found) {
    struct span_page *page = &s->page;
    const struct span_query *query = s->query;
    if ((query->after != NULL && compare_found(query, found, query->after) <= 0) ||
        (is_full(s) && compare_found(query, found, last_of(s)) >= 0)) {
        return;
    }
    size_t low = 0, high = page->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare_found(query, &page->items[middle], found) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    page->count += is_full(s) ? 0 : 1;
    memmove(&page->items[low + 1], &page->items[low],
            (page->count - 1 - low) * sizeof *page->items);
    page->items[low] = *found;
}

/* --- what is asked for ----------------------------------------------------------- */

static uint64_t wanted_of(const struct search *s, uint32_t group) {
    return s->wanted != NULL ? s->wanted[group] : UINT64_MAX;
}

static bool is_asked(const struct search *s, lane_id lane, const struct span *span) {
    const struct span_query *q = s->query;
    return (wanted_of(s, (uint32_t)lane / LANE_GROUP_LANES) >> lane % LANE_GROUP_LANES &
            1) != 0 &&
           (q->states == 0 || (q->states >> span->state & 1) != 0) &&
           (q->resource == LANE_NONE || q->resource == span->resource) &&
           (q->by == LANE_NONE || q->by == span->by) &&
           (q->site == SITE_NONE || q->site == span->site) &&
           span->end_ns - span->start_ns >= q->least_ns;
}

static bool can_have(const struct search *s, const struct source *source) {
    const struct span_query *q = s->query;
    const struct chunk_digest *digest = &source->place.digest;
    const uint64_t causes = chunk_digest_bit(q->resource) | chunk_digest_bit(q->by);
    return source->is_sheet ||
           ((digest->lanes & wanted_of(s, source->place.group)) != 0 &&
            (q->states == 0 || (digest->states & q->states) != 0) &&
            (digest->causes & causes) == causes);
}

/* What the digest, which cannot know of all states, says of those that are asked for. */
static sim_ns longest_of(const struct search *s, const struct source *source) {
    const sim_ns longest = chunk_digest_longest(&source->place.digest, s->query->states);
    return longest < source->below_ns ? longest : source->below_ns - 1;
}

/* --- looking through sources ----------------------------------------------------- */

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

static struct span span_of_long(const struct long_span *it) {
    return (struct span){
        .start_ns = it->start_ns,
        .end_ns = it->end_ns,
        .resource = it->resource,
        .by = it->by,
        .site = it->site,
        .state = it->state,
    };
}

/* One that ends in the range; others are found at its edge. */
static void consider(struct search *s, lane_id lane, const struct span *span,
                     sim_ns below_ns) {
    if (span->end_ns > s->query->from_ns && span->end_ns <= s->query->to_ns &&
        span->end_ns - span->start_ns < below_ns && is_asked(s, lane, span)) {
        add_to_page(s, &(struct span_found){.lane = lane, .span = *span});
    }
}

static int look_through_chunk(struct search *s, const struct source *source,
                              struct err *err) {
    const int rc = chunk_reader_read(&s->reader, &source->place, err);
    if (rc != 1) {
        return rc;
    }
    const struct span_chunk *c = &s->reader.block->chunk;
    for (uint32_t i = 0; i < c->count; i++) {
        const struct span span = span_of(c, i);
        consider(s, c->lane[i], &span, source->below_ns);
    }
    return 0;
}

static void look_through_longs(struct search *s, const struct source *source,
                               const struct sheet_block *sheet) {
    for (uint32_t i = 0; i < sheet->lane_count; i++) {
        const struct sheet_lane *it = &sheet->lanes[i];
        const lane_id lane = (lane_id)(sheet->group * LANE_GROUP_LANES + it->place);
        for (uint32_t k = it->first_long; k < it->end_long; k++) {
            const struct span span = span_of_long(&sheet->longs[k]);
            consider(s, lane, &span, source->below_ns);
        }
    }
}

static int get_sheet(struct search *s, const struct source *source, const struct query *q,
                     const struct sheet_block **out, struct err *err) {
    struct block_row row = {.id = source->place.id};
    row.data = query_get_blob(q, 0, &row.size);
    const struct decoded *decoded = NULL;
    const int rc = block_cache_get(connection_blocks(s->reader.run.connection),
                                   DECODED_SHEET, &row, &decoded, err);
    *out = rc == 0 ? &decoded->as.sheet : NULL;
    s->sheets++;
    return rc == 0 && (*out)->group != source->place.group
               ? err_set(err, ERR_CORRUPT, "the sheet is of another lane group")
               : rc;
}

static const char READ_SHEET[] = "SELECT data FROM sheet WHERE id = ?";

static int look_through_sheet(struct search *s, const struct source *source,
                              struct err *err) {
    const struct sheet_block *sheet = NULL;
    struct query q;
    struct err inner = {0};
    query_begin(&q, s->reader.run.connection, READ_SHEET);
    query_int(&q, source->place.id);
    int rc = query_next(&q, err);
    if (rc == 1) {
        rc = get_sheet(s, source, &q, &sheet, &inner);
    }
    query_end(&q);
    if (rc == ERR_CORRUPT && inner.code != 0) {
        return chunk_reader_note(&s->reader, &source->place, inner.text, err);
    }
    if (rc == ERR_NOMEM) {
        return err_set_nomem(err);
    }
    if (rc == 0 && sheet != NULL) {
        look_through_longs(s, source, sheet);
    }
    return rc;
}

/* --- which sources --------------------------------------------------------------- */

static int add_source(struct search *s, const struct source *source, struct err *err) {
    if (!can_have(s, source) || source->longest_ns < s->query->least_ns) {
        return 0;
    }
    if (vec_reserve((void **)&s->sources, &s->source_capacity, s->source_count,
                    sizeof *s->sources) != 0) {
        return err_set_nomem(err);
    }
    s->sources[s->source_count++] = *source;
    return 0;
}

static const char FIND_CHUNKS[] =
    "SELECT id, seq, t0_ns, t1_ns, lanes, states, causes, longest_ns, longest_wait_ns"
    " FROM span_chunk INDEXED BY span_chunk_by_time"
    " WHERE run = ? AND lane_group = ? AND t1_ns > ? AND t0_ns <= ?";
static const char FIND_CHUNKS_OF_BASE[] =
    "SELECT id, seq, t0_ns, t1_ns, lanes, states, causes, longest_ns, longest_wait_ns"
    " FROM span_chunk INDEXED BY span_chunk_by_base WHERE run = ? AND lane_group = ?"
    " AND t1_ns > ? AND t0_ns <= ? AND base BETWEEN ? AND ?";
static const char FIND_SHEETS[] =
    "SELECT id, seq, t0_ns, t1_ns, -1, -1, -1, longest_ns, longest_wait_ns FROM sheet"
    " WHERE run = ? AND lane_group = ? AND t1_ns > ? AND t0_ns <= ? AND level BETWEEN ? "
    "AND ?";

/* Which of them: those that end after one time and not after another. */
struct choice {
    const char *sql;
    int64_t low, high; /* base or level */
    sim_ns below_ns;
    sim_ns after_ns, up_to_ns;
};

static int find_sources(struct search *s, uint32_t group, const struct choice *choice,
                        struct err *err) {
    const struct span_query *query = s->query;
    sim_ns from = query->from_ns;
    if (query->order == SPAN_ORDER_TIME && query->after != NULL &&
        query->after->span.end_ns > from) {
        from = query->after->span.end_ns - 1;
    }
    from = from > choice->after_ns ? from : choice->after_ns;
    struct query q;
    query_begin(&q, s->reader.run.connection, choice->sql);
    query_int(&q, query->run);
    query_int(&q, group);
    query_int(&q, from);
    query_int(&q, query->to_ns);
    if (choice->sql != FIND_CHUNKS) {
        query_int(&q, choice->low);
        query_int(&q, choice->high);
    }
    int rc;
    while ((rc = query_next(&q, err)) == 1) {
        struct source source = {
            .place = {.id = query_get_int(&q, 0),
                      .seq = query_get_int(&q, 1),
                      .group = group,
                      .t0_ns = query_get_int(&q, 2),
                      .t1_ns = query_get_int(&q, 3),
                      .digest = {.lanes = (uint64_t)query_get_int(&q, 4),
                                 .states = (uint64_t)query_get_int(&q, 5),
                                 .causes = (uint64_t)query_get_int(&q, 6),
                                 .longest_ns = query_get_int(&q, 7),
                                 .longest_wait_ns = query_get_int(&q, 8)}},
            .is_sheet = choice->sql == FIND_SHEETS,
            .below_ns = choice->below_ns,
        };
        source.longest_ns = longest_of(s, &source);
        rc = source.place.t1_ns <= choice->up_to_ns ? add_source(s, &source, err) : 0;
        if (rc != 0) {
            break;
        }
    }
    query_end(&q);
    return rc;
}

static const char HIGHEST_LEVEL[] =
    "SELECT max(level) FROM sheet WHERE run = ? AND lane_group = ?";

/* Of the group's pyramid, -1 when it has none. */
static int highest_level(struct search *s, uint32_t group, int *out, struct err *err) {
    struct query q;
    query_begin(&q, s->reader.run.connection, HIGHEST_LEVEL);
    query_int(&q, s->query->run);
    query_int(&q, group);
    const int rc = query_next(&q, err);
    const int64_t level = rc == 1 && !query_is_null(&q, 0) ? query_get_int(&q, 0) : -1;
    query_end(&q);
    *out = level < PYRAMID_LEVELS ? (int)level : PYRAMID_LEVELS - 1;
    s->highest = s->highest > *out ? s->highest : *out;
    return rc < 0 ? rc : 0;
}

/* Length of a cell; of the level above the highest one: without end. */
static sim_ns cell_of(int level) {
    return level < PYRAMID_LEVELS ? INT64_C(1) << level : SIM_NEVER;
}

/* Where the sheets of a level, or of those above up to `highest`, end; SIM_NEVER when the
 * pyramid is complete. */
static int find_cut(struct search *s, uint32_t group, int level, int highest,
                    sim_ns *cut_ns, struct err *err) {
    *cut_ns = s->reader.run.is_live ? 0 : SIM_NEVER;
    int rc = 0;
    for (int i = highest; rc == 0 && s->reader.run.is_live && i >= level; i--) {
        rc = recorded_run_move_cut(&s->reader.run, group, (unsigned)i, cut_ns, err);
    }
    return rc;
}

/* What is not in sheets of the level yet is in those below, and at last in chunks. */
static int find_unsealed(struct search *s, uint32_t group, int level, struct err *err) {
    struct choice choice = {.below_ns = SIM_NEVER, .up_to_ns = SIM_NEVER};
    int rc = 0;
    for (; rc == 0 && level >= 0; level--) {
        rc = recorded_run_move_cut(&s->reader.run, group, (unsigned)level,
                                   &choice.after_ns, err);
        if (rc == 0) {
            choice.sql = FIND_CHUNKS_OF_BASE;
            choice.low = choice.high = level;
            rc = find_sources(s, group, &choice, err);
        }
        if (rc == 0 && level > 0) {
            choice.sql = FIND_SHEETS;
            choice.low = choice.high = level - 1;
            rc = find_sources(s, group, &choice, err);
        }
    }
    return rc;
}

/* Everything that has spans of at least a cell of the level; -1: of any length. */
static int find_all(struct search *s, uint32_t group, int level, struct err *err) {
    int highest = -1;
    int rc = level >= 0 ? highest_level(s, group, &highest, err) : 0;
    const int used = level < highest ? level : highest;
    struct choice choice = {
        .sql = FIND_CHUNKS, .below_ns = SIM_NEVER, .up_to_ns = SIM_NEVER};
    if (rc == 0 && used >= 0) {
        choice.sql = FIND_SHEETS;
        choice.low = choice.high = used;
        rc = find_sources(s, group, &choice, err);
        choice.sql = FIND_CHUNKS_OF_BASE;
        choice.low = used + 1;
        choice.high = INT64_MAX;
    }
    if (rc == 0) {
        rc = find_sources(s, group, &choice, err);
    }
    return rc == 0 && used >= 0 && s->reader.run.is_live
               ? find_unsealed(s, group, used, err)
               : rc;
}

/* What a level has that the one above does not: shorter spans. What find_all() took from
 * below has them already. */
static int find_more(struct search *s, uint32_t group, int level, struct err *err) {
    int highest = -1;
    int rc = highest_level(s, group, &highest, err);
    if (rc != 0 || level >= highest) {
        return rc;
    }
    struct choice choice = {
        .sql = FIND_SHEETS, .low = level, .high = level, .below_ns = cell_of(level + 1)};
    const int used = s->first_level < highest ? s->first_level : highest;
    rc = find_cut(s, group, level + 1, used, &choice.up_to_ns, err);
    if (rc == 0) {
        rc = find_sources(s, group, &choice, err);
    }
    if (rc == 0) {
        choice.sql = FIND_CHUNKS_OF_BASE;
        choice.low = choice.high = level + 1;
        rc = find_sources(s, group, &choice, err);
    }
    return rc;
}

typedef int (*find_fn)(struct search *s, uint32_t group, int level, struct err *err);

/* The sources of all groups with lanes that are asked for. */
static int find_in_groups(struct search *s, find_fn find, int level, struct err *err) {
    int64_t group = INT64_MIN; /* so that a damaged number is noticed */
    int rc;
    s->source_count = 0;
    while ((rc = recorded_run_next_group(&s->reader.run, &group, err)) == 1) {
        rc =
            wanted_of(s, (uint32_t)group) != 0 ? find(s, (uint32_t)group, level, err) : 0;
        group++;
        if (rc != 0) {
            break;
        }
    }
    return rc;
}

static int by_time(const void *left, const void *right) {
    const struct source *a = left, *b = right;
    const int order = compare(a->place.t0_ns, b->place.t0_ns);
    return order != 0 ? order : compare(a->place.id, b->place.id);
}

static int by_longest(const void *left, const void *right) {
    const struct source *a = left, *b = right;
    const int order = compare(b->longest_ns, a->longest_ns);
    return order != 0 ? order : compare(a->place.id, b->place.id);
}

/* Whether neither the source nor any after it has something for the page. */
static bool is_beyond(const struct search *s, const struct source *source) {
    if (!is_full(s)) {
        return false;
    }
    const struct span *last = &last_of(s)->span;
    return s->query->order == SPAN_ORDER_TIME
               ? last->end_ns < source->place.t0_ns
               : last->end_ns - last->start_ns > source->longest_ns;
}

/* Looks through the sources until the page cannot get better. */
static int look_through(struct search *s, struct err *err) {
    const bool in_time = s->query->order == SPAN_ORDER_TIME;
    if (s->source_count > 0) {
        qsort(s->sources, s->source_count, sizeof *s->sources,
              in_time ? by_time : by_longest);
    }
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->source_count; i++) {
        const struct source *source = &s->sources[i];
        if (is_beyond(s, source)) {
            break;
        }
        rc = source->is_sheet ? look_through_sheet(s, source, err)
                              : look_through_chunk(s, source, err);
    }
    return rc;
}

/* --- the edge ------------------------------------------------------------------ */

/* In the order of time what is open comes last, wherever it is known to. */
static void consider_at_edge(struct search *s, const struct span_found *found) {
    const struct span *span = &found->span;
    if ((span->end_ns > s->query->to_ns || found->is_open) &&
        span->end_ns > s->query->from_ns && span->start_ns < s->query->to_ns &&
        is_asked(s, found->lane, span)) {
        struct span_found it = *found;
        if (it.is_open && s->query->order == SPAN_ORDER_TIME) {
            it.span.end_ns = SIM_NEVER;
        }
        add_to_page(s, &it);
    }
}

/* Spans around the end of the range end in its chunk, or are carried over from it. */
static int look_at_edge(struct search *s, uint32_t group, int level, struct err *err) {
    (void)level; /* one is as good as the other */
    struct chunk_place place;
    int rc = chunk_reader_find(&s->reader, group, s->query->to_ns, &place, err);
    if (rc == 1) {
        rc = chunk_reader_read(&s->reader, &place, err);
    }
    if (rc != 1) {
        return rc;
    }
    const struct span_chunk *c = &s->reader.block->chunk;
    for (uint32_t i = 0; i < c->count; i++) {
        const struct span_found it = {.lane = c->lane[i], .span = span_of(c, i)};
        consider_at_edge(s, &it);
    }
    struct carried_span carried[LANE_GROUP_LANES];
    uint32_t count = 0;
    const uint64_t lanes =
        wanted_of(s, group) & carried_spans_before(s->reader.block, s->query->to_ns);
    rc = chunk_reader_all_carried(&s->reader, lanes, carried, &count, err);
    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        const struct span_found it = {.lane = carried[i].lane,
                                      .is_open = carried[i].is_open,
                                      .span = span_of_long(&carried[i].span)};
        consider_at_edge(s, &it);
    }
    return rc;
}

/* --- the two orders -------------------------------------------------------------- */

/* The highest level at which a span of that length is whole; -1 for none. */
static int level_of(sim_ns length) {
    int level = -1;
    while (level + 1 < PYRAMID_LEVELS && cell_of(level + 1) <= length) {
        level++;
    }
    return level;
}

static int search_in_time(struct search *s, struct err *err) {
    int rc = find_in_groups(s, find_all, level_of(s->query->least_ns), err);
    if (rc == 0) {
        rc = look_through(s, err);
    }
    return rc == 0 && !is_full(s) ? find_in_groups(s, look_at_edge, 0, err) : rc;
}

/* Level by level from the top. What is left is shorter than a cell of the last one. */
static int search_longest(struct search *s, struct err *err) {
    const struct span_query *query = s->query;
    int level = PYRAMID_LEVELS - 1;
    if (query->after != NULL) {
        const int after =
            level_of(query->after->span.end_ns - query->after->span.start_ns);
        level = after > 0 ? after : 0;
    }
    s->first_level = level;
    int rc = find_in_groups(s, look_at_edge, 0, err);
    if (rc == 0) {
        rc = find_in_groups(s, find_all, level, err);
    }
    if (rc == 0) {
        rc = look_through(s, err);
    }
    level = level < s->highest ? level : s->highest;
    for (; rc == 0 && level > 0 && cell_of(level) > query->least_ns; level--) {
        if (is_full(s) &&
            last_of(s)->span.end_ns - last_of(s)->span.start_ns >= cell_of(level)) {
            break;
        }
        rc = find_in_groups(s, find_more, level - 1, err);
        if (rc == 0) {
            rc = look_through(s, err);
        }
    }
    return rc;
}

/* --- the query ----------------------------------------------------------------- */

static int check_query(const struct span_query *query, struct err *err) {
    if (query->from_ns < 0 || query->from_ns >= query->to_ns) {
        return err_set(err, ERR_INVALID, "the range must have 0 <= from < to");
    }
    if (query->limit < 1 || query->limit > SPAN_SEARCH_MAX) {
        return err_set(err, ERR_INVALID, "limit must be 1 to %d", SPAN_SEARCH_MAX);
    }
    return 0;
}

static int choose_lanes(struct search *s, struct err *err) {
    const struct span_query *query = s->query;
    if (query->lanes == NULL) {
        return 0;
    }
    s->wanted =
        memory_zeroed(s->reader.run.lane_count / LANE_GROUP_LANES + 1, sizeof *s->wanted);
    if (s->wanted == NULL) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; i < query->lane_count; i++) {
        const lane_id lane = query->lanes[i];
        const int rc = chunk_reader_check_lane(&s->reader, lane, err);
        if (rc != 0) {
            return rc;
        }
        s->wanted[lane / LANE_GROUP_LANES] |= UINT64_C(1) << lane % LANE_GROUP_LANES;
    }
    return 0;
}

static int search_run(struct search *s, struct err *err) {
    int rc = choose_lanes(s, err);
    if (rc != 0) {
        return rc;
    }
    s->page.capacity = (size_t)s->query->limit + 1;
    s->page.items = memory_zeroed(s->page.capacity, sizeof *s->page.items);
    if (s->page.items == NULL) {
        return err_set_nomem(err);
    }
    rc = s->query->order == SPAN_ORDER_TIME ? search_in_time(s, err)
                                            : search_longest(s, err);
    s->page.has_more = is_full(s);
    s->page.count -= s->page.has_more ? 1 : 0;
    s->page.looked_at = s->reader.looked_at + s->sheets;
    return rc;
}

int span_search(struct db_reader *reader, const struct span_query *query,
                struct span_page *out, struct err *err) {
    int rc = check_query(query, err);
    if (rc != 0) {
        return rc;
    }
    struct search s = {.query = query, .highest = -1};
    rc = db_reader_begin(reader, err);
    if (rc != 0) {
        return rc;
    }
    rc = chunk_reader_open(&s.reader, db_reader_connection(reader), query->run,
                           &s.page.damages, err);
    if (rc == 0) {
        rc = search_run(&s, err);
    }
    db_reader_end(reader);
    memory_free(s.wanted);
    memory_free(s.sources);
    if (rc != 0) {
        span_page_deinit(&s.page);
        return rc;
    }
    *out = s.page;
    return 0;
}
