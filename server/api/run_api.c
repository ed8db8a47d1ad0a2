/* SPDX-License-Identifier: MIT */
#include "server/api/run_api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/run_store.h"
#include "db/timeline.h"
#include "engine/analysis/metrics.h"
#include "engine/analysis/run.h"
#include "server/api/api.h"
#include "server/api/experiment_view.h"
#include "server/api/item_list.h"
#include "server/api/lane_view.h"
#include "server/api/resource_id.h"
#include "server/api/span_query.h"

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

/* A page has many lanes, of which few are in memory at a time. */
enum { LANES_MAX = 100000, LANES_DEFAULT = 10000, LANES_AT_ONCE = 1000 };

struct lane_page {
    int64_t run;
    lane_id after; /* then: the last one */
    size_t limit;  /* then: how many there is room for */
    bool has_more; /* after the last one */
};

/* The text of a cursor is the id of the page's last lane. */
static int parse_lane_page(const struct http_request *request, struct lane_page *out,
                           struct err *err) {
    const struct api_number limit = {"limit", LANES_DEFAULT, 1, LANES_MAX};
    const struct api_number after = {"after", LANE_NONE, 0, INT32_MAX};
    int64_t count = 0, last = 0;
    *out = (struct lane_page){0};
    int code = run_id(request, &out->run, err);
    if (code == 0) {
        code = api_query_number(request, &limit, &count, err);
    }
    if (code == 0) {
        code = api_query_number(request, &after, &last, err);
    }
    out->limit = (size_t)count;
    out->after = (lane_id)last;
    return code;
}

/* Writes what there is room for, and moves the page on. One lane more than there is room for
 * tells whether there is a next page. */
static void write_some_lanes(struct item_list *items, struct lane_page *page,
                             const struct lane_list *lanes) {
    for (size_t i = 0; i < lanes->count; i++) {
        page->has_more = page->limit == 0;
        if (page->has_more) {
            return;
        }
        lane_view_write(&items->writer, &lanes->items[i]);
        item_list_end_item(items);
        page->after = lanes->items[i].lane.id;
        page->limit--;
    }
}

static int write_lanes(struct item_list *items, struct db_reader *reader,
                       struct lane_page *page, struct err *err) {
    bool is_last = false;
    int code = 0;
    while (code == 0 && !page->has_more && !is_last) {
        const struct lane_part part = {
            .after = page->after,
            .limit = page->limit < LANES_AT_ONCE ? page->limit + 1 : LANES_AT_ONCE};
        struct lane_list lanes;
        code = run_store_some_lanes(reader, page->run, &part, &lanes, err);
        if (code == 0) {
            is_last = lanes.count < part.limit;
            write_some_lanes(items, page, &lanes);
            lane_list_deinit(&lanes);
        }
    }
    return code;
}

/* What a list of lanes has beside them. */
static void close_lanes(struct item_list *items, const struct lane_page *page,
                        const char *sites) {
    char next[16];
    snprintf(next, sizeof next, "%d", (int)page->after);
    item_list_close_items(items);
    lane_view_names(&items->writer);
    json_writer_key(&items->writer, "sites");
    json_writer_raw(&items->writer, sites, strlen(sites));
    item_list_next(items, page->has_more ? next : NULL);
}

static int read_lanes(struct db_reader *reader, const struct http_request *request,
                      struct http_response *response, struct err *err) {
    struct item_list items = {0};
    struct lane_page page;
    struct run_list runs;
    sim_ns known_ns = 0;
    int code = parse_lane_page(request, &page, err);
    if (code == 0) {
        code = run_store_read(reader, page.run, &runs, err);
        code = resource_id_missing(code, RESOURCE_RUN, page.run, err);
    }
    if (code != 0) {
        return code;
    }
    item_list_open(&items, request);
    const int is_recorded = run_store_known(reader, page.run, LANE_NONE, &known_ns, err);
    code = is_recorded < 0 ? is_recorded : write_lanes(&items, reader, &page, err);
    if (code == 0) {
        close_lanes(&items, &page, runs.items[0].sites);
        write_known(&items.writer, is_recorded == 1, known_ns);
        code = item_list_respond(&items, response, err);
    }
    json_writer_deinit(&items.writer);
    run_list_deinit(&runs);
    return code;
}

int run_api_lanes(void *context, const struct http_request *request,
                  struct http_response *response, struct err *err) {
    return api_read_once(context, request, read_lanes, response, err);
}

/* --- timeline -------------------------------------------------------------------- */

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
    bool compact;
    int code = parse_window(reader, request, &query, err);
    if (code == 0) {
        code = api_query_bool(request, "compact", &compact, err);
    }
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
    lane_view_window(&writer, &query, &timeline, compact);
    timeline_view_deinit(&timeline);
    return http_response_take_json(response, 200, &writer, err);
}

int run_api_timeline(void *context, const struct http_request *request,
                     struct http_response *response, struct err *err) {
    return api_read_once(context, request, read_timeline, response, err);
}
