/* SPDX-License-Identifier: MIT */
#include "server/api/session_api.h"

#include <jansson.h>

#include "server/api/api.h"

int session_api_open(void *context, const struct http_request *request,
                     struct http_response *response, struct err *err) {
    const struct api *api = context;
    json_t *body = json_loadb(request->body != NULL ? request->body : "",
                              request->body_size, JSON_REJECT_DUPLICATES, NULL);
    const char *token = json_string_value(json_object_get(body, "token"));
    int code = 0;
    if (token == NULL || json_object_size(body) != 1) {
        /* What was sent may hold a secret: it is not repeated. */
        code = err_set(err, ERR_INVALID, "the body must be {\"token\": \"...\"}");
    } else if (!access_is_token(api->access, token)) {
        access_refuse(response, request->path, ACCESS_WRONG);
    } else {
        uint64_t ended = 0;
        code = access_sign_in(api->access, response, &ended, err);
        hub_end_session(api->hub, ended);
        response->status = 204;
    }
    json_decref(body);
    return code;
}

int session_api_close(void *context, const struct http_request *request,
                      struct http_response *response, struct err *err) {
    (void)err;
    const struct api *api = context;
    const char *cookies = http_request_header(request, "Cookie");
    for (uint64_t ended; (ended = access_end_session(api->access, cookies)) != 0;) {
        hub_end_session(api->hub, ended);
    }
    access_forget_cookie(api->access, response);
    response->status = 204;
    return 0;
}
