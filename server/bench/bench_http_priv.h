/* SPDX-License-Identifier: MIT */
/* bench_http_priv - what the cases of the server share: the server itself. */
#ifndef SERVER_BENCH_BENCH_HTTP_PRIV_H
#define SERVER_BENCH_BENCH_HTTP_PRIV_H

#include "engine/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct bench_client;

/* Starts the server that the cases share, unless it runs. */
int bench_http_server(uint16_t *port, struct err *err) WARN_UNUSED;

/* Submits a document; the path of the experiment. */
int bench_http_submit(struct bench_client *client, const char *document, char *path,
                      size_t size, struct err *err) WARN_UNUSED;

/* A thousand streams of events about a busy grid: how late the last per cent of deliveries
 * come, and what a stream takes in memory. */
int bench_events_p99(double *value, char *note, size_t size, struct err *err);
int bench_events_bytes(double *value, char *note, size_t size, struct err *err);

#endif
