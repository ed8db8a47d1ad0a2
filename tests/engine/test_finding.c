/* SPDX-License-Identifier: MIT */
/*
 * test_finding - what the rules say of runs whose every number is known: on a machine where
 * nothing costs anything but what the program does, or from the run's own metrics. Whether
 * each rule speaks when it should, and is silent when it is near, is asked of documents in
 * tests/server/test_advice.c.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/analysis/finding.h"
#include "engine/base/memory.h"
#include "tests/support/plans.h"
#include "tests/support/test.h"

/* --- running it ---------------------------------------------------------------- */

struct looked {
    struct plan plan;
    struct recording recording;
    struct run_result result;
    struct findings findings;
};

static void begin(struct looked *looked, const char *profile, const char *runtime) {
    plan_begin(&looked->plan, profile, runtime);
    recording_init(&looked->recording);
}

/* Of the run, with what the recording is set to keep. */
static void look(struct looked *looked) {
    struct err err = {0};
    const struct run_options options = {.sink = &looked->recording.sink};
    if (run_execute(&looked->result, &looked->plan, &options, &err) != 0) {
        fail_msg("%s", err.text);
    }
    const struct finding_input input = {&looked->plan, &looked->result,
                                        &looked->recording};
    assert_int_equal(findings_find(&input, &looked->findings, &err), 0);
}

static void end(struct looked *looked) {
    findings_deinit(&looked->findings);
    run_result_deinit(&looked->result);
    recording_deinit(&looked->recording);
    plan_deinit(&looked->plan);
}

static const struct finding *find(const struct findings *findings, enum finding_id id) {
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->items[i].id == id) {
            return &findings->items[i];
        }
    }
    return NULL;
}

static const struct finding *expect(const struct looked *looked, enum finding_id id) {
    const struct finding *finding = find(&looked->findings, id);
    if (finding == NULL) {
        fail_msg("%s says nothing", finding_rules[id].name);
    }
    return finding;
}

static void expect_name(const struct looked *looked, lane_id lane, const char *name) {
    assert_string_equal(lane_table_lane(&looked->result.lanes, lane).name, name);
}

static double metric(const struct looked *looked, enum metric_id id) {
    return looked->result.metric[id];
}

#define expect_close(value, expected, most)                                              \
    assert_true(fabs((value) - (expected)) <= (most))

/* --- the table ----------------------------------------------------------------- */

static void test_finding_rules_say_all(void **state) {
    (void)state;
    for (int id = 0; id < FINDING_COUNT; id++) {
        const struct finding_rule *rule = &finding_rules[id];
        assert_true(rule->name != NULL && rule->number != NULL && rule->source != NULL);
        assert_int_equal(finding_find(rule->name), id);
        assert_true(strcmp(rule->unit, "us") == 0 || strcmp(rule->unit, "ratio") == 0 ||
                    strcmp(rule->unit, "count") == 0);
        assert_false(rule->threshold <= 0);
    }
    assert_int_equal(finding_find("gil"), FINDING_COUNT);
}

/* --- the GIL ------------------------------------------------------------------- */

static void test_finding_agrees_with_metrics(void **state) {
    (void)state;
    struct looked looked = {0};
    begin(&looked, "linux-desktop", "cpython-3.12");
    plan_jobs(&looked.plan, 12, "python exp:20ms io 1ms");
    plan_strategy(&looked.plan, STRATEGY_THREADS, 4);
    look(&looked);
    const struct finding *finding = expect(&looked, FINDING_GIL_BOUND);
    expect_close(finding_value(finding, "held_share"),
                 metric(&looked, METRIC_GIL_HELD_SHARE), 1e-9);
    assert_true(finding->number > finding_value(finding, "held_share"));
    assert_true(finding->number <= 1);
    expect_close(finding->severity, metric(&looked, METRIC_GIL_WAIT_SHARE), 1e-9);
    expect_close(
        finding_value(finding, "waiting_threads"),
        metric(&looked, METRIC_GIL_WAIT_US) / metric(&looked, METRIC_MAKESPAN_US), 1e-9);
    expect_close(finding_value(finding, "longest_wait_us"),
                 metric(&looked, METRIC_GIL_WAIT_MAX_US), 1e-3);
    assert_true(isnan(finding_value(finding, "no such number")));
    end(&looked);
}

/* Each of two blocking calls costs the interval and the way to the next check point. */
static void begin_convoy(struct looked *looked, const char *runtime) {
    begin(looked, "ideal", runtime);
    plan_make_free(&looked->plan);
    looked->plan.machine.cores = 4;
    plan_thread(&looked->plan, "spinner", 1, true, "forever { python 1ms }");
    plan_thread(&looked->plan, "echo", 1, false, "repeat 20 { io 100us python 10us }");
}

static void test_finding_of_a_convoy_to_the_microsecond(void **state) {
    (void)state;
    struct looked looked = {0};
    begin_convoy(&looked, "cpython-3.12");
    look(&looked);
    const struct finding *convoy = expect(&looked, FINDING_GIL_CONVOY);
    expect_name(&looked, convoy->lane, "echo");
    expect_name(&looked, convoy->culprit, "spinner");
    /* The first wait ended earlier: the main thread had asked for the GIL before. */
    assert_true(finding_value(convoy, "returns") == 20);
    assert_true(finding_value(convoy, "lost_returns") == 19);
    assert_true(convoy->number == 0.95);
    expect_close(finding_value(convoy, "wait_mean_us"), 5001, 1e-6);
    /* Ten waits with nine rounds of 110 us between them. */
    expect_close((double)(convoy->to_ns - convoy->from_ns) / 1e3, 10 * 5000 + 9 * 110,
                 15);
    const struct finding *patience = expect(&looked, FINDING_SWITCH_INTERVAL);
    assert_true(patience->number > 0.9 && patience->number <= 1);
    const struct finding *starved = expect(&looked, FINDING_STARVED_IO_THREAD);
    expect_name(&looked, starved->lane, "echo");
    expect_close(starved->number, 5000.0 / 5110, 0.01);
    end(&looked);
}

/* Nobody is patient with the GIL of ticks. */
static void test_finding_of_ticks(void **state) {
    (void)state;
    struct looked looked = {0};
    begin_convoy(&looked, "cpython-2.7");
    look(&looked);
    assert_null(find(&looked.findings, FINDING_GIL_CONVOY));
    assert_null(find(&looked.findings, FINDING_SWITCH_INTERVAL));
    end(&looked);
}

static void test_finding_of_a_long_c_call(void **state) {
    (void)state;
    for (int length_ms = 4; length_ms <= 6; length_ms++) {
        struct looked looked = {0};
        begin(&looked, "ideal", "cpython-3.12");
        plan_make_free(&looked.plan);
        looked.plan.machine.cores = 4;
        char steps[64];
        snprintf(steps, sizeof steps, "repeat 10 { c_held %dms io 1ms }", length_ms);
        plan_thread(&looked.plan, "parser", 1, false, steps);
        plan_thread(&looked.plan, "client", 1, false, "repeat 50 { io 1ms python 10us }");
        look(&looked);
        const struct finding *finding = find(&looked.findings, FINDING_C_CALL_HOLDS_GIL);
        assert_true((finding != NULL) == (length_ms >= 5)); /* the switch interval */
        if (finding != NULL) {
            expect_close(finding->number, length_ms * 1000, 0.01);
            assert_int_equal(finding->to_ns - finding->from_ns, length_ms * 1000000);
            expect_name(&looked, finding->lane, "parser");
            assert_int_equal(looked.plan.steps[finding->site].kind, STEP_C_HELD);
            assert_int_equal(finding->state, STATE_RUNNING_C);
        }
        end(&looked);
    }
}

/* --- loops --------------------------------------------------------------------- */

static void test_finding_of_a_blocked_loop(void **state) {
    (void)state;
    struct looked looked = {0};
    begin(&looked, "ideal", "cpython-3.12");
    plan_make_free(&looked.plan);
    looked.plan.machine.cores = 2;
    const uint32_t loop = plan_loop(&looked.plan, "server", 1, false);
    plan_task(&looked.plan, loop, "heartbeat", 1, "repeat 20 { await_sleep 10ms }");
    plan_task(&looked.plan, loop, "report", 1, "await_io 35ms io 42ms");
    look(&looked);
    const struct finding *finding = expect(&looked, FINDING_LOOP_BLOCKED);
    expect_close(finding->number, 42000, 0.01);
    expect_close(finding_value(finding, "loop_lag_max_us"), 37000, 400);
    assert_int_equal(finding->from_ns, 35000000);
    assert_int_equal(finding->to_ns, 77000000);
    assert_int_equal(finding->state, STATE_IO);
    assert_int_equal(looked.plan.steps[finding->site].kind, STEP_IO);
    expect_name(&looked, finding->culprit, "report");
    end(&looked);
}

/* --- deadlocks ----------------------------------------------------------------- */

struct expected_edge {
    const char *waiter, *resource, *holder;
};

static void expect_cycle(const struct looked *looked, const struct findings *findings,
                         const struct expected_edge *edges, size_t count) {
    const struct finding *finding = find(findings, FINDING_DEADLOCK);
    assert_non_null(finding);
    assert_true(finding->number == (double)count);
    assert_int_equal(findings->cycle_count, count);
    for (size_t i = 0; i < count; i++) {
        const struct finding_edge *edge = &findings->cycle[i];
        expect_name(looked, edge->waiter, edges[i].waiter);
        expect_name(looked, edge->resource, edges[i].resource);
        expect_name(looked, edge->holder, edges[i].holder);
        assert_int_equal(looked->plan.steps[edge->site].kind, STEP_WITH);
    }
}

/* The same without a recording: the last state of each lane is known anyway. */
static void expect_deadlock(const struct looked *looked,
                            const struct expected_edge *edges, size_t count) {
    expect_cycle(looked, &looked->findings, edges, count);
    struct findings findings;
    const struct finding_input input = {&looked->plan, &looked->result, NULL};
    assert_int_equal(findings_find(&input, &findings, NULL), 0);
    expect_cycle(looked, &findings, edges, count);
    findings_deinit(&findings);
}

static void begin_locks(struct looked *looked) {
    begin(looked, "linux-desktop", "cpython-3.12");
    plan_object(&looked->plan, "a", OBJECT_LOCK);
    plan_object(&looked->plan, "b", OBJECT_LOCK);
    plan_object(&looked->plan, "c", OBJECT_LOCK);
}

static void test_finding_of_two_in_a_deadlock(void **state) {
    (void)state;
    static const struct expected_edge edges[] = {{"payer", "b", "payee"},
                                                 {"payee", "a", "payer"}};
    struct looked looked = {0};
    begin_locks(&looked);
    plan_thread(&looked.plan, "payer", 1, false, "with a { io 1ms with b { } }");
    plan_thread(&looked.plan, "payee", 1, false, "with b { io 1ms with a { } }");
    look(&looked);
    assert_int_equal(looked.result.status, RUN_FAILED);
    expect_deadlock(&looked, edges, 2);
    assert_int_equal(looked.findings.count, 1);
    end(&looked);
}

/* Who waits for one of them is in no circle. */
static void test_finding_of_three_in_a_deadlock(void **state) {
    (void)state;
    static const struct expected_edge edges[] = {
        {"first", "b", "second"}, {"second", "c", "third"}, {"third", "a", "first"}};
    struct looked looked = {0};
    begin_locks(&looked);
    plan_thread(&looked.plan, "bystander", 1, false, "io 500us with a { }");
    plan_thread(&looked.plan, "first", 1, false, "with a { io 1ms with b { } }");
    plan_thread(&looked.plan, "second", 1, false, "with b { io 1ms with c { } }");
    plan_thread(&looked.plan, "third", 1, false, "with c { io 1ms with a { } }");
    look(&looked);
    expect_deadlock(&looked, edges, 3);
    end(&looked);
}

/* Two are caught while the others go on for ever. */
static void test_finding_of_a_deadlock_beside_work(void **state) {
    (void)state;
    static const struct expected_edge edges[] = {{"payer", "b", "payee"},
                                                 {"payee", "a", "payer"}};
    struct looked looked = {0};
    begin_locks(&looked);
    looked.plan.limits.virtual_ns = 100000000;
    plan_thread(&looked.plan, "payer", 1, false, "with a { io 1ms with b { } }");
    plan_thread(&looked.plan, "payee", 1, false, "with b { io 1ms with a { } }");
    plan_thread(&looked.plan, "spinner", 1, true, "forever { python 1ms }");
    look(&looked);
    assert_int_equal(looked.result.status, RUN_LIMITED);
    expect_deadlock(&looked, edges, 2);
    end(&looked);
}

static void test_finding_of_tasks_in_a_deadlock(void **state) {
    (void)state;
    static const struct expected_edge edges[] = {{"one", "b", "two"},
                                                 {"two", "a", "one"}};
    struct looked looked = {0};
    begin(&looked, "linux-desktop", "cpython-3.12");
    plan_object(&looked.plan, "a", OBJECT_ASYNC_LOCK);
    plan_object(&looked.plan, "b", OBJECT_ASYNC_LOCK);
    const uint32_t loop = plan_loop(&looked.plan, "server", 1, false);
    plan_task(&looked.plan, loop, "one", 1, "with a { await_io 1ms with b { } }");
    plan_task(&looked.plan, loop, "two", 1, "with b { await_io 1ms with a { } }");
    look(&looked);
    expect_deadlock(&looked, edges, 2);
    end(&looked);
}

/* A run that waits for ever, but for nobody: no circle, and nothing is made up. */
static void test_finding_of_waiting_for_nobody(void **state) {
    (void)state;
    struct looked looked = {0};
    begin(&looked, "linux-desktop", "cpython-3.12");
    plan_object(&looked.plan, "q", OBJECT_QUEUE);
    plan_thread(&looked.plan, "consumer", 2, false, "get q");
    look(&looked);
    assert_int_equal(looked.result.status, RUN_FAILED);
    assert_int_equal(looked.findings.count, 0);
    assert_int_equal(looked.findings.cycle_count, 0);
    end(&looked);
}

/* --- less than everything -------------------------------------------------------- */

/* A window says the same as the whole of a run that is alike everywhere. */
static void test_finding_in_a_window(void **state) {
    (void)state;
    struct looked looked = {0};
    begin_convoy(&looked, "cpython-3.12");
    looked.recording.from_ns = 20000000;
    looked.recording.to_ns = 80000000;
    look(&looked);
    const struct finding *convoy = expect(&looked, FINDING_GIL_CONVOY);
    assert_true(convoy->number == 1);
    assert_true(finding_value(convoy, "lost_returns") < 20);
    expect_close(convoy->severity, 5000.0 / 5110, 0.02);
    assert_true(expect(&looked, FINDING_GIL_BOUND)->number <= 1);
    end(&looked);
}

/* Without spans only those speak that need none. */
static void test_finding_without_spans(void **state) {
    (void)state;
    struct looked looked = {0};
    struct findings findings;
    begin_convoy(&looked, "cpython-3.12");
    look(&looked);
    const struct finding_input input = {&looked.plan, &looked.result, NULL};
    assert_int_equal(findings_find(&input, &findings, NULL), 0);
    const struct finding *starved = find(&findings, FINDING_STARVED_IO_THREAD);
    assert_non_null(starved);
    assert_true(starved->number == expect(&looked, FINDING_STARVED_IO_THREAD)->number);
    assert_int_equal(starved->to_ns, 0);
    assert_null(find(&findings, FINDING_GIL_CONVOY));
    findings_deinit(&findings);
    end(&looked);
}

static void test_finding_without_memory(void **state) {
    (void)state;
    struct looked looked = {0};
    begin_locks(&looked);
    plan_thread(&looked.plan, "payer", 1, false, "with a { io 1ms with b { } }");
    plan_thread(&looked.plan, "payee", 1, false, "with b { io 1ms with a { } }");
    plan_thread(&looked.plan, "spinner", 2, true, "forever { python 1ms io 10us }");
    looked.plan.limits.virtual_ns = 50000000;
    look(&looked);
    const struct finding_input input = {&looked.plan, &looked.result, &looked.recording};
    int failures = 0;
    const int64_t stride = getenv("GILSCOPE_LONG") != NULL ? 1 : 17;
    for (int64_t after = 0;; after += after < 60 ? 1 : stride) {
        struct findings findings;
        struct err err = {0};
        memory_fail_after(after);
        const int rc = findings_find(&input, &findings, &err);
        memory_fail_after(-1);
        if (rc == 0) {
            assert_int_equal(findings.count, looked.findings.count);
            findings_deinit(&findings);
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
        failures++;
    }
    assert_true(failures > 5);
    end(&looked);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finding_rules_say_all),
        cmocka_unit_test(test_finding_agrees_with_metrics),
        cmocka_unit_test(test_finding_of_a_convoy_to_the_microsecond),
        cmocka_unit_test(test_finding_of_ticks),
        cmocka_unit_test(test_finding_of_a_long_c_call),
        cmocka_unit_test(test_finding_of_a_blocked_loop),
        cmocka_unit_test(test_finding_of_two_in_a_deadlock),
        cmocka_unit_test(test_finding_of_three_in_a_deadlock),
        cmocka_unit_test(test_finding_of_a_deadlock_beside_work),
        cmocka_unit_test(test_finding_of_tasks_in_a_deadlock),
        cmocka_unit_test(test_finding_of_waiting_for_nobody),
        cmocka_unit_test(test_finding_in_a_window),
        cmocka_unit_test(test_finding_without_spans),
        cmocka_unit_test(test_finding_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
