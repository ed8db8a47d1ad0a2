/* SPDX-License-Identifier: MIT */
/*
 * test_run - whole runs through the front door: every strategy on every runtime, the same
 * result however it is asked for, every limit, cancelling, and running out of memory at
 * every single allocation.
 */
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "engine/python/runtime_table.h"
#include "tests/support/dice.h"
#include "tests/support/invariants.h"
#include "tests/support/plans.h"
#include "tests/support/test.h"

static const char JOB[] =
    "python uniform:10us:2ms io exp:3ms c_held 50us c_released 80us "
    "sleep lognormal:500us:0.4 repeat 2 { python_cpu 100us "
    "io_blocking pareto:100us:2.5 }";

/* --- plans that have a bit of everything --------------------------------------- */

static void plan_mixed_actors(struct plan *plan, const char *profile,
                              const char *runtime) {
    plan_begin(plan, profile, runtime);
    plan_thread(plan, "spinner", 2, true, "forever { python 1ms }");
    plan_thread(plan, "echo", 2, false,
                "repeat 20 { io exp:20us python 12us c_released 5us sleep 1ms }");
    if (plan->runtime.has_asyncio) {
        const uint32_t loop = plan_loop(plan, "server", 1, false);
        plan_task(plan, loop, "client", 5,
                  "repeat 3 { await_io exp:2ms python 100us await_sleep 1500us "
                  "to_thread { python 50us io 200us } await_sleep 0ns }");
        plan_task(plan, loop, "blocker", 1, "io 3ms c_held 1ms");
    }
}

static void plan_strategy_jobs(struct plan *plan, const char *profile,
                               const char *runtime, enum strategy_kind kind) {
    plan_begin(plan, profile, runtime);
    plan_jobs(plan, 12, JOB);
    plan_strategy(plan, kind, 3);
}

static void make_plan(struct plan *plan, const char *profile, const char *runtime,
                      enum strategy_kind kind) {
    if (kind == STRATEGY_ACTORS) {
        plan_mixed_actors(plan, profile, runtime);
    } else {
        plan_strategy_jobs(plan, profile, runtime, kind);
    }
}

static int execute(struct run_result *result, const struct plan *plan,
                   const struct sink *sink, struct err *err) {
    return run_execute(result, plan, &(struct run_options){.sink = sink}, err);
}

static uint64_t fingerprint_of(const struct plan *plan) {
    struct run_result result;
    struct err err = {0};
    if (execute(&result, plan, NULL, &err) != 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(result.status, RUN_DONE);
    const uint64_t fingerprint = result.fingerprint;
    run_result_deinit(&result);
    return fingerprint;
}

/* --- what every result must satisfy -------------------------------------------- */

static void check_lanes(const struct run_result *result) {
    for (lane_id i = 0; (size_t)i < result->lanes.count; i++) {
        const struct lane_total lane = lane_table_total(&result->lanes, i);
        sim_ns sum = 0;
        for (int state = 0; state < STATE_COUNT; state++) {
            assert_true(lane.state_ns[state] >= 0);
            sum += lane.state_ns[state];
        }
        assert_int_equal(sum, lane.died_ns - lane.lane.born_ns);
        assert_true(lane.died_ns <= result->duration_ns);
        assert_int_equal(lane.lane.id, i);
        assert_true(lane.lane.parent < (lane_id)i);
    }
}

/* Totals per lane and state are the spans' added up. */
static void check_totals(struct run_result *result, const struct timeline *timeline) {
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        lane_table_add_time(&result->lanes, span->lane, span->state,
                            span->start - span->end);
    }
    for (lane_id i = 0; (size_t)i < result->lanes.count; i++) {
        const struct lane_total lane = lane_table_total(&result->lanes, i);
        for (int state = 0; state < STATE_COUNT; state++) {
            assert_int_equal(lane.state_ns[state], 0);
        }
    }
}

static void check_shares(const struct run_result *result) {
    static const enum metric_id shares[] = {METRIC_CORE_UTILISATION,
                                            METRIC_GIL_WAIT_SHARE, METRIC_GIL_HELD_SHARE,
                                            METRIC_LOOP_POLL_SHARE};
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        const double value = result->metric[shares[i]];
        assert_true(isnan(value) || (value >= 0.0 && value <= 1.0 + 1e-9));
    }
}

/* --- every strategy on every runtime ------------------------------------------- */

static bool exists(const struct runtime *runtime, enum strategy_kind kind) {
    switch (kind) {
    case STRATEGY_ASYNCIO:
        return runtime->has_asyncio;
    case STRATEGY_THREADS:
    case STRATEGY_PROCESSES:
        return runtime->has_thread_pool;
    case STRATEGY_INTERPRETERS:
        return runtime->has_interpreter_pool;
    default:
        return true;
    }
}

static void check_cell(const char *runtime, const char *profile,
                       enum strategy_kind kind) {
    struct plan plan;
    struct timeline timeline;
    struct run_result result;
    struct err err = {0};
    make_plan(&plan, profile, runtime, kind);
    timeline_init(&timeline);
    const int rc = execute(&result, &plan, &timeline.sink, &err);
    if (!exists(&plan.runtime, kind)) {
        assert_int_equal(rc, ERR_UNSUPPORTED);
    } else {
        if (rc != 0) {
            fail_msg("%s %s %s: %s", runtime, profile, strategy_kind_name(kind),
                     err.text);
        }
        assert_int_equal(result.status, RUN_DONE);
        assert_string_equal(result.reason, "");
        if (kind != STRATEGY_ACTORS) {
            const double units = result.metric[METRIC_THROUGHPUT_PER_S] *
                                 result.metric[METRIC_MAKESPAN_US] / 1e6;
            assert_true(fabs(units - plan.job_count) < 1e-6);
        }
        struct violation violation;
        if (!timeline_is_sound(&timeline, &violation)) {
            fail_msg("%s %s %s: %s", runtime, profile, strategy_kind_name(kind),
                     violation.text);
        }
        check_lanes(&result);
        check_shares(&result);
        check_totals(&result, &timeline);
        run_result_deinit(&result);
    }
    timeline_deinit(&timeline);
    plan_deinit(&plan);
}

static void test_run_every_strategy_on_every_runtime(void **state) {
    (void)state;
    for (size_t row = 0; row < runtime_row_count; row++) {
        for (size_t profile = 0; profile < machine_profile_count; profile++) {
            for (int kind = 0; kind < STRATEGY_KIND_COUNT; kind++) {
                check_cell(runtime_rows[row].runtime.name, machine_profiles[profile].name,
                           (enum strategy_kind)kind);
            }
        }
    }
}

/* The same jobs draw the same values everywhere: on a machine where everything is free
 * and nothing waits, the sum of a job's own time does not depend on who runs it. */
static void test_run_same_jobs_under_every_strategy(void **state) {
    (void)state;
    double mean[STRATEGY_KIND_COUNT];
    for (int kind = STRATEGY_SEQUENTIAL; kind < STRATEGY_KIND_COUNT; kind++) {
        struct plan plan;
        struct run_result result;
        plan_begin(&plan, "ideal", "cpython-3.12");
        plan_make_free(&plan);
        plan.machine.cores = 64;
        plan.runtime.gil = GIL_NONE;
        plan_jobs(&plan, 40, "io exp:3ms python uniform:1us:9us io lognormal:5ms:0.7");
        plan_strategy(&plan, (enum strategy_kind)kind, 40);
        assert_int_equal(execute(&result, &plan, NULL, NULL), 0);
        mean[kind] = result.metric[METRIC_LATENCY_MEAN_US];
        run_result_deinit(&result);
        plan_deinit(&plan);
    }
    assert_true(mean[STRATEGY_SEQUENTIAL] > 5000);
    assert_true(fabs(mean[STRATEGY_THREADS] - mean[STRATEGY_SEQUENTIAL]) < 1e-6);
    assert_true(fabs(mean[STRATEGY_PROCESSES] - mean[STRATEGY_SEQUENTIAL]) < 1e-6);
    assert_true(fabs(mean[STRATEGY_INTERPRETERS] - mean[STRATEGY_SEQUENTIAL]) < 1e-6);
    /* one loop: a job may wait for the Python of another, 9 us at a time */
    assert_true(mean[STRATEGY_ASYNCIO] >= mean[STRATEGY_SEQUENTIAL]);
    assert_true(mean[STRATEGY_ASYNCIO] < mean[STRATEGY_SEQUENTIAL] + 360);
}

/* --- the same result, however it is asked for ---------------------------------- */

static void test_run_fingerprint_does_not_depend_on_the_sink(void **state) {
    (void)state;
    for (int kind = 0; kind < STRATEGY_KIND_COUNT; kind++) {
        struct plan plan;
        struct timeline timeline;
        struct run_result result;
        make_plan(&plan, "linux-desktop", "cpython-3.14", (enum strategy_kind)kind);
        const uint64_t summary = fingerprint_of(&plan);
        assert_true(summary == fingerprint_of(&plan));
        timeline_init(&timeline);
        assert_int_equal(execute(&result, &plan, &timeline.sink, NULL), 0);
        assert_true(result.fingerprint == summary);
        run_result_deinit(&result);
        timeline_deinit(&timeline);
        plan_deinit(&plan);
    }
}

static void test_run_repetitions_and_seeds_differ(void **state) {
    (void)state;
    struct plan plan;
    make_plan(&plan, "linux-desktop", "cpython-3.12", STRATEGY_THREADS);
    uint64_t seen[6];
    for (uint32_t i = 0; i < 6; i++) {
        struct run_result result;
        plan.seed = 1 + i / 3;
        assert_int_equal(
            run_execute(&result, &plan, &(struct run_options){.repetition = i % 3}, NULL),
            0);
        seen[i] = result.fingerprint;
        for (uint32_t k = 0; k < i; k++) {
            assert_true(seen[k] != seen[i]);
        }
        run_result_deinit(&result);
    }
    plan_deinit(&plan);
}

struct parallel {
    const struct plan *plan;
    uint64_t fingerprint;
    int rc;
};

static void *run_in_thread(void *context) {
    struct parallel *parallel = context;
    struct run_result result;
    parallel->rc = execute(&result, parallel->plan, NULL, NULL);
    if (parallel->rc == 0) {
        parallel->fingerprint = result.fingerprint;
        run_result_deinit(&result);
    }
    return NULL;
}

static void test_run_eight_at_once_give_the_same(void **state) {
    (void)state;
    enum { THREADS = 8 };
    struct plan plan;
    make_plan(&plan, "linux-vm-2", "cpython-3.12", STRATEGY_ACTORS);
    const uint64_t expected = fingerprint_of(&plan);
    struct parallel parallel[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        parallel[i] = (struct parallel){.plan = &plan};
        assert_int_equal(pthread_create(&threads[i], NULL, run_in_thread, &parallel[i]),
                         0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(parallel[i].rc, 0);
        assert_true(parallel[i].fingerprint == expected);
    }
    plan_deinit(&plan);
}

/* Adding an actor changes nobody else's numbers: the streams are named by identity. */
static void test_run_streams_are_named_by_identity(void **state) {
    (void)state;
    sim_ns end[2];
    for (int i = 0; i < 2; i++) {
        struct plan plan;
        struct timeline timeline;
        struct run_result result;
        plan_begin(&plan, "ideal", "cpython-3.12");
        plan_make_free(&plan);
        if (i == 1) {
            plan_thread(&plan, "other", 3, false, "repeat 9 { io exp:1ms }");
        }
        plan_thread(&plan, "mine", 1, false, "repeat 50 { io exp:1ms }");
        timeline_init(&timeline);
        assert_int_equal(execute(&result, &plan, &timeline.sink, NULL), 0);
        const lane_id lane = timeline_find(&timeline, LANE_THREAD, "mine");
        end[i] =
            lane_table_died(&result.lanes, lane) - lane_table_born(&result.lanes, lane);
        run_result_deinit(&result);
        timeline_deinit(&timeline);
        plan_deinit(&plan);
    }
    assert_int_equal(end[0], end[1]);
}

/* --- cancelling ---------------------------------------------------------------- */

struct canceller {
    struct sink sink;
    atomic_bool cancel;
    int left;
};

static int cancel_lane(void *context, const struct lane *lane, struct err *err) {
    (void)context;
    (void)lane;
    (void)err;
    return 0;
}

static int cancel_spans(void *context, const struct span_chunk *chunk, struct err *err) {
    (void)chunk;
    (void)err;
    struct canceller *canceller = context;
    if (--canceller->left == 0) {
        atomic_store(&canceller->cancel, true);
    }
    return 0;
}

static int cancel_instants(void *context, const struct instant_chunk *chunk,
                           struct err *err) {
    (void)context;
    (void)chunk;
    (void)err;
    return 0;
}

static void test_run_stops_when_cancelled(void **state) {
    (void)state;
    for (int after = 0; after < 3; after++) {
        struct plan plan;
        struct run_result result;
        struct canceller canceller = {.left = after};
        canceller.sink = (struct sink){.context = &canceller,
                                       .lane = cancel_lane,
                                       .spans = cancel_spans,
                                       .instants = cancel_instants};
        atomic_init(&canceller.cancel, after == 0);
        plan_begin(&plan, "ideal", "cpython-3.12");
        plan_thread(&plan, "t", 2, false, "repeat 1000000000 { python 1ms io 1ms }");
        assert_int_equal(run_execute(&result, &plan,
                                     &(struct run_options){.sink = &canceller.sink,
                                                           .cancel = &canceller.cancel},
                                     NULL),
                         0);
        assert_int_equal(result.status, RUN_STOPPED);
        assert_true(result.fingerprint == 0);
        assert_string_equal(result.reason, "cancelled");
        run_result_deinit(&result);
        plan_deinit(&plan);
    }
}

/* --- failures ------------------------------------------------------------------ */

/* The nth call of the sink fails, for every n: its error comes back, nothing leaks. */
static void test_run_reports_the_sinks_error(void **state) {
    (void)state;
    struct plan plan;
    make_plan(&plan, "linux-desktop", "cpython-3.12", STRATEGY_ACTORS);
    for (int64_t n = 0;; n++) {
        struct timeline timeline;
        struct run_result result;
        struct err err = {0};
        timeline_init(&timeline);
        timeline.fail_at = n;
        const int rc = execute(&result, &plan, &timeline.sink, &err);
        const bool over = (int64_t)timeline.calls <= n;
        timeline_deinit(&timeline);
        if (over) {
            assert_int_equal(rc, 0);
            run_result_deinit(&result);
            break;
        }
        assert_int_equal(rc, ERR_DB);
        assert_int_equal(err.code, ERR_DB);
        assert_string_equal(err.text, "the sink of the test says no");
    }
    plan_deinit(&plan);
}

/* Enough tasks and threads that the arena grows in the middle of the run. */
static void make_big_plan(struct plan *plan, enum strategy_kind kind) {
    plan_begin(plan, "linux-desktop",
               kind >= STRATEGY_PROCESSES ? "cpython-3.14" : "cpython-3.12");
    if (kind != STRATEGY_ACTORS) {
        plan_jobs(plan, 300, "python 10us io 20us");
        plan_strategy(plan, kind, 150);
        return;
    }
    plan_thread(plan, "t", 90, false, "python 10us");
    plan_thread(plan, "p", 12, false, "python 10us");
    plan->actors[1].kind = ACTOR_PROCESS;
    plan->actors[1].start = START_FORKSERVER;
    const uint32_t loop = plan_loop(plan, "server", 1, false);
    plan_task(plan, loop, "t", 60, "to_thread { python 1us io 3ms }");
}

static void test_run_reports_every_allocation_that_fails(void **state) {
    (void)state;
    for (int kind = 0; kind < STRATEGY_KIND_COUNT; kind++) {
        struct plan plan;
        make_big_plan(&plan, (enum strategy_kind)kind);
        int64_t n = 0;
        for (;; n++) {
            struct timeline timeline;
            struct run_result result;
            struct err err = {0};
            timeline_init(&timeline);
            memory_fail_after(n);
            const int rc = execute(&result, &plan, &timeline.sink, &err);
            memory_fail_after(-1);
            timeline_deinit(&timeline);
            if (rc == 0) {
                assert_int_equal(result.status, RUN_DONE);
                run_result_deinit(&result);
                break;
            }
            assert_int_equal(rc, ERR_NOMEM);
            assert_int_equal(err.code, ERR_NOMEM);
        }
        print_message("%s: %" PRId64 " allocations\n",
                      strategy_kind_name((enum strategy_kind)kind), n);
        assert_true(n > 10);
        plan_deinit(&plan);
    }
}

/* Allocations of the run: it succeeds when the nth and all before it do. */
static bool succeeds_with(const struct plan *plan, int64_t n) {
    struct run_result result;
    struct err err = {0};
    memory_fail_after(n);
    const int rc = execute(&result, plan, NULL, &err);
    memory_fail_after(-1);
    if (rc == 0) {
        run_result_deinit(&result);
    } else {
        assert_int_equal(rc, ERR_NOMEM);
        assert_int_equal(err.code, ERR_NOMEM);
    }
    return rc == 0;
}

/* The default executor is made in the middle of the run, and with so many tasks it does
 * not fit into what the arena has left. */
static void test_run_reports_an_executor_that_cannot_be_had(void **state) {
    (void)state;
    struct plan plan;
    plan_begin(&plan, "ideal", "cpython-3.12");
    const uint32_t loop = plan_loop(&plan, "server", 1, false);
    plan_task(&plan, loop, "t", 1, "to_thread { python 1us io 3ms }");
    plan_task(&plan, loop, "idle", 8200, "");
    int64_t low = 0, high = 1; /* fails with low, succeeds with high */
    while (!succeeds_with(&plan, high)) {
        low = high;
        high *= 2;
    }
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        if (succeeds_with(&plan, middle)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    for (int64_t n = high - 12; n < high; n++) {
        assert_false(succeeds_with(&plan, n));
    }
    plan_deinit(&plan);
}

/* --- golden -------------------------------------------------------------------- */

/*
 * Fingerprints of a few plans with constant times. They change when the model changes,
 * and then ENGINE_VERSION has to change too; nothing else may change them: no compiler,
 * no build type, no machine.
 */
static void test_run_golden_fingerprints(void **state) {
    (void)state;
    static const struct {
        const char *profile, *runtime;
        enum strategy_kind kind;
        uint64_t fingerprint;
    } golden[] = {
        {"ideal", "cpython-3.9", STRATEGY_ACTORS, UINT64_C(0x846d3532567a065f)},
        {"ideal", "cpython-3.12", STRATEGY_SEQUENTIAL, UINT64_C(0xe7291aa68f6184ad)},
        {"ideal", "cpython-3.12", STRATEGY_THREADS, UINT64_C(0xeaa8af610c69d76a)},
        {"ideal", "cpython-3.12", STRATEGY_ASYNCIO, UINT64_C(0x30ed5976237519d6)},
        {"ideal", "cpython-3.12", STRATEGY_PROCESSES, UINT64_C(0xbfebe0d3d034d33d)},
        {"ideal", "cpython-3.14t", STRATEGY_THREADS, UINT64_C(0xa1f16866f8201b85)},
        {"linux-desktop", "cpython-3.9", STRATEGY_ACTORS, UINT64_C(0x14e69cf14960d579)},
        {"linux-desktop", "cpython-3.12", STRATEGY_THREADS, UINT64_C(0xe0ae98b2e1113f9c)},
        {"linux-desktop", "cpython-3.12", STRATEGY_ASYNCIO, UINT64_C(0xb236326e1446d423)},
        {"linux-vm-2", "cpython-3.12", STRATEGY_PROCESSES, UINT64_C(0x21f4e0d9937b6c7d)},
    };
    int wrong = 0;
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        struct plan plan;
        if (golden[i].kind == STRATEGY_ACTORS) {
            plan_begin(&plan, golden[i].profile, golden[i].runtime);
            plan_thread(&plan, "spinner", 1, true, "forever { python 1ms }");
            plan_thread(&plan, "echo", 1, false,
                        "repeat 50 { io 16us python 12us c_released 5us }");
        } else {
            plan_begin(&plan, golden[i].profile, golden[i].runtime);
            plan_jobs(&plan, 20, "python 2ms io 5ms c_held 100us sleep 1ms");
            plan_strategy(&plan, golden[i].kind, 4);
        }
        const uint64_t fingerprint = fingerprint_of(&plan);
        if (fingerprint != golden[i].fingerprint) {
            print_message("{\"%s\", \"%s\", STRATEGY_%s, UINT64_C(0x%016" PRIx64 ")}\n",
                          golden[i].profile, golden[i].runtime,
                          strategy_kind_name(golden[i].kind), fingerprint);
            wrong++;
        }
        plan_deinit(&plan);
    }
    assert_int_equal(wrong, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_every_strategy_on_every_runtime),
        cmocka_unit_test(test_run_same_jobs_under_every_strategy),
        cmocka_unit_test(test_run_fingerprint_does_not_depend_on_the_sink),
        cmocka_unit_test(test_run_repetitions_and_seeds_differ),
        cmocka_unit_test(test_run_eight_at_once_give_the_same),
        cmocka_unit_test(test_run_streams_are_named_by_identity),
        cmocka_unit_test(test_run_stops_when_cancelled),
        cmocka_unit_test(test_run_reports_the_sinks_error),
        cmocka_unit_test(test_run_reports_every_allocation_that_fails),
        cmocka_unit_test(test_run_reports_an_executor_that_cannot_be_had),
        cmocka_unit_test(test_run_golden_fingerprints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
