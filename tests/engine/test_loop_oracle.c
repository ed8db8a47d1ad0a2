/* SPDX-License-Identifier: MIT */
/*
 * test_loop_oracle - the event loop against a naive replay of _run_once, on thousands of
 * random sets of tasks: every span of every task must agree.
 */
#include <inttypes.h>
#include <stdio.h>

#include "engine/aio/loop.h"
#include "tests/support/dice.h"
#include "tests/support/invariants.h"
#include "tests/support/naive_loop.h"
#include "tests/support/scene.h"
#include "tests/support/test.h"

enum { CASES = 3000 };

/* --- making up a case ---------------------------------------------------------- */

static sim_ns cost(struct dice *dice, sim_ns high) {
    return dice_between(dice, 0, 2) == 0 ? 0 : dice_between(dice, 1, high);
}

static void make_steps(struct dice *dice, struct naive_task *task) {
    bool inside = false; /* holds the semaphore */
    const int wanted = (int)dice_between(dice, 0, NAIVE_TASK_STEPS - 2);
    while (task->step_count < wanted) {
        struct naive_task_step *step = &task->step[task->step_count++];
        step->kind = (enum naive_await)dice_between(dice, 0, NAIVE_TASK_ACQUIRE);
        if (step->kind == NAIVE_TASK_ACQUIRE) {
            step->kind = inside ? NAIVE_TASK_RELEASE : NAIVE_TASK_ACQUIRE;
            inside = !inside;
        } else if (step->kind == NAIVE_TASK_AWAIT_SLEEP &&
                   dice_between(dice, 0, 3) == 0) {
            step->ns = 0;
        } else {
            step->ns = dice_magnitude(dice, 12 * NS_PER_MS);
        }
    }
    if (inside) {
        task->step[task->step_count++].kind = NAIVE_TASK_RELEASE;
    }
}

static void make_case(uint64_t seed, struct naive_loop *loop) {
    struct dice dice = dice_make(seed);
    *loop = (struct naive_loop){
        .task_count = (int)dice_between(&dice, 0, NAIVE_TASKS),
        .permits = (int)dice_between(&dice, 1, 4),
    };
    loop->costs = (struct naive_loop_costs){
        .start = cost(&dice, 100000),
        .iteration = cost(&dice, 5000),
        .handle = cost(&dice, 2000),
        .create = cost(&dice, 5000),
        .step = cost(&dice, 2000),
        .call_later = cost(&dice, 3000),
        .attach = cost(&dice, 5000),
        .wake = cost(&dice, 50000),
        .syscall = cost(&dice, 3000),
        .slack = cost(&dice, 60000),
    };
    for (int i = 0; i < loop->task_count; i++) {
        make_steps(&dice, &loop->task[i]);
    }
}

/* --- the same for the engine --------------------------------------------------- */

static void set_costs(struct scene *scene, const struct naive_loop_costs *costs) {
    scene_set_wake(scene, costs->wake);
    scene->plan.machine.syscall_ns = costs->syscall;
    scene->plan.machine.timer_slack_ns = costs->slack;
    struct runtime *runtime = &scene->plan.runtime;
    runtime->attach_ns = costs->attach;
    runtime->loop_start_ns = costs->start;
    runtime->loop_iteration_ns = costs->iteration;
    runtime->loop_handle_ns = costs->handle;
    runtime->task_create_ns = costs->create;
    runtime->task_step_ns = costs->step;
    runtime->call_later_ns = costs->call_later;
}

struct cast {
    struct action action[NAIVE_TASKS][NAIVE_TASK_STEPS];
    struct sequence sequence[NAIVE_TASKS];
    char name[NAIVE_TASKS][16];
};

static void run_engine(struct scene *scene, const struct naive_loop *naive,
                       struct cast *cast) {
    static const enum action_kind kinds[NAIVE_TASK_KINDS] = {
        [NAIVE_TASK_COMPUTE] = ACTION_COMPUTE,
        [NAIVE_TASK_BLOCK] = ACTION_IO,
        [NAIVE_TASK_AWAIT_IO] = ACTION_AWAIT_IO,
        [NAIVE_TASK_AWAIT_SLEEP] = ACTION_AWAIT_SLEEP,
        [NAIVE_TASK_ACQUIRE] = ACTION_ASYNC_ACQUIRE,
        [NAIVE_TASK_RELEASE] = ACTION_ASYNC_RELEASE,
    };
    scene_prepare(scene);
    set_costs(scene, &naive->costs);
    scene_open(scene);
    struct aio_loop *loop = aio_loop_create(&(struct aio_loop_spec){
        .world = &scene->world,
        .task_count = (uint32_t)naive->task_count,
        .permits = (uint32_t)naive->permits,
    });
    assert_non_null(loop);
    for (int i = 0; i < naive->task_count; i++) {
        const struct naive_task *task = &naive->task[i];
        for (int k = 0; k < task->step_count; k++) {
            cast->action[i][k] = (struct action){.kind = kinds[task->step[k].kind],
                                                 .site = SITE_NONE,
                                                 .ns = task->step[k].ns};
        }
        cast->sequence[i] = (struct sequence){.actions = cast->action[i],
                                              .count = (uint32_t)task->step_count};
        snprintf(cast->name[i], sizeof cast->name[i], "t%d", i);
        aio_loop_add_task(loop, &(struct aio_task_spec){
                                    .name = cast->name[i],
                                    .program = {&sequence_ops, &cast->sequence[i]},
                                });
    }
    scene_add_program(scene, "loop", 0, aio_loop_program(loop));
    assert_int_equal(scene_run(scene), SIM_NOTHING_LEFT);
}

/* --- comparing ----------------------------------------------------------------- */

static void disagree(uint64_t seed, const char *what) {
    fail_msg("%s\nagain: GILSCOPE_TEST_SEED=%" PRIu64 " engine_test_loop_oracle", what,
             seed);
}

static void compare_task(uint64_t seed, const struct timeline *timeline, int index,
                         const struct naive_task *task) {
    char text[256], name[16];
    snprintf(name, sizeof name, "t%d", index);
    const lane_id lane = timeline_find(timeline, LANE_TASK, name);
    int at = 0;
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        if (span->lane != lane) {
            continue;
        }
        const struct naive_task_span none = {-1, -1, STATE_COUNT};
        const struct naive_task_span *expected =
            at < task->span_count ? &task->span[at] : &none;
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
    if (at != task->span_count) {
        snprintf(text, sizeof text, "%s: engine has %d spans, oracle %d", name, at,
                 task->span_count);
        disagree(seed, text);
    }
}

static void compare_case(uint64_t seed, struct naive_loop *naive) {
    make_case(seed, naive);
    assert_true(naive_loop_run(naive));
    struct scene scene;
    static struct cast cast;
    run_engine(&scene, naive, &cast);
    for (int i = 0; i < naive->task_count; i++) {
        compare_task(seed, &scene.timeline, i, &naive->task[i]);
    }
    if (scene.world.tally.loop_iterations != naive->iterations) {
        disagree(seed, "number of iterations");
    }
    if (scene.world.tally.loop_lag.max != naive->max_lag) {
        disagree(seed, "longest lag of a timer");
    }
    if (scene.world.sim.now != naive->end) {
        disagree(seed, "end of the run");
    }
    struct violation violation;
    if (!timeline_is_sound(&scene.timeline, &violation)) {
        disagree(seed, violation.text);
    }
    scene_close(&scene);
}

static void test_loop_oracle_agrees_on_every_span(void **state) {
    (void)state;
    static struct naive_loop naive;
    const int64_t only = dice_only_seed();
    const uint64_t first = only < 0 ? 0 : (uint64_t)only;
    const uint64_t end = only < 0 ? CASES : first + 1;
    uint64_t iterations = 0;
    for (uint64_t seed = first; seed < end; seed++) {
        compare_case(seed, &naive);
        iterations += naive.iterations;
    }
    print_message("compared %" PRIu64 " iterations\n", iterations);
    assert_true(only >= 0 || iterations > 10 * CASES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_oracle_agrees_on_every_span),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
