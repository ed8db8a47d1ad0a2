/* SPDX-License-Identifier: MIT */
#include "server/api/cell_query.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "server/api/api.h"
#include "server/api/resource_id.h"
#include "server/document/text.h"

enum { PAGE_DEFAULT = 50 };

/* --- filters --------------------------------------------------------------------- */

static int parse_statuses(const struct http_request *request, uint32_t *out,
                          struct err *err) {
    const char *words[CELL_STATUS_COUNT];
    for (int i = 0; i < CELL_STATUS_COUNT; i++) {
        words[i] = cell_status_name((enum cell_status)i);
    }
    const struct api_words list = {"status", words, CELL_STATUS_COUNT};
    return api_query_words(request, &list, out)
               ? 0
               : err_set(err, ERR_INVALID,
                         "query parameter 'status' must be words of 'pending', "
                         "'running', 'done', 'failed', 'limited', 'not_applicable' and "
                         "'interrupted', separated by commas");
}

/* {"/machine/cores":4}. The store reads it again, so it must be well-formed; text_parse() takes
 * nothing but objects. */
static int parse_point(const struct http_request *request, const char **out,
                       struct err *err) {
    const char *text = http_request_query(request, "point");
    json_t *tree = NULL;
    const bool is_object =
        text != NULL && text_parse(&tree, text, strlen(text), NULL) == 0;
    json_decref(tree);
    *out = text;
    return text == NULL || is_object
               ? 0
               : err_set(err, ERR_INVALID,
                         "query parameter 'point' must be a JSON object of values of the "
                         "sweep");
}

/* --- order ----------------------------------------------------------------------- */

static int parse_order(const struct http_request *request, struct cell_page_wish *out,
                       struct err *err) {
    const char *word = http_request_query(request, "order");
    if (word == NULL || strcmp(word, "index") == 0) {
        return 0;
    }
    out->is_largest_first = word[0] == '-';
    const enum metric_id metric = metric_find(word + (out->is_largest_first ? 1 : 0));
    if (metric == METRIC_COUNT) {
        return err_set(err, ERR_INVALID,
                       "query parameter 'order' must be 'index' or a name that GET "
                       "/metrics lists, with '-' before it for the largest first");
    }
    out->metric = metrics[metric].name;
    return 0;
}

void cell_query_cursor(const struct cell_page_wish *wish, const struct cell_place *last,
                       char out[CELL_CURSOR_SIZE]) {
    uint64_t bits;
    memcpy(&bits, &last->value, sizeof bits);
    int size = snprintf(out, CELL_CURSOR_SIZE, "%" PRId64, last->index);
    if (wish->metric != NULL && isnan(last->value)) {
        snprintf(out + size, CELL_CURSOR_SIZE - (size_t)size, "-none");
    } else if (wish->metric != NULL) {
        snprintf(out + size, CELL_CURSOR_SIZE - (size_t)size, "-%016" PRIx64, bits);
    }
}

static int parse_after(const struct http_request *request, struct cell_query *query,
                       struct err *err) {
    const char *text = http_request_query(request, "after");
    char again[CELL_CURSOR_SIZE];
    uint64_t bits;
    if (text == NULL) {
        return 0;
    }
    query->after = (struct cell_place){.index = -1, .value = (double)NAN};
    const int parts = sscanf(text, "%9" SCNd64 "-%16" SCNx64, &query->after.index, &bits);
    if (parts == 2) {
        memcpy(&query->after.value, &bits, sizeof bits);
    }
    /* Only the one spelling that we write. */
    cell_query_cursor(&query->wish, &query->after, again);
    query->wish.after = &query->after;
    return query->after.index >= 0 && strcmp(again, text) == 0
               ? 0
               : err_set(
                     err, ERR_INVALID,
                     "query parameter 'after' must be the 'next' of a page before, of "
                     "the same order");
}

/* --- all of it ------------------------------------------------------------------- */

int cell_query_parse(const struct http_request *request, struct cell_query *out,
                     struct err *err) {
    const struct api_number number = {"limit", PAGE_DEFAULT, 1, CELL_PAGE_MAX};
    struct cell_page_wish *wish = &out->wish;
    int64_t limit;
    *out = (struct cell_query){
        .wish = {.runtime = http_request_query(request, "runtime"),
                 .strategy = http_request_query(request, "strategy")}};
    int code = resource_id_parse(RESOURCE_EXPERIMENT, request->capture[0],
                                 &wish->experiment, err);
    if (code != 0 || (code = api_query_number(request, &number, &limit, err)) != 0 ||
        (code = parse_statuses(request, &wish->statuses, err)) != 0 ||
        (code = parse_point(request, &wish->point, err)) != 0 ||
        (code = parse_order(request, wish, err)) != 0 ||
        (code = metric_query_parse(request, &out->shown, err)) != 0) {
        return code;
    }
    wish->limit = (size_t)limit;
    return parse_after(request, out, err);
}
