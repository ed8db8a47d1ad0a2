/* SPDX-License-Identifier: MIT */
#include "server/jobs/job_queue.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http_client.h"
#include "server/document/document.h"
#include "server/grid/grid.h"
#include "tests/support/test.h"

enum { CELLS = 6, EXPERIMENT = 12 };

static const char text[] =
    "{\"schema\":1,\"repetitions\":2,\"machine\":{\"cores\":1},"
    "\"workload\":{\"jobs\":{\"count\":1,\"steps\":[{\"python_us\":100}]}},"
    "\"sweep\":{\"/machine/cores\":[1,2,3,4,5,6]}}";

/* A source of one job whose keeper notes what it is asked, and fails where it is told to.
 */
struct fixture {
    struct grid *grid;
    struct job *job; /* until it is handed out */
    struct job_queue *queue;

    pthread_mutex_t mutex; /* guards the rest */
    pthread_cond_t changed;
    int failing_cell;      /* its run cannot be kept; -1: none */
    bool runs_block;       /* runs wait until they are cancelled */
    int newcomers_take_ms; /* to be asked for, if nothing runs */
    pthread_t stopper;     /* begun while the source is asked, or an end is kept */
    bool stops_when_asked, stops_at_the_end;
    int stopped; /* what job_queue_stop() said; -1: it has said nothing so far */
    int failing_finishes, failing_cell_finishes; /* that many fail */
    int finish_code;                             /* with this */
    int runs, running;                           /* begun, and not ended yet */
    int conflicts; /* jobs that cannot be begun any more, with another one behind them */
    int begun, closed;
    int closed_before_begin; /* jobs that were over when the last one began */
    enum cell_status cells[CELLS];
    enum experiment_status status;
    char reason[128];
    char cell_reason[320];
    int finished_events, cell_events;
    uint64_t last_runs_done;
};

/* --- the keeper ------------------------------------------------------------------ */

static void make_job(struct fixture *fixture);

/* Somebody cancels; a good moment is left for that to have begun. */
static void *stop_main(void *context) {
    struct fixture *fixture = context;
    pthread_mutex_lock(&fixture->mutex);
    fixture->stopped = -1;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->mutex);
    const bool stopped = job_queue_stop(fixture->queue, EXPERIMENT);
    pthread_mutex_lock(&fixture->mutex);
    fixture->stopped = stopped ? 1 : 0;
    pthread_mutex_unlock(&fixture->mutex);
    return NULL;
}

static void begin_stopping(struct fixture *fixture) {
    fixture->stopped = -2;
    assert_int_equal(pthread_create(&fixture->stopper, NULL, stop_main, fixture), 0);
    pthread_mutex_lock(&fixture->mutex);
    while (fixture->stopped == -2) {
        pthread_cond_wait(&fixture->changed, &fixture->mutex);
    }
    pthread_mutex_unlock(&fixture->mutex);
    for (int i = 0; i < 100; i++) {
        sched_yield();
    }
}

static int keep_begin(void *context, struct err *err) {
    struct fixture *fixture = context;
    if (fixture->conflicts > 0) {
        fixture->conflicts--;
        make_job(fixture);
        return err_set(err, ERR_CONFLICT, "cancelled");
    }
    fixture->begun++;
    fixture->closed_before_begin = fixture->closed;
    return 0;
}

static int keep_cell_start(void *context, size_t cell, struct err *err) {
    (void)err;
    struct fixture *fixture = context;
    pthread_mutex_lock(&fixture->mutex);
    assert_int_not_equal(fixture->cells[cell], CELL_RUNNING); /* once */
    fixture->cells[cell] = CELL_RUNNING;
    pthread_mutex_unlock(&fixture->mutex);
    return 0;
}

static int keep_run(void *context, const struct job_run *run, struct job_outcome *out,
                    struct err *err) {
    struct fixture *fixture = context;
    const int64_t started = monotonic_ms();
    pthread_mutex_lock(&fixture->mutex);
    fixture->runs++;
    fixture->running++;
    pthread_cond_broadcast(&fixture->changed);
    const bool fails = (int)run->cell == fixture->failing_cell;
    const bool blocks = fixture->runs_block;
    pthread_mutex_unlock(&fixture->mutex);
    while (blocks && !atomic_load(run->cancel)) {
        poll_pause(started);
    }
    pthread_mutex_lock(&fixture->mutex);
    fixture->running--;
    pthread_mutex_unlock(&fixture->mutex);
    if (fails) {
        return err_set(err, ERR_IO, "disk full");
    }
    *out = (struct job_outcome){.status = blocks ? RUN_STOPPED : RUN_DONE, .events = 10};
    return 0;
}

static int keep_cell_finish(void *context, const struct cell_outcome *outcome,
                            struct err *err) {
    struct fixture *fixture = context;
    pthread_mutex_lock(&fixture->mutex);
    if (fixture->failing_cell_finishes > 0) {
        fixture->failing_cell_finishes--;
        pthread_mutex_unlock(&fixture->mutex);
        return err_set(err, ERR_DB, "disk full");
    }
    assert_int_equal(fixture->cells[outcome->cell], CELL_RUNNING);
    fixture->cells[outcome->cell] = outcome->status;
    if (outcome->status == CELL_FAILED) {
        snprintf(fixture->cell_reason, sizeof fixture->cell_reason, "%s",
                 outcome->reason);
    }
    if (outcome->next != CELL_NONE) {
        assert_int_not_equal(fixture->cells[outcome->next], CELL_RUNNING);
        fixture->cells[outcome->next] = CELL_RUNNING;
    }
    pthread_mutex_unlock(&fixture->mutex);
    return 0;
}

static int keep_finish(void *context, enum experiment_status status, const char *reason,
                       struct err *err) {
    struct fixture *fixture = context;
    pthread_mutex_lock(&fixture->mutex);
    assert_int_equal(fixture->running, 0);
    if (fixture->failing_finishes > 0) {
        fixture->failing_finishes--;
        pthread_mutex_unlock(&fixture->mutex);
        return err_set(err, fixture->finish_code, "disk full");
    }
    if (fixture->stops_at_the_end) {
        pthread_mutex_unlock(&fixture->mutex);
        begin_stopping(fixture);
        pthread_mutex_lock(&fixture->mutex);
        assert_int_equal(fixture->stopped, -1); /* it waits for this */
    }
    fixture->status = status;
    snprintf(fixture->reason, sizeof fixture->reason, "%s", reason);
    pthread_mutex_unlock(&fixture->mutex);
    return 0;
}

static void keep_close(void *context) { ((struct fixture *)context)->closed++; }

static int count_running(struct fixture *fixture) {
    pthread_mutex_lock(&fixture->mutex);
    const int running = fixture->running;
    pthread_mutex_unlock(&fixture->mutex);
    return running;
}

/* Takes its time, in which somebody else may begin a run. */
static void ask_for_newcomers(struct fixture *fixture) {
    const int64_t due_ms = monotonic_ms() + fixture->newcomers_take_ms;
    while (count_running(fixture) == 0 && monotonic_ms() < due_ms) {
        poll_pause(monotonic_ms());
    }
}

static int next_job(void *context, bool newcomers, struct job **out, struct err *err) {
    struct fixture *fixture = context;
    if (newcomers) {
        ask_for_newcomers(fixture);
    }
    if (fixture->job == NULL) {
        return err_set(err, ERR_NOT_FOUND, "no more");
    }
    if (fixture->stops_when_asked) {
        begin_stopping(fixture);
    }
    *out = fixture->job;
    fixture->job = NULL;
    return 0;
}

static void listen_to(void *context, const struct job_event *event) {
    struct fixture *fixture = context;
    pthread_mutex_lock(&fixture->mutex);
    fixture->finished_events += event->kind == JOB_EVENT_FINISHED ? 1 : 0;
    fixture->cell_events += event->kind == JOB_EVENT_CELL ? 1 : 0;
    if (event->kind == JOB_EVENT_CELL && event->cell_status != CELL_RUNNING) {
        assert_int_equal(fixture->cells[event->cell_index], event->cell_status);
    }
    assert_true(event->cells_done <= event->cells);
    assert_true(event->runs_done <= event->runs);
    if (event->kind == JOB_EVENT_FINISHED) {
        assert_int_equal(fixture->status, event->status); /* kept before it is told */
        fixture->last_runs_done = event->runs_done;
    }
    pthread_mutex_unlock(&fixture->mutex);
}

/* --- fixture --------------------------------------------------------------------- */

static void make_job(struct fixture *fixture) {
    assert_int_equal(job_create(&fixture->job, fixture->grid, 2, NULL), 0);
    fixture->job->experiment = EXPERIMENT;
    fixture->job->keeper = (struct job_keeper){
        .context = fixture,
        .begin = keep_begin,
        .cell_start = keep_cell_start,
        .run = keep_run,
        .cell_finish = keep_cell_finish,
        .finish = keep_finish,
        .close = keep_close,
    };
}

static void open_queue(struct fixture *fixture, unsigned workers) {
    const struct job_queue_options options = {
        .workers = workers,
        .source = {.context = fixture, .next = next_job},
        .listener = {.context = fixture, .notify = listen_to},
    };
    assert_int_equal(job_queue_create(&fixture->queue, &options, NULL), 0);
}

static int set_up(void **state) {
    struct document *document = NULL;
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    fixture->failing_cell = -1;
    fixture->status = EXPERIMENT_QUEUED;
    fixture->finish_code = ERR_DB;
    pthread_mutex_init(&fixture->mutex, NULL);
    pthread_cond_init(&fixture->changed, NULL);
    assert_int_equal(document_parse(&document, text, strlen(text), NULL), 0);
    assert_int_equal(grid_create(&fixture->grid, document, NULL), 0);
    document_destroy(document);
    assert_int_equal(grid_cell_count(fixture->grid), CELLS);
    make_job(fixture);
    open_queue(fixture, 3);
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    job_queue_destroy(fixture->queue);
    job_destroy(fixture->job);
    grid_destroy(fixture->grid);
    pthread_cond_destroy(&fixture->changed);
    pthread_mutex_destroy(&fixture->mutex);
    free(fixture);
    return 0;
}

/* --- tests ----------------------------------------------------------------------- */

static void test_job_queue_runs_every_cell_and_repetition(void **state) {
    struct fixture *fixture = *state;
    job_queue_notify(fixture->queue);
    job_queue_wait(fixture->queue);
    assert_int_equal(fixture->runs, 2 * CELLS);
    assert_int_equal(fixture->begun, 1);
    assert_int_equal(fixture->closed, 1);
    assert_int_equal(fixture->status, EXPERIMENT_DONE);
    assert_string_equal(fixture->reason, "");
    for (size_t i = 0; i < CELLS; i++) {
        assert_int_equal(fixture->cells[i], CELL_DONE);
    }
    assert_int_equal(fixture->finished_events, 1);
    assert_int_equal(fixture->cell_events, 2 * CELLS);
    assert_int_equal(fixture->last_runs_done, 2 * CELLS);
}

static void test_job_queue_sleeps_until_it_is_notified(void **state) {
    struct fixture *fixture = *state;
    job_queue_wait(fixture->queue);
    assert_int_equal(fixture->runs, 0);
    assert_non_null(fixture->job);
}

static void test_job_queue_a_failed_cell_leaves_the_others(void **state) {
    struct fixture *fixture = *state;
    fixture->failing_cell = 2;
    job_queue_notify(fixture->queue);
    job_queue_wait(fixture->queue);
    for (int i = 0; i < CELLS; i++) {
        assert_int_equal(fixture->cells[i], i == 2 ? CELL_FAILED : CELL_DONE);
    }
    assert_int_equal(fixture->runs, 2 * CELLS - 1);
    assert_string_equal(fixture->cell_reason, "disk full");
    assert_int_equal(fixture->status, EXPERIMENT_FAILED);
    assert_string_equal(fixture->reason, "1 of 6 cells failed");
}

static void test_job_queue_skips_cells_that_are_finished(void **state) {
    struct fixture *fixture = *state;
    fixture->job->skip[0] = true;
    fixture->job->skip[3] = true;
    fixture->job->skip[5] = true;
    job_queue_notify(fixture->queue);
    job_queue_wait(fixture->queue);
    assert_int_equal(fixture->runs, 2 * 3);
    assert_int_equal(fixture->cells[0], CELL_PENDING);
    assert_int_equal(fixture->cells[1], CELL_DONE);
    assert_int_equal(fixture->cells[5], CELL_PENDING);
    assert_int_equal(fixture->status, EXPERIMENT_DONE);
}

static void test_job_queue_finishes_a_job_without_cells_to_run(void **state) {
    struct fixture *fixture = *state;
    for (size_t i = 0; i < CELLS; i++) {
        fixture->job->skip[i] = true;
    }
    job_queue_notify(fixture->queue);
    job_queue_wait(fixture->queue);
    assert_int_equal(fixture->runs, 0);
    assert_int_equal(fixture->status, EXPERIMENT_DONE);
    assert_int_equal(fixture->finished_events, 1);
}

/* While the worker asks for other clients, who is in reserve leaves it its cell. */
static void test_job_queue_has_no_more_at_work_than_workers(void **state) {
    enum { PATIENCE_MS = 100 };
    struct fixture *fixture = *state;
    job_queue_destroy(fixture->queue);
    open_queue(fixture, 1);
    fixture->newcomers_take_ms = PATIENCE_MS;
    fixture->runs_block = true;
    job_queue_notify(fixture->queue);
    for (const int64_t started = monotonic_ms(); count_running(fixture) == 0;) {
        poll_pause(started);
    }
    for (const int64_t due_ms = monotonic_ms() + PATIENCE_MS;
         count_running(fixture) == 1 && monotonic_ms() < due_ms;) {
        poll_pause(monotonic_ms());
    }
    assert_int_equal(count_running(fixture), 1);
}

static void test_job_queue_cancel_interrupts_what_runs(void **state) {
    struct fixture *fixture = *state;
    fixture->runs_block = true;
    job_queue_notify(fixture->queue);
    pthread_mutex_lock(&fixture->mutex);
    while (fixture->running < 3) {
        pthread_cond_wait(&fixture->changed, &fixture->mutex);
    }
    pthread_mutex_unlock(&fixture->mutex);
    job_queue_close(fixture->queue);
    assert_int_equal(fixture->runs, 3);
    assert_int_equal(fixture->status, EXPERIMENT_INTERRUPTED);
    assert_true(strlen(fixture->reason) > 0);
    for (int i = 0; i < CELLS; i++) {
        assert_int_equal(fixture->cells[i], i < 3 ? CELL_INTERRUPTED : CELL_PENDING);
    }
    assert_int_equal(fixture->finished_events, 1);
    /* Allowed, and without effect. */
    job_queue_notify(fixture->queue);
}

static int finished_events(struct fixture *fixture) {
    pthread_mutex_lock(&fixture->mutex);
    const int events = fixture->finished_events;
    pthread_mutex_unlock(&fixture->mutex);
    return events;
}

/* Nothing but time passes: no notification is needed. */
static void test_job_queue_keeps_an_end_that_could_not_be_kept(void **state) {
    struct fixture *fixture = *state;
    const int64_t started = monotonic_ms();
    fixture->failing_finishes = 1;
    fixture->failing_cell_finishes = 2;
    job_queue_notify(fixture->queue);
    while (finished_events(fixture) == 0) {
        poll_pause(started);
    }
    job_queue_close(fixture->queue);
    assert_int_equal(fixture->finished_events, 1);
    assert_int_equal(fixture->status, EXPERIMENT_DONE);
    assert_int_equal(fixture->cell_events, 2 * CELLS);
    assert_int_equal(fixture->closed, 1);
    for (size_t i = 0; i < CELLS; i++) {
        assert_int_equal(fixture->cells[i], CELL_DONE);
    }
}

static void test_job_queue_keeps_an_end_before_the_next_job(void **state) {
    struct fixture *fixture = *state;
    const int64_t started = monotonic_ms();
    fixture->failing_finishes = 1;
    job_queue_notify(fixture->queue);
    job_queue_wait(fixture->queue);
    assert_int_equal(fixture->status, EXPERIMENT_QUEUED);
    assert_int_equal(finished_events(fixture), 0);
    make_job(fixture);
    job_queue_notify(fixture->queue);
    while (finished_events(fixture) < 2) {
        poll_pause(started);
    }
    job_queue_close(fixture->queue);
    assert_int_equal(fixture->runs, 2 * 2 * CELLS);
    assert_int_equal(fixture->closed_before_begin, 1);
    assert_int_equal(fixture->closed, 2);
}

static void test_job_queue_tries_a_last_time_when_it_is_closed(void **state) {
    struct fixture *fixture = *state;
    fixture->failing_finishes = 1;
    job_queue_notify(fixture->queue);
    job_queue_wait(fixture->queue);
    job_queue_close(fixture->queue);
    assert_int_equal(fixture->status, EXPERIMENT_DONE);
    assert_int_equal(fixture->finished_events, 1);
    assert_int_equal(fixture->closed, 1);
}

/* What can never be kept does not stand in the way of the others, and is not told. */
static void test_job_queue_gives_up_what_is_forbidden(void **state) {
    struct fixture *fixture = *state;
    fixture->failing_finishes = 1;
    fixture->finish_code = ERR_CONFLICT;
    job_queue_notify(fixture->queue);
    job_queue_wait(fixture->queue);
    assert_int_equal(fixture->finished_events, 0);
    assert_int_equal(fixture->closed, 1);
    make_job(fixture);
    job_queue_notify(fixture->queue);
    job_queue_wait(fixture->queue);
    assert_int_equal(fixture->finished_events, 1);
}

/* Cancelled after the source has given them out: what waits behind them begins. */
static void test_job_queue_passes_over_what_was_cancelled(void **state) {
    struct fixture *fixture = *state;
    fixture->conflicts = 2;
    job_queue_notify(fixture->queue);
    job_queue_wait(fixture->queue);
    assert_int_equal(fixture->closed, 3);
    assert_int_equal(fixture->runs, 2 * CELLS);
    assert_int_equal(fixture->status, EXPERIMENT_DONE);
}

static void test_job_queue_takes_what_comes_later(void **state) {
    struct fixture *fixture = *state;
    for (int i = 1; i <= 3; i++) {
        job_queue_notify(fixture->queue);
        job_queue_wait(fixture->queue);
        assert_int_equal(fixture->runs, i * 2 * CELLS);
        make_job(fixture);
    }
}

/* Who cancels while a worker takes the job stops it as soon as it is at work. */
static void test_job_queue_stops_what_is_being_taken(void **state) {
    struct fixture *fixture = *state;
    fixture->runs_block = true;
    fixture->stops_when_asked = true;
    job_queue_notify(fixture->queue);
    job_queue_wait(fixture->queue);
    assert_int_equal(pthread_join(fixture->stopper, NULL), 0);
    assert_int_equal(fixture->stopped, 1);
    assert_int_equal(fixture->status, EXPERIMENT_INTERRUPTED);
    assert_string_equal(fixture->reason, "cancelled");
    assert_false(job_queue_stop(fixture->queue, EXPERIMENT));
}

/* Who cancels what is ending hears that it was not stopped, when its end is kept. */
static void test_job_queue_stop_waits_for_what_is_ending(void **state) {
    struct fixture *fixture = *state;
    fixture->stops_at_the_end = true;
    job_queue_notify(fixture->queue);
    job_queue_wait(fixture->queue);
    assert_int_equal(pthread_join(fixture->stopper, NULL), 0);
    assert_int_equal(fixture->stopped, 0);
    assert_int_equal(fixture->status, EXPERIMENT_DONE);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_job_queue_runs_every_cell_and_repetition),
        TEST(test_job_queue_sleeps_until_it_is_notified),
        TEST(test_job_queue_a_failed_cell_leaves_the_others),
        TEST(test_job_queue_skips_cells_that_are_finished),
        TEST(test_job_queue_finishes_a_job_without_cells_to_run),
        TEST(test_job_queue_has_no_more_at_work_than_workers),
        TEST(test_job_queue_cancel_interrupts_what_runs),
        TEST(test_job_queue_keeps_an_end_that_could_not_be_kept),
        TEST(test_job_queue_keeps_an_end_before_the_next_job),
        TEST(test_job_queue_tries_a_last_time_when_it_is_closed),
        TEST(test_job_queue_gives_up_what_is_forbidden),
        TEST(test_job_queue_passes_over_what_was_cancelled),
        TEST(test_job_queue_takes_what_comes_later),
        TEST(test_job_queue_stops_what_is_being_taken),
        TEST(test_job_queue_stop_waits_for_what_is_ending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
