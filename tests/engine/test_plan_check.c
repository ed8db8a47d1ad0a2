/* SPDX-License-Identifier: MIT */
/* test_plan_check - every refusal of plan_check(), and that it refuses nothing else. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/plans.h"
#include "tests/support/test.h"

static void expect(struct plan *plan, int code, const char *says, const char *pointer) {
    struct err err = {0};
    assert_int_equal(plan_check(plan, &err), code);
    assert_int_equal(err.code, code);
    if (strstr(err.text, says) == NULL) {
        fail_msg("'%s' does not speak of '%s'", err.text, says);
    }
    assert_string_equal(err.pointer, pointer);
    plan_deinit(plan);
}

static void begin(struct plan *plan) {
    plan_begin(plan, "linux-desktop", "cpython-3.12");
}

static void test_plan_check_accepts_what_can_be_run(void **state) {
    (void)state;
    struct plan plan;
    begin(&plan);
    plan_thread(&plan, "a", 2, true, "forever { python 1ms repeat 0 { } }");
    plan_thread(&plan, "b", 0, false, "");
    const uint32_t loop = plan_loop(&plan, "c", 1, false);
    plan_task(&plan, loop, "t", 3,
              "await_io 1ms repeat 2 { await_sleep 0ns to_thread { io 1ms repeat 2 { "
              "sleep 1ms } } await_io 1ms }");
    assert_int_equal(plan_check(&plan, NULL), 0);
    plan_deinit(&plan);
    plan_deinit(&plan); /* zeroed input is accepted */
    plan_deinit(NULL);
}

static void test_plan_check_awaits_only_in_tasks(void **state) {
    (void)state;
    static const char *const steps[] = {"await_io 1ms", "await_sleep 1ms",
                                        "to_thread { python 1ms }"};
    for (size_t i = 0; i < 3; i++) {
        struct plan plan;
        begin(&plan);
        plan_thread(&plan, "a", 1, false, steps[i]);
        expect(&plan, ERR_INVALID, "only a task of an event loop can await", "/0");
        begin(&plan);
        plan_jobs(&plan, 3, steps[i]);
        plan_strategy(&plan, STRATEGY_ASYNCIO, 2);
        expect(&plan, ERR_INVALID, "only a task of an event loop can await", "/0");
    }
}

/* A body of to_thread runs in a thread; behind it the task goes on. */
static void test_plan_check_no_await_inside_to_thread(void **state) {
    (void)state;
    static const char *const steps[] = {
        "to_thread { python 1ms await_io 1ms }",
        "to_thread { repeat 2 { await_sleep 1ms } }",
        "repeat 2 { to_thread { to_thread { python 1ms } } }",
    };
    static const char *const pointers[] = {"/2", "/2", "/2"};
    for (size_t i = 0; i < 3; i++) {
        struct plan plan;
        begin(&plan);
        const uint32_t loop = plan_loop(&plan, "l", 1, false);
        plan_task(&plan, loop, "t", 1, steps[i]);
        expect(&plan, ERR_INVALID, "only a task", pointers[i]);
    }
}

static void test_plan_check_forever_only_in_daemons(void **state) {
    (void)state;
    struct plan plan;
    begin(&plan);
    plan_thread(&plan, "a", 1, false, "python 1ms forever { python 1ms }");
    expect(&plan, ERR_INVALID, "would never end", "/1");
    begin(&plan);
    plan_jobs(&plan, 1, "forever { python 1ms }");
    expect(&plan, ERR_INVALID, "would never end", "/0");
    begin(&plan);
    const uint32_t loop = plan_loop(&plan, "l", 1, false);
    plan_task(&plan, loop, "t", 1, "forever { await_io 1ms }");
    expect(&plan, ERR_INVALID, "would never end", "/0");
}

static void test_plan_check_steps_that_are_none(void **state) {
    (void)state;
    struct plan plan;
    begin(&plan);
    plan_thread(&plan, "a", 1, false, "python 1ms");
    plan.steps[0].kind = STEP_KIND_COUNT;
    expect(&plan, ERR_INVALID, "no step", "/0");
    begin(&plan);
    plan_thread(&plan, "a", 1, false, "repeat 2 { python 1ms }");
    plan.steps[0].count = -1;
    expect(&plan, ERR_INVALID, "no step", "/0");
}

static void test_plan_check_bodies_and_slices_in_range(void **state) {
    (void)state;
    static const uint32_t ends[] = {0, 1, 4, 5, UINT32_MAX};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct plan plan;
        begin(&plan);
        plan_thread(&plan, "a", 1, false, "python 1ms repeat 2 { io 1ms } python 1ms");
        plan.steps[1].end = ends[i];
        if (ends[i] == 4) { /* the body simply is longer */
            assert_int_equal(plan_check(&plan, NULL), 0);
            plan_deinit(&plan);
        } else {
            expect(&plan, ERR_INVALID, "body out of range", "");
        }
    }
    struct plan plan;
    begin(&plan);
    plan_thread(&plan, "a", 1, false, "repeat 2 { repeat 2 { io 1ms } io 1ms } io 1ms");
    plan.steps[1].end = 5; /* reaches out of the body around it */
    expect(&plan, ERR_INVALID, "body out of range", "");
    begin(&plan);
    plan_thread(&plan, "a", 1, false, "python 1ms io 1ms");
    plan.steps[0].end = 2; /* has no body */
    expect(&plan, ERR_INVALID, "body out of range", "");
    begin(&plan);
    plan_thread(&plan, "a", 1, false, "python 1ms");
    plan.actors[0].steps = (struct step_slice){0, 2};
    expect(&plan, ERR_INVALID, "out of range", "");
    begin(&plan);
    plan_thread(&plan, "a", 1, false, "python 1ms");
    plan.actors[0].steps = (struct step_slice){1, 0};
    expect(&plan, ERR_INVALID, "out of range", "");
}

/* Each step that is done with an object, with an object of each kind. */
static void test_plan_check_steps_and_objects(void **state) {
    (void)state;
    static const struct {
        const char *step, *objects;
    } fits[] = {
        {"acquire x", "lock rlock condition semaphore "},
        {"release x", "lock rlock condition semaphore "},
        {"with x { }", "lock rlock condition semaphore "},
        {"wait x", "condition event barrier "},
        {"notify x 1", "condition "},
        {"set x", "event "},
        {"clear x", "event "},
        {"until x { python 1us }", "event "},
        {"put x", "queue simple_queue interpreter_queue "},
        {"get x", "queue simple_queue interpreter_queue "},
        {"update x 1us", "counter "},
        {"touch x 1", "object "},
        {"use x append 1us", "list dict "},
    };
    for (size_t i = 0; i < sizeof fits / sizeof fits[0]; i++) {
        for (int kind = 0; kind < OBJECT_KIND_COUNT; kind++) {
            struct plan plan;
            char word[32];
            snprintf(word, sizeof word, "%s ", object_kind_name((enum object_kind)kind));
            const char *found = strstr(fits[i].objects, word);
            begin(&plan);
            plan.runtime.has_interpreter_queue = 1;
            plan_sized(&plan, "x", (enum object_kind)kind, 1);
            plan_thread(&plan, "a", 1, false, fits[i].step);
            if (found != NULL && (found == fits[i].objects || found[-1] == ' ')) {
                assert_int_equal(plan_check(&plan, NULL), 0);
                plan_deinit(&plan);
            } else if (step_fits_object(plan.steps[0].kind, (enum object_kind)kind)) {
                assert_true(object_is_async((enum object_kind)kind));
                expect(&plan, ERR_INVALID, "only a task of an event loop", "/0");
            } else {
                expect(&plan, ERR_INVALID, "of another kind", "/0");
            }
        }
        struct plan plan;
        begin(&plan);
        plan_object(&plan, "x", OBJECT_LOCK);
        plan_thread(&plan, "a", 1, false, fits[i].step);
        plan.steps[0].object = 1;
        expect(&plan, ERR_INVALID, "does not exist", "/0");
    }
}

static void test_plan_check_sizes_of_objects(void **state) {
    (void)state;
    static const struct {
        enum object_kind kind;
        int64_t size;
    } wrong[] = {
        {OBJECT_BARRIER, 0}, {OBJECT_BARRIER, -1},           {OBJECT_SEMAPHORE, -1},
        {OBJECT_QUEUE, -1},  {OBJECT_INTERPRETER_QUEUE, -1}, {OBJECT_KIND_COUNT, 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct plan plan;
        begin(&plan);
        plan_sized(&plan, "x", wrong[i].kind, wrong[i].size);
        expect(&plan, ERR_INVALID, "'x' has no such size", "");
    }
    struct plan plan;
    begin(&plan);
    plan_sized(&plan, "q", OBJECT_QUEUE, 0);
    plan_sized(&plan, "s", OBJECT_SEMAPHORE, 0);
    plan_sized(&plan, "b", OBJECT_BARRIER, 1);
    assert_int_equal(plan_check(&plan, NULL), 0);
    plan_deinit(&plan);
}

/* Only what is used has to exist. */
static void test_plan_check_objects_by_version(void **state) {
    (void)state;
    static const struct {
        const char *runtime, *steps, *missing;
    } cases[] = {
        {"cpython-2.7", "wait b", "cpython-2.7 has no barrier"},
        {"cpython-3.1", "wait b", "cpython-3.1 has no barrier"},
        {"cpython-3.2", "wait b", NULL},
        {"cpython-3.6", "put s", "cpython-3.6 has no simple_queue"},
        {"cpython-3.7", "put s get s wait b", NULL},
        {"cpython-3.10", "put s wait b", NULL},
        {"cpython-3.14t", "put s wait b", NULL},
        {"cpython-atomic-refcounts", "put s wait b", NULL},
        {"cpython-2.7", "put q", NULL},
        {"cpython-3.13", "put i", "no interpreter_queue (3.14 and later)"},
        {"cpython-3.13t", "get i", "no interpreter_queue (3.14 and later)"},
        {"cpython-atomic-refcounts", "get i", "no interpreter_queue (3.14 and later)"},
        {"cpython-3.14", "put i get i", NULL},
        {"cpython-3.14t", "put i get i", NULL},
        {"cpython-3.15", "put i get i", NULL},
        {"cpython-3.15t", "put i get i", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct plan plan;
        plan_begin(&plan, "ideal", cases[i].runtime);
        plan_sized(&plan, "b", OBJECT_BARRIER, 1);
        plan_object(&plan, "s", OBJECT_SIMPLE_QUEUE);
        plan_object(&plan, "q", OBJECT_QUEUE);
        plan_object(&plan, "i", OBJECT_INTERPRETER_QUEUE);
        plan_thread(&plan, "a", 1, false, cases[i].steps);
        if (cases[i].missing == NULL) {
            assert_int_equal(plan_check(&plan, NULL), 0);
            plan_deinit(&plan);
        } else {
            expect(&plan, ERR_UNSUPPORTED, cases[i].missing, "");
        }
    }
}

static void test_plan_check_depth(void **state) {
    (void)state;
    char text[1024] = "";
    for (int depth = 1; depth <= STEP_MAX_DEPTH + 1; depth++) {
        struct plan plan;
        text[0] = '\0';
        for (int i = 0; i < depth; i++) {
            strcat(text, "repeat 1 { ");
        }
        strcat(text, "python 1ms ");
        for (int i = 0; i < depth; i++) {
            strcat(text, "} ");
        }
        begin(&plan);
        plan_thread(&plan, "a", 1, false, text);
        if (depth <= STEP_MAX_DEPTH) {
            assert_int_equal(plan_check(&plan, NULL), 0);
            plan_deinit(&plan);
        } else {
            expect(&plan, ERR_INVALID, "nested deeper", "");
        }
    }
}

static void test_plan_check_tasks_in_range(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct plan plan;
        begin(&plan);
        const uint32_t loop = plan_loop(&plan, "l", 1, false);
        plan_task(&plan, loop, "t", 1, "await_io 1ms");
        plan.actors[0].first_task = i == 0 ? 0 : 2;
        plan.actors[0].task_end = i == 0 ? 2 : 1;
        expect(&plan, ERR_INVALID, "tasks of actor 'l'", "");
    }
}

static void test_plan_check_machine_in_range(void **state) {
    (void)state;
    for (size_t i = 0; i < machine_field_count; i++) {
        struct plan plan;
        begin(&plan);
        field_set(&machine_fields[i], &plan.machine, machine_fields[i].max * 1.5 + 1);
        expect(&plan, ERR_INVALID, machine_fields[i].name, "");
        begin(&plan);
        field_set(&machine_fields[i], &plan.machine, machine_fields[i].min / 2 - 1);
        expect(&plan, ERR_INVALID, machine_fields[i].name, "");
    }
}

static void test_plan_check_strategies(void **state) {
    (void)state;
    static const enum strategy_kind kinds[] = {STRATEGY_THREADS, STRATEGY_ASYNCIO,
                                               STRATEGY_PROCESSES, STRATEGY_KIND_COUNT};
    struct plan plan;
    for (size_t i = 0; i < 4; i++) {
        begin(&plan);
        plan_jobs(&plan, 3, "python 1ms");
        plan_strategy(&plan, kinds[i], 0);
        expect(&plan, ERR_INVALID, "worker", "");
    }
    begin(&plan);
    plan_jobs(&plan, 3, "python 1ms");
    plan_strategy(&plan, STRATEGY_SEQUENTIAL, 0); /* has none */
    assert_int_equal(plan_check(&plan, NULL), 0);
    plan_deinit(&plan);
}

/* concurrent.futures came with 3.2; threads of one's own are as old as threading. */
static void test_plan_check_thread_pool_by_version(void **state) {
    (void)state;
    static const struct {
        const char *runtime, *missing;
    } cases[] = {
        {"cpython-2.7", "cpython-2.7 has no ThreadPoolExecutor"},
        {"cpython-3.1", "cpython-3.1 has no ThreadPoolExecutor"},
        {"cpython-3.2", NULL},
        {"cpython-3.14t", NULL},
        {"cpython-atomic-refcounts", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct plan plan;
        plan_begin(&plan, "ideal", cases[i].runtime);
        plan_thread(&plan, "a", 2, false, "python 1ms");
        assert_int_equal(plan_check(&plan, NULL), 0);
        plan_deinit(&plan);
        plan_begin(&plan, "ideal", cases[i].runtime);
        plan_jobs(&plan, 3, "python 1ms");
        plan_strategy(&plan, STRATEGY_THREADS, 2);
        if (cases[i].missing == NULL) {
            assert_int_equal(plan_check(&plan, NULL), 0);
            plan_deinit(&plan);
        } else {
            expect(&plan, ERR_UNSUPPORTED, cases[i].missing, "");
        }
    }
}

/* Threads or processes, beside an event loop only, where there is such a pool. */
static void test_plan_check_pool_beside_a_loop(void **state) {
    (void)state;
    static const struct {
        enum strategy_kind kind;
        uint32_t to_thread, to_process;
        bool no_pool;
        enum err_code code;
        const char *what;
    } cases[] = {
        {STRATEGY_ASYNCIO, 3, 0, false, 0, NULL},
        {STRATEGY_ASYNCIO, 0, 3, false, 0, NULL},
        {STRATEGY_ASYNCIO, 3, 3, false, ERR_INVALID, "one pool beside"},
        {STRATEGY_THREADS, 0, 3, false, ERR_INVALID, "one pool beside"},
        {STRATEGY_INTERPRETERS, 3, 0, false, ERR_INVALID, "one pool beside"},
        {STRATEGY_ASYNCIO, 0, 3, true, ERR_UNSUPPORTED,
         "cpython-3.14 has no ProcessPoolExecutor"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct plan plan;
        plan_begin(&plan, "ideal", "cpython-3.14");
        plan_jobs(&plan, 3, "python 1ms");
        plan_strategy(&plan, cases[i].kind, 2);
        plan.strategy.to_thread = cases[i].to_thread;
        plan.strategy.to_process = cases[i].to_process;
        plan.runtime.has_thread_pool = !cases[i].no_pool;
        if (cases[i].what == NULL) {
            assert_int_equal(plan_check(&plan, NULL), 0);
            plan_deinit(&plan);
        } else {
            expect(&plan, cases[i].code, cases[i].what, "");
        }
    }
}

/* In each of several processes: threads beside a loop, where there is asyncio. */
static void test_plan_check_pool_beside_each_loop(void **state) {
    (void)state;
    static const struct {
        const char *runtime;
        enum strategy_kind each;
        enum err_code code;
        const char *what;
    } cases[] = {
        {"cpython-3.12", STRATEGY_ASYNCIO, 0, NULL},
        {"cpython-3.12", STRATEGY_THREADS, ERR_INVALID, "beside an event loop"},
        {"cpython-3.2", STRATEGY_ASYNCIO, ERR_UNSUPPORTED, "cpython-3.2 has no asyncio"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct plan plan;
        plan_begin(&plan, "ideal", cases[i].runtime);
        plan_jobs(&plan, 3, "python 1ms");
        plan_strategy(&plan, STRATEGY_PROCESSES, 2);
        plan.strategy.each = (struct strategy_each){cases[i].each, 5, 3};
        if (cases[i].what == NULL) {
            assert_int_equal(plan_check(&plan, NULL), 0);
            plan_deinit(&plan);
        } else {
            expect(&plan, cases[i].code, cases[i].what, "");
        }
    }
}

static void test_plan_check_runtime_without_asyncio(void **state) {
    (void)state;
    struct plan plan;
    begin(&plan);
    plan.runtime.has_asyncio = 0;
    plan_jobs(&plan, 3, "python 1ms");
    plan_strategy(&plan, STRATEGY_ASYNCIO, 2);
    expect(&plan, ERR_UNSUPPORTED, "cpython-3.12 has no asyncio", "");
    begin(&plan);
    plan.runtime.has_asyncio = 0;
    (void)plan_loop(&plan, "l", 1, false);
    expect(&plan, ERR_UNSUPPORTED, "cpython-3.12 has no asyncio", "");
    begin(&plan);
    plan.runtime.has_asyncio = 0;
    (void)plan_loop(&plan, "l", 0, false); /* none of them */
    plan_thread(&plan, "a", 1, false, "python 1ms");
    assert_int_equal(plan_check(&plan, NULL), 0);
    plan_deinit(&plan);
}

static void test_plan_check_objects(void **state) {
    (void)state;
    struct plan plan;
    for (int i = 0; i < 2; i++) {
        begin(&plan);
        plan_object(&plan, "l", OBJECT_LOCK);
        plan_object(&plan, "n", OBJECT_COUNTER);
        plan_thread(&plan, "a", 1, false, "with l { update n 1us }");
        assert_int_equal(plan_check(&plan, NULL), 0);
        plan.steps[0].object = i == 0 ? 1 : 2; /* another kind; none */
        expect(&plan, ERR_INVALID, "object", "/0");
    }
    begin(&plan);
    plan_object(&plan, "l", OBJECT_LOCK);
    plan_object(&plan, "n", OBJECT_COUNTER);
    plan_thread(&plan, "a", 1, false, "update n 1us");
    plan.steps[0].object = 0;
    expect(&plan, ERR_INVALID, "object", "/0");
}

static void test_plan_check_laws(void **state) {
    (void)state;
    static struct distribution_value below = {-1, 1}, short_of_1 = {1, 0.5};
    static const struct distribution wrong[] = {
        {.kind = DISTRIBUTION_CONSTANT, .a = -1},
        {.kind = DISTRIBUTION_UNIFORM, .a = 5, .b = 4},
        {.kind = DISTRIBUTION_UNIFORM, .a = -5, .b = 4},
        {.kind = DISTRIBUTION_EXPONENTIAL, .a = -1},
        {.kind = DISTRIBUTION_LOGNORMAL, .a = 1, .s = -0.5},
        {.kind = DISTRIBUTION_LOGNORMAL, .a = 1, .s = NAN},
        {.kind = DISTRIBUTION_PARETO, .a = 1, .s = 0},
        {.kind = DISTRIBUTION_EMPIRICAL},
        {.kind = DISTRIBUTION_EMPIRICAL, .count = 1, .values = &below},
        {.kind = DISTRIBUTION_EMPIRICAL, .count = 1, .values = &short_of_1},
        {.kind = DISTRIBUTION_KIND_COUNT},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct plan plan;
        begin(&plan);
        plan_thread(&plan, "a", 1, false, "io 1ms python 1ms");
        plan.steps[1].time = wrong[i];
        expect(&plan, ERR_INVALID, "law", "/1");
    }
}

/* A thread, and a pool of threads, keep next to nothing of a job that has ended. */
static void test_plan_check_many_arrivals_by_strategy(void **state) {
    (void)state;
    for (int i = 0; i < STRATEGY_KIND_COUNT; i++) {
        const enum strategy_kind kind = (enum strategy_kind)i;
        const bool fits = kind == STRATEGY_SEQUENTIAL || kind == STRATEGY_THREADS;
        if (kind == STRATEGY_ACTORS) {
            continue;
        }
        for (int over = 0; over < 2; over++) {
            struct plan plan;
            plan_begin(&plan, "linux-desktop", "cpython-3.14");
            plan_jobs(&plan, 0, "python 1ms");
            plan.arrivals = (struct arrivals_plan){.kind = ARRIVALS_EXPONENTIAL,
                                                   .burst = 1,
                                                   .rate_per_s = over ? 1001.0 : 1000.0,
                                                   .for_ns = 1000 * NS_PER_S};
            plan_strategy(&plan, kind, 2);
            if (fits || !over) {
                assert_int_equal(plan_check(&plan, NULL), 0);
                plan_deinit(&plan);
            } else {
                expect(&plan, ERR_UNSUPPORTED, "for sequential and threads only", "");
            }
        }
    }
}

/* Their sum must not wrap: it is what memory is asked for. */
static void test_plan_check_counts(void **state) {
    (void)state;
    struct plan plan;
    begin(&plan);
    plan_thread(&plan, "a", UINT32_MAX, false, "python 1ms");
    plan_thread(&plan, "b", 2, false, "python 1ms");
    expect(&plan, ERR_INVALID, "threads or tasks", "");
    begin(&plan);
    const uint32_t loop = plan_loop(&plan, "l", 1, false);
    plan_task(&plan, loop, "t", UINT32_MAX, "await_io 1ms");
    plan_task(&plan, loop, "u", 2, "await_io 1ms");
    expect(&plan, ERR_INVALID, "threads or tasks", "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_check_accepts_what_can_be_run),
        cmocka_unit_test(test_plan_check_awaits_only_in_tasks),
        cmocka_unit_test(test_plan_check_no_await_inside_to_thread),
        cmocka_unit_test(test_plan_check_forever_only_in_daemons),
        cmocka_unit_test(test_plan_check_steps_that_are_none),
        cmocka_unit_test(test_plan_check_bodies_and_slices_in_range),
        cmocka_unit_test(test_plan_check_steps_and_objects),
        cmocka_unit_test(test_plan_check_sizes_of_objects),
        cmocka_unit_test(test_plan_check_objects_by_version),
        cmocka_unit_test(test_plan_check_depth),
        cmocka_unit_test(test_plan_check_tasks_in_range),
        cmocka_unit_test(test_plan_check_machine_in_range),
        cmocka_unit_test(test_plan_check_strategies),
        cmocka_unit_test(test_plan_check_thread_pool_by_version),
        cmocka_unit_test(test_plan_check_pool_beside_a_loop),
        cmocka_unit_test(test_plan_check_pool_beside_each_loop),
        cmocka_unit_test(test_plan_check_runtime_without_asyncio),
        cmocka_unit_test(test_plan_check_objects),
        cmocka_unit_test(test_plan_check_laws),
        cmocka_unit_test(test_plan_check_many_arrivals_by_strategy),
        cmocka_unit_test(test_plan_check_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
