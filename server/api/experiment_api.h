/* SPDX-License-Identifier: MIT */
/* experiment_api - handlers: submit, list, read and remove experiments. Context: struct api. */
#ifndef SERVER_API_EXPERIMENT_API_H
#define SERVER_API_EXPERIMENT_API_H

#include "server/api/api.h"
#include "server/http/router.h"

/* Submits a document that is not the body of the request; `request` may have a key. */
int experiment_api_submit_text(const struct api *api, const struct http_request *request,
                               const char *text, size_t size,
                               struct http_response *response, struct err *err);

/* Whether a request may change an experiment: it has no If-Match, or that names what GET shows
 * without 'metrics'. Else `*out` is false, and the response refuses it. */
int experiment_api_may_change(const struct api *api, const struct http_request *request,
                              int64_t id, struct http_response *response, bool *out,
                              struct err *err) WARN_UNUSED;

/* Refuses what is not as If-Match says. */
void experiment_api_refuse_change(const struct http_request *request,
                                  struct http_response *response);

int experiment_api_submit(void *context, const struct http_request *request,
                          struct http_response *response, struct err *err);
int experiment_api_list(void *context, const struct http_request *request,
                        struct http_response *response, struct err *err);
int experiment_api_read(void *context, const struct http_request *request,
                        struct http_response *response, struct err *err);
int experiment_api_cancel(void *context, const struct http_request *request,
                          struct http_response *response, struct err *err);
int experiment_api_resume(void *context, const struct http_request *request,
                          struct http_response *response, struct err *err);
int experiment_api_remove(void *context, const struct http_request *request,
                          struct http_response *response, struct err *err);

#endif
