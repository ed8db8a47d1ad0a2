/* SPDX-License-Identifier: MIT */
/*
 * event_api - progress of experiments as server-sent events: what jobs tell becomes
 * events of the hub, and a handler opens streams of them.
 *
 *     progress {"experiment","status","cells","cells_done","runs_done","events"}
 *     cell     {"experiment","cell","index","status"}
 *     finished {"experiment","status"}
 *     resync   {"sequence"}     events were lost: read the experiment again
 *
 * A stream of one experiment begins with its present progress, and `finished` if it is,
 * so that a client needs no second request to know where it stands.
 */
#ifndef SERVER_API_EVENT_API_H
#define SERVER_API_EVENT_API_H

#include "server/http/router.h"
#include "server/jobs/job.h"
#include "server/stream/hub.h"

/* Handler; context: struct api. */
int event_api_stream(void *context, const struct http_request *request,
                     struct http_response *response, struct err *err);

/* A listener that publishes; the hub must outlive the queue. */
struct job_listener event_api_listener(struct hub *hub);

#endif
