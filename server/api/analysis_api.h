/* SPDX-License-Identifier: MIT */
/* analysis_api - handlers: what a run suffers from and what helps; what a faster step would
 * bring. Both are made when somebody asks. Context: struct api. */
#ifndef SERVER_API_ANALYSIS_API_H
#define SERVER_API_ANALYSIS_API_H

#include "server/http/router.h"

int analysis_api_findings(void *context, const struct http_request *request,
                          struct http_response *response, struct err *err);
int analysis_api_cancel_findings(void *context, const struct http_request *request,
                                 struct http_response *response, struct err *err);
int analysis_api_speedup(void *context, const struct http_request *request,
                         struct http_response *response, struct err *err);
int analysis_api_cancel_speedup(void *context, const struct http_request *request,
                                struct http_response *response, struct err *err);

#endif
