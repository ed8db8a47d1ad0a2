/* SPDX-License-Identifier: MIT */
/*
 * http_executor - a few threads that run handlers which may wait for the disk, so that an
 * HTTP thread never does.
 *
 * A task is embedded in what it belongs to: submitting allocates nothing, and the number
 * of waiting tasks is bounded by the number of connections. Every task that was accepted
 * runs, also while the executor closes.
 *
 * Tasks that last for seconds have threads of their own, as many as may run at once: what takes
 * a millisecond never waits for them.
 */
#ifndef SERVER_HTTP_HTTP_EXECUTOR_H
#define SERVER_HTTP_HTTP_EXECUTOR_H

#include "engine/base/err.h"

#include <stdbool.h>

struct http_executor;

struct http_task {
    struct http_task *next;                          /* private */
    void (*run)(struct http_task *task, int worker); /* on thread `worker`: 0, 1, ... */
};

enum http_pace { HTTP_PACE_SHORT, HTTP_PACE_LONG, HTTP_PACE_COUNT };

enum {
    HTTP_EXECUTOR_SHORT = 4, /* threads */
    HTTP_EXECUTOR_LONG = 6,
    HTTP_EXECUTOR_THREADS = HTTP_EXECUTOR_SHORT + HTTP_EXECUTOR_LONG
};

int http_executor_create(struct http_executor **out, struct err *err) WARN_UNUSED;

/*
 * Queues a task, after calling `prepare(context)` under the executor's lock: what must
 * have happened before the task may run. False, and nothing is called, when the executor
 * is closed.
 */
bool http_executor_submit(struct http_executor *executor, struct http_task *task,
                          enum http_pace pace, void (*prepare)(void *context),
                          void *context);

/* Accepts no more, runs what is queued, joins the threads. Submitting stays allowed. */
void http_executor_close(struct http_executor *executor);

/* After close; NULL is accepted. */
void http_executor_destroy(struct http_executor *executor);

#endif
