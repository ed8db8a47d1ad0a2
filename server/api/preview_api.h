/* SPDX-License-Identifier: MIT */
/* preview_api - handler: runs a document at once and keeps nothing. Context: struct api. */
#ifndef SERVER_API_PREVIEW_API_H
#define SERVER_API_PREVIEW_API_H

#include "server/http/router.h"

int preview_api_run(void *context, const struct http_request *request,
                    struct http_response *response, struct err *err);

#endif
