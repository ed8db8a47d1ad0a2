/* SPDX-License-Identifier: MIT */
#include "server/api/timeline_api.h"

#include <jansson.h>
#include <string.h>

#include "db/run_store.h"
#include "server/api/api.h"
#include "server/api/experiment_view.h"
#include "server/api/resource_id.h"
#include "server/document/text.h"

/* What the store knows of a run. */
struct stored_run {
    int64_t id;
    bool is_stored, is_recorded; /* its timeline */
    bool has_result;             /* to be repeated */
};

/* "stored", and that the run itself is being recorded, is said by the store, the rest by the
 * maker. */
static const char *status_name(const struct stored_run *run,
                               enum run_maker_status status) {
    static const char *const names[] = {"none", "waiting", "making", "failed"};
    const bool is_begun = status == RUN_MAKER_NONE && run->is_recorded;
    return run->is_stored ? "stored" : names[is_begun ? RUN_MAKER_MAKING : status];
}

static int read_run(struct api *api, const struct http_request *request,
                    struct stored_run *out, struct err *err) {
    struct db_reader *reader = api_reader(api, request);
    struct run_list runs;
    int code = resource_id_parse(RESOURCE_RUN, request->capture[0], &out->id, err);
    if (code == 0) {
        code = run_store_read(reader, out->id, &runs, err);
        code = resource_id_missing(code, RESOURCE_RUN, out->id, err);
    }
    if (code != 0) {
        return code;
    }
    const enum run_state state = runs.items[0].state;
    sim_ns known_ns;
    out->is_stored = runs.items[0].has_timeline;
    out->has_result = state == RUN_STATE_DONE || state == RUN_STATE_LIMITED;
    run_list_deinit(&runs);
    code =
        out->is_stored ? 0 : run_store_known(reader, out->id, LANE_NONE, &known_ns, err);
    out->is_recorded = code == 1;
    return code < 0 ? code : 0;
}

static int respond(struct api *api, const struct http_request *request, unsigned status,
                   struct http_response *response, struct err *err) {
    struct json_writer writer = {0};
    struct run_maker_state state;
    struct stored_run run;
    /* The maker is asked first: what it has forgotten is stored then. */
    int code = resource_id_parse(RESOURCE_RUN, request->capture[0], &run.id, err);
    if (code == 0) {
        run_maker_state(api->timelines, run.id, &state);
        code = read_run(api, request, &run, err);
    }
    if (code != 0) {
        return code;
    }
    json_writer_begin_object(&writer);
    experiment_view_id(&writer, "run", RESOURCE_RUN, run.id);
    json_writer_key(&writer, "status");
    json_writer_string(&writer, status_name(&run, state.status));
    json_writer_key(&writer, "reason");
    json_writer_string(&writer, !run.is_stored && state.status == RUN_MAKER_FAILED
                                    ? state.reason
                                    : NULL);
    json_writer_end_object(&writer);
    return http_response_take_json(response, status, &writer, err);
}

int timeline_api_state(void *context, const struct http_request *request,
                       struct http_response *response, struct err *err) {
    return respond(context, request, 200, response, err);
}

/* The body: {} or {"cancel": true}. */
static int parse_body(const struct http_request *request, bool *cancel, struct err *err) {
    char pointer[API_POINTER_SIZE];
    json_t *body = NULL;
    int code = text_parse(&body, request->body != NULL ? request->body : "",
                          request->body_size, err);
    if (code != 0) {
        return code;
    }
    const json_t *word = json_object_get(body, "cancel");
    *cancel = json_is_true(word);
    if (api_find_unknown(body, "cancel", pointer)) {
        code = err_set_pointer(err, pointer,
                               "unknown field: the body is {} or {\"cancel\": true}");
    } else if (word != NULL && !json_is_boolean(word)) {
        code = err_set_pointer(err, "/cancel", "must be true or false");
    }
    json_decref(body);
    return code;
}

int timeline_api_ask(void *context, const struct http_request *request,
                     struct http_response *response, struct err *err) {
    struct api *api = context;
    struct stored_run run = {0};
    const char *client;
    bool cancel;
    int code = api_query_client(request, &client, err);
    if (code == 0) {
        code = parse_body(request, &cancel, err);
    }
    if (code == 0) {
        code = read_run(api, request, &run, err);
    }
    if (code == 0 && cancel) {
        run_maker_cancel(api->timelines, run.id);
    } else if (code == 0 && !run.has_result) {
        code = err_set(err, ERR_CONFLICT, "run %s has no result to be repeated",
                       request->capture[0]);
    } else if (code == 0 && !run.is_stored) {
        const struct run_maker_wish wish = {run.id, client};
        code = run_maker_ask(api->timelines, &wish, err);
    }
    return code == 0 ? respond(api, request, run.is_stored ? 200 : 202, response, err)
                     : code;
}
