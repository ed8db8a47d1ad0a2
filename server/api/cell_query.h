/* SPDX-License-Identifier: MIT */
/*
 * cell_query - what requests for lists of cells say in their query parameters.
 *
 * The text of a cursor is the index of the last cell of a page, and in the order of a metric
 * the bits of its value or "none":
 *
 *     11          11-40590c0000000000          11-none
 */
#ifndef SERVER_API_CELL_QUERY_H
#define SERVER_API_CELL_QUERY_H

#include "db/cell_page.h"
#include "server/api/metric_query.h"

struct cell_query {
    struct cell_page_wish wish; /* borrows from the request and from what follows */
    struct metric_query shown;
    struct cell_place after;
};

/* ERR_INVALID, ERR_NOT_FOUND. It stays where it is: the wish points into it. */
int cell_query_parse(const struct http_request *request, struct cell_query *out,
                     struct err *err) WARN_UNUSED;

/* The cursor that leads on after that place. */
enum { CELL_CURSOR_SIZE = 40 };
void cell_query_cursor(const struct cell_page_wish *wish, const struct cell_place *last,
                       char out[CELL_CURSOR_SIZE]);

#endif
