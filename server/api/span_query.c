/* SPDX-License-Identifier: MIT */
#include "server/api/span_query.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/api/api.h"
#include "server/api/resource_id.h"

int span_query_duration(struct db_reader *reader, const struct run_row *run,
                        sim_ns *duration, struct err *err) {
    sim_ns end = run->duration_ns;
    const int code =
        run->has_timeline ? 0 : run_store_known(reader, run->id, LANE_NONE, &end, err);
    *duration = end > 0 ? end : 1;
    return code < 0 ? code : 0;
}

int span_query_run(struct db_reader *reader, const struct http_request *request,
                   int64_t *run, sim_ns *duration, struct err *err) {
    struct run_list runs;
    int code = resource_id_parse(RESOURCE_RUN, request->capture[0], run, err);
    if (code == 0) {
        code = run_store_read(reader, *run, &runs, err);
        code = resource_id_missing(code, RESOURCE_RUN, *run, err);
    }
    if (code == 0) {
        code = span_query_duration(reader, &runs.items[0], duration, err);
        run_list_deinit(&runs);
    }
    return code;
}

int span_query_range(const struct http_request *request, sim_ns duration, sim_ns *from,
                     sim_ns *to, struct err *err) {
    const struct api_number first = {"from", 0, 0, INT64_MAX - 1};
    const int code = api_query_number(request, &first, from, err);
    if (code != 0) {
        return code;
    }
    const sim_ns least = *from + 1;
    const struct api_number last = {"to", duration > least ? duration : least, least,
                                    INT64_MAX};
    return api_query_number(request, &last, to, err);
}

int span_query_lane(const struct http_request *request, lane_id *out, struct err *err) {
    const struct api_number number = {"lane", -1, 0, INT32_MAX};
    int64_t lane;
    const int code = api_query_number(request, &number, &lane, err);
    if (code == 0 && lane < 0) {
        return err_set(err, ERR_INVALID, "query parameter 'lane' is missing");
    }
    *out = code == 0 ? (lane_id)lane : *out;
    return code;
}

int span_query_states(const struct http_request *request, uint32_t *out,
                      struct err *err) {
    const char *words[STATE_COUNT];
    for (int state = 0; state < STATE_COUNT; state++) {
        words[state] = lane_state_name((enum lane_state)state);
    }
    const struct api_words list = {"states", words, STATE_COUNT};
    return api_query_words(request, &list, out)
               ? 0
               : err_set(err, ERR_INVALID,
                         "query parameter 'states' must be words of states separated by "
                         "commas");
}

/* --- lanes by kind and name -------------------------------------------------------- */

struct lane_wish {
    const char *name; /* NULL: any */
    int kind;         /* -1: any */
};

static int parse_wish(const struct http_request *request, struct lane_wish *out,
                      struct err *err) {
    const char *kind = http_request_query(request, "kind");
    *out = (struct lane_wish){.name = http_request_query(request, "name"), .kind = -1};
    for (int i = 0; kind != NULL && i < LANE_KIND_COUNT; i++) {
        if (strcmp(lane_kind_name((enum lane_kind)i), kind) == 0) {
            out->kind = i;
        }
    }
    return kind != NULL && out->kind < 0
               ? err_set(err, ERR_INVALID,
                         "query parameter 'kind' must be a kind of lanes")
               : 0;
}

/* Both lists ascend. */
static size_t select_lanes(const struct lane_list *list, const struct lane_wish *wish,
                           const lane_id *asked, size_t asked_count, lane_id *out) {
    size_t count = 0, at = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct lane *lane = &list->items[i].lane;
        while (at < asked_count && asked[at] < lane->id) {
            at++;
        }
        if ((asked == NULL || (at < asked_count && asked[at] == lane->id)) &&
            (wish->kind < 0 || (int)lane->kind == wish->kind) &&
            (wish->name == NULL || strstr(lane->name, wish->name) != NULL)) {
            out[count++] = lane->id;
        }
    }
    return count;
}

int span_query_lanes(struct db_reader *reader, const struct http_request *request,
                     int64_t run, lane_id **out, size_t *count, struct err *err) {
    struct lane_wish wish;
    struct lane_list list;
    lane_id *asked = NULL;
    size_t asked_count = 0;
    int code = parse_wish(request, &wish, err);
    if (code == 0) {
        code = api_query_lanes(request, "lanes", &asked, &asked_count, err);
    }
    if (code != 0 || (wish.kind < 0 && wish.name == NULL)) {
        *out = asked;
        *count = asked_count;
        return code;
    }
    code = run_store_lanes(reader, run, &list, err);
    if (code == 0) {
        lane_id *lanes = calloc(list.count + 1, sizeof *lanes);
        code = lanes != NULL ? 0 : err_set_nomem(err);
        if (lanes != NULL) {
            *count = select_lanes(&list, &wish, asked, asked_count, lanes);
            *out = lanes;
        }
        lane_list_deinit(&list);
    }
    free(asked);
    return code;
}

/* --- cursors ------------------------------------------------------------------- */

void span_query_cursor(const struct span_found *span, char out[SPAN_CURSOR_SIZE]) {
    snprintf(out, SPAN_CURSOR_SIZE, "%" PRId64 "-%" PRId64 "-%d", span->span.start_ns,
             span->span.end_ns, (int)span->lane);
}

int span_query_after(const struct http_request *request, struct span_found *out,
                     bool *is_there, struct err *err) {
    const char *text = http_request_query(request, "after");
    int64_t start, end;
    int lane, used = 0;
    *is_there = text != NULL;
    if (text == NULL) {
        return 0;
    }
    char again[SPAN_CURSOR_SIZE];
    const bool is_read = sscanf(text, "%18" SCNd64 "-%19" SCNd64 "-%9d%n", &start, &end,
                                &lane, &used) == 3;
    if (is_read) {
        *out =
            (struct span_found){.lane = lane, .span = {.start_ns = start, .end_ns = end}};
        span_query_cursor(out, again);
    }
    /* Only the one spelling that we write. */
    if (!is_read || strcmp(again, text) != 0 || start < 0 || end <= start || lane < 0) {
        return err_set(err, ERR_INVALID,
                       "query parameter 'after' must be the 'next' of a page before");
    }
    return 0;
}
