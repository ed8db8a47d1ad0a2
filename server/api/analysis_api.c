/* SPDX-License-Identifier: MIT */
#include "server/api/analysis_api.h"

#include <string.h>

#include "db/analysis_store.h"
#include "db/run_store.h"
#include "engine/base/memory.h"
#include "server/api/api.h"
#include "server/api/experiment_view.h"
#include "server/api/resource_id.h"

/* What is asked for. */
struct asked {
    enum analysis_kind kind;
    struct run_maker *maker;
    int64_t run;
    const char *client; /* who does; NULL: it does not say */
};

/* {"run": "r7", "status": "making", "findings": null} */
static int respond(struct http_response *response, const struct asked *asked,
                   const char *status, const char *data, struct err *err) {
    struct json_writer writer = {0};
    json_writer_begin_object(&writer);
    experiment_view_id(&writer, "run", RESOURCE_RUN, asked->run);
    json_writer_key(&writer, "status");
    json_writer_string(&writer, status);
    json_writer_key(&writer, analysis_kind_name(asked->kind));
    if (data != NULL) {
        json_writer_raw(&writer, data, strlen(data));
    } else {
        json_writer_null(&writer);
    }
    json_writer_end_object(&writer);
    return http_response_take_json(response, data != NULL ? 200 : 202, &writer, err);
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

/* What the server could not do keeps its code; else it is the run of which it cannot be made,
 * or somebody has cancelled it. */
static int failure_code(int code) {
    switch (code) {
    case ERR_NOMEM:
    case ERR_IO:
    case ERR_DB:
    case ERR_CORRUPT:
        return code;
    default:
        return ERR_CONFLICT;
    }
}

/* Has it made unless it is being made; why it could not be made is told once, and then it
 * is tried again. */
static int have_made(const struct asked *asked, const struct run_maker_state *state,
                     struct http_response *response, struct err *err) {
    int code = 0;
    if (state->status == RUN_MAKER_FAILED) {
        run_maker_forget(asked->maker, asked->run);
        return err_set(err, failure_code(state->code), "%s", state->reason);
    }
    if (state->status == RUN_MAKER_NONE) {
        const struct run_maker_wish wish = {asked->run, asked->client};
        code = run_maker_ask(asked->maker, &wish, err);
    }
    const char *status = state->status == RUN_MAKER_MAKING ? "making" : "waiting";
    return code != 0 ? code : respond(response, asked, status, NULL, err);
}

static int answer(struct api *api, enum analysis_kind kind,
                  const struct http_request *request, struct http_response *response,
                  struct err *err) {
    struct asked asked = {.kind = kind, .maker = api->analyses[kind]};
    struct run_maker_state state;
    char *data = NULL;
    int code = api_query_client(request, &asked.client, err);
    if (code == 0) {
        code = read_run(api, request, &asked.run, err);
    }
    if (code == 0) {
        /* The maker is asked first: what it has forgotten is stored then. */
        run_maker_state(asked.maker, asked.run, &state);
        code = analysis_store_read(api_reader(api, request), asked.run, kind, &data, err);
    }
    if (code != 0) {
        return code;
    }
    code = data != NULL ? respond(response, &asked, "stored", data, err)
                        : have_made(&asked, &state, response, err);
    memory_free(data);
    return code;
}

/* Says what is: that it will not be made, or that there is nothing to cancel. */
static int respond_cancelled(const struct asked *asked, enum run_maker_status before,
                             const char *data, struct http_response *response,
                             struct err *err) {
    if (data != NULL) {
        return respond(response, asked, "stored", data, err);
    }
    return before != RUN_MAKER_NONE
               ? respond(response, asked, "cancelled", NULL, err)
               : err_set(
                     err, ERR_NOT_FOUND,
                     "nobody has asked for this of run r%lld: there is nothing to cancel",
                     (long long)asked->run);
}

static int cancel(struct api *api, enum analysis_kind kind,
                  const struct http_request *request, struct http_response *response,
                  struct err *err) {
    struct asked asked = {.kind = kind, .maker = api->analyses[kind]};
    struct run_maker_state before;
    char *data = NULL;
    int code = read_run(api, request, &asked.run, err);
    if (code == 0) {
        run_maker_state(asked.maker, asked.run, &before);
        run_maker_cancel(asked.maker, asked.run);
        code = analysis_store_read(api_reader(api, request), asked.run, kind, &data, err);
    }
    if (code == 0) {
        code = respond_cancelled(&asked, before.status, data, response, err);
        memory_free(data);
    }
    return code;
}

int analysis_api_findings(void *context, const struct http_request *request,
                          struct http_response *response, struct err *err) {
    return answer(context, ANALYSIS_FINDINGS, request, response, err);
}

int analysis_api_cancel_findings(void *context, const struct http_request *request,
                                 struct http_response *response, struct err *err) {
    return cancel(context, ANALYSIS_FINDINGS, request, response, err);
}

int analysis_api_speedup(void *context, const struct http_request *request,
                         struct http_response *response, struct err *err) {
    return answer(context, ANALYSIS_SPEEDUP, request, response, err);
}

int analysis_api_cancel_speedup(void *context, const struct http_request *request,
                                struct http_response *response, struct err *err) {
    return cancel(context, ANALYSIS_SPEEDUP, request, response, err);
}
