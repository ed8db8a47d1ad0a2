/* SPDX-License-Identifier: MIT */
#include "server/api/measure_api.h"

#include <stdlib.h>

#include "db/histogram_store.h"
#include "db/recording_store.h"
#include "db/run_store.h"
#include "engine/analysis/blame.h"
#include "engine/analysis/flow.h"
#include "server/api/api.h"
#include "server/api/histogram_view.h"
#include "server/api/resource_id.h"
#include "server/api/span_view.h"

/* --- histograms ------------------------------------------------------------------ */

int measure_api_histograms(void *context, const struct http_request *request,
                           struct http_response *response, struct err *err) {
    struct json_writer writer = {0};
    struct histogram_list list;
    int64_t id;
    int code = resource_id_parse(RESOURCE_RUN, request->capture[0], &id, err);
    if (code == 0) {
        code = histogram_store_read(api_reader(context, request), id, &list, err);
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
static int read_window(void *context, const struct http_request *request, uint32_t kinds,
                       struct window *window, struct err *err) {
    struct db_reader *reader = api_reader(context, request);
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

int measure_api_blame(void *context, const struct http_request *request,
                      struct http_response *response, struct err *err) {
    static const uint32_t kinds = 1u << LANE_THREAD | 1u << LANE_GIL | 1u << LANE_LOCK |
                                  1u << LANE_PROCESS | 1u << LANE_TASK | 1u << LANE_LOOP;
    struct json_writer writer = {0};
    struct window window;
    struct blame blame = {0};
    struct blame_waiters waiters = {0};
    lane_id *lanes = NULL;
    int code = read_window(context, request, kinds, &window, err);
    if (code == 0) {
        code = api_query_lanes(request, "waiters", &lanes, &waiters.count, err);
    }
    waiters.lanes = lanes;
    if (code == 0) {
        code =
            blame_of_run(&window.recording, lanes != NULL ? &waiters : NULL, &blame, err);
    }
    if (code == 0) {
        write_blame(&writer, &window, &blame);
        code = http_response_take_json(response, 200, &writer, err);
    }
    free(lanes);
    blame_deinit(&blame);
    window_deinit(&window);
    return code;
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

static void write_flows(struct json_writer *writer, const struct window *window,
                        const struct flow_list *flows) {
    begin_window(writer, window);
    json_writer_key(writer, "kinds");
    json_writer_begin_array(writer);
    for (int kind = 0; kind < FLOW_KIND_COUNT; kind++) {
        json_writer_string(writer, flow_kind_name((enum flow_kind)kind));
    }
    json_writer_end_array(writer);
    WRITE_COLUMN(writer, "from_lane", flows->items, flows->count, from);
    WRITE_COLUMN(writer, "to_lane", flows->items, flows->count, to);
    WRITE_COLUMN(writer, "left", flows->items, flows->count, left_ns);
    WRITE_COLUMN(writer, "at", flows->items, flows->count, at_ns);
    WRITE_COLUMN(writer, "kind", flows->items, flows->count, kind);
    json_writer_end_object(writer);
}

int measure_api_flows(void *context, const struct http_request *request,
                      struct http_response *response, struct err *err) {
    static const uint32_t kinds = 1u << LANE_CORE | 1u << LANE_GIL | 1u << LANE_THREAD |
                                  1u << LANE_TASK | 1u << LANE_LOCK;
    struct json_writer writer = {0};
    struct window window;
    struct flow_list flows = {0};
    int code = read_window(context, request, kinds, &window, err);
    if (code == 0) {
        code = flow_list_init(&flows, &window.recording, err);
    }
    if (code == 0) {
        keep_arrivals(&flows, window.recording.to_ns);
        write_flows(&writer, &window, &flows);
        code = http_response_take_json(response, 200, &writer, err);
    }
    flow_list_deinit(&flows);
    window_deinit(&window);
    return code;
}
