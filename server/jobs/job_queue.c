/* SPDX-License-Identifier: MIT */
#include "server/jobs/job_queue.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "server/clock/clock.h"
#include "server/jobs/cell_job.h"
#include "server/log/log.h"

enum { WORKERS_MAX = 256, RETRY_MS = 1000 }; /* as many again in reserve */

/* A thread, and what it is at. */
struct worker {
    struct job_queue *queue;
    pthread_t thread;
    bool is_reserve;    /* only for clients of whom nothing runs */
    struct job *job;    /* NULL: none; guarded by the queue's mutex */
    atomic_bool cancel; /* ends its run */
};

struct job_queue {
    pthread_mutex_t mutex;  /* guards jobs and the flags below */
    pthread_cond_t changed; /* there may be something to do */
    pthread_cond_t idle;    /* there is nothing left to do */
    struct job *jobs;       /* at work, oldest first */
    bool source_may_have;   /* ask the source when there is nothing else to do */
    bool newcomers_may_be;  /* ask it for other clients while there is */
    bool asking;            /* a worker is at it */
    uint64_t asked;         /* how often it was */
    struct job *finishing;  /* jobs that left the list and are being settled */
    struct job *unsettled;  /* ended, but not kept: no other job begins before them */
    bool retrying;          /* a worker is at one of them */
    int64_t retry_ms;       /* when to try them again, on the monotonic clock */
    /* Guarded, too; but for `jobs` and `unsettled`. */
    struct job_totals totals;
    bool closed;
    atomic_bool cancel;
    struct job_queue_options options;
    struct fair_shares shares;
    unsigned started;
    unsigned ordinary; /* constant: the first ones, the others are in reserve */
    struct worker workers[2 * WORKERS_MAX];
};

/* A cell that a worker took; also the context of its notifications. */
struct work {
    struct job_queue *queue;
    struct worker *worker;
    struct job *job;
    size_t cell;
    bool has_started; /* the keeper knows already */
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
    work->queue->totals.events += outcome->events;
    work->queue->totals.runs[outcome->status]++;
    const struct job_event event = describe(work->job, JOB_EVENT_PROGRESS);
    pthread_mutex_unlock(&work->queue->mutex);
    tell(work->queue, &event);
}

static void tell_cell(struct job_queue *queue, const struct job *job, size_t cell,
                      enum cell_status status) {
    pthread_mutex_lock(&queue->mutex);
    struct job_event event = describe(job, JOB_EVENT_CELL);
    pthread_mutex_unlock(&queue->mutex);
    event.cell = job->cell_ids != NULL ? job->cell_ids[cell] : 0;
    event.cell_index = cell;
    event.cell_status = status;
    tell(queue, &event);
}

/* --- keeping what became of it ---------------------------------------------------- */

/* Whether the same call may succeed later. */
static bool is_passing(int code) {
    return code == ERR_NOMEM || code == ERR_LIMIT || code == ERR_IO || code == ERR_DB;
}

static void log_error(const struct job *job, const struct err *err) {
    log_write(LOG_ERROR, "jobs", "experiment %lld: %s", (long long)job->experiment,
              err->text);
}

/* Returns 0 when the cell is settled, or the error because of which it is not yet; unless
 * it was kept, the next cell has not started. */
static int keep_cell(const struct job *job, struct cell_outcome *outcome) {
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

/* Remembers an outcome for settle_job(). Under the mutex. */
static void owe(struct job *job, const struct cell_outcome *outcome) {
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
        if (keep_cell(job, outcome) != 0) {
            return false;
        }
        job->owed = outcome->owed_next;
        tell_cell(queue, job, outcome->cell, outcome->status);
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
        struct job_event event = describe(job, JOB_EVENT_FINISHED);
        event.status = status;
        tell(queue, &event);
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

/* Called and returns with the mutex held. */
static void finish_job(struct job_queue *queue, struct job *job) {
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

static struct job *take_unsettled(struct job_queue *queue) {
    struct job *job = queue->unsettled;
    if (job == NULL || queue->retrying || clock_ms() < queue->retry_ms) {
        return NULL;
    }
    queue->unsettled = job->next;
    return job;
}

/* The last attempt; the next owner of the store finds what is still not kept. */
static void settle_rest(struct job_queue *queue) {
    while (queue->unsettled != NULL) {
        struct job *job = queue->unsettled;
        queue->unsettled = job->next;
        (void)settle_job(queue, job); /* it has logged why not */
        job_destroy(job);
    }
}

/* Removes a job from the list when nothing of it is left to do. Under the mutex. */
static struct job *take_finished(struct job_queue *queue) {
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

/* --- the work -------------------------------------------------------------------- */

static void skip_cells(struct job *job) {
    while (job->next_cell < grid_cell_count(job->grid) && job->skip[job->next_cell]) {
        job->next_cell++;
    }
}

static bool has_cell(const struct job *job) {
    return !job->stopped && job->next_cell < grid_cell_count(job->grid);
}

/* Those in reserve leave to a worker what it is about to take. */
static bool all_at_work(const struct job_queue *queue) {
    for (unsigned i = 0; i < queue->ordinary; i++) {
        if (queue->workers[i].job == NULL) {
            return false;
        }
    }
    return true;
}

/* The oldest job of the client whose turn it is, or NULL: none that the worker may take. */
static struct job *choose_job(const struct worker *worker) {
    const struct job_queue *queue = worker->queue;
    struct job *chosen = NULL;
    for (struct job *job = queue->jobs; job != NULL; job = job->next) {
        if (has_cell(job) &&
            (chosen == NULL || fair_share_before(job->share, chosen->share))) {
            chosen = job;
        }
    }
    const bool waits = chosen != NULL && chosen->share->running == 0;
    return !worker->is_reserve || (waits && all_at_work(queue)) ? chosen : NULL;
}

/* Takes the job's next cell. Under the mutex. */
static void take_cell_of(struct job *job, struct work *work) {
    work->job = job;
    work->cell = job->next_cell++;
    skip_cells(job);
    job->busy++;
    fair_share_begin(job->share);
}

/* The next cell of whose turn it is. Under the mutex. */
static bool take_cell(struct worker *worker, struct work *out) {
    struct job *job = choose_job(worker);
    *out = (struct work){.queue = worker->queue, .worker = worker};
    if (job == NULL) {
        return false;
    }
    take_cell_of(job, out);
    worker->job = job;
    atomic_store(&worker->cancel, false);
    if (atomic_load(&worker->queue->cancel)) { /* it may have been set in between */
        atomic_store(&worker->cancel, true);
    }
    return true;
}

/* Counts what became of a cell. Under the mutex. */
static void count_cell(struct job *job, const struct cell_outcome *outcome, bool kept) {
    if (outcome->status == CELL_INTERRUPTED) {
        job->interrupted = true;
    } else {
        job->cells_done++;
        job->cells_failed += outcome->status == CELL_FAILED ? 1 : 0;
    }
    if (!kept) {
        owe(job, outcome);
    }
}

/* Ends a cell's turn, and takes the next one of the same job if that one's turn has come.
 * Under the mutex. */
static bool take_next(struct work *work, int64_t used_ns) {
    struct job_queue *queue = work->queue;
    struct job *job = work->job;
    fair_share_end(job->share, used_ns);
    if (atomic_load(&queue->cancel) || choose_job(work->worker) != job) {
        return false;
    }
    take_cell_of(job, work);
    return true;
}

/* Executes a cell and goes on to the next one of its job; false when that has no more, or it
 * is another one's turn. */
static bool execute(struct work *work) {
    struct job_queue *queue = work->queue;
    struct job *job = work->job;
    struct work context = *work;
    const struct cell_job cell_job = {
        .job = job,
        .cell = work->cell,
        .has_started = work->has_started,
        .cancel = &work->worker->cancel,
        .live = queue->options.live,
        .on_run = on_run,
        .context = &context,
    };
    struct cell_outcome outcome;
    const int64_t begin_ns = clock_ns();
    tell_cell(queue, job, work->cell, CELL_RUNNING);
    cell_job_execute(&cell_job, &outcome);
    pthread_mutex_lock(&queue->mutex);
    const bool more = take_next(work, clock_ns() - begin_ns);
    pthread_mutex_unlock(&queue->mutex);
    outcome.next = more ? work->cell : CELL_NONE;
    const bool kept = keep_cell(job, &outcome) == 0;
    work->has_started = outcome.next != CELL_NONE;
    pthread_mutex_lock(&queue->mutex);
    count_cell(job, &outcome, kept);
    queue->totals.cells[outcome.status]++;
    pthread_mutex_unlock(&queue->mutex);
    if (kept) {
        tell_cell(queue, job, outcome.cell, outcome.status);
    }
    pthread_mutex_lock(&queue->mutex);
    job->busy--;
    work->worker->job = more ? job : NULL;
    pthread_mutex_unlock(&queue->mutex);
    return more;
}

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
    skip_cells(job);
    job->started = true;
    const struct job_event event = describe(job, JOB_EVENT_PROGRESS);
    tell(queue, &event);
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

static unsigned jobs_at_work(const struct job_queue *queue) {
    unsigned count = 0;
    for (const struct job *job = queue->jobs; job != NULL; job = job->next) {
        count++;
    }
    return count;
}

static bool may_ask(const struct job_queue *queue) {
    return !queue->asking && !queue->retrying && queue->unsettled == NULL &&
           jobs_at_work(queue) < JOB_QUEUE_AT_WORK;
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
static bool do_something(struct worker *worker) {
    struct job_queue *queue = worker->queue;
    struct work work;
    struct job *job;
    if ((job = take_finished(queue)) != NULL) {
        finish_job(queue, job);
        return true;
    }
    if (atomic_load(&queue->cancel)) {
        return false;
    }
    if (queue->newcomers_may_be && queue->jobs != NULL && may_ask(queue)) {
        ask(queue, true);
        return true;
    }
    if (take_cell(worker, &work)) {
        pthread_mutex_unlock(&queue->mutex);
        while (execute(&work)) {
        }
        pthread_mutex_lock(&queue->mutex);
        return true;
    }
    if ((job = take_unsettled(queue)) != NULL) {
        queue->retrying = true;
        finish_job(queue, job);
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
    struct worker *worker = context;
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
    clock_condition_init(&queue->changed);
    pthread_cond_init(&queue->idle, NULL);
    queue->ordinary = worker_count(options->workers);
    while (queue->started < 2 * queue->ordinary) {
        struct worker *worker = &queue->workers[queue->started];
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

static unsigned count_jobs(const struct job *list) {
    unsigned count = 0;
    for (; list != NULL; list = list->next) {
        count++;
    }
    return count;
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
        struct worker *worker = &queue->workers[i];
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
    for (unsigned i = 0; i < 2 * WORKERS_MAX; i++) {
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
    settle_rest(queue);
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
