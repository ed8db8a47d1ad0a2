/* SPDX-License-Identifier: MIT */
/*
 * test_job_counters - jobs in the system, and the queues of a ProcessPoolExecutor, over
 * time: against arrivals and latencies, and against what the workers do.
 */
#include "tests/support/test.h"

#include <stdio.h>

#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/program/arrivals.h"
#include "tests/support/pool_stage.h"

static lane_id first_process(const struct pool_stage *stage) {
    return timeline_find(&stage->timeline, LANE_PROCESS, "process");
}

/* --- jobs ---------------------------------------------------------------------- */

static void test_job_counters_count_a_batch_down(void **state) {
    (void)state;
    struct pool_stage stage;
    struct timeline_text text;
    pool_stage_begin_free(&stage);
    plan_jobs(&stage.plan, 3, "sleep 1ms");
    plan_strategy(&stage.plan, STRATEGY_SEQUENTIAL, 1);
    pool_stage_run(&stage);
    assert_string_equal(timeline_samples(&stage.timeline, first_process(&stage),
                                         COUNTER_JOBS_IN_SYSTEM, &text),
                        "3@0 2@1000000 1@2000000 0@3000000");
    pool_stage_end(&stage);
}

/* Iterations of an actor are units of work, but no jobs. */
static void test_job_counters_are_of_jobs(void **state) {
    (void)state;
    struct pool_stage stage;
    struct timeline_text text;
    pool_stage_begin_free(&stage);
    plan_thread(&stage.plan, "actor", 2, false, "repeat 5 { sleep 1ms }");
    pool_stage_run(&stage);
    assert_string_equal(timeline_samples(&stage.timeline, first_process(&stage),
                                         COUNTER_JOBS_IN_SYSTEM, &text),
                        "");
    pool_stage_end(&stage);
}

struct system {
    enum strategy_kind kind;
    uint32_t workers;
    struct strategy_each each;
    enum arrivals_kind arrivals;
    uint32_t burst;
};

static void run_system(struct pool_stage *stage, const struct system *it) {
    pool_stage_begin(stage, "linux-desktop", "cpython-3.12");
    plan_jobs(&stage->plan, 1, "python exp:200us io exp:400us python exp:100us");
    plan_strategy(&stage->plan, it->kind, it->workers);
    stage->plan.strategy.each = it->each;
    stage->plan.job_count = 0;
    stage->plan.arrivals = (struct arrivals_plan){.kind = it->arrivals,
                                                  .burst = it->burst,
                                                  .rate_per_s = 400,
                                                  .for_ns = 500 * NS_PER_MS};
    pool_stage_run(stage);
}

/* What arrived by then has left by then, or is in the system. Little's law has no error
 * here: the area under the number is the sum of the times that jobs spent there. */
static void expect_little(const struct pool_stage *stage,
                          const struct arrivals *arrivals) {
    const struct run_histogram *latency = &stage->result.histograms[HISTOGRAM_LATENCY];
    uint32_t arrived = 0;
    int64_t left = 0, number = 0, area = 0;
    sim_ns before = 0;
    for (size_t i = 0; i < stage->timeline.sample_count; i++) {
        const struct timeline_sample *it = &stage->timeline.samples[i];
        if (it->kind != COUNTER_JOBS_IN_SYSTEM) {
            continue;
        }
        assert_int_equal(it->lane, first_process(stage));
        while (arrived < arrivals->count && arrivals->at[arrived] < it->at) {
            assert_true(arrivals->at[arrived] == before || number == 0);
            arrived++;
        }
        while (arrived < arrivals->count && arrivals->at[arrived] == it->at) {
            arrived++;
        }
        assert_true(arrived - it->value >= left);
        left = arrived - it->value;
        area += number * (it->at - before);
        number = it->value;
        before = it->at;
    }
    assert_int_equal(arrived, arrivals->count);
    assert_int_equal(left, arrivals->count);
    assert_int_equal(latency->count, arrivals->count);
    assert_int_equal(area, (int64_t)latency->sum_ns);
}

static void test_job_counters_obey_littles_law(void **state) {
    (void)state;
    static const struct system systems[] = {
        {STRATEGY_SEQUENTIAL, 1, {0}, ARRIVALS_EXPONENTIAL, 1},
        {STRATEGY_THREADS, 3, {0}, ARRIVALS_EXPONENTIAL, 1},
        {STRATEGY_THREADS, 3, {0}, ARRIVALS_BURSTS, 7},
        {STRATEGY_ASYNCIO, 20, {0}, ARRIVALS_CONSTANT, 1},
        {STRATEGY_ASYNCIO, 20, {0}, ARRIVALS_CONSTANT, 5},
        {STRATEGY_PROCESSES,
         2,
         {.kind = STRATEGY_THREADS, .workers = 2},
         ARRIVALS_EXPONENTIAL,
         1},
    };
    for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++) {
        struct pool_stage stage;
        struct arena arena = {0};
        struct arrivals arrivals;
        run_system(&stage, &systems[i]);
        assert_int_equal(
            arrivals_init(&arrivals, &stage.plan, random_key(stage.plan.seed, 0), &arena),
            0);
        assert_true(arrivals.count > 100);
        expect_little(&stage, &arrivals);
        arena_deinit(&arena);
        pool_stage_end(&stage);
    }
}

/* --- queues of a process pool -------------------------------------------------- */

struct moment {
    int64_t value[COUNTER_COUNT];
};

typedef void (*look_fn)(const struct pool_stage *stage, const struct moment *moment,
                        sim_ns at);

/* Looks at the pool's counters after every change. Returns the largest values. */
static struct moment watch(const struct pool_stage *stage, look_fn look) {
    struct moment now = {0}, largest = {0};
    const struct timeline *timeline = &stage->timeline;
    for (size_t i = 0; i < timeline->sample_count; i++) {
        const struct timeline_sample *it = &timeline->samples[i];
        if (it->lane == first_process(stage)) {
            now.value[it->kind] = it->value;
        }
        if (i + 1 < timeline->sample_count && timeline->samples[i + 1].at == it->at) {
            continue;
        }
        look(stage, &now, it->at);
        for (int kind = 0; kind < COUNTER_COUNT; kind++) {
            if (now.value[kind] > largest.value[kind]) {
                largest.value[kind] = now.value[kind];
            }
        }
    }
    assert_int_equal(now.value[COUNTER_PENDING_CALLS], 0);
    assert_int_equal(now.value[COUNTER_CALL_ITEMS], 0);
    assert_int_equal(now.value[COUNTER_WORK_ITEMS], 0);
    return largest;
}

/* Workers that sleep are in the middle of a job. */
static int64_t busy(const struct timeline *timeline, sim_ns at) {
    int64_t count = 0;
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        count += span->state == STATE_SLEEP && span->start <= at && at < span->end;
    }
    return count;
}

/* Nothing takes time but the jobs: what is in no queue is with a worker, and workers have
 * all they can. The manager fills the call queue when there is a result or another call:
 * so it may be one short meanwhile, but not empty while there are more. */
static void look_at_free(const struct pool_stage *stage, const struct moment *moment,
                         sim_ns at) {
    const int64_t workers = stage->plan.strategy.workers;
    const int64_t running = busy(&stage->timeline, at);
    const int64_t pending = moment->value[COUNTER_PENDING_CALLS];
    const int64_t called = moment->value[COUNTER_CALL_ITEMS];
    assert_int_equal(running, pending < workers ? pending : workers);
    assert_int_equal(moment->value[COUNTER_WORK_ITEMS], pending - called - running);
    assert_in_range(called, moment->value[COUNTER_WORK_ITEMS] > 0, workers + 1);
    /* At the end each worker sends its number, which nobody reads. */
    assert_in_range(moment->value[COUNTER_RESULT_ITEMS], 0, pending > 0 ? 0 : workers);
}

static void test_job_counters_know_where_calls_are(void **state) {
    (void)state;
    for (uint32_t workers = 1; workers <= 4; workers++) {
        struct pool_stage stage;
        pool_stage_begin_free(&stage);
        plan_jobs(&stage.plan, 30, "sleep exp:1ms");
        plan_strategy(&stage.plan, STRATEGY_PROCESSES, workers);
        pool_stage_run(&stage);
        const struct moment largest = watch(&stage, look_at_free);
        assert_int_equal(largest.value[COUNTER_PENDING_CALLS], 30);
        assert_int_equal(largest.value[COUNTER_CALL_ITEMS], workers + 1);
        pool_stage_end(&stage);
    }
}

/* Where it takes time, a worker has what is in no queue, or the manager, which has read one
 * result and not said so. */
static void look_at_real(const struct pool_stage *stage, const struct moment *moment,
                         sim_ns at) {
    const int64_t workers = stage->plan.strategy.workers;
    const int64_t pending = moment->value[COUNTER_PENDING_CALLS];
    const int64_t elsewhere =
        pending - moment->value[COUNTER_WORK_ITEMS] - moment->value[COUNTER_CALL_ITEMS];
    (void)at;
    assert_in_range(moment->value[COUNTER_CALL_ITEMS], 0, workers + 1);
    assert_in_range(moment->value[COUNTER_RESULT_ITEMS], 0, pending + workers);
    if (pending > 0) {
        assert_in_range(elsewhere - moment->value[COUNTER_RESULT_ITEMS], 0, workers + 1);
    }
}

static void test_job_counters_see_results_wait(void **state) {
    (void)state;
    static const struct {
        enum strategy_kind kind;
        uint32_t chunk;
    } cases[] = {{STRATEGY_PROCESSES, 1}, {STRATEGY_PROCESSES, 4}, {STRATEGY_ASYNCIO, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pool_stage stage;
        pool_stage_begin(&stage, "linux-desktop", "cpython-3.12");
        plan_jobs(&stage.plan, 200, "python exp:50us");
        plan_strategy(&stage.plan, cases[i].kind, 3);
        stage.plan.strategy.chunk = cases[i].chunk;
        if (cases[i].kind == STRATEGY_ASYNCIO) {
            plan_strategy(&stage.plan, STRATEGY_ASYNCIO, 100);
            stage.plan.strategy.to_process = 3;
        }
        pool_stage_run(&stage);
        stage.plan.strategy.workers = 3;
        const struct moment largest = watch(&stage, look_at_real);
        assert_true(largest.value[COUNTER_RESULT_ITEMS] > 0);
        assert_true(largest.value[COUNTER_CALL_ITEMS] > 0);
        pool_stage_end(&stage);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_job_counters_count_a_batch_down),
        cmocka_unit_test(test_job_counters_are_of_jobs),
        cmocka_unit_test(test_job_counters_obey_littles_law),
        cmocka_unit_test(test_job_counters_know_where_calls_are),
        cmocka_unit_test(test_job_counters_see_results_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
