/* SPDX-License-Identifier: MIT */
#include "server/api/measure_api.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/histogram_store.h"
#include "db/recording_store.h"
#include "db/run_store.h"
#include "engine/analysis/blame.h"
#include "engine/analysis/flow.h"
#include "server/api/api.h"
#include "server/api/histogram_view.h"
#include "server/api/item_list.h"
#include "server/api/resource_id.h"
#include "server/api/span_view.h"

/* --- histograms ------------------------------------------------------------------ */

static int read_histograms(struct db_reader *reader, const struct http_request *request,
                           struct http_response *response, struct err *err) {
    struct json_writer writer = {0};
    struct histogram_list list;
    int64_t id;
    int code = resource_id_parse(RESOURCE_RUN, request->capture[0], &id, err);
    if (code == 0) {
        code = histogram_store_read(reader, id, &list, err);
        code = resource_id_missing(code, RESOURCE_RUN, id, err);
    }
    if (code != 0) {
        return code;
    }
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "items");
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < list.count; i++) {
        histogram_view_write(&writer, list.items[i].name, &list.items[i].histogram);
    }
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    histogram_list_deinit(&list);
    return http_response_take_json(response, 200, &writer, err);
}

int measure_api_histograms(void *context, const struct http_request *request,
                           struct http_response *response, struct err *err) {
    return api_read_once(context, request, read_histograms, response, err);
}

/* --- windows --------------------------------------------------------------------- */

/* What a request asks about, and what is missing in it. */
struct window {
    struct recording recording;
    struct damage_list damages;
};

static void window_deinit(struct window *window) {
    recording_deinit(&window->recording);
    damage_list_deinit(&window->damages);
}

/* The window: by default the whole run. */
static int parse_window(struct db_reader *reader, const struct http_request *request,
                        int64_t run, struct recording *recording, struct err *err) {
    struct run_list runs;
    int code = run_store_read(reader, run, &runs, err);
    code = resource_id_missing(code, RESOURCE_RUN, run, err);
    if (code != 0) {
        return code;
    }
    const sim_ns end = runs.items[0].duration_ns > 0 ? runs.items[0].duration_ns : 1;
    run_list_deinit(&runs);
    const struct api_number from = {"from", 0, 0, INT64_MAX - 1};
    code = api_query_number(request, &from, &recording->from_ns, err);
    if (code != 0) {
        return code;
    }
    const sim_ns least = recording->from_ns + 1;
    const struct api_number to = {"to", end > least ? end : least, least, INT64_MAX};
    return api_query_number(request, &to, &recording->to_ns, err);
}

/* Reads lanes of those kinds in the window that the request asks for. It is to be released,
 * whatever comes of it. */
static int read_window(struct db_reader *reader, const struct http_request *request,
                       uint32_t kinds, struct window *window, struct err *err) {
    struct recording *recording = &window->recording;
    int64_t id;
    *window = (struct window){0};
    recording_init(recording);
    recording->kinds = kinds;
    recording->span_limit = MEASURE_API_MAX_SPANS;
    int code = resource_id_parse(RESOURCE_RUN, request->capture[0], &id, err);
    if (code == 0) {
        code = parse_window(reader, request, id, recording, err);
    }
    return code != 0 ? code
                     : recording_store_read(reader, id, recording, &window->damages, err);
}

/* Too much is too much however often it is asked for; only what is busy is worth asking again. */
static int say_too_much(int code, const struct err *why, struct err *err) {
    return code == 0 ? 0
                     : err_set_from(err, code == ERR_LIMIT ? ERR_UNSUPPORTED : code, why);
}

/* Begins the object with the window, and what is missing in it. */
static void begin_window(struct json_writer *writer, const struct window *window) {
    json_writer_begin_object(writer);
    span_view_int(writer, "from", window->recording.from_ns);
    span_view_int(writer, "to", window->recording.to_ns);
    span_view_damages(writer, &window->damages);
}

/* Writes `"key":[...]`: a member of each item, a whole number. */
#define WRITE_COLUMN(writer, key, items, count, member)                                  \
    do {                                                                                 \
        json_writer_key((writer), (key));                                                \
        json_writer_begin_array(writer);                                                 \
        for (size_t column_i = 0; column_i < (count); column_i++) {                      \
            json_writer_int((writer), (int64_t)(items)[column_i].member);                \
        }                                                                                \
        json_writer_end_array(writer);                                                   \
    } while (0)

/* --- blame ----------------------------------------------------------------------- */

#define WRITE_MEMBER(writer, blame, member)                                              \
    WRITE_COLUMN(writer, #member, (blame)->shares, (blame)->count, member)

static void write_blame(struct json_writer *writer, const struct window *window,
                        const struct blame *blame) {
    begin_window(writer, window);
    WRITE_MEMBER(writer, blame, waiter);
    WRITE_MEMBER(writer, blame, wait);
    WRITE_MEMBER(writer, blame, resource);
    WRITE_MEMBER(writer, blame, holder);
    WRITE_MEMBER(writer, blame, site);
    WRITE_MEMBER(writer, blame, state);
    WRITE_MEMBER(writer, blame, ns);
    json_writer_end_object(writer);
}

static int read_blame(struct db_reader *reader, const struct http_request *request,
                      struct http_response *response, struct err *err) {
    static const uint32_t kinds = 1u << LANE_THREAD | 1u << LANE_GIL | 1u << LANE_LOCK |
                                  1u << LANE_PROCESS | 1u << LANE_TASK | 1u << LANE_LOOP;
    struct json_writer writer = {0};
    struct window window;
    struct blame blame = {0};
    struct blame_waiters waiters = {0};
    struct err why = {0};
    lane_id *lanes = NULL;
    int code = read_window(reader, request, kinds, &window, &why);
    if (code == 0) {
        code = api_query_lanes(request, "waiters", &lanes, &waiters.count, &why);
    }
    waiters.lanes = lanes;
    if (code == 0) {
        code = blame_of_run(&window.recording, lanes != NULL ? &waiters : NULL, &blame,
                            &why);
    }
    if (code == 0) {
        write_blame(&writer, &window, &blame);
        code = http_response_take_json(response, 200, &writer, &why);
    }
    free(lanes);
    blame_deinit(&blame);
    window_deinit(&window);
    return say_too_much(code, &why, err);
}

int measure_api_blame(void *context, const struct http_request *request,
                      struct http_response *response, struct err *err) {
    return api_read_once(context, request, read_blame, response, err);
}

/* --- flows ----------------------------------------------------------------------- */

/* Those that arrive after the window, at the end of a span that reaches beyond it, are not
 * asked for. */
static void keep_arrivals(struct flow_list *flows, sim_ns to_ns) {
    size_t kept = 0;
    for (size_t i = 0; i < flows->count; i++) {
        if (flows->items[i].at_ns <= to_ns) {
            flows->items[kept++] = flows->items[i];
        }
    }
    flows->count = kept;
}

/* A page of them goes on after one: lane and time of its arrival, which no two have. */
enum { FLOWS_MAX = 100000, FLOWS_DEFAULT = 10000, FLOW_CURSOR_SIZE = 40 };

struct flow_page {
    size_t limit;
    bool is_first;
    struct flow after;
};

static void write_cursor(const struct flow *flow, char out[FLOW_CURSOR_SIZE]) {
    snprintf(out, FLOW_CURSOR_SIZE, "%d-%" PRId64, (int)flow->to, flow->at_ns);
}

static int parse_after(const struct http_request *request, struct flow_page *out,
                       struct err *err) {
    const char *text = http_request_query(request, "after");
    char again[FLOW_CURSOR_SIZE];
    int lane = 0;
    out->is_first = text == NULL;
    if (text == NULL) {
        return 0;
    }
    const bool is_read = sscanf(text, "%9d-%19" SCNd64, &lane, &out->after.at_ns) == 2;
    out->after.to = (lane_id)lane;
    write_cursor(&out->after, again);
    /* Only the one spelling that we write. */
    return is_read && strcmp(again, text) == 0
               ? 0
               : err_set(err, ERR_INVALID,
                         "query parameter 'after' must be the 'next' of a page before");
}

static int parse_flow_page(const struct http_request *request, struct flow_page *out,
                           struct err *err) {
    const struct api_number number = {"limit", FLOWS_DEFAULT, 1, FLOWS_MAX};
    int64_t limit = 0;
    *out = (struct flow_page){0};
    const int code = api_query_number(request, &number, &limit, err);
    out->limit = (size_t)limit;
    return code == 0 ? parse_after(request, out, err) : code;
}

/* The flows of the page, which are some of `flows`; whether there are more. */
static bool cut_page(const struct flow_page *page, const struct flow_list *flows,
                     struct flow_list *out) {
    size_t first = 0;
    while (!page->is_first && first < flows->count &&
           (flows->items[first].to < page->after.to ||
            (flows->items[first].to == page->after.to &&
             flows->items[first].at_ns <= page->after.at_ns))) {
        first++;
    }
    const size_t left = flows->count - first;
    *out = (struct flow_list){.items = left > 0 ? &flows->items[first] : NULL,
                              .count = left < page->limit ? left : page->limit};
    return left > page->limit;
}

static void write_flow_columns(struct json_writer *writer,
                               const struct flow_list *flows) {
    WRITE_COLUMN(writer, "from_lane", flows->items, flows->count, from);
    WRITE_COLUMN(writer, "to_lane", flows->items, flows->count, to);
    WRITE_COLUMN(writer, "left", flows->items, flows->count, left_ns);
    WRITE_COLUMN(writer, "at", flows->items, flows->count, at_ns);
    WRITE_COLUMN(writer, "kind", flows->items, flows->count, kind);
}

static void write_flow_lines(struct item_list *list, const struct flow_list *flows) {
    for (size_t i = 0; i < flows->count; i++) {
        const struct flow *flow = &flows->items[i];
        json_writer_begin_object(&list->writer);
        span_view_int(&list->writer, "from_lane", flow->from);
        span_view_int(&list->writer, "to_lane", flow->to);
        span_view_int(&list->writer, "left", flow->left_ns);
        span_view_int(&list->writer, "at", flow->at_ns);
        json_writer_key(&list->writer, "kind");
        json_writer_string(&list->writer, flow_kind_name(flow->kind));
        json_writer_end_object(&list->writer);
        item_list_end_item(list);
    }
}

/* A page of the flows of a window. */
struct windowed_flows {
    struct flow_page page;
    struct window window;
    struct flow_list flows;
};

/* Columns in one object, or a line for each flow. */
static int respond_flows(const struct http_request *request,
                         const struct windowed_flows *found,
                         struct http_response *response, struct err *err) {
    struct item_list list = {.lines = item_list_wants_lines(request)};
    struct flow_list shown;
    char next[FLOW_CURSOR_SIZE];
    const bool has_more = cut_page(&found->page, &found->flows, &shown);
    if (has_more) {
        write_cursor(&shown.items[shown.count - 1], next);
    }
    if (list.lines) {
        write_flow_lines(&list, &shown);
    }
    begin_window(&list.writer, &found->window);
    json_writer_key(&list.writer, "kinds");
    json_writer_begin_array(&list.writer);
    for (int kind = 0; kind < FLOW_KIND_COUNT; kind++) {
        json_writer_string(&list.writer, flow_kind_name((enum flow_kind)kind));
    }
    json_writer_end_array(&list.writer);
    if (!list.lines) {
        write_flow_columns(&list.writer, &shown);
    }
    item_list_next(&list, has_more ? next : NULL);
    return item_list_respond(&list, response, err);
}

static int read_flows(struct db_reader *reader, const struct http_request *request,
                      struct http_response *response, struct err *err) {
    static const uint32_t kinds = 1u << LANE_CORE | 1u << LANE_GIL | 1u << LANE_THREAD |
                                  1u << LANE_TASK | 1u << LANE_LOCK;
    struct windowed_flows found = {0};
    struct err why = {0};
    int code = parse_flow_page(request, &found.page, err);
    if (code != 0) {
        return code;
    }
    code = read_window(reader, request, kinds, &found.window, &why);
    if (code == 0) {
        code = flow_list_init(&found.flows, &found.window.recording, &why);
    }
    if (code == 0) {
        keep_arrivals(&found.flows, found.window.recording.to_ns);
        code = respond_flows(request, &found, response, &why);
    }
    flow_list_deinit(&found.flows);
    window_deinit(&found.window);
    return say_too_much(code, &why, err);
}

int measure_api_flows(void *context, const struct http_request *request,
                      struct http_response *response, struct err *err) {
    return api_read_once(context, request, read_flows, response, err);
}
