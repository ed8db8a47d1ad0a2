/* SPDX-License-Identifier: MIT */
/* test_step_list - which actions the steps of a document become, in which order, and what
 * they draw. Pulled by hand, without a scheduler. */
#include <stdio.h>
#include <string.h>

#include "engine/program/step_list.h"
#include "tests/support/dice.h"
#include "tests/support/plans.h"
#include "tests/support/test.h"

struct bench {
    struct plan plan;
    struct arena arena;
    struct step_list list;
    struct program program;
};

static void bench_begin(struct bench *bench, const char *steps, bool units,
                        bool asyncio) {
    *bench = (struct bench){0};
    plan_begin(&bench->plan, "ideal", "cpython-3.12");
    const struct step_slice slice = plan_steps(&bench->plan, steps);
    assert_int_equal(step_list_init(&bench->list,
                                    &(struct step_list_spec){
                                        .plan = &bench->plan,
                                        .slice = slice,
                                        .key = 17,
                                        .units = units,
                                        .asyncio = asyncio,
                                    },
                                    &bench->arena),
                     0);
    bench->program = (struct program){&step_list_ops, &bench->list};
}

static void bench_end(struct bench *bench) {
    arena_deinit(&bench->arena);
    plan_deinit(&bench->plan);
}

static struct action pull(struct program *program) {
    struct action action;
    program_next(program, &(struct resume){.status = RESUME_DONE}, &action);
    return action;
}

/* The first actions as text: a letter and nanoseconds each. */
static void assert_actions(const char *steps, bool units, bool asyncio,
                           const char *expected) {
    static const char letters[ACTION_KIND_COUNT] = {
        [ACTION_EXIT] = 'X',     [ACTION_COMPUTE] = 'p',     [ACTION_COMPUTE_CPU] = 'u',
        [ACTION_C_HELD] = 'h',   [ACTION_C_RELEASED] = 'r',  [ACTION_IO] = 'i',
        [ACTION_SLEEP] = 's',    [ACTION_UNIT_BEGIN] = '(',  [ACTION_UNIT_END] = ')',
        [ACTION_AWAIT_IO] = 'I', [ACTION_AWAIT_SLEEP] = 'S', [ACTION_AWAIT_THREAD] = 'T',
    };
    struct bench bench;
    bench_begin(&bench, steps, units, asyncio);
    char text[512] = "";
    for (int i = 0; i < 40; i++) {
        const struct action action = pull(&bench.program);
        const size_t used = strlen(text);
        if (action.kind == ACTION_EXIT || action.kind == ACTION_UNIT_BEGIN ||
            action.kind == ACTION_UNIT_END || action.kind == ACTION_AWAIT_THREAD) {
            snprintf(text + used, sizeof text - used, "%c", letters[action.kind]);
        } else {
            snprintf(text + used, sizeof text - used, "%c%d", letters[action.kind],
                     (int)action.ns);
        }
        if (action.kind == ACTION_EXIT) {
            break;
        }
    }
    bench_end(&bench);
    assert_string_equal(text, expected);
}

static void test_step_list_every_kind(void **state) {
    (void)state;
    assert_actions("python 1ns python_cpu 2ns c_held 3ns c_released 4ns io 5ns sleep 6ns "
                   "await_io 7ns await_sleep 8ns to_thread { python 9ns }",
                   false, false, "p1u2h3r4i5s6I7S8TX");
    assert_actions("", false, false, "X");
}

static void test_step_list_nested_repeats(void **state) {
    (void)state;
    assert_actions("repeat 2 { python 1ns repeat 3 { io 2ns } sleep 3ns }", false, false,
                   "p1i2i2i2s3p1i2i2i2s3X");
    assert_actions("repeat 2 { repeat 2 { repeat 2 { io 1ns } } } python 2ns", false,
                   false, "i1i1i1i1i1i1i1i1p2X");
    assert_actions("repeat 0 { io 1ns } repeat 3 { } python 2ns", false, false, "p2X");
    assert_actions("repeat 3 { repeat 0 { io 1ns } } python 2ns", false, false, "p2X");
}

static void test_step_list_forever(void **state) {
    (void)state;
    struct bench bench;
    bench_begin(&bench, "forever { python 1ns repeat 2 { io 2ns } } sleep 9ns", true,
                false);
    for (int i = 0; i < 30000; i++) {
        assert_int_equal(pull(&bench.program).ns, i % 3 == 0 ? 1 : 2);
    }
    bench_end(&bench);
}

/* An iteration of an outermost repeat is a unit of work, and nothing else is. */
static void test_step_list_units(void **state) {
    (void)state;
    assert_actions("repeat 2 { python 1ns }", true, false, "(p1)(p1)X");
    assert_actions("python 1ns repeat 2 { io 2ns repeat 2 { io 3ns } } sleep 4ns", true,
                   false, "p1(i2i3i3)(i2i3i3)s4X");
    assert_actions("repeat 2 { repeat 2 { io 3ns } }", true, false, "(i3i3)(i3i3)X");
    assert_actions("repeat 2 { repeat 0 { io 3ns } }", true, false, "()()X");
    assert_actions("repeat 1 { io 1ns } repeat 1 { io 2ns }", true, false, "(i1)(i2)X");
    assert_actions("repeat 2 { python 1ns }", false, false, "p1p1X");
}

static void test_step_list_waits_become_awaits_under_asyncio(void **state) {
    (void)state;
    assert_actions("io 1ns io_blocking 2ns sleep 3ns sleep_blocking 4ns python 5ns",
                   false, true, "I1i2S3s4p5X");
}

/* What a step becomes depends on its object. */
static void test_step_list_steps_on_objects(void **state) {
    (void)state;
    static const struct {
        enum object_kind kind;
        const char *steps;
        enum action_kind actions[3];
        int64_t value; /* of the first */
    } cases[] = {
        {OBJECT_LOCK, "acquire x release x", {ACTION_ACQUIRE, ACTION_RELEASE}, 0},
        {OBJECT_RLOCK, "with x { }", {ACTION_ACQUIRE, ACTION_RELEASE}, 1},
        {OBJECT_CONDITION,
         "with x { wait x }",
         {ACTION_CONDITION_ENTER, ACTION_CONDITION_WAIT, ACTION_CONDITION_EXIT},
         1},
        {OBJECT_CONDITION, "acquire x release x", {ACTION_ACQUIRE, ACTION_RELEASE}, 0},
        {OBJECT_CONDITION, "notify x 3", {ACTION_CONDITION_NOTIFY}, 3},
        {OBJECT_CONDITION, "notify x 0", {ACTION_CONDITION_NOTIFY}, INT64_MAX},
        {OBJECT_SEMAPHORE,
         "with x { }",
         {ACTION_SEMAPHORE_ACQUIRE, ACTION_SEMAPHORE_RELEASE},
         1},
        {OBJECT_SEMAPHORE, "release x", {ACTION_SEMAPHORE_RELEASE}, 0},
        {OBJECT_EVENT,
         "wait x set x clear x",
         {ACTION_EVENT_WAIT, ACTION_EVENT_SET, ACTION_EVENT_CLEAR},
         0},
        {OBJECT_BARRIER, "wait x", {ACTION_BARRIER_WAIT}, 0},
        {OBJECT_QUEUE, "put x get x", {ACTION_QUEUE_PUT, ACTION_QUEUE_GET}, 0},
        {OBJECT_SIMPLE_QUEUE, "put x get x", {ACTION_PUT, ACTION_TAKE}, 0},
        {OBJECT_INTERPRETER_QUEUE,
         "put x get x",
         {ACTION_INTERPRETER_PUT, ACTION_INTERPRETER_GET},
         0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench bench = {0};
        int object;
        void *const objects[] = {&object};
        plan_begin(&bench.plan, "ideal", "cpython-3.12");
        bench.plan.runtime.has_interpreter_queue = 1;
        plan_sized(&bench.plan, "x", cases[i].kind, 1);
        const struct step_slice slice = plan_steps(&bench.plan, cases[i].steps);
        assert_int_equal(plan_check(&bench.plan, NULL), 0);
        assert_int_equal(step_list_init(&bench.list,
                                        &(struct step_list_spec){.plan = &bench.plan,
                                                                 .slice = slice,
                                                                 .objects = objects,
                                                                 .units = true},
                                        &bench.arena),
                         0);
        bench.program = (struct program){&step_list_ops, &bench.list};
        for (int k = 0; k < 3 && cases[i].actions[k] != ACTION_EXIT; k++) {
            struct step_list copy = bench.list;
            const struct action cloned = pull(&(struct program){&step_list_ops, &copy});
            const struct action action = pull(&bench.program);
            assert_memory_equal(&cloned, &action, sizeof action);
            assert_int_equal(action.kind, cases[i].actions[k]);
            assert_ptr_equal(action.object, &object);
            assert_true(k > 0 || action.value == cases[i].value);
        }
        assert_int_equal(pull(&bench.program).kind, ACTION_EXIT);
        bench_end(&bench);
    }
}

/* The body of to_thread is a program of its own, and one more each time. */
static void test_step_list_thread_body(void **state) {
    (void)state;
    struct bench bench;
    bench_begin(&bench,
                "repeat 2 { to_thread { repeat 2 { python uniform:1us:9us } } io 1ns }",
                false, false);
    sim_ns drawn[4];
    for (int visit = 0; visit < 2; visit++) {
        struct action action = pull(&bench.program);
        assert_int_equal(action.kind, ACTION_AWAIT_THREAD);
        struct program *body = action.object;
        drawn[2 * visit] = pull(body).ns;
        drawn[2 * visit + 1] = pull(body).ns;
        assert_int_equal(pull(body).kind, ACTION_EXIT);
        assert_int_equal(pull(&bench.program).kind, ACTION_IO);
    }
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < i; k++) {
            assert_int_not_equal(drawn[i], drawn[k]);
        }
    }
    bench_end(&bench);
}

static const char DRAWS[] = "python exp:1ms repeat 3 { io uniform:1us:1s python exp:1ms "
                            "repeat 2 { sleep lognormal:1ms:0.5 } } io pareto:1us:2";

enum { DRAWN = 2 + 3 * 4 };

static void draw_all(struct program *program, sim_ns *drawn) {
    for (int i = 0; i < DRAWN; i++) {
        drawn[i] = pull(program).ns;
    }
    assert_int_equal(pull(program).kind, ACTION_EXIT);
}

/* What is drawn depends on who draws it and for which visit; not on the strategy, not on
 * what else was drawn. */
static void test_step_list_draws_are_named_by_identity(void **state) {
    (void)state;
    struct bench plain, asyncio;
    sim_ns first[DRAWN], second[DRAWN];
    bench_begin(&plain, DRAWS, false, false);
    bench_begin(&asyncio, DRAWS, false, true);
    draw_all(&plain.program, first);
    draw_all(&asyncio.program, second);
    assert_memory_equal(first, second, sizeof first);
    step_list_restart(&plain.list, 18); /* another job */
    draw_all(&plain.program, second);
    for (int i = 0; i < DRAWN; i++) {
        assert_int_not_equal(first[i], second[i]);
        for (int k = 0; k < i; k++) {
            assert_int_not_equal(first[i], first[k]); /* every visit is another draw */
        }
    }
    step_list_restart(&plain.list, 17); /* the first again */
    draw_all(&plain.program, second);
    assert_memory_equal(first, second, sizeof first);
    bench_end(&asyncio);
    bench_end(&plain);
}

/* State cloned by copying its bytes goes on in the same way, at every point. */
static void test_step_list_state_can_be_cloned(void **state) {
    (void)state;
    struct bench bench;
    bench_begin(&bench, DRAWS, true, false);
    for (int at = 0; at < DRAWN + 6; at++) {
        struct step_list copy;
        assert_int_equal(step_list_ops.state_size, sizeof copy);
        memcpy(&copy, &bench.list, step_list_ops.state_size);
        struct program clone = {&step_list_ops, &copy};
        struct program again = bench.program;
        struct step_list saved = bench.list;
        for (int i = 0; i < 30; i++) {
            const struct action expected = pull(&again);
            const struct action action = pull(&clone);
            assert_int_equal(action.kind, expected.kind);
            assert_int_equal(action.ns, expected.ns);
            assert_int_equal(action.site, expected.site);
        }
        bench.list = saved;
        (void)pull(&bench.program); /* one further */
    }
    bench_end(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_step_list_every_kind),
        cmocka_unit_test(test_step_list_nested_repeats),
        cmocka_unit_test(test_step_list_forever),
        cmocka_unit_test(test_step_list_units),
        cmocka_unit_test(test_step_list_waits_become_awaits_under_asyncio),
        cmocka_unit_test(test_step_list_steps_on_objects),
        cmocka_unit_test(test_step_list_thread_body),
        cmocka_unit_test(test_step_list_draws_are_named_by_identity),
        cmocka_unit_test(test_step_list_state_can_be_cloned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
