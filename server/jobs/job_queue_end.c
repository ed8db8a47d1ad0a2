/* SPDX-License-Identifier: MIT */
/* job_queue_end - what became of cells and jobs is kept, again and again until it is. */
#include "server/jobs/job_queue_priv.h"

#include <stdio.h>
#include <stdlib.h>

#include "server/clock/clock.h"
#include "server/log/log.h"

enum { RETRY_MS = 1000 };

/* --- cells ------------------------------------------------------------------------- */

/* Whether the same call may succeed later. */
static bool is_passing(int code) {
    return code == ERR_NOMEM || code == ERR_LIMIT || code == ERR_IO || code == ERR_DB;
}

static void log_error(const struct job *job, const struct err *err) {
    log_write(LOG_ERROR, "jobs", "experiment %lld: %s", (long long)job->experiment,
              err->text);
}

int job_keep_cell(const struct job *job, struct cell_outcome *outcome) {
    struct err err = {0};
    const int code = job->keeper.cell_finish(job->keeper.context, outcome, &err);
    if (code == 0) {
        return 0;
    }
    log_error(job, &err);
    outcome->next = CELL_NONE;
    if (is_passing(code)) {
        return code;
    }
    outcome->status = CELL_FAILED;
    return 0;
}

void job_owe(struct job *job, const struct cell_outcome *outcome) {
    struct cell_outcome *copy = malloc(sizeof *copy);
    if (copy == NULL) {
        log_write(LOG_ERROR, "jobs", "experiment %lld, cell %zu: out of memory",
                  (long long)job->experiment, outcome->cell);
        return;
    }
    *copy = *outcome;
    copy->owed_next = job->owed;
    job->owed = copy;
}

/* --- the end of a job ------------------------------------------------------------ */

static enum experiment_status conclude(const struct job *job, char *reason, size_t size) {
    reason[0] = '\0';
    if (job->interrupted) {
        if (job->stopped) {
            snprintf(reason, size, "cancelled");
        } else {
            snprintf(reason, size,
                     "stopped before it ended; run the document again with --resume");
        }
        return EXPERIMENT_INTERRUPTED;
    }
    if (job->cells_failed > 0) {
        snprintf(reason, size, "%zu of %zu cells failed", job->cells_failed,
                 grid_cell_count(job->grid));
        return EXPERIMENT_FAILED;
    }
    return EXPERIMENT_DONE;
}

/* Keeps what is owed of a job, then its end; false: try again later. */
static bool settle_job(struct job_queue *queue, struct job *job) {
    char reason[96];
    struct err err = {0};
    while (job->owed != NULL) {
        struct cell_outcome *outcome = job->owed;
        if (job_keep_cell(job, outcome) != 0) {
            return false;
        }
        job->owed = outcome->owed_next;
        job_queue_tell_cell(queue, job, outcome->cell, outcome->status);
        free(outcome);
    }
    const enum experiment_status status = conclude(job, reason, sizeof reason);
    const int code = job->keeper.finish(job->keeper.context, status, reason, &err);
    if (code != 0) {
        log_error(job, &err);
    }
    if (is_passing(code)) {
        return false;
    }
    if (code == 0) {
        struct job_event event = job_queue_describe(job, JOB_EVENT_FINISHED);
        event.status = status;
        job_queue_tell(queue, &event);
    }
    return true;
}

static void add_first(struct job **list, struct job *job) {
    job->next = *list;
    *list = job;
}

static void remove_job(struct job **list, const struct job *job) {
    while (*list != job) {
        list = &(*list)->next;
    }
    *list = job->next;
}

void job_queue_finish(struct job_queue *queue, struct job *job) {
    add_first(&queue->finishing, job);
    pthread_mutex_unlock(&queue->mutex);
    const bool settled = settle_job(queue, job);
    pthread_mutex_lock(&queue->mutex);
    remove_job(&queue->finishing, job);
    if (settled) {
        job_destroy(job);
    } else {
        add_first(&queue->unsettled, job);
        queue->retry_ms = clock_ms() + RETRY_MS;
    }
    queue->newcomers_may_be = queue->source_may_have; /* its client is one again */
}

struct job *job_queue_take_unsettled(struct job_queue *queue) {
    struct job *job = queue->unsettled;
    if (job == NULL || queue->retrying || clock_ms() < queue->retry_ms) {
        return NULL;
    }
    queue->unsettled = job->next;
    return job;
}

void job_queue_settle_rest(struct job_queue *queue) {
    while (queue->unsettled != NULL) {
        struct job *job = queue->unsettled;
        queue->unsettled = job->next;
        (void)settle_job(queue, job); /* it has logged why not */
        job_destroy(job);
    }
}

struct job *job_queue_take_finished(struct job_queue *queue) {
    for (struct job **at = &queue->jobs; *at != NULL; at = &(*at)->next) {
        struct job *job = *at;
        const bool given_out = job->next_cell == grid_cell_count(job->grid);
        const bool stopped = job->stopped || atomic_load(&queue->cancel);
        if (job->started && job->busy == 0 && (given_out || stopped)) {
            job->interrupted = job->interrupted || !given_out;
            *at = job->next;
            fair_share_leave(job->share);
            return job;
        }
    }
    return NULL;
}
