/* SPDX-License-Identifier: MIT */
/* document_refusal - all that is wrong with a document that a request brought. */
#ifndef SERVER_API_DOCUMENT_REFUSAL_H
#define SERVER_API_DOCUMENT_REFUSAL_H

#include "engine/base/err.h"
#include "server/http/http_response.h"

#include <stddef.h>

/* Leaves in the response what is wrong with the document besides `err`, for which it was
 * refused. Without memory that alone has to do. */
void document_refusal_complete(struct http_response *response, const struct err *err,
                               const char *text, size_t size);

#endif
