/* SPDX-License-Identifier: MIT */
/* range_api - handler: the statistics of a range of a run. Context: struct api. */
#ifndef SERVER_API_RANGE_API_H
#define SERVER_API_RANGE_API_H

#include "server/http/router.h"

int range_api_read(void *context, const struct http_request *request,
                   struct http_response *response, struct err *err);

#endif
