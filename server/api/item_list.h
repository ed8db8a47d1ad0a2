/* SPDX-License-Identifier: MIT */
/*
 * item_list - answers that are long lists: one JSON object, or a line for each item (NDJSON)
 * for clients that prefer to read them one by one. The last line is the object without its
 * items.
 *
 *     {"items":[{"a":1},{"a":2}],"next":null}          {"a":1}
 *                                                      {"a":2}
 *                                                      {"next":null}
 *
 * A handler opens the list, writes values and ends each of them, closes the items, writes the
 * other members, and ends the list.
 */
#ifndef SERVER_API_ITEM_LIST_H
#define SERVER_API_ITEM_LIST_H

#include "server/http/http_request.h"
#include "server/http/http_response.h"
#include "server/http/json_writer.h"

/* What a route with such an answer produces. */
#define ITEM_LIST_LINES "application/x-ndjson"
#define ITEM_LIST_TYPES "application/json, " ITEM_LIST_LINES

struct item_list {
    struct json_writer writer;
    bool lines;
};

/* Whether the client prefers lines. */
bool item_list_wants_lines(const struct http_request *request);

/* `list` is zeroed; what is written goes to its writer. */
void item_list_open(struct item_list *list, const struct http_request *request);
void item_list_end_item(struct item_list *list);
void item_list_close_items(struct item_list *list);

/* Writes the member "next": the cursor that leads to the next page, NULL on the last one. */
void item_list_next(struct item_list *list, const char *cursor);

/* Takes the list as the body of a 200. ERR_NOMEM; the list is empty then, too. */
int item_list_respond(struct item_list *list, struct http_response *response,
                      struct err *err) WARN_UNUSED;

#endif
