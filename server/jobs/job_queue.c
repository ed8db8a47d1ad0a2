/* SPDX-License-Identifier: MIT */
#include "server/jobs/job_queue.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/jobs/cell_job.h"
#include "server/log/log.h"

enum { WORKERS_MAX = 256 };

struct job_queue {
    pthread_mutex_t mutex;  /* guards jobs and the flags below */
    pthread_cond_t changed; /* there may be something to do */
    pthread_cond_t idle;    /* there is nothing left to do */
    struct job *jobs;       /* at work, oldest first */
    bool source_may_have;   /* ask the source when there is nothing else to do */
    bool asking;            /* a worker is at it */
    unsigned finishing;     /* jobs that left the list and are not settled yet */
    bool closed;
    atomic_bool cancel;
    struct job_queue_options options;
    unsigned started;
    pthread_t threads[WORKERS_MAX];
};

/* A cell that a worker took; also the context of its notifications. */
struct work {
    struct job_queue *queue;
    struct job *job;
    size_t cell;
};

/* --- telling --------------------------------------------------------------------- */

/* Under the mutex. */
static struct job_event describe(const struct job *job, enum job_event_kind kind) {
    return (struct job_event){
        .kind = kind,
        .experiment = job->experiment,
        .status = EXPERIMENT_RUNNING,
        .cells = grid_cell_count(job->grid),
        .cells_done = job->cells_done,
        .runs = job->runs,
        .runs_done = job->runs_done,
        .events = job->events,
    };
}

static void tell(const struct job_queue *queue, const struct job_event *event) {
    if (queue->options.listener.notify != NULL) {
        queue->options.listener.notify(queue->options.listener.context, event);
    }
}

static void on_run(void *context, const struct job_outcome *outcome) {
    const struct work *work = context;
    pthread_mutex_lock(&work->queue->mutex);
    work->job->runs_done++;
    work->job->events += outcome->events;
    const struct job_event event = describe(work->job, JOB_EVENT_PROGRESS);
    pthread_mutex_unlock(&work->queue->mutex);
    tell(work->queue, &event);
}

static void tell_cell(const struct work *work, enum cell_status status) {
    struct job_queue *queue = work->queue;
    pthread_mutex_lock(&queue->mutex);
    struct job_event event = describe(work->job, JOB_EVENT_CELL);
    pthread_mutex_unlock(&queue->mutex);
    event.cell = work->job->cell_ids != NULL ? work->job->cell_ids[work->cell] : 0;
    event.cell_index = work->cell;
    event.cell_status = status;
    tell(queue, &event);
}

/* --- the end of a job ------------------------------------------------------------ */

static void finish_job(struct job_queue *queue, struct job *job) {
    enum experiment_status status = EXPERIMENT_DONE;
    char reason[96] = "";
    struct err err = {0};
    if (job->interrupted) {
        status = EXPERIMENT_INTERRUPTED;
        snprintf(reason, sizeof reason, "stopped before it ended");
    } else if (job->cells_failed > 0) {
        status = EXPERIMENT_FAILED;
        snprintf(reason, sizeof reason, "%zu of %zu cells failed", job->cells_failed,
                 grid_cell_count(job->grid));
    }
    if (job->keeper.finish(job->keeper.context, status, reason, &err) != 0) {
        log_write(LOG_ERROR, "jobs", "experiment %lld: %s", (long long)job->experiment,
                  err.text);
    }
    struct job_event event = describe(job, JOB_EVENT_FINISHED);
    event.status = status;
    tell(queue, &event);
    job_destroy(job);
}

/* Removes a job from the list when nothing of it is left to do. Under the mutex. */
static struct job *take_finished(struct job_queue *queue) {
    for (struct job **at = &queue->jobs; *at != NULL; at = &(*at)->next) {
        struct job *job = *at;
        const bool given_out = job->next_cell == grid_cell_count(job->grid);
        const bool stopped = atomic_load(&queue->cancel);
        if (job->started && job->busy == 0 && (given_out || stopped)) {
            job->interrupted = job->interrupted || !given_out;
            *at = job->next;
            return job;
        }
    }
    return NULL;
}

/* --- the work -------------------------------------------------------------------- */

static void skip_cells(struct job *job) {
    while (job->next_cell < grid_cell_count(job->grid) && job->skip[job->next_cell]) {
        job->next_cell++;
    }
}

/* The next cell of the oldest job that has one. Under the mutex. */
static bool take_cell(struct job_queue *queue, struct work *out) {
    for (struct job *job = queue->jobs; job != NULL; job = job->next) {
        if (job->next_cell < grid_cell_count(job->grid)) {
            *out = (struct work){.queue = queue, .job = job, .cell = job->next_cell++};
            skip_cells(job);
            job->busy++;
            return true;
        }
    }
    return false;
}

static void execute(const struct work *work) {
    struct job_queue *queue = work->queue;
    struct work context = *work;
    const struct cell_job cell_job = {
        .job = work->job,
        .cell = work->cell,
        .cancel = &queue->cancel,
        .on_run = on_run,
        .context = &context,
    };
    tell_cell(work, CELL_RUNNING);
    const enum cell_status status = cell_job_execute(&cell_job);
    pthread_mutex_lock(&queue->mutex);
    if (status == CELL_INTERRUPTED) {
        work->job->interrupted = true;
    } else {
        work->job->cells_done++;
        work->job->cells_failed += status == CELL_FAILED ? 1 : 0;
    }
    pthread_mutex_unlock(&queue->mutex);
    tell_cell(work, status);
    pthread_mutex_lock(&queue->mutex);
    work->job->busy--;
    pthread_mutex_unlock(&queue->mutex);
}

/* Asks the source; the new job is announced before its first cell can begin. */
static struct job *ask_source(struct job_queue *queue) {
    struct job *job = NULL;
    struct err err = {0};
    int code = queue->options.source.next(queue->options.source.context, &job, &err);
    if (code == 0) {
        code = job->keeper.begin(job->keeper.context, &err);
    }
    if (code != 0) {
        if (code != ERR_NOT_FOUND) {
            log_write(LOG_ERROR, "jobs", "no job could be begun: %s", err.text);
        }
        job_destroy(job);
        return NULL;
    }
    const size_t cells = grid_cell_count(job->grid);
    for (size_t i = 0; i < cells; i++) {
        job->cells_done += job->skip[i] ? 1 : 0;
    }
    job->runs = (uint64_t)(cells - job->cells_done) * job->repetitions;
    skip_cells(job);
    job->started = true;
    const struct job_event event = describe(job, JOB_EVENT_PROGRESS);
    tell(queue, &event);
    return job;
}

static void add_job(struct job_queue *queue, struct job *job) {
    struct job **at = &queue->jobs;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = job;
}

/* Does one thing, if there is one. Called and returns with the mutex held. */
static bool do_something(struct job_queue *queue) {
    struct work work;
    struct job *job;
    if ((job = take_finished(queue)) != NULL) {
        queue->finishing++;
        pthread_mutex_unlock(&queue->mutex);
        finish_job(queue, job);
        pthread_mutex_lock(&queue->mutex);
        queue->finishing--;
        return true;
    }
    if (atomic_load(&queue->cancel)) {
        return false;
    }
    if (take_cell(queue, &work)) {
        pthread_mutex_unlock(&queue->mutex);
        execute(&work);
        pthread_mutex_lock(&queue->mutex);
        return true;
    }
    if (!queue->source_may_have || queue->asking) {
        return false;
    }
    queue->asking = true;
    queue->source_may_have = false; /* a notification from here on counts again */
    pthread_mutex_unlock(&queue->mutex);
    job = ask_source(queue);
    pthread_mutex_lock(&queue->mutex);
    queue->asking = false;
    if (job != NULL) {
        queue->source_may_have = true;
        add_job(queue, job);
    }
    return true;
}

static bool is_idle(const struct job_queue *queue) {
    return queue->jobs == NULL && !queue->asking && queue->finishing == 0 &&
           (!queue->source_may_have || atomic_load(&queue->cancel));
}

static void *worker_main(void *context) {
    struct job_queue *queue = context;
    pthread_mutex_lock(&queue->mutex);
    for (;;) {
        if (do_something(queue)) {
            pthread_cond_broadcast(&queue->changed);
        } else if (queue->closed && is_idle(queue)) {
            break;
        } else {
            if (is_idle(queue)) {
                pthread_cond_broadcast(&queue->idle);
            }
            pthread_cond_wait(&queue->changed, &queue->mutex);
        }
    }
    pthread_mutex_unlock(&queue->mutex);
    return NULL;
}

/* --- life ------------------------------------------------------------------------ */

static unsigned worker_count(unsigned wanted) {
    if (wanted == 0) {
        const long processors = sysconf(_SC_NPROCESSORS_ONLN);
        wanted = processors > 2 ? (unsigned)processors : 2;
    }
    return wanted < WORKERS_MAX ? wanted : WORKERS_MAX;
}

int job_queue_create(struct job_queue **out, const struct job_queue_options *options,
                     struct err *err) {
    struct job_queue *queue = calloc(1, sizeof *queue);
    if (queue == NULL) {
        return err_set_nomem(err);
    }
    queue->options = *options;
    atomic_init(&queue->cancel, false);
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_cond_init(&queue->changed, NULL);
    pthread_cond_init(&queue->idle, NULL);
    const unsigned workers = worker_count(options->workers);
    while (queue->started < workers) {
        if (pthread_create(&queue->threads[queue->started], NULL, worker_main, queue) !=
            0) {
            job_queue_destroy(queue);
            return err_set(err, ERR_NOMEM, "a thread could not be started");
        }
        queue->started++;
    }
    *out = queue;
    return 0;
}

void job_queue_notify(struct job_queue *queue) {
    pthread_mutex_lock(&queue->mutex);
    queue->source_may_have = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
}

void job_queue_wait(struct job_queue *queue) {
    pthread_mutex_lock(&queue->mutex);
    while (!is_idle(queue)) {
        pthread_cond_wait(&queue->idle, &queue->mutex);
    }
    pthread_mutex_unlock(&queue->mutex);
}

void job_queue_cancel(struct job_queue *queue) { atomic_store(&queue->cancel, true); }

void job_queue_close(struct job_queue *queue) {
    job_queue_cancel(queue);
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
    for (unsigned i = 0; i < queue->started; i++) {
        pthread_join(queue->threads[i], NULL);
    }
    queue->started = 0;
}

void job_queue_destroy(struct job_queue *queue) {
    if (queue == NULL) {
        return;
    }
    job_queue_close(queue);
    pthread_cond_destroy(&queue->idle);
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->mutex);
    free(queue);
}
