/* SPDX-License-Identifier: MIT */
/* bench_client - a small HTTP client for the benchmark: connections to this machine that stay
 * open, answers with a Content-Length, nothing else. */
#ifndef SERVER_BENCH_BENCH_CLIENT_H
#define SERVER_BENCH_BENCH_CLIENT_H

#include "engine/base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { BENCH_ANSWER_MAX = 2 * 1024 * 1024 }; /* touched only as far as it is needed */

struct bench_answer {
    int status;
    const char *body; /* NUL-terminated; until the next request */
    size_t size;
};

struct bench_client;

/* ERR_IO */
int bench_client_open(struct bench_client **out, uint16_t port,
                      struct err *err) WARN_UNUSED;
void bench_client_close(struct bench_client *client);

/* `body` may be NULL. ERR_IO: the connection broke; ERR_LIMIT: the answer is too large. */
int bench_client_ask(struct bench_client *client, const char *method, const char *path,
                     const char *body, struct bench_answer *out,
                     struct err *err) WARN_UNUSED;

/* How many answers to one GET come in a second over so many connections, each of which asks
 * again as soon as it is answered. ERR_IO also when an answer is not 200. */
struct bench_load {
    uint16_t port;
    const char *path;
    int connections;
    double seconds;
};
int bench_client_load(const struct bench_load *load, double *per_s,
                      struct err *err) WARN_UNUSED;

#endif
