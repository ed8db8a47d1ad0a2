/* SPDX-License-Identifier: MIT */
#include "db/cell_page.h"

#include <math.h>
#include <stdio.h>

#include "db/db_priv.h"
#include "db/experiment_store.h"

/* ?1 experiment; ?2 runtime, ?3 strategy and ?4 point, NULL: any; ?5 a JSON array of statuses,
 * NULL: any; ?6 index of the cell before; ?7 how many. */
#define WISHED                                                                           \
    " WHERE c.experiment = ?1 AND c.runtime = ifnull(?2, c.runtime)"                     \
    " AND c.strategy = ifnull(?3, c.strategy)"                                           \
    " AND (?5 IS NULL OR c.status IN (SELECT value FROM json_each(?5)))"                 \
    " AND NOT EXISTS (SELECT 1 FROM json_each(ifnull(?4, '{}')) w WHERE NOT EXISTS"      \
    " (SELECT 1 FROM json_each(c.point) p WHERE p.key = w.key AND p.value IS w.value))"

static const char BY_INDEX[] = "SELECT c.id, c.idx, NULL FROM cell c" WISHED
                               " AND c.idx > ?6 ORDER BY c.idx LIMIT ?7";

/* ?8 its name; ?9 1, or -1 for the largest first; ?10 value of the cell before, and ?11 whether
 * that had none, -1: there was no cell. */
static const char BY_METRIC[] =
    "SELECT id, idx, value FROM (SELECT c.id, c.idx, ?9 * m.median AS value FROM cell c"
    " LEFT JOIN cell_metric m ON m.cell = c.id AND m.name = ?8" WISHED ")"
    " WHERE (value IS NULL, ifnull(value, 0), idx) > (?11, ?10, ?6)"
    " ORDER BY value IS NULL, value, idx LIMIT ?7";

enum { WORDS_SIZE = 128 };

/* ["done","failed"] */
static const char *write_words(uint32_t statuses, char out[WORDS_SIZE]) {
    size_t used = 0;
    for (int i = 0; i < CELL_STATUS_COUNT; i++) {
        if ((statuses & 1U << i) != 0) {
            used += (size_t)snprintf(out + used, WORDS_SIZE - used, "%s\"%s\"",
                                     used == 0 ? "[" : ",",
                                     cell_status_name((enum cell_status)i));
        }
    }
    snprintf(out + used, WORDS_SIZE - used, "]");
    return used > 0 ? out : NULL;
}

static void bind_wish(struct query *q, const struct cell_page_wish *wish,
                      const char *words) {
    static const struct cell_place nowhere = {.index = -1};
    const struct cell_place *after = wish->after != NULL ? wish->after : &nowhere;
    const bool has_value = !isnan(after->value);
    query_int(q, wish->experiment);
    query_text(q, wish->runtime);
    query_text(q, wish->strategy);
    query_text(q, wish->point);
    query_text(q, words);
    query_int(q, after->index);
    query_int(q, (int64_t)wish->limit + 1);
    if (wish->metric != NULL) {
        query_text(q, wish->metric);
        query_int(q, wish->is_largest_first ? -1 : 1);
        query_real(q, has_value ? after->value : 0);
        query_int(q, wish->after == NULL ? -1 : has_value ? 0 : 1);
    }
}

/* One row more than the page holds tells whether there is a next page. */
static int read_page(struct query *q, size_t limit, struct cell_page *page,
                     struct err *err) {
    int rc;
    while ((rc = query_next(q, err)) == 1) {
        page->has_more = page->count == limit;
        if (page->has_more) {
            return 0;
        }
        page->ids[page->count++] = query_get_int(q, 0);
        page->last.index = query_get_int(q, 1);
        page->last.value = query_is_null(q, 2) ? (double)NAN : query_get_real(q, 2);
    }
    return rc;
}

int cell_page_find(struct db_reader *reader, const struct cell_page_wish *wish,
                   struct cell_page *out, struct err *err) {
    char words[WORDS_SIZE];
    struct cell_page page = {0};
    struct query q;
    int64_t count;
    if (wish->limit < 1 || wish->limit > CELL_PAGE_MAX) {
        return err_set(err, ERR_INVALID, "a page has 1 to %d items", CELL_PAGE_MAX);
    }
    int rc = experiment_store_count_cells(reader, wish->experiment, &count, err);
    if (rc != 0) {
        return rc;
    }
    query_begin(&q, db_reader_connection(reader),
                wish->metric != NULL ? BY_METRIC : BY_INDEX);
    bind_wish(&q, wish, write_words(wish->statuses, words));
    rc = read_page(&q, wish->limit, &page, err);
    query_end(&q);
    if (rc == 0) {
        *out = page;
    }
    return rc;
}
