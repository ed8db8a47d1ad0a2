/* SPDX-License-Identifier: MIT */
/*
 * measure_api - handlers: what was measured in a run besides its metrics, histograms,
 * blame and flows. Context: struct api.
 *
 * Blame and flows are computed from the stored spans, on an executor thread, as timelines
 * are. Their memory is bounded by MEASURE_API_MAX_SPANS; a run with more is asked for in
 * pieces.
 */
#ifndef SERVER_API_MEASURE_API_H
#define SERVER_API_MEASURE_API_H

#include "server/http/router.h"

enum { MEASURE_API_MAX_SPANS = 2 * 1000 * 1000 };

int measure_api_histograms(void *context, const struct http_request *request,
                           struct http_response *response, struct err *err);
int measure_api_blame(void *context, const struct http_request *request,
                      struct http_response *response, struct err *err);
int measure_api_flows(void *context, const struct http_request *request,
                      struct http_response *response, struct err *err);

#endif
