/* SPDX-License-Identifier: MIT */
#include "db/experiment_list.h"

#include <assert.h>
#include <stdio.h>

#include "db/experiment_row_priv.h"

/* ?1 words of statuses, each between commas, or ""; ?2 part of the name, or ""; ?3 and ?4
 * name and id of the row before; ?5 how many; ?6 and ?7 creation; ?8 client and ?9 document,
 * NULL: any. What is not in the order is a condition on each row, of which there are as many as
 * the rules of retention leave. */
#define WISHED                                                                           \
    " WHERE e.removing = 0 AND (?1 = '' OR instr(?1, ',' || e.status || ',') > 0)"       \
    " AND instr(lower(e.name), lower(?2)) > 0"                                           \
    " AND e.created_ms >= ?6 AND e.created_ms < ?7 AND e.client = ifnull(?8, e.client)"  \
    " AND e.document_hash = ifnull(?9, e.document_hash)"
#define BY_NAME " ORDER BY e.name COLLATE NOCASE, e.id"

/* By name all experiments are sorted, so their cells are counted only for the page. */
static const char *const list_statements[EXPERIMENT_ORDER_COUNT] = {
    [EXPERIMENT_NEWEST] = "SELECT " EXPERIMENT_ROW_COLUMNS " FROM experiment e" WISHED
                          " AND e.id < ?4 ORDER BY e.id DESC LIMIT ?5",
    [EXPERIMENT_OLDEST] = "SELECT " EXPERIMENT_ROW_COLUMNS " FROM experiment e" WISHED
                          " AND e.id > ?4 ORDER BY e.id LIMIT ?5",
    [EXPERIMENT_BY_NAME] =
        "SELECT " EXPERIMENT_ROW_COLUMNS " FROM experiment e WHERE e.id IN"
        " (SELECT e.id FROM experiment e" WISHED
        " AND (e.name COLLATE NOCASE, e.id) > (?3, ?4)" BY_NAME " LIMIT ?5)" BY_NAME,
};

enum { WORDS_SIZE = 64 };
static_assert(sizeof ",queued,running,done,failed,interrupted," <= WORDS_SIZE,
              "room for every status");

static void write_words(uint32_t statuses, char out[WORDS_SIZE]) {
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < EXPERIMENT_STATUS_COUNT; i++) {
        if ((statuses & 1U << i) != 0) {
            used += (size_t)snprintf(out + used, WORDS_SIZE - used, "%s%s,",
                                     used == 0 ? "," : "",
                                     experiment_status_name((enum experiment_status)i));
        }
    }
}

/* One row more than the page holds tells whether there is a next page. */
static int list_rows(struct query *q, size_t limit, struct experiment_list *list,
                     struct err *err) {
    int rc;
    while ((rc = query_next(q, err)) == 1) {
        if (list->count == limit) {
            list->has_more = true;
            return 0;
        }
        rc = experiment_row_read(q, &list->items[list->count], &list->arena, err);
        if (rc != 0) {
            return rc;
        }
        list->count++;
    }
    return rc;
}

static void bind_wish(struct query *q, const struct experiment_wish *wish,
                      const char *words) {
    const bool from_end = wish->order == EXPERIMENT_NEWEST && wish->after == 0;
    query_text(q, words);
    query_text(q, wish->part != NULL ? wish->part : "");
    query_text(q, wish->after_name != NULL ? wish->after_name : "");
    query_int(q, from_end ? INT64_MAX : wish->after);
    query_int(q, (int64_t)wish->limit + 1);
    query_int(q, wish->created_from_ms);
    query_int(q, wish->is_bounded ? wish->created_until_ms : INT64_MAX);
    query_text(q, wish->client);
    query_text(q, wish->document_hash);
}

int experiment_list_read(struct db_reader *reader, const struct experiment_wish *wish,
                         struct experiment_list *out, struct err *err) {
    if (wish->limit < 1 || wish->limit > EXPERIMENT_PAGE_MAX) {
        return err_set(err, ERR_INVALID, "a page has 1 to %d items", EXPERIMENT_PAGE_MAX);
    }
    struct experiment_list list = {0};
    list.items = arena_alloc(&list.arena, wish->limit, sizeof *list.items);
    if (list.items == NULL) {
        arena_deinit(&list.arena);
        return err_set_nomem(err);
    }
    char words[WORDS_SIZE];
    write_words(wish->statuses, words);
    struct query q;
    query_begin(&q, db_reader_connection(reader), list_statements[wish->order]);
    bind_wish(&q, wish, words);
    const int rc = list_rows(&q, wish->limit, &list, err);
    query_end(&q);
    if (rc != 0) {
        experiment_list_deinit(&list);
        return rc;
    }
    *out = list;
    return 0;
}

void experiment_list_deinit(struct experiment_list *list) {
    arena_deinit(&list->arena);
    *list = (struct experiment_list){0};
}
