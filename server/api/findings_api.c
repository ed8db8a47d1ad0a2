/* SPDX-License-Identifier: MIT */
#include "server/api/findings_api.h"

#include <string.h>

#include "db/findings_store.h"
#include "db/run_store.h"
#include "engine/base/memory.h"
#include "server/api/api.h"
#include "server/api/experiment_view.h"
#include "server/api/resource_id.h"

/* {"run": "r7", "status": "making", "findings": null} */
static int respond(struct http_response *response, int64_t run, const char *status,
                   const char *findings, struct err *err) {
    struct json_writer writer = {0};
    json_writer_begin_object(&writer);
    experiment_view_id(&writer, "run", RESOURCE_RUN, run);
    json_writer_key(&writer, "status");
    json_writer_string(&writer, status);
    json_writer_key(&writer, "findings");
    if (findings != NULL) {
        json_writer_raw(&writer, findings, strlen(findings));
    } else {
        json_writer_null(&writer);
    }
    json_writer_end_object(&writer);
    return http_response_take_json(response, findings != NULL ? 200 : 202, &writer, err);
}

/* The number of the run, which must be there and have ended. */
static int read_run(struct api *api, const struct http_request *request, int64_t *run,
                    struct err *err) {
    struct run_list runs;
    int code = resource_id_parse(RESOURCE_RUN, request->capture[0], run, err);
    if (code == 0) {
        code = run_store_read(api_reader(api, request), *run, &runs, err);
        code = resource_id_missing(code, RESOURCE_RUN, *run, err);
    }
    if (code != 0) {
        return code;
    }
    const enum run_state state = runs.items[0].state;
    run_list_deinit(&runs);
    return state == RUN_STATE_DONE || state == RUN_STATE_LIMITED ||
                   state == RUN_STATE_FAILED
               ? 0
               : err_set(err, ERR_CONFLICT, "run %s has no result to be looked at",
                         request->capture[0]);
}

/* Has it made unless it is being made; why it could not be made is told once, and then it
 * is tried again. */
static int have_made(struct api *api, int64_t run, const struct run_maker_state *state,
                     struct http_response *response, struct err *err) {
    int code = 0;
    if (state->status == RUN_MAKER_FAILED) {
        run_maker_forget(api->findings, run);
        return err_set(err, ERR_CONFLICT, "%s", state->reason);
    }
    if (state->status == RUN_MAKER_NONE) {
        code = run_maker_ask(api->findings, run, err);
    }
    const char *status = state->status == RUN_MAKER_MAKING ? "making" : "waiting";
    return code != 0 ? code : respond(response, run, status, NULL, err);
}

int findings_api_read(void *context, const struct http_request *request,
                      struct http_response *response, struct err *err) {
    struct api *api = context;
    struct run_maker_state state;
    char *findings = NULL;
    int64_t run;
    int code = read_run(api, request, &run, err);
    if (code == 0) {
        /* The maker is asked first: what it has forgotten is stored then. */
        run_maker_state(api->findings, run, &state);
        code = findings_store_read(api_reader(api, request), run, &findings, err);
    }
    if (code != 0) {
        return code;
    }
    code = findings != NULL ? respond(response, run, "stored", findings, err)
                            : have_made(api, run, &state, response, err);
    memory_free(findings);
    return code;
}

int findings_api_cancel(void *context, const struct http_request *request,
                        struct http_response *response, struct err *err) {
    struct api *api = context;
    int64_t run;
    const int code = read_run(api, request, &run, err);
    if (code == 0) {
        run_maker_cancel(api->findings, run);
    }
    return code != 0 ? code : respond(response, run, "cancelled", NULL, err);
}
