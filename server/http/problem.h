/* SPDX-License-Identifier: MIT */
/*
 * problem - errors as RFC 9457 application/problem+json.
 *
 *     {"type": "urn:gilscope:problem:invalid", "title": "Unprocessable Entity",
 *      "status": 422, "detail": "unknown field 'stepz'; did you mean 'steps'?",
 *      "message": "unknown field {0}; {1}", "values": ["'stepz'", "did you ..."],
 *      "instance": "/api/v1/experiments",
 *      "errors": [{"pointer": "/workload/jobs/stepz", "detail": ..., "message": ...,
 *                  "values": ...}]}
 *
 * `message` is the sentence with its values taken out: it tells one refusal from another
 * and is what a translation is found by. `values` are texts, in the order of the sentence.
 *
 * The table in problem.c is the only place where an error code becomes a status. `errors`
 * is there when the error is about a document; the pointer "" means the document as a
 * whole. Its first element is what `detail` says; what else is wrong, as far as the handler
 * has left it in the response (http_response.h), follows it. `line` and `column` join them when
 * the member is a text in which the place is
 * known, a query.
 */
#ifndef SERVER_HTTP_PROBLEM_H
#define SERVER_HTTP_PROBLEM_H

#include "engine/base/err.h"
#include "server/http/http_response.h"

/*
 * Makes the answer for an error that a handler returned. `instance` is the request's
 * path; `about_body`: the request carried a document, so that `errors` is always given.
 */
void problem_from_err(struct http_response *response, const struct err *err,
                      const char *instance, bool about_body);

/*
 * Makes the answer for a refusal by the protocol itself (404, 405, 413 ...). `pointer` is
 * NULL, or "" when the body as a whole is refused.
 */
void problem_set(struct http_response *response, unsigned status, const char *instance,
                 const char *pointer, const char *fmt, ...) PRINTF_LIKE(5, 6);

#endif
