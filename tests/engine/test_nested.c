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
    uint32_t to_thread;  /* of each */
    const char *runtime; /* NULL: cpython-3.12 */
};

static sim_ns serve(const struct server *it, struct timeline *timeline) {
    struct plan plan;
    struct run_result result;
    struct err err = {0};
    plan_begin(&plan, "ideal", it->runtime != NULL ? it->runtime : "cpython-3.12");
    plan_make_free(&plan);
    plan.machine.cores = 8;
    plan_jobs(&plan, it->jobs, it->job);
    plan_strategy(&plan, STRATEGY_PROCESSES, it->processes);
    plan.strategy.each = (struct strategy_each){it->each, it->workers, it->to_thread};
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
        {{1, STRATEGY_THREADS, 4, 40, "python 1ms", 0, NULL}, 40},
        {{4, STRATEGY_THREADS, 4, 40, "python 1ms", 0, NULL}, 10},
        {{4, STRATEGY_ASYNCIO, 10, 40, "python 1ms", 0, NULL}, 10},
        {{4, STRATEGY_THREADS, 1, 40, "python 1ms", 0, NULL}, 10},
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
        {{2, STRATEGY_THREADS, 5, 100, "io 10ms", 0, NULL}, 100},
        {{2, STRATEGY_ASYNCIO, 25, 100, "io 10ms", 0, NULL}, 20},
        /* a call that blocks blocks its loop, and no other */
        {{2, STRATEGY_ASYNCIO, 25, 100, "io_blocking 10ms", 0, NULL}, 500},
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
    const struct server it = {2, STRATEGY_ASYNCIO, 3, 20, "io 1ms", 0, NULL};
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

/* Each loop has a pool of its own: what would hold it up runs there, and awaits stay with
 * the loop. One process is what asyncio with that pool is. */
static void test_nested_loops_offload_to_their_threads(void **state) {
    (void)state;
    static const struct {
        struct server it;
        sim_ns ms;
    } cases[] = {
        {{2, STRATEGY_ASYNCIO, 20, 40, "io_blocking 10ms", 0, NULL}, 200},
        {{2, STRATEGY_ASYNCIO, 20, 40, "io_blocking 10ms", 4, NULL}, 50},
        {{1, STRATEGY_ASYNCIO, 40, 40, "io_blocking 10ms", 4, NULL}, 100},
        {{2, STRATEGY_ASYNCIO, 20, 40, "io 10ms", 1, NULL}, 10},
        /* the threads of a process share its GIL, where there is one */
        {{1, STRATEGY_ASYNCIO, 40, 40, "c_released 1ms", 4, NULL}, 10},
        {{1, STRATEGY_ASYNCIO, 40, 40, "python 1ms", 2, NULL}, 40},
        {{1, STRATEGY_ASYNCIO, 40, 40, "python 1ms", 4, "cpython-3.14t"}, 10},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct timeline timeline;
        const sim_ns ms = serve(&cases[i].it, &timeline) / NS_PER_MS;
        if (ms != cases[i].ms) {
            fail_msg("case %zu: %lld ms", i, (long long)ms);
        }
        timeline_deinit(&timeline);
    }
}

/* As many workers as allowed in each process, and while they work the loops poll. */
static void test_nested_pools_belong_to_their_process(void **state) {
    (void)state;
    struct timeline timeline;
    const struct server it = {
        3, STRATEGY_ASYNCIO, 8, 60, "python 2ms io 1ms c_held 1ms", 2, NULL};
    serve(&it, &timeline);
    size_t workers[64] = {0};
    for (size_t i = 0; i < timeline.lane_count; i++) {
        if (timeline.lanes[i].kind == LANE_THREAD &&
            strncmp(timeline.lanes[i].name, "asyncio_", 8) == 0) {
            workers[timeline.lanes[i].parent]++;
        }
    }
    size_t processes = 0;
    for (size_t i = 0; i < 64; i++) {
        assert_true(workers[i] == 0 || workers[i] == 2);
        processes += workers[i] == 2;
    }
    assert_int_equal(processes, 3);
    for (size_t i = 0; i < timeline.span_count; i++) {
        const struct timeline_span *span = &timeline.spans[i];
        const bool task = timeline.lanes[span->lane].kind == LANE_TASK;
        assert_true(!task || span->state != STATE_RUNNING);
    }
    timeline_deinit(&timeline);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nested_python_scales_with_processes),
        cmocka_unit_test(test_nested_waiting_scales_with_everything),
        cmocka_unit_test(test_nested_lanes_have_their_names),
        cmocka_unit_test(test_nested_loops_offload_to_their_threads),
        cmocka_unit_test(test_nested_pools_belong_to_their_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
