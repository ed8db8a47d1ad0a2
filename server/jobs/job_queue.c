/* SPDX-License-Identifier: MIT */
#include "server/jobs/job_queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "server/clock/clock.h"
#include "server/jobs/job_queue_priv.h"
#include "server/log/log.h"

/* --- telling --------------------------------------------------------------------- */

struct job_event job_queue_describe(const struct job *job, enum job_event_kind kind) {
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

void job_queue_tell(const struct job_queue *queue, const struct job_event *event) {
    if (queue->options.listener.notify != NULL) {
        queue->options.listener.notify(queue->options.listener.context, event);
    }
}

void job_queue_tell_cell(struct job_queue *queue, const struct job *job, size_t cell,
                         enum cell_status status) {
    pthread_mutex_lock(&queue->mutex);
    struct job_event event = job_queue_describe(job, JOB_EVENT_CELL);
    pthread_mutex_unlock(&queue->mutex);
    event.cell = job->cell_ids != NULL ? job->cell_ids[cell] : 0;
    event.cell_index = cell;
    event.cell_status = status;
    job_queue_tell(queue, &event);
}

/* --- the source ------------------------------------------------------------------- */

/* Asks the source; the new job is announced before its first cell can begin. There may be none,
 * and one may have been cancelled meanwhile, ERR_CONFLICT: then nothing is logged, and `err` is
 * clear. */
static int ask_source(struct job_queue *queue, bool newcomers, struct job **out,
                      struct err *err) {
    const struct job_source *source = &queue->options.source;
    struct job *job = NULL;
    int code = source->next(source->context, newcomers, &job, err);
    if (code == 0) {
        code = job->keeper.begin(job->keeper.context, err);
    }
    if (code == ERR_NOT_FOUND || code == ERR_CONFLICT) {
        err_clear(err);
    } else if (code != 0) {
        log_write(LOG_ERROR, "jobs", "no job could be begun: %s", err->text);
    }
    if (code != 0) {
        job_destroy(job);
        return code;
    }
    const size_t cells = grid_cell_count(job->grid);
    for (size_t i = 0; i < cells; i++) {
        job->cells_done += job->skip[i] ? 1 : 0;
    }
    job->runs = (uint64_t)(cells - job->cells_done) * job->repetitions;
    job_skip_cells(job);
    job->started = true;
    const struct job_event event = job_queue_describe(job, JOB_EVENT_PROGRESS);
    job_queue_tell(queue, &event);
    *out = job;
    return 0;
}

static void add_job(struct job_queue *queue, struct job *job) {
    struct job **at = &queue->jobs;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    job->share = fair_share_join(&queue->shares, job->client);
    *at = job;
}

static unsigned count_jobs(const struct job *list) {
    unsigned count = 0;
    for (; list != NULL; list = list->next) {
        count++;
    }
    return count;
}

static bool may_ask(const struct job_queue *queue) {
    return !queue->asking && !queue->retrying && queue->unsettled == NULL &&
           count_jobs(queue->jobs) < JOB_QUEUE_AT_WORK;
}

/* Called and returns with the mutex held. */
static void ask(struct job_queue *queue, bool newcomers) {
    queue->asking = true;
    queue->newcomers_may_be = false; /* a notification from here on counts again */
    queue->source_may_have = queue->source_may_have && newcomers;
    pthread_mutex_unlock(&queue->mutex);
    struct job *job = NULL;
    struct err err = {0};
    const int code = ask_source(queue, newcomers, &job, &err);
    pthread_mutex_lock(&queue->mutex);
    queue->asking = false;
    queue->asked++;
    queue->totals.unbegun = err;
    if (code == 0 || code == ERR_CONFLICT) { /* there may be another one behind it */
        queue->source_may_have = true;
        queue->newcomers_may_be = true;
    }
    if (code == 0) {
        add_job(queue, job);
    }
}

/* Does one thing, if there is one. Called and returns with the mutex held. */
static bool do_something(struct job_worker *worker) {
    struct job_queue *queue = worker->queue;
    struct job_work work;
    struct job *job;
    if ((job = job_queue_take_finished(queue)) != NULL) {
        job_queue_finish(queue, job);
        return true;
    }
    if (atomic_load(&queue->cancel)) {
        return false;
    }
    if (queue->newcomers_may_be && queue->jobs != NULL && may_ask(queue)) {
        ask(queue, true);
        return true;
    }
    if (job_work_take(worker, &work)) {
        pthread_mutex_unlock(&queue->mutex);
        while (job_work_execute(&work)) {
        }
        pthread_mutex_lock(&queue->mutex);
        return true;
    }
    if ((job = job_queue_take_unsettled(queue)) != NULL) {
        queue->retrying = true;
        job_queue_finish(queue, job);
        queue->retrying = false;
        return true;
    }
    if (queue->source_may_have && !worker->is_reserve && may_ask(queue)) {
        ask(queue, false);
        return true;
    }
    return false;
}

static bool is_idle(const struct job_queue *queue) {
    return queue->jobs == NULL && !queue->asking && queue->finishing == NULL &&
           (!queue->source_may_have || queue->unsettled != NULL ||
            atomic_load(&queue->cancel));
}

/* Until something changed, or what is unsettled is to be tried again. */
static void wait_for_change(struct job_queue *queue) {
    if (queue->unsettled == NULL || queue->retrying || atomic_load(&queue->cancel)) {
        pthread_cond_wait(&queue->changed, &queue->mutex);
        return;
    }
    const struct timespec due = {
        .tv_sec = (time_t)(queue->retry_ms / 1000),
        .tv_nsec = (long)(queue->retry_ms % 1000) * 1000000,
    };
    pthread_cond_timedwait(&queue->changed, &queue->mutex, &due);
}

static void *worker_main(void *context) {
    struct job_worker *worker = context;
    struct job_queue *queue = worker->queue;
    pthread_mutex_lock(&queue->mutex);
    for (;;) {
        if (do_something(worker)) {
            pthread_cond_broadcast(&queue->changed);
        } else if (queue->closed && is_idle(queue)) {
            break;
        } else {
            if (is_idle(queue)) {
                pthread_cond_broadcast(&queue->idle);
            }
            wait_for_change(queue);
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
    return wanted < JOB_WORKERS_MAX ? wanted : JOB_WORKERS_MAX;
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
    clock_condition_init(&queue->changed);
    pthread_cond_init(&queue->idle, NULL);
    queue->ordinary = worker_count(options->workers);
    while (queue->started < 2 * queue->ordinary) {
        struct job_worker *worker = &queue->workers[queue->started];
        worker->queue = queue;
        worker->is_reserve = queue->started >= queue->ordinary;
        if (pthread_create(&worker->thread, NULL, worker_main, worker) != 0) {
            job_queue_destroy(queue);
            return err_set(err, ERR_NOMEM, "a thread could not be started");
        }
        queue->started++;
    }
    *out = queue;
    return 0;
}

void job_queue_read_totals(struct job_queue *queue, struct job_totals *out) {
    pthread_mutex_lock(&queue->mutex);
    *out = queue->totals;
    out->jobs = count_jobs(queue->jobs);
    out->workers = queue->started;
    out->unsettled = count_jobs(queue->unsettled) + (queue->retrying ? 1 : 0);
    pthread_mutex_unlock(&queue->mutex);
}

void job_queue_notify(struct job_queue *queue) {
    pthread_mutex_lock(&queue->mutex);
    queue->source_may_have = true;
    queue->newcomers_may_be = true;
    queue->retry_ms = 0;
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

static struct job *find_job(struct job *list, int64_t experiment) {
    while (list != NULL && list->experiment != experiment) {
        list = list->next;
    }
    return list;
}

/* The job at work, or NULL: it is neither at work nor on its way to or from it. Under the
 * mutex, which is given up while a worker has something in its hands that may be that job. */
static struct job *await_job(struct job_queue *queue, int64_t experiment) {
    const uint64_t asked = queue->asked;
    struct job *job;
    while ((job = find_job(queue->jobs, experiment)) == NULL &&
           ((queue->asking && queue->asked == asked) ||
            find_job(queue->finishing, experiment) != NULL)) {
        pthread_cond_wait(&queue->changed, &queue->mutex);
    }
    return job;
}

bool job_queue_stop(struct job_queue *queue, int64_t experiment) {
    pthread_mutex_lock(&queue->mutex);
    struct job *job = await_job(queue, experiment);
    if (job != NULL) {
        job->stopped = true;
        job->interrupted = true;
    }
    for (unsigned i = 0; i < queue->started; i++) {
        struct job_worker *worker = &queue->workers[i];
        if (worker->job != NULL && worker->job->experiment == experiment) {
            atomic_store(&worker->cancel, true);
        }
    }
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
    return job != NULL;
}

void job_queue_cancel(struct job_queue *queue) {
    atomic_store(&queue->cancel, true);
    for (unsigned i = 0; i < 2 * JOB_WORKERS_MAX; i++) {
        atomic_store(&queue->workers[i].cancel, true);
    }
}

void job_queue_close(struct job_queue *queue) {
    job_queue_cancel(queue);
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
    for (unsigned i = 0; i < queue->started; i++) {
        pthread_join(queue->workers[i].thread, NULL);
    }
    pthread_mutex_lock(&queue->mutex);
    queue->started = 0;
    pthread_mutex_unlock(&queue->mutex);
    job_queue_settle_rest(queue);
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
