/* SPDX-License-Identifier: MIT */
/*
 * bench_http - the server's speed as a client on this machine sees it: rates of answers, and how
 * long it takes from a document to its result.
 *
 * Client and server share the processors. `tests/bench/http` measures the rates with wrk, beside
 * nginx with the same bytes.
 */
#ifndef SERVER_BENCH_BENCH_HTTP_H
#define SERVER_BENCH_BENCH_HTTP_H

#include "server/bench/bench.h"

extern const struct bench_case bench_http_cases[];
extern const size_t bench_http_case_count;

/* Stops the server that the cases share. */
void bench_http_close(void);

#endif
