/* SPDX-License-Identifier: MIT */
/*
 * routes - the table of every operation of the REST interface. server/openapi.json
 * describes the same operations; a test compares the two. Handlers get a struct api.
 */
#ifndef SERVER_API_ROUTES_H
#define SERVER_API_ROUTES_H

#include "server/http/router.h"

extern const struct http_route routes[];
extern const size_t route_count;

#endif
