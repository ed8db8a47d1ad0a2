/* SPDX-License-Identifier: MIT */
#include "server/api/timeline_api.h"

#include <jansson.h>
#include <string.h>

#include "db/run_store.h"
#include "server/api/api.h"
#include "server/api/experiment_view.h"
#include "server/api/resource_id.h"

/* "stored" is said by the store, the rest by the maker. */
static const char *status_name(bool is_stored, enum run_maker_status status) {
    static const char *const names[] = {"none", "waiting", "making", "failed"};
    return is_stored ? "stored" : names[status];
}

/* The number of the run, whether it has a result to be repeated, and a timeline. */
static int read_run(struct api *api, const struct http_request *request, int64_t *run,
                    bool *is_stored, bool *has_result, struct err *err) {
    struct run_list runs;
    int code = resource_id_parse(RESOURCE_RUN, request->capture[0], run, err);
    if (code == 0) {
        code = run_store_read(api_reader(api, request), *run, &runs, err);
        code = resource_id_missing(code, RESOURCE_RUN, *run, err);
    }
    if (code == 0) {
        const enum run_state state = runs.items[0].state;
        *is_stored = runs.items[0].has_timeline;
        *has_result = state == RUN_STATE_DONE || state == RUN_STATE_LIMITED;
        run_list_deinit(&runs);
    }
    return code;
}

static int respond(struct api *api, const struct http_request *request, unsigned status,
                   struct http_response *response, struct err *err) {
    struct json_writer writer = {0};
    struct run_maker_state state;
    int64_t run;
    bool is_stored, has_result;
    /* The maker is asked first: what it has forgotten is stored then. */
    int code = resource_id_parse(RESOURCE_RUN, request->capture[0], &run, err);
    if (code == 0) {
        run_maker_state(api->timelines, run, &state);
        code = read_run(api, request, &run, &is_stored, &has_result, err);
    }
    if (code != 0) {
        return code;
    }
    json_writer_begin_object(&writer);
    experiment_view_id(&writer, "run", RESOURCE_RUN, run);
    json_writer_key(&writer, "status");
    json_writer_string(&writer, status_name(is_stored, state.status));
    json_writer_key(&writer, "reason");
    json_writer_string(
        &writer, !is_stored && state.status == RUN_MAKER_FAILED ? state.reason : NULL);
    json_writer_end_object(&writer);
    return http_response_take_json(response, status, &writer, err);
}

int timeline_api_state(void *context, const struct http_request *request,
                       struct http_response *response, struct err *err) {
    return respond(context, request, 200, response, err);
}

/* The body: {} or {"cancel": true}. */
static int parse_body(const struct http_request *request, bool *cancel, struct err *err) {
    json_t *body = json_loadb(request->body != NULL ? request->body : "",
                              request->body_size, JSON_REJECT_DUPLICATES, NULL);
    const json_t *word = json_object_get(body, "cancel");
    const bool is_valid = json_is_object(body) &&
                          json_object_size(body) == (word != NULL ? 1 : 0) &&
                          (word == NULL || json_is_boolean(word));
    *cancel = json_is_true(word);
    json_decref(body);
    return is_valid ? 0
                    : err_set(err, ERR_INVALID,
                              "the body must be {} or {\"cancel\": true or false}");
}

int timeline_api_ask(void *context, const struct http_request *request,
                     struct http_response *response, struct err *err) {
    struct api *api = context;
    int64_t run;
    bool cancel, is_stored, has_result;
    int code = parse_body(request, &cancel, err);
    if (code == 0) {
        code = read_run(api, request, &run, &is_stored, &has_result, err);
    }
    if (code == 0 && cancel) {
        run_maker_cancel(api->timelines, run);
    } else if (code == 0 && !has_result) {
        code = err_set(err, ERR_CONFLICT, "run %s has no result to be repeated",
                       request->capture[0]);
    } else if (code == 0 && !is_stored) {
        code = run_maker_ask(api->timelines, run, err);
    }
    return code == 0 ? respond(api, request, is_stored ? 200 : 202, response, err) : code;
}
