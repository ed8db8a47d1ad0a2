/* SPDX-License-Identifier: MIT */
#include "server/api/whatif_api.h"

#include <jansson.h>
#include <stdio.h>

#include "engine/base/memory.h"
#include "server/advice/cell_document.h"
#include "server/advice/patch.h"
#include "server/api/experiment_api.h"
#include "server/api/resource_id.h"
#include "server/document/canonical.h"
#include "server/document/text.h"
#include "server/jobs/run_origin.h"

static int check_body(const json_t *body, struct err *err) {
    const json_t *patch = json_object_get(body, "patch");
    char pointer[API_POINTER_SIZE];
    if (api_find_unknown(body, "patch", pointer)) {
        return err_set_pointer(err, pointer,
                               "unknown field: the body is {\"patch\": [...]}");
    }
    if (patch == NULL) {
        return err_set_pointer(err, "", "the field 'patch' is missing");
    }
    return json_array_size(patch) > 0
               ? 0
               : err_set_pointer(
                     err, "/patch",
                     "must be a JSON patch: a list of at least one operation");
}

/* The body: {"patch": [...]}. `*patch` is borrowed from `*body`. */
static int parse_body(const struct http_request *request, json_t **body, json_t **patch,
                      struct err *err) {
    int code = text_parse(body, request->body != NULL ? request->body : "",
                          request->body_size, err);
    if (code != 0) {
        return code;
    }
    code = check_body(*body, err);
    if (code != 0) {
        json_decref(*body);
        return code;
    }
    *patch = json_object_get(*body, "patch");
    return 0;
}

/* The document of the run's cell, as GET /runs/{id}/findings shows it. */
static int cell_document(const struct api *api, const struct http_request *request,
                         json_t **out, struct err *err) {
    struct run_origin origin;
    int64_t run;
    int code = resource_id_parse(RESOURCE_RUN, request->capture[0], &run, err);
    if (code == 0) {
        code = run_origin_read(&origin, api_reader(api, request), run, err);
        code = resource_id_missing(code, RESOURCE_RUN, run, err);
    }
    if (code != 0) {
        return code;
    }
    code = cell_document_make(origin.document, origin.grid, origin.cell, out, err);
    run_origin_deinit(&origin);
    return code;
}

/* The patched document as text, freed with memory_free(). */
static int changed_text(const json_t *document, const json_t *patch, char **text,
                        size_t *size, struct err *err) {
    json_t *changed = NULL;
    int code = patch_apply(document, patch, &changed, err);
    if (code == 0) {
        code = canonical_text(changed, text, size, err);
        json_decref(changed);
    }
    return code;
}

int whatif_api_submit(void *context, const struct http_request *request,
                      struct http_response *response, struct err *err) {
    const struct api *api = context;
    json_t *body = NULL, *patch = NULL, *document = NULL;
    char *text = NULL;
    size_t size = 0;
    int code = parse_body(request, &body, &patch, err);
    if (code != 0) {
        return code;
    }
    code = cell_document(api, request, &document, err);
    if (code == 0) {
        code = changed_text(document, patch, &text, &size, err);
        json_decref(document);
        if (code == ERR_INVALID && err->pointer[0] == '\0') {
            snprintf(err->pointer, sizeof err->pointer, "/patch");
        }
    }
    json_decref(body);
    if (code == 0) {
        code = experiment_api_submit_text(api, request, text, size, response, err);
        memory_free(text);
    }
    return code;
}
