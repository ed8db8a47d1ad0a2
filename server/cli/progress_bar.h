/* SPDX-License-Identifier: MIT */
/*
 * progress_bar - one line on standard error that shows how far a job is. Drawn at most
 * every tenth of a second; only where standard error is a terminal.
 */
#ifndef SERVER_CLI_PROGRESS_BAR_H
#define SERVER_CLI_PROGRESS_BAR_H

#include "server/jobs/job.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct progress_bar {
    pthread_mutex_t mutex; /* guards the rest, and the line itself */
    bool visible;
    bool drawn;
    int64_t begun_ms, drawn_ms; /* first and last time; monotonic */
};

/* `wanted` false: nothing is ever drawn. */
void progress_bar_init(struct progress_bar *bar, bool wanted);

/* Erases the line. */
void progress_bar_deinit(struct progress_bar *bar);

/* For job_queue_options; `bar` must outlive the queue. */
struct job_listener progress_bar_listener(struct progress_bar *bar);

#endif
