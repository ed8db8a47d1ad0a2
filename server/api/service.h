/* SPDX-License-Identifier: MIT */
/*
 * service - the whole server as one object: store, queue, event hub and HTTP, started and
 * stopped in the one order that is safe.
 *
 *     start: open store, recover what a dead process left, hub, queue, janitor, HTTP
 *     stop:  no new requests, cancel runs and mark them, end event streams, let answers
 *            be sent, HTTP, janitor, store
 */
#ifndef SERVER_API_SERVICE_H
#define SERVER_API_SERVICE_H

#include "db/retention.h"
#include "engine/base/err.h"
#include "server/http/http_server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct service;

struct service_options {
    const char *database;     /* file, created when it is not there */
    const char *address;      /* NULL: 127.0.0.1 */
    uint16_t port;            /* 0: any free one */
    const char *token;        /* demanded of who uses the API; NULL: nobody else can */
    const char *const *hosts; /* names in Host besides the address: http_server.h */
    size_t host_count;
    unsigned workers;           /* 0: one for each processor, at least 2 */
    struct http_limits limits;  /* of one client */
    int64_t drain_ms;           /* how long service_stop() waits for answers */
    bool load_examples;         /* submit those presets that are not stored yet */
    struct retention retention; /* which experiments are removed by themselves */
};

/* ERR_INVALID: it must not, or cannot, listen there (http_server.h). */
int service_check(const struct service_options *options, struct err *err) WARN_UNUSED;

/* Strings are borrowed for its whole life. ERR_IO: the port cannot be had; errors of
 * service_check(), db_open() and db_recover(). */
int service_start(struct service **out, const struct service_options *options,
                  struct err *err) WARN_UNUSED;

/* Where it listens. */
const struct listener *service_listener(const struct service *service);
uint16_t service_port(const struct service *service);

/* Runs are marked as interrupted; every answer that was begun is sent if its client takes it
 * in time. NULL is accepted. */
void service_stop(struct service *service);

#endif
