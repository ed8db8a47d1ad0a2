/* SPDX-License-Identifier: MIT */
/* test_nested - servers of several processes, each with threads or a loop of its own. */
#include <string.h>

#include "engine/analysis/run.h"
#include "tests/support/invariants.h"
#include "tests/support/plans.h"
#include "tests/support/test.h"
#include "tests/support/timeline.h"

struct server {
    uint32_t processes;
    enum strategy_kind each;
    uint32_t workers, jobs;
    const char *job;
};

static sim_ns serve(const struct server *it, struct timeline *timeline) {
    struct plan plan;
    struct run_result result;
    struct err err = {0};
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_make_free(&plan);
    plan.machine.cores = 8;
    plan_jobs(&plan, it->jobs, it->job);
    plan_strategy(&plan, STRATEGY_PROCESSES, it->processes);
    plan.strategy.each = (struct strategy_each){it->each, it->workers};
    assert_int_equal(plan_check(&plan, NULL), 0);
    timeline_init(timeline);
    if (run_execute(&result, &plan, &(struct run_options){.sink = &timeline->sink},
                    &err) != 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(result.status, RUN_DONE);
    struct violation violation;
    if (!timeline_is_sound(timeline, &violation)) {
        fail_msg("%s", violation.text);
    }
    const sim_ns duration = result.duration_ns;
    run_result_deinit(&result);
    plan_deinit(&plan);
    return duration;
}

/* Each process has a GIL: Python of two workers overlaps, that of threads in one does not. */
static void test_nested_python_scales_with_processes(void **state) {
    (void)state;
    static const struct {
        struct server it;
        sim_ns ms;
    } cases[] = {
        {{1, STRATEGY_THREADS, 4, 40, "python 1ms"}, 40},
        {{4, STRATEGY_THREADS, 4, 40, "python 1ms"}, 10},
        {{4, STRATEGY_ASYNCIO, 10, 40, "python 1ms"}, 10},
        {{4, STRATEGY_THREADS, 1, 40, "python 1ms"}, 10},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct timeline timeline;
        assert_int_equal(serve(&cases[i].it, &timeline) / NS_PER_MS, cases[i].ms);
        timeline_deinit(&timeline);
    }
}

/* Waiting scales with all of them. */
static void test_nested_waiting_scales_with_everything(void **state) {
    (void)state;
    static const struct {
        struct server it;
        sim_ns ms;
    } cases[] = {
        {{2, STRATEGY_THREADS, 5, 100, "io 10ms"}, 100},
        {{2, STRATEGY_ASYNCIO, 25, 100, "io 10ms"}, 20},
        /* a call that blocks blocks its loop, and no other */
        {{2, STRATEGY_ASYNCIO, 25, 100, "io_blocking 10ms"}, 500},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct timeline timeline;
        assert_int_equal(serve(&cases[i].it, &timeline) / NS_PER_MS, cases[i].ms);
        timeline_deinit(&timeline);
    }
}

static void test_nested_lanes_have_their_names(void **state) {
    (void)state;
    struct timeline timeline;
    const struct server it = {2, STRATEGY_ASYNCIO, 3, 20, "io 1ms"};
    serve(&it, &timeline);
    size_t loops = 0, tasks = 0;
    for (size_t i = 0; i < timeline.lane_count; i++) {
        loops += timeline.lanes[i].kind == LANE_LOOP;
        tasks += timeline.lanes[i].kind == LANE_TASK;
    }
    assert_int_equal(loops, 2);
    assert_int_equal(tasks, 6);
    assert_int_not_equal(timeline_find(&timeline, LANE_PROCESS, "ForkProcess-2"),
                         LANE_NONE);
    timeline_deinit(&timeline);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nested_python_scales_with_processes),
        cmocka_unit_test(test_nested_waiting_scales_with_everything),
        cmocka_unit_test(test_nested_lanes_have_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
