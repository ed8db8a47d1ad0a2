/* SPDX-License-Identifier: MIT */
/*
 * answer_cache - answers that can no longer change, so that they are given again by the HTTP
 * thread, without a handler and its thread.
 *
 * Kept is what a handler marks with `keep`, of requests without a query to routes that have
 * one media type: the path alone decides. A path has one place, and the newest answer has it;
 * together they are at most ANSWER_PLACES x ANSWER_MAX_BYTES.
 *
 * What is kept can still be removed. In this process whoever removes calls forget(), and from
 * then on nothing is given that was read before. Another process cannot say so: an answer is
 * given for ANSWER_FRESH_MS, then its handler is asked again. Threads: any.
 */
#ifndef SERVER_HTTP_ANSWER_CACHE_H
#define SERVER_HTTP_ANSWER_CACHE_H

#include "engine/base/err.h"
#include "server/http/http_response.h"

#include <stdbool.h>
#include <stdint.h>

enum { ANSWER_PLACES = 256, ANSWER_MAX_BYTES = 16 * 1024, ANSWER_FRESH_MS = 100 };

struct answer_cache;

int answer_cache_create(struct answer_cache **out, struct err *err) WARN_UNUSED;

/* NULL is accepted. */
void answer_cache_destroy(struct answer_cache *cache);

/* Copies the answer of a path into an empty response; false when there is none. */
bool answer_cache_find(struct answer_cache *cache, const char *path,
                       struct http_response *out);

/* To be taken before the store is read, and given to keep(). */
uint64_t answer_cache_age(const struct answer_cache *cache);

/* Keeps a copy, unless it is too large, there is no memory, or forget() was called since. */
void answer_cache_keep(struct answer_cache *cache, const char *path, uint64_t age,
                       const struct http_response *response);

/* Nothing that was read until now is given any more. */
void answer_cache_forget(struct answer_cache *cache);

#endif
