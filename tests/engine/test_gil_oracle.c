/* SPDX-License-Identifier: MIT */
/*
 * test_gil_oracle - the engine against a second, naive account of the same rules, on
 * thousands of random programs: every span of every thread must agree.
 */
#include <inttypes.h>
#include <stdio.h>

#include "tests/support/dice.h"
#include "tests/support/invariants.h"
#include "tests/support/naive_gil.h"
#include "tests/support/scene.h"
#include "tests/support/test.h"

enum { CASES = 5000 };

/* --- making up a case ---------------------------------------------------------- */

static void make_costs(struct dice *dice, struct naive_costs *costs) {
    *costs = (struct naive_costs){
        .interval = dice_magnitude(dice, 10 * NS_PER_MS) + 5000,
        .spacing = dice_magnitude(dice, 200000) + dice_between(dice, 0, 99),
        .wake = dice_magnitude(dice, 100000) + dice_between(dice, 1, 999),
        .attach = dice_between(dice, 0, 2) * dice_between(dice, 1, 400),
        .futex_wake = dice_between(dice, 0, 2) * dice_between(dice, 1, 3000),
        .futex_wait = dice_between(dice, 0, 2) * dice_between(dice, 1, 3000),
        .syscall = dice_between(dice, 0, 2) * dice_between(dice, 1, 3000),
        .slack = dice_between(dice, 0, 1) * dice_magnitude(dice, 100000),
        .force = dice_between(dice, 0, 9) > 0,
    };
}

static void make_case(uint64_t seed, struct naive_gil *gil) {
    struct dice dice = dice_make(seed);
    *gil = (struct naive_gil){.thread_count = (int)dice_between(&dice, 1, NAIVE_THREADS)};
    make_costs(&dice, &gil->costs);
    /* Few intervals per case, so that a case stays small, whatever the interval is. */
    const sim_ns longest = 8 * gil->costs.interval;
    for (int i = 0; i < gil->thread_count; i++) {
        struct naive_thread *thread = &gil->thread[i];
        thread->start = dice_between(&dice, 0, gil->costs.interval);
        thread->step_count = (int)dice_between(&dice, 1, NAIVE_STEPS);
        for (int k = 0; k < thread->step_count; k++) {
            thread->step[k] = (struct naive_step){
                .kind = (enum naive_kind)dice_between(&dice, 0, NAIVE_KINDS - 1),
                .ns = dice_magnitude(&dice, longest) + dice_between(&dice, 0, 999),
            };
        }
    }
}

/* --- the same for the engine --------------------------------------------------- */

static void set_machine(struct scene *scene, const struct naive_costs *costs) {
    scene_set_wake(scene, costs->wake);
    scene->plan.machine.cores = NAIVE_THREADS;
    scene->plan.machine.futex_wake_ns = costs->futex_wake;
    scene->plan.machine.futex_wait_ns = costs->futex_wait;
    scene->plan.machine.syscall_ns = costs->syscall;
    scene->plan.machine.timer_slack_ns = costs->slack;
    scene->plan.runtime.switch_interval_ns = costs->interval;
    scene->plan.runtime.check_spacing_ns = costs->spacing;
    scene->plan.runtime.attach_ns = costs->attach;
    scene->plan.runtime.force_switching = costs->force;
}

static void run_engine(struct scene *scene, const struct naive_gil *gil,
                       struct action actions[NAIVE_THREADS][NAIVE_STEPS]) {
    static const enum action_kind kinds[NAIVE_KINDS] = {
        [NAIVE_COMPUTE] = ACTION_COMPUTE,       [NAIVE_C_HELD] = ACTION_C_HELD,
        [NAIVE_C_RELEASED] = ACTION_C_RELEASED, [NAIVE_IO] = ACTION_IO,
        [NAIVE_SLEEP] = ACTION_SLEEP,
    };
    scene_prepare(scene);
    set_machine(scene, &gil->costs);
    scene_open(scene);
    for (int i = 0; i < gil->thread_count; i++) {
        const struct naive_thread *thread = &gil->thread[i];
        for (int k = 0; k < thread->step_count; k++) {
            actions[i][k] = (struct action){.kind = kinds[thread->step[k].kind],
                                            .site = SITE_NONE,
                                            .ns = thread->step[k].ns};
        }
        char name[16];
        snprintf(name, sizeof name, "t%d", i);
        scene_add(scene, name, thread->start, actions[i], (size_t)thread->step_count);
    }
    assert_int_equal(scene_run(scene), SIM_NOTHING_LEFT);
}

/* --- comparing ----------------------------------------------------------------- */

static void disagree(uint64_t seed, const char *what) {
    fail_msg("%s\nagain: GILSCOPE_TEST_SEED=%" PRIu64 " engine_test_gil_oracle", what,
             seed);
}

static void compare_thread(uint64_t seed, const struct timeline *timeline, int index,
                           const struct naive_thread *thread) {
    char text[256], name[16];
    snprintf(name, sizeof name, "t%d", index);
    const lane_id lane = timeline_find(timeline, LANE_THREAD, name);
    int at = 0;
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        if (span->lane != lane) {
            continue;
        }
        const struct naive_span none = {-1, -1, STATE_COUNT};
        const struct naive_span *expected =
            at < thread->span_count ? &thread->span[at] : &none;
        if (span->start != expected->start || span->end != expected->end ||
            span->state != expected->state) {
            snprintf(text, sizeof text,
                     "%s span %d: engine %s %" PRId64 "..%" PRId64 ", oracle %s %" PRId64
                     "..%" PRId64,
                     name, at, lane_state_name(span->state), span->start, span->end,
                     expected == &none ? "nothing" : lane_state_name(expected->state),
                     expected->start, expected->end);
            disagree(seed, text);
        }
        at++;
    }
    if (at != thread->span_count) {
        snprintf(text, sizeof text, "%s: engine has %d spans, oracle %d", name, at,
                 thread->span_count);
        disagree(seed, text);
    }
}

static void compare_counts(uint64_t seed, const struct gil *engine,
                           const struct naive_gil *naive) {
    if (engine->switch_number != naive->switches) {
        disagree(seed, "number of switches");
    }
    if (engine->drop_requests != naive->requests) {
        disagree(seed, "number of drop requests");
    }
    if (engine->forced_drops != naive->forced ||
        engine->voluntary_drops != naive->voluntary) {
        disagree(seed, "number of drops");
    }
    if (engine->false_wakeups != naive->false_wakeups) {
        disagree(seed, "number of false wake-ups");
    }
}

/* False when the case has a tie and proves nothing. */
static bool compare_case(uint64_t seed, struct naive_gil *gil) {
    make_case(seed, gil);
    if (!naive_gil_run(gil)) {
        return false;
    }
    struct scene scene;
    struct action actions[NAIVE_THREADS][NAIVE_STEPS];
    run_engine(&scene, gil, actions);
    for (int i = 0; i < gil->thread_count; i++) {
        compare_thread(seed, &scene.timeline, i, &gil->thread[i]);
    }
    compare_counts(seed, &scene.process->gil, gil);
    struct violation violation;
    if (!timeline_is_sound(&scene.timeline, &violation)) {
        disagree(seed, violation.text);
    }
    scene_close(&scene);
    return true;
}

static void test_gil_oracle_agrees_on_every_span(void **state) {
    (void)state;
    static struct naive_gil gil;
    uint64_t compared = 0, requests = 0, false_wakeups = 0, forced = 0;
    const int64_t only = dice_only_seed();
    const uint64_t first = only < 0 ? 0 : (uint64_t)only;
    const uint64_t end = only < 0 ? CASES : first + 1;
    for (uint64_t seed = first; seed < end; seed++) {
        if (compare_case(seed, &gil)) {
            compared++;
            requests += gil.requests;
            false_wakeups += gil.false_wakeups;
            forced += gil.forced;
        }
    }
    print_message("compared %" PRIu64 " cases: %" PRIu64 " requests, %" PRIu64
                  " forced drops, %" PRIu64 " false wake-ups\n",
                  compared, requests, forced, false_wakeups);
    if (only < 0) {
        /* The cases must not be empty talk: many have no tie, and much happens in them.
         */
        assert_true(compared > CASES * 6 / 10);
        assert_true(requests > CASES);
        assert_true(forced > CASES);
        assert_true(false_wakeups > CASES);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gil_oracle_agrees_on_every_span),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
