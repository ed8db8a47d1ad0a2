/* SPDX-License-Identifier: MIT */
/*
 * service - the whole server as one object: store, queue, event hub and HTTP, started and
 * stopped in the one order that is safe.
 *
 *     start: open store, recover what a dead process left, hub, queue, janitor, HTTP
 *     stop:  no new connections, cancel runs and mark them, end event streams, HTTP,
 *            janitor, store
 */
#ifndef SERVER_API_SERVICE_H
#define SERVER_API_SERVICE_H

#include "db/retention.h"
#include "engine/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct service;

struct service_options {
    const char *database;       /* file, created when it is not there */
    uint16_t port;              /* on 127.0.0.1; 0: any free one */
    unsigned workers;           /* 0: one for each processor, at least 2 */
    bool load_examples;         /* submit those presets that are not stored yet */
    struct retention retention; /* which experiments are removed by themselves */
};

/* ERR_IO: the port cannot be had; errors of db_open() and db_recover(). */
int service_start(struct service **out, const struct service_options *options,
                  struct err *err) WARN_UNUSED;

uint16_t service_port(const struct service *service);

/* Takes a few seconds at most; runs are marked as interrupted. NULL is accepted. */
void service_stop(struct service *service);

#endif
