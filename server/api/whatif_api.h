/* SPDX-License-Identifier: MIT */
/* whatif_api - handler: runs the cell of a run again with its document changed, as an experiment
 * of its own, to be compared with GET /compare. Context: struct api. */
#ifndef SERVER_API_WHATIF_API_H
#define SERVER_API_WHATIF_API_H

#include "server/http/router.h"

int whatif_api_submit(void *context, const struct http_request *request,
                      struct http_response *response, struct err *err);

#endif
