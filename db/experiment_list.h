/* SPDX-License-Identifier: MIT */
/*
 * experiment_list - pages of experiments, filtered and in an order.
 *
 * A page goes on after the last experiment of the one before, wherever that is by then: what is
 * submitted or removed in between moves nothing else from page to page.
 */
#ifndef DB_EXPERIMENT_LIST_H
#define DB_EXPERIMENT_LIST_H

#include "db/experiment_store.h"

#include <stdbool.h>

enum experiment_order {
    EXPERIMENT_NEWEST,
    EXPERIMENT_OLDEST,
    EXPERIMENT_BY_NAME, /* those of one name, whatever the case of its letters, oldest first */
    EXPERIMENT_ORDER_COUNT
};

/* Which experiments, and in which order; all text is borrowed for the call. */
struct experiment_wish {
    enum experiment_order order;
    uint32_t statuses;         /* bits 1 << enum experiment_status; 0: any */
    const char *part;          /* of the name, A to Z in either case; NULL: any */
    const char *client;        /* who submitted it; NULL: anybody */
    const char *document_hash; /* of what it says; NULL: any */
    int64_t created_from_ms;   /* since 1970, UTC: from then on, and ... */
    bool is_bounded;           /* ... before created_until_ms, else to this day */
    int64_t created_until_ms;
    int64_t after; /* id of the last one of the page before; 0: from the beginning */
    const char *after_name; /* its name, for EXPERIMENT_BY_NAME; NULL without one */
    size_t limit;           /* 1 .. EXPERIMENT_PAGE_MAX */
};

/* One page. */
struct experiment_list {
    struct experiment_row *items;
    size_t count;
    bool has_more; /* after the last one */
    struct arena arena;
};

enum { EXPERIMENT_PAGE_MAX = 200 };

/* One page of what is wished for; ERR_INVALID: it has no such limit. Release with
 * experiment_list_deinit(). */
int experiment_list_read(struct db_reader *reader, const struct experiment_wish *wish,
                         struct experiment_list *out, struct err *err) WARN_UNUSED;
void experiment_list_deinit(struct experiment_list *list);

#endif
