/* SPDX-License-Identifier: MIT */
/* threading.Lock by version, and counters that are updated with and without one. */
#include "tests/support/test.h"

#include "engine/analysis/run.h"
#include "engine/python/runtime_table.h"

#include <string.h>

enum { LOCK, COUNTER };

/* A plan on the stack: its arrays are the test's. */
static void plan_begin_with(struct plan *plan, const char *machine, const char *runtime) {
    static struct object_plan objects[] = {{.name = "lock", .kind = OBJECT_LOCK},
                                           {.name = "counter", .kind = OBJECT_COUNTER}};
    *plan = (struct plan){
        .seed = 1,
        .machine = machine_profile_find(machine)->machine,
        .runtime = runtime_row_find(runtime)->runtime,
        .limits = {.events = 50000000, .virtual_ns = 600 * NS_PER_S, .spans = 5000000},
        .objects = objects,
        .object_count = 2,
    };
}

static struct step step_of(enum step_kind kind, sim_ns ns, uint32_t end) {
    return (struct step){
        .kind = kind,
        .end = end,
        .site = SITE_NONE,
        .object = kind == STEP_UPDATE ? COUNTER : LOCK,
        .time = {.kind = DISTRIBUTION_CONSTANT, .a = ns},
    };
}

static void run(struct plan *plan, struct run_result *result) {
    struct err err = {0};
    const struct run_options options = {0};
    assert_int_equal(run_execute(result, plan, &options, &err), 0);
}

/* `threads` threads that all run the same steps. */
static void run_threads(struct plan *plan, struct step *steps, uint32_t count,
                        uint32_t threads, struct run_result *result) {
    struct actor_plan actor = {
        .name = "thread", .kind = ACTOR_THREAD, .count = threads, .steps = {0, count}};
    plan->steps = steps;
    plan->step_count = count;
    plan->actors = &actor;
    plan->actor_count = 1;
    run(plan, result);
    plan->actors = NULL; /* was ours */
    plan->actor_count = 0;
}

/* Two threads add 1 to one counter `ops` times each, in 0.3 us; the share that is lost.
 */
static double lost_share(const char *runtime, bool lock, bool call) {
    const int64_t ops = 60000;
    struct plan plan;
    struct run_result result;
    plan_begin_with(&plan, "linux-vm-2", runtime);
    plan.runtime.switch_interval_ns = 500000;
    struct step steps[3] = {step_of(STEP_REPEAT, 0, 3), step_of(STEP_WITH, 0, 3),
                            step_of(STEP_UPDATE, 300, 3)};
    steps[0].count = ops;
    steps[2].call = call;
    if (!lock) {
        steps[1] = step_of(STEP_UPDATE, 300, 2);
        steps[1].call = call;
        steps[0].end = 2;
    }
    run_threads(&plan, steps, lock ? 3 : 2, 2, &result);
    assert_int_equal(result.status, RUN_DONE);
    assert_true(result.metric[METRIC_UPDATES] == 2.0 * (double)ops);
    const double lost = result.metric[METRIC_LOST_UPDATE_SHARE];
    run_result_deinit(&result);
    return lost;
}

static void test_lock_updates_are_lost_where_check_points_lie(void **state) {
    (void)state;
    assert_true(lost_share("cpython-2.7", false, false) > 0.05);
    assert_true(lost_share("cpython-3.9", false, false) > 0.05);
    assert_true(lost_share("cpython-3.10", false, false) == 0.0);
    assert_true(lost_share("cpython-3.12", false, false) == 0.0);
    assert_true(lost_share("cpython-3.12", false, true) > 0.05);
}

static void test_lock_loses_nothing(void **state) {
    (void)state;
    static const char *const runtimes[] = {"cpython-2.7",   "cpython-3.9",
                                           "cpython-3.12",  "cpython-3.14",
                                           "cpython-3.13t", "cpython-3.14t"};
    for (size_t i = 0; i < sizeof runtimes / sizeof runtimes[0]; i++) {
        assert_true(lost_share(runtimes[i], true, true) == 0.0);
    }
}

/* Two free threads on two cores; each adds to its own counter, or both to the first. */
static double makespan_us(const char *runtime, bool shared) {
    static struct object_plan counters[] = {{.name = "a", .kind = OBJECT_COUNTER},
                                            {.name = "b", .kind = OBJECT_COUNTER}};
    struct plan plan;
    struct run_result result;
    plan_begin_with(&plan, "linux-vm-2", runtime);
    plan.machine.all_cores_speed_ppm = 1000000;
    plan.objects = counters;
    struct step steps[4] = {step_of(STEP_REPEAT, 0, 2), step_of(STEP_UPDATE, 210, 2),
                            step_of(STEP_REPEAT, 0, 4), step_of(STEP_UPDATE, 210, 4)};
    steps[0].count = steps[2].count = 50000;
    steps[1].object = 0;
    steps[3].object = shared ? 0 : 1;
    plan.steps = steps;
    plan.step_count = 4;
    struct actor_plan actors[2] = {
        {.name = "a", .kind = ACTOR_THREAD, .count = 1, .steps = {0, 2}},
        {.name = "b", .kind = ACTOR_THREAD, .count = 1, .steps = {2, 4}}};
    plan.actors = actors;
    plan.actor_count = 2;
    run(&plan, &result);
    const double makespan = result.metric[METRIC_MAKESPAN_US];
    run_result_deinit(&result);
    return makespan;
}

/* A transfer of 100 ns for each load and each store of an update that takes 210 ns. */
static void test_lock_shared_cache_line_costs_transfers(void **state) {
    (void)state;
    const double apart = makespan_us("cpython-3.14t", false);
    const double together = makespan_us("cpython-3.14t", true);
    assert_true(together > 1.7 * apart);
    assert_true(together < 2.2 * apart);
    /* Under a GIL the line moves when the GIL does: some hundred times, not 200,000. */
    const double gil_apart = makespan_us("cpython-3.12", false);
    const double gil_together = makespan_us("cpython-3.12", true);
    assert_true(gil_together < 1.01 * gil_apart);
}

/* One thread after the other takes the lock for 0.2 ms, ten times each, on two cores and
 * without a GIL. Longest time in which one waited for it. */
static double longest_wait_us(enum lock_kind kind) {
    struct plan plan;
    struct run_result result;
    plan_begin_with(&plan, "linux-desktop", "cpython-3.14t");
    plan.runtime.lock_kind = kind;
    plan.runtime.lock_spins = 0;
    struct step steps[3] = {step_of(STEP_REPEAT, 0, 3), step_of(STEP_WITH, 0, 3),
                            step_of(STEP_C_HELD, 200000, 3)};
    steps[0].count = 50;
    run_threads(&plan, steps, 3, 2, &result);
    assert_int_equal(result.status, RUN_DONE);
    const double longest = result.metric[METRIC_LATENCY_MAX_US];
    run_result_deinit(&result);
    return longest;
}

static void test_lock_semaphore_lets_the_releaser_barge(void **state) {
    (void)state;
    /* The second thread starves until the first has had all its turns: 50 x 0.2 ms. */
    assert_true(longest_wait_us(LOCK_SEMAPHORE) > 9000.0);
}

static void test_lock_pymutex_is_handed_over_after_a_millisecond(void **state) {
    (void)state;
    const double longest = longest_wait_us(LOCK_PYMUTEX);
    assert_true(longest > 1000.0);
    assert_true(longest < 2000.0);
}

static void test_lock_taken_twice_is_a_deadlock(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result;
    plan_begin_with(&plan, "ideal", "cpython-3.12");
    struct step steps[2] = {step_of(STEP_ACQUIRE, 0, 1), step_of(STEP_ACQUIRE, 0, 2)};
    run_threads(&plan, steps, 2, 1, &result);
    assert_int_equal(result.status, RUN_FAILED);
    assert_non_null(strstr(result.reason, "deadlock"));
    run_result_deinit(&result);
}

/* The lock's lane is held for exactly the time between acquire and release. */
static void test_lock_lane_shows_the_holder(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result;
    plan_begin_with(&plan, "ideal", "cpython-3.12");
    plan.runtime.lock_ns = 0;
    struct step steps[3] = {step_of(STEP_PYTHON, 1000000, 1), step_of(STEP_WITH, 0, 3),
                            step_of(STEP_PYTHON, 2000000, 3)};
    run_threads(&plan, steps, 3, 1, &result);
    bool seen = false;
    for (lane_id i = 0; (size_t)i < result.lanes.count; i++) {
        if (lane_table_kind(&result.lanes, i) == LANE_LOCK) {
            seen = true;
            assert_string_equal(lane_table_lane(&result.lanes, i).name, "lock");
            assert_int_equal(lane_table_total(&result.lanes, i).state_ns[STATE_HELD],
                             2000000);
        }
    }
    assert_true(seen);
    run_result_deinit(&result);
}

/* A thread that sleeps fifty times, on so many cores, beside so many locks that nobody uses. */
static double sleeper_us(int64_t cores, size_t objects) {
    struct plan plan;
    struct run_result result;
    plan_begin_with(&plan, "linux-desktop", "cpython-3.12");
    plan.machine.cores = cores;
    plan.machine.all_cores_speed_ppm = 1000000; /* else the share of busy cores matters */
    plan.object_count = objects;
    struct step steps[2] = {step_of(STEP_REPEAT, 0, 2), step_of(STEP_SLEEP, 1000000, 2)};
    steps[0].count = 50;
    run_threads(&plan, steps, 2, 1, &result);
    const double makespan = result.metric[METRIC_MAKESPAN_US];
    run_result_deinit(&result);
    return makespan;
}

/* Noise is named by who meets it, so that cells of a grid are paired. */
static void test_lock_unused_things_change_no_draw(void **state) {
    (void)state;
    const double plain = sleeper_us(4, 0);
    assert_true(sleeper_us(4, 1) == plain);
    assert_true(sleeper_us(4, 2) == plain);
    assert_true(sleeper_us(8, 0) == plain);
}

static void test_lock_step_needs_a_lock(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result;
    struct err err = {0};
    plan_begin_with(&plan, "ideal", "cpython-3.12");
    struct step steps[1] = {step_of(STEP_ACQUIRE, 0, 1)};
    steps[0].object = COUNTER;
    plan.steps = steps;
    plan.step_count = 1;
    struct actor_plan actor = {
        .name = "a", .kind = ACTOR_THREAD, .count = 1, .steps = {0, 1}};
    plan.actors = &actor;
    plan.actor_count = 1;
    const struct run_options options = {0};
    assert_int_equal(run_execute(&result, &plan, &options, &err), ERR_INVALID);
    steps[0].object = 7;
    err_clear(&err);
    assert_int_equal(run_execute(&result, &plan, &options, &err), ERR_INVALID);
}

/* Prices far from any machine's: a lock of a second, a tick each nanosecond. */
static void test_lock_survives_absurd_prices(void **state) {
    (void)state;
    struct plan plan;
    struct run_result result;
    plan_begin_with(&plan, "linux-desktop", "cpython-3.12");
    plan.runtime.lock_ns = NS_PER_S;
    plan.machine.tick_ns = 1;
    struct step steps[2] = {step_of(STEP_ACQUIRE, 0, 1), step_of(STEP_RELEASE, 0, 2)};
    run_threads(&plan, steps, 2, 2, &result);
    assert_int_equal(result.status, RUN_LIMITED); /* 3,000 s of interrupts an acquire */
    run_result_deinit(&result);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lock_updates_are_lost_where_check_points_lie),
        cmocka_unit_test(test_lock_loses_nothing),
        cmocka_unit_test(test_lock_shared_cache_line_costs_transfers),
        cmocka_unit_test(test_lock_semaphore_lets_the_releaser_barge),
        cmocka_unit_test(test_lock_pymutex_is_handed_over_after_a_millisecond),
        cmocka_unit_test(test_lock_taken_twice_is_a_deadlock),
        cmocka_unit_test(test_lock_lane_shows_the_holder),
        cmocka_unit_test(test_lock_unused_things_change_no_draw),
        cmocka_unit_test(test_lock_step_needs_a_lock),
        cmocka_unit_test(test_lock_survives_absurd_prices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
