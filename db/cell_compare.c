/* SPDX-License-Identifier: MIT */
#include "db/cell_compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "db/db_priv.h"

/* --- comparing ----------------------------------------------------------------- */

/* The median of the goal; NaN when the cell is not to be compared. */
static double median_of(const struct cell_row *cell, enum metric_id goal) {
    const struct metric_summary *summary = cell_row_metric(cell, goal);
    return cell->status == CELL_DONE && summary != NULL &&
                   cell_row_is_whole(cell, summary)
               ? summary->of.median
               : (double)NAN;
}

/* A cell that takes part, with its samples. */
struct entry {
    struct cell_row *row;
    double median;
    const struct cell_sample *samples;
    size_t count;
};

/* By point, so that the cells of one question stand together; then by index. */
static int compare_entries(const void *a, const void *b) {
    const struct cell_row *x = ((const struct entry *)a)->row;
    const struct cell_row *y = ((const struct entry *)b)->row;
    const int order = strcmp(x->point, y->point);
    return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

/* Fills `entries`, at most one for each cell; returns how many there are. */
static size_t find_entries(struct cell_list *cells, enum metric_id goal,
                           const struct cell_sample *samples, size_t count,
                           struct entry *entries) {
    size_t found = 0, first = 0;
    for (size_t i = 0; i < cells->count; i++) {
        struct entry entry = {.row = &cells->items[i], .samples = samples + first};
        while (first < count && samples[first].cell == entry.row->id) {
            entry.count++;
            first++;
        }
        entry.median = median_of(entry.row, goal);
        if (entry.count > 0 && !isnan(entry.median)) {
            entries[found++] = entry;
        }
    }
    qsort(entries, found, sizeof *entries, compare_entries);
    return found;
}

static const struct entry *find_best(const struct entry *entries, size_t count,
                                     enum metric_better better) {
    const struct entry *best = entries;
    for (size_t i = 1; i < count; i++) {
        const bool beats = better == METRIC_HIGHER ? entries[i].median > best->median
                                                   : entries[i].median < best->median;
        best = beats ? &entries[i] : best;
    }
    return best;
}

/* What comparing needs: draws, and room for all pairs. */
struct tools {
    struct bootstrap bootstrap;
    double *room;
};

static int compare_with(const struct entry *entry, const struct entry *best,
                        struct tools *tools, struct err *err) {
    double *values = tools->room, *against = tools->room + entry->count;
    size_t pairs = 0, at = 0;
    for (size_t i = 0; i < entry->count; i++) {
        const uint32_t repetition = entry->samples[i].repetition;
        while (at < best->count && best->samples[at].repetition < repetition) {
            at++;
        }
        if (at < best->count && best->samples[at].repetition == repetition) {
            values[pairs] = entry->samples[i].value;
            against[pairs++] = best->samples[at].value;
        }
    }
    entry->row->versus.best = best->row->id;
    return bootstrap_paired_ratio(&tools->bootstrap,
                                  (struct bootstrap_pairs){values, against, pairs},
                                  &entry->row->versus.ratio, err);
}

static int compare_points(const struct entry *entries, size_t count, enum metric_id goal,
                          struct tools *tools, struct err *err) {
    int rc = 0;
    size_t first = 0;
    while (rc == 0 && first < count) {
        size_t end = first + 1;
        while (end < count &&
               strcmp(entries[end].row->point, entries[first].row->point) == 0) {
            end++;
        }
        const struct entry *best =
            find_best(entries + first, end - first, metrics[goal].better);
        for (size_t i = first; rc == 0 && i < end; i++) {
            entries[i].row->versus.metric = metrics[goal].name;
            rc = compare_with(&entries[i], best, tools, err);
        }
        first = end;
    }
    return rc;
}

int cell_compare(struct cell_list *cells, enum metric_id goal,
                 const struct cell_sample *samples, size_t count, struct err *err) {
    if (goal == METRIC_COUNT || metrics[goal].better == METRIC_NEUTRAL || count == 0) {
        return 0;
    }
    int rc = 0;
    struct tools tools = {.room = memory_zeroed(count, 2 * sizeof *tools.room)};
    struct entry *entries = memory_zeroed(cells->count, sizeof *entries);
    if (tools.room == NULL || entries == NULL) {
        rc = err_set_nomem(err);
    } else {
        const size_t found = find_entries(cells, goal, samples, count, entries);
        rc = compare_points(entries, found, goal, &tools, err);
    }
    memory_free(entries);
    bootstrap_deinit(&tools.bootstrap);
    memory_free(tools.room);
    return rc;
}

/* --- from the store ------------------------------------------------------------ */

static const char READ_GOAL[] =
    "SELECT json_extract(document, '$.goal') FROM experiment WHERE id = ?1"
    " AND (?2 OR status IN ('done', 'failed'))";
static const char READ_SAMPLES[] =
    "WITH finished AS ("
    "   SELECT max(r.id) AS id, r.cell, r.repetition FROM cell c JOIN run r ON r.cell = "
    "c.id"
    "   WHERE c.experiment = ? AND c.status = 'done' AND r.status IN ('done', 'limited')"
    "   GROUP BY r.cell, r.repetition)"
    " SELECT f.cell, f.repetition, m.value FROM finished f"
    " JOIN metric m ON m.run = f.id AND m.name = ? JOIN cell c ON c.id = f.cell"
    " ORDER BY c.idx, f.repetition";

/* METRIC_COUNT when there is none, or, unless it is `early`, when it is too early to ask. */
static int read_goal(struct connection *connection, int64_t experiment, bool early,
                     enum metric_id *out, struct err *err) {
    struct query q;
    query_begin(&q, connection, READ_GOAL);
    query_int(&q, experiment);
    query_int(&q, early);
    const int rc = query_next(&q, err);
    *out = rc == 1 ? metric_find(query_get_text(&q, 0)) : METRIC_COUNT;
    query_end(&q);
    return rc < 0 ? rc : 0;
}

struct samples {
    struct cell_sample *items;
    size_t count, capacity;
};

static int read_samples(struct connection *connection, int64_t experiment,
                        enum metric_id goal, struct samples *out, struct err *err) {
    struct query q;
    query_begin(&q, connection, READ_SAMPLES);
    query_int(&q, experiment);
    query_text(&q, metrics[goal].name);
    int rc;
    while ((rc = query_next(&q, err)) == 1) {
        if (vec_reserve((void **)&out->items, &out->capacity, out->count,
                        sizeof *out->items) != 0) {
            rc = err_set_nomem(err);
            break;
        }
        out->items[out->count++] = (struct cell_sample){
            query_get_int(&q, 0), (uint32_t)query_get_int(&q, 1), query_get_real(&q, 2)};
    }
    query_end(&q);
    return rc;
}

static int compare_by(struct connection *connection, int64_t experiment,
                      enum metric_id goal, struct cell_list *cells, struct err *err) {
    struct samples samples = {0};
    int rc = 0;
    if (goal != METRIC_COUNT) {
        rc = read_samples(connection, experiment, goal, &samples, err);
    }
    if (rc == 0) {
        rc = cell_compare(cells, goal, samples.items, samples.count, err);
    }
    memory_free(samples.items);
    return rc;
}

int cell_compare_stored(struct db_reader *reader, int64_t experiment,
                        struct cell_list *cells, struct err *err) {
    struct connection *connection = db_reader_connection(reader);
    enum metric_id goal = METRIC_COUNT;
    const int rc = read_goal(connection, experiment, false, &goal, err);
    return rc == 0 ? compare_by(connection, experiment, goal, cells, err) : rc;
}

int cell_compare_so_far(struct db_reader *reader, int64_t experiment,
                        struct cell_list *cells, enum metric_id *goal, struct err *err) {
    struct connection *connection = db_reader_connection(reader);
    const int rc = read_goal(connection, experiment, true, goal, err);
    return rc == 0 ? compare_by(connection, experiment, *goal, cells, err) : rc;
}
