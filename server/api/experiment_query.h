/* SPDX-License-Identifier: MIT */
/*
 * experiment_query - what requests for lists of experiments say in their query parameters.
 *
 * The text of a cursor is the id of the last experiment of a page, and in the order of names
 * its name in hexadecimal digits, because that experiment may be removed before the next page
 * is asked for:
 *
 *     e12          e12-436f6e766f79
 */
#ifndef SERVER_API_EXPERIMENT_QUERY_H
#define SERVER_API_EXPERIMENT_QUERY_H

#include "db/experiment_list.h"
#include "db/experiment_store.h"
#include "server/document/hash.h"
#include "server/http/http_request.h"
#include "server/http/json_writer.h"

struct experiment_query {
    struct experiment_wish wish; /* borrows from the request and from what follows */
    char *cursor;                /* heap, or NULL */
    char preset[HASH_TEXT_SIZE]; /* of its document; "": any */
};

/* ERR_INVALID, ERR_NOMEM. On success release with experiment_query_deinit(). */
int experiment_query_parse(const struct http_request *request,
                           struct experiment_query *out, struct err *err) WARN_UNUSED;
void experiment_query_deinit(struct experiment_query *query);

/* Writes the cursor that leads on after the page's last experiment; null on the last page. */
void experiment_query_write_next(struct json_writer *writer,
                                 const struct experiment_list *list,
                                 enum experiment_order order);

#endif
