/* SPDX-License-Identifier: MIT */
/* job_queue_work - cells: whose turn it is, and what a worker does with one. */
#include "server/jobs/job_queue_priv.h"

#include "server/clock/clock.h"
#include "server/jobs/cell_job.h"

/* --- whose turn it is -------------------------------------------------------------- */

void job_skip_cells(struct job *job) {
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
static struct job *choose_job(const struct job_worker *worker) {
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
static void take_cell_of(struct job *job, struct job_work *work) {
    work->job = job;
    work->cell = job->next_cell++;
    job_skip_cells(job);
    job->busy++;
    fair_share_begin(job->share);
}

bool job_work_take(struct job_worker *worker, struct job_work *out) {
    struct job *job = choose_job(worker);
    *out = (struct job_work){.queue = worker->queue, .worker = worker};
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

/* --- executing --------------------------------------------------------------------- */

static void on_run(void *context, const struct job_outcome *outcome) {
    const struct job_work *work = context;
    pthread_mutex_lock(&work->queue->mutex);
    work->job->runs_done++;
    work->job->events += outcome->events;
    work->queue->totals.events += outcome->events;
    work->queue->totals.runs[outcome->status]++;
    const struct job_event event = job_queue_describe(work->job, JOB_EVENT_PROGRESS);
    pthread_mutex_unlock(&work->queue->mutex);
    job_queue_tell(work->queue, &event);
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
        job_owe(job, outcome);
    }
}

/* Ends a cell's turn, and takes the next one of the same job if that one's turn has come.
 * Under the mutex. */
static bool take_next(struct job_work *work, int64_t used_ns) {
    struct job_queue *queue = work->queue;
    struct job *job = work->job;
    fair_share_end(job->share, used_ns);
    if (atomic_load(&queue->cancel) || choose_job(work->worker) != job) {
        return false;
    }
    take_cell_of(job, work);
    return true;
}

bool job_work_execute(struct job_work *work) {
    struct job_queue *queue = work->queue;
    struct job *job = work->job;
    struct job_work context = *work;
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
    job_queue_tell_cell(queue, job, work->cell, CELL_RUNNING);
    cell_job_execute(&cell_job, &outcome);
    pthread_mutex_lock(&queue->mutex);
    const bool more = take_next(work, clock_ns() - begin_ns);
    pthread_mutex_unlock(&queue->mutex);
    outcome.next = more ? work->cell : CELL_NONE;
    const bool kept = job_keep_cell(job, &outcome) == 0;
    work->has_started = outcome.next != CELL_NONE;
    pthread_mutex_lock(&queue->mutex);
    count_cell(job, &outcome, kept);
    queue->totals.cells[outcome.status]++;
    pthread_mutex_unlock(&queue->mutex);
    if (kept) {
        job_queue_tell_cell(queue, job, outcome.cell, outcome.status);
    }
    pthread_mutex_lock(&queue->mutex);
    job->busy--;
    work->worker->job = more ? job : NULL;
    pthread_mutex_unlock(&queue->mutex);
    return more;
}
