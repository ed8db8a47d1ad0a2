/* SPDX-License-Identifier: MIT */
/*
 * advice_api - handler: which of an experiment's cells to choose, and how they scale.
 *
 * Before the experiment has ended it is said of the cells that have, marked as incomplete, kept
 * by no client, and made no more often than advice_cache.h allows.
 */
#ifndef SERVER_API_ADVICE_API_H
#define SERVER_API_ADVICE_API_H

#include "server/http/router.h"

/* Context: struct api. */
int advice_api_read(void *context, const struct http_request *request,
                    struct http_response *response, struct err *err);

#endif
