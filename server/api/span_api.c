/* SPDX-License-Identifier: MIT */
#include "server/api/span_api.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "db/run_store.h"
#include "db/span_flow.h"
#include "server/api/api.h"
#include "server/api/item_list.h"
#include "server/api/resource_id.h"
#include "server/api/span_query.h"
#include "server/api/span_view.h"

enum { ENDED_MAX = 100, PAGE_DEFAULT = 100 };

static void write_text(struct json_writer *writer, const char *key, const char *text) {
    json_writer_key(writer, key);
    json_writer_string(writer, text);
}

/* --- at ------------------------------------------------------------------------ */

/* A lane with its name, null when there is none. */
static int write_lane(struct json_writer *writer, struct db_reader *reader, int64_t run,
                      const char *key, lane_id id, struct err *err) {
    struct lane_total lane;
    json_writer_key(writer, key);
    const int code = id != LANE_NONE ? run_store_lane(reader, run, id, &lane, err) : 0;
    if (id == LANE_NONE || code == ERR_NOT_FOUND) {
        json_writer_null(writer);
        err_clear(err);
        return 0;
    }
    if (code != 0) {
        return code;
    }
    json_writer_begin_object(writer);
    span_view_int(writer, "id", lane.lane.id);
    write_text(writer, "kind", lane_kind_name(lane.lane.kind));
    write_text(writer, "name", lane.lane.name);
    span_view_int(writer, "parent", lane.lane.parent);
    json_writer_end_object(writer);
    return 0;
}

/* The JSON pointer of a site, null when there is none. */
static int write_site(struct json_writer *writer, struct db_reader *reader, int64_t run,
                      site_id site, struct err *err) {
    struct run_list runs;
    const int code = run_store_read(reader, run, &runs, err);
    if (code != 0) {
        return code;
    }
    json_t *sites = json_loads(runs.items[0].sites, 0, NULL);
    const json_t *pointer = site >= 0 ? json_array_get(sites, (size_t)site) : NULL;
    write_text(writer, "pointer", json_string_value(pointer));
    json_decref(sites);
    run_list_deinit(&runs);
    return 0;
}

/* What the answer is about. */
struct detail {
    struct db_reader *reader;
    int64_t run;
    lane_id lane; /* that was asked for */
    sim_ns duration;
    struct span_found span;
    struct damage_list damages;
};

/* It was going on when the recording ended. */
static bool is_open(const struct detail *detail, const struct lane_total *lane) {
    const sim_ns end = detail->span.span.end_ns;
    return detail->span.is_open || end == SIM_NEVER ||
           (end == lane->died_ns && end == detail->duration);
}

static int write_origin(struct json_writer *writer, struct detail *detail,
                        struct err *err) {
    struct span_origin origin;
    const int code = span_flow_origin(detail->reader, detail->run, &detail->span, &origin,
                                      &detail->damages, err);
    json_writer_key(writer, "flow");
    if (code != 1) {
        json_writer_null(writer);
        return code;
    }
    json_writer_begin_object(writer);
    write_text(writer, "kind", flow_kind_name(origin.flow.kind));
    span_view_int(writer, "left", origin.flow.left_ns);
    span_view_int(writer, "at", origin.flow.at_ns);
    json_writer_key(writer, "from");
    span_view_write(writer, origin.has_source ? &origin.source : NULL);
    json_writer_end_object(writer);
    return 0;
}

static int write_ended(struct json_writer *writer, struct detail *detail,
                       struct err *err) {
    struct span_page page;
    const int code = span_flow_ended(detail->reader, detail->run, &detail->span,
                                     ENDED_MAX, &page, err);
    if (code != 0) {
        return code;
    }
    json_writer_key(writer, "ended");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < page.count; i++) {
        span_view_write(writer, &page.items[i]);
    }
    json_writer_end_array(writer);
    json_writer_key(writer, "ended_more");
    json_writer_bool(writer, page.has_more);
    span_page_deinit(&page);
    return 0;
}

static int write_detail(struct json_writer *writer, struct detail *detail,
                        struct err *err) {
    struct lane_total lane;
    const struct span_found *span = &detail->span;
    int code = run_store_lane(detail->reader, detail->run, span->lane, &lane, err);
    if (code != 0) {
        return code;
    }
    json_writer_key(writer, "open");
    json_writer_bool(writer, is_open(detail, &lane));
    const struct {
        const char *key;
        lane_id lane;
    } lanes[] = {
        {"lane", span->lane}, {"resource", span->span.resource}, {"by", span->span.by}};
    for (size_t i = 0; code == 0 && i < sizeof lanes / sizeof lanes[0]; i++) {
        code = write_lane(writer, detail->reader, detail->run, lanes[i].key,
                          lanes[i].lane, err);
    }
    if (code == 0) {
        code = write_site(writer, detail->reader, detail->run, span->span.site, err);
    }
    if (code == 0) {
        code = write_origin(writer, detail, err);
    }
    return code == 0 ? write_ended(writer, detail, err) : code;
}

/* An answer with the span, or null where there is none, and what is missing. */
static int respond(struct detail *detail, bool is_there, bool in_detail,
                   struct http_response *response, struct err *err) {
    struct json_writer writer = {0};
    sim_ns known_ns = SIM_NEVER;
    int code = run_store_known(detail->reader, detail->run, detail->lane, &known_ns, err);
    if (code < 0) {
        return code;
    }
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "span");
    span_view_write(&writer, is_there ? &detail->span : NULL);
    code = is_there && in_detail ? write_detail(&writer, detail, err) : 0;
    span_view_known(&writer, known_ns);
    span_view_damages(&writer, &detail->damages);
    json_writer_end_object(&writer);
    if (code != 0) {
        json_writer_deinit(&writer);
        return code;
    }
    return http_response_take_json(response, 200, &writer, err);
}

static int parse_time(const struct http_request *request, int64_t *out, struct err *err) {
    const struct api_number at = {"at", -1, 0, INT64_MAX - 1};
    const int code = api_query_number(request, &at, out, err);
    return code == 0 && *out < 0
               ? err_set(err, ERR_INVALID, "query parameter 'at' is missing")
               : code;
}

static int find_at(struct db_reader *reader, const struct http_request *request,
                   struct http_response *response, struct err *err) {
    struct detail detail = {.reader = reader};
    int64_t at;
    int code = span_query_run(detail.reader, request, &detail.run, &detail.duration, err);
    if (code == 0) {
        code = span_query_lane(request, &detail.lane, err);
    }
    if (code == 0) {
        code = parse_time(request, &at, err);
    }
    if (code == 0) {
        code = span_lookup_at(detail.reader, detail.run, detail.lane, at, &detail.span,
                              &detail.damages, err);
    }
    if (code >= 0) {
        code = respond(&detail, code == 1, true, response, err);
    }
    damage_list_deinit(&detail.damages);
    return code;
}

int span_api_at(void *context, const struct http_request *request,
                struct http_response *response, struct err *err) {
    return api_read_once(context, request, find_at, response, err);
}

/* --- next ---------------------------------------------------------------------- */

static int parse_direction(const struct http_request *request, bool *back,
                           struct err *err) {
    const char *word = http_request_query(request, "direction");
    *back = word != NULL && strcmp(word, "previous") == 0;
    return word == NULL || *back || strcmp(word, "next") == 0
               ? 0
               : err_set(err, ERR_INVALID,
                         "query parameter 'direction' must be 'next' or 'previous'");
}

static int find_next(struct db_reader *reader, const struct http_request *request,
                     struct http_response *response, struct err *err) {
    struct detail detail = {.reader = reader};
    const struct api_number least = {"least", 0, 0, INT64_MAX};
    struct span_wish wish = {0};
    int64_t at;
    bool back;
    int code = span_query_run(detail.reader, request, &detail.run, &detail.duration, err);
    if (code != 0 || (code = span_query_lane(request, &wish.lane, err)) != 0 ||
        (code = parse_time(request, &at, err)) != 0 ||
        (code = parse_direction(request, &back, err)) != 0 ||
        (code = span_query_states(request, &wish.states, err)) != 0 ||
        (code = api_query_number(request, &least, &wish.least_ns, err)) != 0) {
        return code;
    }
    wish.run = detail.run;
    detail.lane = wish.lane;
    code = (back ? span_lookup_previous : span_lookup_next)(
        detail.reader, &wish, at, &detail.span, &detail.damages, err);
    if (code >= 0) {
        code = respond(&detail, code == 1, false, response, err);
    }
    damage_list_deinit(&detail.damages);
    return code;
}

int span_api_next(void *context, const struct http_request *request,
                  struct http_response *response, struct err *err) {
    return api_read_once(context, request, find_next, response, err);
}

/* --- search -------------------------------------------------------------------- */

static int parse_lane_of(const struct http_request *request, const char *name,
                         int32_t *out, struct err *err) {
    const struct api_number number = {name, -1, 0, INT32_MAX};
    int64_t value;
    const int code = api_query_number(request, &number, &value, err);
    *out = code == 0 ? (int32_t)value : *out;
    return code;
}

static int parse_order(const struct http_request *request, enum span_order *out,
                       struct err *err) {
    const char *word = http_request_query(request, "order");
    *out = word != NULL && strcmp(word, "longest") == 0 ? SPAN_ORDER_LONGEST
                                                        : SPAN_ORDER_TIME;
    return word == NULL || *out == SPAN_ORDER_LONGEST || strcmp(word, "time") == 0
               ? 0
               : err_set(err, ERR_INVALID,
                         "query parameter 'order' must be 'time' or 'longest'");
}

/* All but the lanes. */
static int parse_search(struct db_reader *reader, const struct http_request *request,
                        struct span_query *query, struct span_found *after,
                        struct err *err) {
    const struct api_number least = {"least", 0, 0, INT64_MAX};
    const struct api_number limit = {"limit", PAGE_DEFAULT, 1, SPAN_SEARCH_MAX};
    sim_ns duration;
    int64_t items;
    bool is_there;
    int code = span_query_run(reader, request, &query->run, &duration, err);
    if (code != 0 ||
        (code = span_query_range(request, duration, &query->from_ns, &query->to_ns,
                                 err)) != 0 ||
        (code = span_query_states(request, &query->states, err)) != 0 ||
        (code = parse_lane_of(request, "resource", &query->resource, err)) != 0 ||
        (code = parse_lane_of(request, "by", &query->by, err)) != 0 ||
        (code = parse_lane_of(request, "site", &query->site, err)) != 0 ||
        (code = api_query_number(request, &least, &query->least_ns, err)) != 0 ||
        (code = api_query_number(request, &limit, &items, err)) != 0 ||
        (code = parse_order(request, &query->order, err)) != 0 ||
        (code = span_query_after(request, after, &is_there, err)) != 0) {
        return code;
    }
    query->limit = (uint32_t)items;
    query->after = is_there ? after : NULL;
    return 0;
}

static int respond_page(const struct http_request *request, const struct span_page *page,
                        struct http_response *response, struct err *err) {
    struct item_list list = {0};
    char cursor[SPAN_CURSOR_SIZE];
    item_list_open(&list, request);
    for (size_t i = 0; i < page->count; i++) {
        span_view_write(&list.writer, &page->items[i]);
        item_list_end_item(&list);
    }
    item_list_close_items(&list);
    if (page->has_more) {
        span_query_cursor(&page->items[page->count - 1], cursor);
    }
    item_list_next(&list, page->has_more ? cursor : NULL);
    span_view_damages(&list.writer, &page->damages);
    return item_list_respond(&list, response, err);
}

static int search(struct db_reader *reader, const struct http_request *request,
                  struct http_response *response, struct err *err) {
    struct span_query query = {0};
    struct span_found after;
    struct span_page page;
    lane_id *lanes = NULL;
    int code = parse_search(reader, request, &query, &after, err);
    if (code == 0) {
        code =
            span_query_lanes(reader, request, query.run, &lanes, &query.lane_count, err);
    }
    query.lanes = lanes;
    if (code == 0) {
        code = span_search(reader, &query, &page, err);
    }
    free(lanes);
    if (code != 0) {
        return code;
    }
    code = respond_page(request, &page, response, err);
    span_page_deinit(&page);
    return code;
}

int span_api_search(void *context, const struct http_request *request,
                    struct http_response *response, struct err *err) {
    return api_read_once(context, request, search, response, err);
}
