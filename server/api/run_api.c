/* SPDX-License-Identifier: MIT */
#include "server/api/run_api.h"

#include <stdlib.h>
#include <string.h>

#include "db/run_store.h"
#include "db/timeline.h"
#include "engine/analysis/metrics.h"
#include "engine/analysis/run.h"
#include "server/api/api.h"
#include "server/api/experiment_view.h"
#include "server/api/resource_id.h"
#include "server/api/span_query.h"
#include "server/api/span_view.h"

static void write_text(struct json_writer *writer, const char *key, const char *text) {
    json_writer_key(writer, key);
    json_writer_string(writer, text);
}

static void write_optional(struct json_writer *writer, const char *key,
                           const char *text) {
    write_text(writer, key, text[0] != '\0' ? text : NULL);
}

static void write_int(struct json_writer *writer, const char *key, int64_t value) {
    json_writer_key(writer, key);
    json_writer_int(writer, value);
}

/* Null unless it is being recorded. */
static void write_known(struct json_writer *writer, bool is_recorded, sim_ns until_ns) {
    json_writer_key(writer, "known_until");
    if (is_recorded) {
        json_writer_int(writer, until_ns);
    } else {
        json_writer_null(writer);
    }
}

static int run_id(const struct http_request *request, int64_t *out, struct err *err) {
    return resource_id_parse(RESOURCE_RUN, request->capture[0], out, err);
}

/* --- the run --------------------------------------------------------------------- */

static int read_run(struct db_reader *reader, const struct http_request *request,
                    struct http_response *response, struct err *err) {
    struct json_writer writer = {0};
    struct run_list list;
    sim_ns known_ns = 0;
    int64_t id;
    int code = run_id(request, &id, err);
    if (code == 0) {
        code = run_store_read(reader, id, &list, err);
        code = resource_id_missing(code, RESOURCE_RUN, id, err);
    }
    if (code != 0) {
        return code;
    }
    const struct run_row *run = &list.items[0];
    code = run_store_known(reader, id, LANE_NONE, &known_ns, err);
    if (code < 0) {
        run_list_deinit(&list);
        return code;
    }
    json_writer_begin_object(&writer);
    experiment_view_id(&writer, "id", RESOURCE_RUN, run->id);
    experiment_view_id(&writer, "experiment", RESOURCE_EXPERIMENT, run->experiment);
    experiment_view_id(&writer, "cell", RESOURCE_CELL, run->cell);
    write_int(&writer, "repetition", run->repetition);
    write_text(&writer, "status", run_state_name(run->state));
    write_optional(&writer, "fingerprint", run->fingerprint);
    write_int(&writer, "duration_ns", run->duration_ns);
    write_int(&writer, "events", run->transitions);
    json_writer_key(&writer, "has_timeline");
    json_writer_bool(&writer, run->has_timeline);
    write_known(&writer, code == 1, known_ns);
    write_optional(&writer, "reason", run->reason);
    json_writer_key(&writer, "not_modelled");
    json_writer_begin_array(&writer);
    for (size_t i = 0; run_not_modelled[i] != NULL; i++) {
        json_writer_string(&writer, run_not_modelled[i]);
    }
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    run_list_deinit(&list);
    return http_response_take_json(response, 200, &writer, err);
}

int run_api_read(void *context, const struct http_request *request,
                 struct http_response *response, struct err *err) {
    return api_read_once(context, request, read_run, response, err);
}

static int read_metrics(struct db_reader *reader, const struct http_request *request,
                        struct http_response *response, struct err *err) {
    struct json_writer writer = {0};
    struct metric_list list;
    int64_t id;
    int code = run_id(request, &id, err);
    if (code == 0) {
        code = run_store_metrics(reader, id, &list, err);
        code = resource_id_missing(code, RESOURCE_RUN, id, err);
    }
    if (code != 0) {
        return code;
    }
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "items");
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < list.count; i++) {
        const enum metric_id metric = metric_find(list.items[i].name);
        json_writer_begin_object(&writer);
        write_text(&writer, "name", list.items[i].name);
        write_text(&writer, "unit", metric < METRIC_COUNT ? metrics[metric].unit : NULL);
        json_writer_key(&writer, "value");
        json_writer_real(&writer, list.items[i].value);
        json_writer_end_object(&writer);
    }
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    metric_list_deinit(&list);
    return http_response_take_json(response, 200, &writer, err);
}

int run_api_metrics(void *context, const struct http_request *request,
                    struct http_response *response, struct err *err) {
    return api_read_once(context, request, read_metrics, response, err);
}

/* --- lanes ----------------------------------------------------------------------- */

static void write_lane(struct json_writer *writer, const struct lane_total *item) {
    json_writer_begin_object(writer);
    write_int(writer, "id", item->lane.id);
    write_text(writer, "kind", lane_kind_name(item->lane.kind));
    write_text(writer, "name", item->lane.name);
    write_int(writer, "parent", item->lane.parent);
    write_int(writer, "born_ns", item->lane.born_ns);
    json_writer_key(writer, "died_ns");
    if (item->died_ns >= 0) {
        json_writer_int(writer, item->died_ns);
    } else {
        json_writer_null(writer);
    }
    json_writer_key(writer, "totals");
    json_writer_begin_object(writer);
    for (int state = 0; state < STATE_COUNT; state++) {
        if (item->state_ns[state] > 0) {
            write_int(writer, lane_state_name((enum lane_state)state),
                      item->state_ns[state]);
        }
    }
    json_writer_end_object(writer);
    json_writer_end_object(writer);
}

static void write_names(struct json_writer *writer) {
    json_writer_key(writer, "states");
    json_writer_begin_array(writer);
    for (int state = 0; state < STATE_COUNT; state++) {
        json_writer_string(writer, lane_state_name((enum lane_state)state));
    }
    json_writer_end_array(writer);
    json_writer_key(writer, "instants");
    json_writer_begin_array(writer);
    for (int kind = 0; kind < INSTANT_COUNT; kind++) {
        json_writer_string(writer, instant_kind_name((enum instant_kind)kind));
    }
    json_writer_end_array(writer);
    json_writer_key(writer, "counters");
    json_writer_begin_array(writer);
    for (int kind = 0; kind < COUNTER_COUNT; kind++) {
        json_writer_string(writer, counter_kind_name((enum counter_kind)kind));
    }
    json_writer_end_array(writer);
}

static int read_lanes(struct db_reader *reader, const struct http_request *request,
                      struct http_response *response, struct err *err) {
    struct json_writer writer = {0};
    struct run_list runs;
    struct lane_list lanes;
    int64_t id;
    int code = run_id(request, &id, err);
    if (code == 0) {
        code = run_store_read(reader, id, &runs, err);
        code = resource_id_missing(code, RESOURCE_RUN, id, err);
    }
    if (code != 0) {
        return code;
    }
    sim_ns known_ns = 0;
    const int is_recorded = run_store_known(reader, id, LANE_NONE, &known_ns, err);
    code = is_recorded < 0 ? is_recorded : run_store_lanes(reader, id, &lanes, err);
    if (code != 0) {
        run_list_deinit(&runs);
        return code;
    }
    const char *sites = runs.items[0].sites;
    json_writer_begin_object(&writer);
    write_names(&writer);
    json_writer_key(&writer, "sites");
    json_writer_raw(&writer, sites, strlen(sites));
    write_known(&writer, is_recorded == 1, known_ns);
    json_writer_key(&writer, "items");
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < lanes.count; i++) {
        write_lane(&writer, &lanes.items[i]);
    }
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    lane_list_deinit(&lanes);
    run_list_deinit(&runs);
    return http_response_take_json(response, 200, &writer, err);
}

int run_api_lanes(void *context, const struct http_request *request,
                  struct http_response *response, struct err *err) {
    return api_read_once(context, request, read_lanes, response, err);
}

/* --- timeline -------------------------------------------------------------------- */

/* Writes `"key":[...]` from a column of any integer type. */
#define WRITE_COLUMN(writer, key, count, column)                                         \
    do {                                                                                 \
        json_writer_key((writer), (key));                                                \
        json_writer_begin_array(writer);                                                 \
        for (size_t column_i = 0; column_i < (count); column_i++) {                      \
            json_writer_int((writer), (int64_t)(column)[column_i]);                      \
        }                                                                                \
        json_writer_end_array(writer);                                                   \
    } while (0)

static void write_counters(struct json_writer *writer,
                           const struct timeline_counters *counters) {
    json_writer_key(writer, "counters");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < counters->item_count; i++) {
        const struct timeline_counter *item = &counters->items[i];
        json_writer_begin_object(writer);
        write_int(writer, "lane", item->lane);
        write_int(writer, "kind", item->kind);
        write_int(writer, "before", item->before);
        WRITE_COLUMN(writer, "at", item->count, counters->at_ns + item->first);
        WRITE_COLUMN(writer, "min", item->count, counters->min + item->first);
        WRITE_COLUMN(writer, "max", item->count, counters->max + item->first);
        WRITE_COLUMN(writer, "last", item->count, counters->last + item->first);
        WRITE_COLUMN(writer, "count", item->count, counters->merged + item->first);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
}

static void write_timeline(struct json_writer *writer, const struct timeline_query *query,
                           const struct timeline_view *timeline) {
    json_writer_begin_object(writer);
    write_int(writer, "from", query->from_ns);
    write_int(writer, "to", query->to_ns);
    write_int(writer, "pixels", query->pixels);
    json_writer_key(writer, "lanes");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < timeline->lane_count; i++) {
        const struct timeline_lane *lane = &timeline->lanes[i];
        json_writer_begin_object(writer);
        write_int(writer, "id", lane->lane);
        WRITE_COLUMN(writer, "start", lane->count, lane->start_ns);
        WRITE_COLUMN(writer, "end", lane->count, lane->end_ns);
        WRITE_COLUMN(writer, "state", lane->count, lane->state);
        WRITE_COLUMN(writer, "resource", lane->count, lane->resource);
        WRITE_COLUMN(writer, "by", lane->count, lane->by);
        WRITE_COLUMN(writer, "site", lane->count, lane->site);
        WRITE_COLUMN(writer, "count", lane->count, lane->merged);
        span_view_known(writer, lane->known_until_ns);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
    const struct timeline_instants *instants = &timeline->instants;
    json_writer_key(writer, "instants");
    json_writer_begin_object(writer);
    WRITE_COLUMN(writer, "lane", instants->count, instants->lane);
    WRITE_COLUMN(writer, "at", instants->count, instants->at_ns);
    WRITE_COLUMN(writer, "kind", instants->count, instants->kind);
    WRITE_COLUMN(writer, "by", instants->count, instants->by);
    WRITE_COLUMN(writer, "count", instants->count, instants->merged);
    span_view_known(writer, instants->known_until_ns);
    json_writer_end_object(writer);
    write_counters(writer, &timeline->counters);
    if (timeline->counters.known_until_ns != SIM_NEVER) {
        span_view_int(writer, "counters_known_until", timeline->counters.known_until_ns);
    }
    span_view_damages(writer, &timeline->damages);
    json_writer_end_object(writer);
}

/* The window: by default the whole run on 1,000 pixels. */
static int parse_window(struct db_reader *reader, const struct http_request *request,
                        struct timeline_query *query, struct err *err) {
    struct run_list runs;
    int64_t pixels;
    int code = run_id(request, &query->run, err);
    if (code == 0) {
        code = run_store_read(reader, query->run, &runs, err);
        code = resource_id_missing(code, RESOURCE_RUN, query->run, err);
    }
    if (code != 0) {
        return code;
    }
    sim_ns end;
    code = span_query_duration(reader, &runs.items[0], &end, err);
    run_list_deinit(&runs);
    if (code != 0) {
        return code;
    }
    const struct api_number from = {"from", 0, 0, INT64_MAX - 1};
    if ((code = api_query_number(request, &from, &query->from_ns, err)) != 0) {
        return code;
    }
    const struct api_number to = {"to", end > query->from_ns ? end : query->from_ns + 1,
                                  query->from_ns + 1, INT64_MAX};
    const struct api_number width = {"pixels", 1000, 1, TIMELINE_MAX_PIXELS};
    if ((code = api_query_number(request, &to, &query->to_ns, err)) != 0 ||
        (code = api_query_number(request, &width, &pixels, err)) != 0) {
        return code;
    }
    query->pixels = (uint32_t)pixels;
    return 0;
}

static int read_timeline(struct db_reader *reader, const struct http_request *request,
                         struct http_response *response, struct err *err) {
    struct json_writer writer = {0};
    struct timeline_query query = {0};
    struct timeline_view timeline;
    lane_id *lanes = NULL;
    int code = parse_window(reader, request, &query, err);
    if (code == 0) {
        code = api_query_lanes(request, "lanes", &lanes, &query.lane_count, err);
    }
    query.lanes = lanes;
    if (code == 0) {
        code = timeline_read(reader, &query, &timeline, err);
    }
    free(lanes);
    if (code != 0) {
        return code;
    }
    write_timeline(&writer, &query, &timeline);
    timeline_view_deinit(&timeline);
    return http_response_take_json(response, 200, &writer, err);
}

int run_api_timeline(void *context, const struct http_request *request,
                     struct http_response *response, struct err *err) {
    return api_read_once(context, request, read_timeline, response, err);
}
