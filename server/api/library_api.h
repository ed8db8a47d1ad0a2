/* SPDX-License-Identifier: MIT */
/*
 * library_api - handlers for what a page of stored experiments does with them beside reading:
 * it gives them other names, and shows the room that they take.
 */
#ifndef SERVER_API_LIBRARY_API_H
#define SERVER_API_LIBRARY_API_H

#include "server/http/http_request.h"
#include "server/http/http_response.h"

/* PATCH /experiments/{id} */
int library_api_rename(void *context, const struct http_request *request,
                       struct http_response *response, struct err *err);

/* GET /storage */
int library_api_storage(void *context, const struct http_request *request,
                        struct http_response *response, struct err *err);

#endif
