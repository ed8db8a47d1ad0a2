/* SPDX-License-Identifier: MIT */
/* test_asyncio_jobs - jobs on an event loop, alone and with a pool of threads beside it. */
#include "engine/analysis/run.h"
#include "tests/support/invariants.h"
#include "tests/support/plans.h"
#include "tests/support/test.h"
#include "tests/support/timeline.h"

struct batch {
    const char *runtime;
    uint32_t limit, to_thread, jobs;
    const char *job;
};

struct outcome {
    sim_ns ms;
    double lag_us;
    size_t threads;
};

/* On a machine where nothing costs anything. */
static struct outcome execute(const struct batch *it) {
    struct plan plan;
    struct run_result result;
    struct timeline timeline;
    struct err err = {0};
    plan_begin(&plan, "ideal", it->runtime);
    plan_make_free(&plan);
    plan.machine.cores = 8;
    plan_jobs(&plan, it->jobs, it->job);
    plan_strategy(&plan, STRATEGY_ASYNCIO, it->limit);
    plan.strategy.to_thread = it->to_thread;
    timeline_init(&timeline);
    if (run_execute(&result, &plan, &(struct run_options){.sink = &timeline.sink},
                    &err) != 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(result.status, RUN_DONE);
    struct violation violation;
    if (!timeline_is_sound(&timeline, &violation)) {
        fail_msg("%s", violation.text);
    }
    struct outcome outcome = {.ms = result.duration_ns / NS_PER_MS,
                              .lag_us = result.metric[METRIC_LOOP_CALLBACK_MAX_US]};
    for (size_t i = 0; i < timeline.lane_count; i++) {
        outcome.threads += timeline.lanes[i].kind == LANE_THREAD;
    }
    run_result_deinit(&result);
    timeline_deinit(&timeline);
    plan_deinit(&plan);
    return outcome;
}

static void test_asyncio_jobs_take_their_time(void **state) {
    (void)state;
    static const struct {
        struct batch it;
        sim_ns ms;
    } cases[] = {
        /* waits overlap, as many as the semaphore lets in */
        {{"cpython-3.12", 100, 0, 40, "io 10ms"}, 10},
        {{"cpython-3.12", 10, 0, 40, "io 10ms"}, 40},
        {{"cpython-3.12", 10, 0, 40, "sleep 10ms"}, 40},
        /* a call that blocks does so on the loop, or in a thread */
        {{"cpython-3.12", 100, 0, 40, "io_blocking 10ms"}, 400},
        {{"cpython-3.12", 100, 8, 40, "io_blocking 10ms"}, 50},
        /* Python has the GIL, in threads, too; without one it has cores */
        {{"cpython-3.12", 100, 0, 40, "python 1ms"}, 40},
        {{"cpython-3.12", 100, 4, 40, "python 1ms"}, 40},
        {{"cpython-3.14t", 100, 4, 40, "python 1ms"}, 10},
        /* C code without the GIL overlaps in threads */
        {{"cpython-3.12", 100, 0, 40, "c_released 1ms"}, 40},
        {{"cpython-3.12", 100, 4, 40, "c_released 1ms"}, 10},
        /* waits stay awaits beside the pool */
        {{"cpython-3.12", 100, 1, 40, "io 10ms"}, 10},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct outcome outcome = execute(&cases[i].it);
        if (outcome.ms != cases[i].ms) {
            fail_msg("%s, %u in %u threads: %lld ms", cases[i].it.job, cases[i].it.limit,
                     cases[i].it.to_thread, (long long)outcome.ms);
        }
    }
}

/* What is offloaded does not hold the loop up; steps between two awaits are one call. */
static void test_asyncio_jobs_offloaded_leave_the_loop_alone(void **state) {
    (void)state;
    const struct batch on_loop = {"cpython-3.14t", 10, 0, 10,
                                  "python 20ms c_held 30ms io 1ms python 5ms"};
    const struct batch beside = {"cpython-3.14t", 10, 2, 10,
                                 "python 20ms c_held 30ms io 1ms python 5ms"};
    assert_true(execute(&on_loop).lag_us == 50000);
    assert_true(execute(&beside).lag_us == 0);
}

static void test_asyncio_jobs_start_no_more_threads_than_allowed(void **state) {
    (void)state;
    const struct batch many = {"cpython-3.12", 100, 3, 40, "io_blocking 10ms"};
    const struct batch one = {"cpython-3.12", 1, 3, 5, "python 1ms io 1ms"};
    assert_int_equal(execute(&many).threads, 1 + 3);
    assert_int_equal(execute(&one).threads, 1 + 1); /* it is idle each time */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asyncio_jobs_take_their_time),
        cmocka_unit_test(test_asyncio_jobs_offloaded_leave_the_loop_alone),
        cmocka_unit_test(test_asyncio_jobs_start_no_more_threads_than_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
