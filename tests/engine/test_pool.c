/* SPDX-License-Identifier: MIT */
/* test_pool - ThreadPoolExecutor: when workers are started, who gets which job, and how the
 * caller of map() waits for the results. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/python/runtime_table.h"
#include "tests/support/invariants.h"
#include "tests/support/plans.h"
#include "tests/support/test.h"

struct stage {
    struct plan plan;
    struct timeline timeline;
    struct run_result result;
};

static void begin(struct stage *stage, uint32_t workers, uint32_t jobs,
                  const char *steps) {
    memset(stage, 0, sizeof *stage);
    plan_begin(&stage->plan, "ideal", "cpython-3.12");
    plan_make_free(&stage->plan);
    stage->plan.machine.cores = 8;
    plan_jobs(&stage->plan, jobs, steps);
    plan_strategy(&stage->plan, STRATEGY_THREADS, workers);
    timeline_init(&stage->timeline);
}

static void run(struct stage *stage) {
    struct err err = {0};
    struct violation violation;
    const struct run_options options = {.sink = &stage->timeline.sink};
    assert_int_equal(run_execute(&stage->result, &stage->plan, &options, &err), 0);
    assert_int_equal(stage->result.status, RUN_DONE);
    if (!timeline_is_sound(&stage->timeline, &violation)) {
        fail_msg("%s", violation.text);
    }
}

static void end(struct stage *stage) {
    run_result_deinit(&stage->result);
    timeline_deinit(&stage->timeline);
    plan_deinit(&stage->plan);
}

static void assert_lane(const struct stage *stage, const char *thread,
                        const char *expected) {
    struct timeline_text text;
    const lane_id lane = timeline_find(&stage->timeline, LANE_THREAD, thread);
    assert_string_equal(timeline_describe(&stage->timeline, lane, &text), expected);
}

/* The main thread is not one of them. */
static int workers_of(const struct stage *stage) {
    int count = -1;
    for (lane_id i = 0; (size_t)i < stage->result.lanes.count; i++) {
        count += lane_table_kind(&stage->result.lanes, i) == LANE_THREAD;
    }
    return count;
}

/* --- the caller ---------------------------------------------------------------- */

/* Who works on the result is who is waited for, and who ends the wait. The first wait
 * begins before anybody has taken the item. */
static void test_pool_caller_waits_for_a_worker(void **state) {
    (void)state;
    struct stage stage;
    size_t named = 0, others = 0;
    begin(&stage, 3, 20, "sleep exp:1ms python exp:1ms");
    run(&stage);
    const lane_id caller = timeline_find(&stage.timeline, LANE_THREAD, "MainThread");
    for (size_t i = 0; i < stage.timeline.span_count; i++) {
        const struct timeline_span *span = &stage.timeline.spans[i];
        if (span->lane != caller || span->state != STATE_WAIT_OBJECT) {
            continue;
        }
        if (span->resource == LANE_NONE) {
            others++;
            continue;
        }
        assert_int_equal(strncmp(stage.timeline.lanes[span->by].name, "worker ", 7), 0);
        assert_int_equal(span->resource, span->by);
        named++;
    }
    assert_true(named >= 5);
    assert_true(others <= 1);
    end(&stage);
}

/* One wait for each result that is not there yet. */
static void test_pool_caller_waits_for_each_result(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, 1, 3, "sleep 1ms");
    run(&stage);
    assert_lane(&stage, "MainThread",
                "wait_object@0 wait_object@1000000 wait_object@2000000 end@3000000");
    assert_lane(&stage, "worker 0", "sleep@0 sleep@1000000 sleep@2000000 end@3000000");
    end(&stage);
    begin(&stage, 2, 4, "sleep 1ms");
    run(&stage);
    assert_lane(&stage, "worker 1", "sleep@0 sleep@1000000 end@2000000");
    assert_int_equal(stage.result.duration_ns, 2000000);
    end(&stage);
}

/* Waking up for a result costs the caller a turn with the GIL. A worker that computes all
 * the time makes it wait for its interval, and then has to take turns with it. */
static void test_pool_caller_wants_the_gil_for_each_result(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, 1, 4, "python 20ms");
    stage.plan.runtime.pool_job_ns = 160000; /* 1 us an opcode */
    run(&stage);
    assert_true(stage.result.metric[METRIC_GIL_DROP_REQUESTS] >= 3.0);
    const lane_id lane = timeline_find(&stage.timeline, LANE_THREAD, "MainThread");
    const sim_ns waited = timeline_total(&stage.timeline, lane, STATE_WAIT_GIL);
    assert_true(waited > 3 * 5 * NS_PER_MS && waited < 4 * 6 * NS_PER_MS);
    end(&stage);
}

/* shutdown(wait=True): every worker has ended when the caller goes on. */
static void test_pool_shutdown_joins(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, 4, 9, "sleep uniform:1ms:3ms");
    stage.plan.runtime.pool_job_ns = 50000;
    run(&stage);
    assert_int_equal(workers_of(&stage), 4);
    struct timeline_text text;
    for (int i = 0; i < 4; i++) {
        char name[24];
        snprintf(name, sizeof name, "worker %d", i);
        const lane_id lane = timeline_find(&stage.timeline, LANE_THREAD, name);
        assert_non_null(strstr(timeline_describe(&stage.timeline, lane, &text), "idle@"));
        assert_true(lane_table_died(&stage.result.lanes, lane) <=
                    stage.result.duration_ns);
        assert_true(timeline_state_at(&stage.timeline, lane, stage.result.duration_ns) ==
                    STATE_COUNT);
    }
    end(&stage);
}

/* --- workers ------------------------------------------------------------------- */

static int started(enum pool_idle_rule rule, sim_ns submit_ns, uint32_t jobs) {
    struct stage stage;
    begin(&stage, 5, jobs, "sleep 500us");
    stage.plan.runtime.gil = GIL_NONE; /* else submit() would keep the workers out */
    stage.plan.runtime.pool_idle_rule = rule;
    stage.plan.runtime.pool_submit_ns = submit_ns;
    run(&stage);
    const int count = workers_of(&stage);
    end(&stage);
    return count;
}

static void test_pool_starts_workers_on_demand(void **state) {
    (void)state;
    const sim_ns slow = 2 * NS_PER_MS; /* the job before is over at the next submit() */
    assert_int_equal(started(POOL_IDLE_NEVER, slow, 4), 4);
    assert_int_equal(started(POOL_IDLE_NEVER, slow, 9), 5);
    assert_int_equal(started(POOL_IDLE_AFTER_ITEM, slow, 9), 1);
    assert_int_equal(started(POOL_IDLE_WHEN_EMPTY, slow, 9), 1);
    for (int rule = 0; rule < POOL_IDLE_RULE_COUNT; rule++) {
        assert_int_equal(started((enum pool_idle_rule)rule, 0, 4), 4);
        assert_int_equal(started((enum pool_idle_rule)rule, 0, 50), 5);
        assert_int_equal(started((enum pool_idle_rule)rule, 0, 0), 0);
    }
}

/* --- jobs ---------------------------------------------------------------------- */

static int by_start(const void *left, const void *right) {
    const struct timeline_span *a = left, *b = right;
    return (a->start > b->start) - (a->start < b->start);
}

/* The sleeps of all workers, by start. */
static size_t sleeps(const struct timeline *timeline, struct timeline_span *spans) {
    size_t count = 0;
    for (size_t i = 0; i < timeline->span_count; i++) {
        if (timeline->spans[i].state == STATE_SLEEP) {
            spans[count++] = timeline->spans[i];
        }
    }
    qsort(spans, count, sizeof *spans, by_start);
    return count;
}

static void assert_list_schedule(const struct timeline_span *spans, size_t count,
                                 size_t workers) {
    for (size_t i = 0; i < count; i++) {
        size_t running = 0, just_ended = 0;
        for (size_t k = 0; k < i; k++) {
            running += spans[k].end > spans[i].start;
            just_ended += spans[k].end == spans[i].start;
        }
        assert_true(running < workers);
        assert_true(i < workers ? spans[i].start == 0
                                : just_ended > 0 && running + just_ended >= workers);
    }
}

/* Jobs that only wait: each is begun as soon as a worker is free, and no worker is ever
 * idle while there is one. With both kinds of work queue. */
static void test_pool_is_a_list_schedule(void **state) {
    (void)state;
    enum { JOBS = 60 };
    for (uint32_t workers = 1; workers <= 7; workers++) {
        for (int hands_over = 0; hands_over <= 1; hands_over++) {
            struct stage stage;
            struct timeline_span spans[JOBS];
            begin(&stage, workers, JOBS, "sleep uniform:1ms:9ms");
            stage.plan.runtime.queue_hands_over = hands_over;
            stage.plan.seed = workers;
            run(&stage);
            assert_int_equal(sleeps(&stage.timeline, spans), JOBS);
            assert_list_schedule(spans, JOBS, workers);
            end(&stage);
        }
    }
}

/* Every runtime, with everything it costs: all jobs are done, and once. */
static void test_pool_on_every_runtime(void **state) {
    (void)state;
    for (size_t i = 0; i < runtime_row_count; i++) {
        struct stage stage;
        begin(&stage, 3, 25, "python exp:200us io exp:500us c_released 50us");
        stage.plan.machine = machine_profile_find("linux-vm-2")->machine;
        stage.plan.runtime = runtime_rows[i].runtime;
        stage.plan.runtime.has_thread_pool = 1; /* up to 3.1: the backport, `futures` */
        run(&stage);
        const double jobs = stage.result.metric[METRIC_THROUGHPUT_PER_S] *
                            stage.result.metric[METRIC_MAKESPAN_US] * 1e-6;
        assert_true(jobs > 24.999 && jobs < 25.001);
        assert_true(workers_of(&stage) >= 1 && workers_of(&stage) <= 3);
        end(&stage);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_caller_waits_for_each_result),
        cmocka_unit_test(test_pool_caller_waits_for_a_worker),
        cmocka_unit_test(test_pool_caller_wants_the_gil_for_each_result),
        cmocka_unit_test(test_pool_shutdown_joins),
        cmocka_unit_test(test_pool_starts_workers_on_demand),
        cmocka_unit_test(test_pool_is_a_list_schedule),
        cmocka_unit_test(test_pool_on_every_runtime),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
