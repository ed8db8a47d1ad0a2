/* SPDX-License-Identifier: MIT */
/* test_gc - when the collector runs, by version, and whom it holds up. */
#include "tests/support/test.h"

#include <math.h>

#include "engine/python/gc.h"
#include "engine/python/runtime_table.h"
#include "tests/support/plans.h"

/* --- when it runs -------------------------------------------------------------- */

/* Makes objects one by one and counts the collections by generation: the one above, or
 * the oldest itself, has the survivors. */
static void count_collections(struct gc *gc, int64_t objects, int count[GC_GENERATIONS]) {
    int64_t buffer = 0;
    for (int64_t i = 0; i < objects; i++) {
        gc_allocate(gc, &buffer, 1);
        if (!gc_is_due(gc)) {
            continue;
        }
        const int64_t seen = gc_collect(gc);
        const int generation = gc->objects[1] > 0             ? 0
                               : gc->long_lived_total == seen ? 2
                                                              : 1;
        count[generation]++;
    }
}

/*
 * Measured with gc.callbacks while a list of 400,000 lists was filled after gc.collect():
 * 3.6.15, 3.9.18, 3.11.7 and 3.12.1 agree; 3.13.0.
 */
static void test_gc_collects_as_often_as_real_python(void **state) {
    (void)state;
    static const struct {
        const char *runtime;
        int64_t objects;
        int count[GC_GENERATIONS];
    } measured[] = {
        {"cpython-3.6", 100000, {130, 11, 1}},  {"cpython-3.9", 200000, {260, 23, 2}},
        {"cpython-3.11", 400000, {519, 47, 4}}, {"cpython-3.12", 400000, {519, 47, 4}},
        {"cpython-3.13", 100000, {45, 4, 0}},   {"cpython-3.13", 200000, {91, 8, 0}},
        {"cpython-3.13", 400000, {182, 16, 1}},
    };
    for (size_t i = 0; i < sizeof measured / sizeof measured[0]; i++) {
        const struct runtime runtime = runtime_row_find(measured[i].runtime)->runtime;
        struct gc gc;
        int count[GC_GENERATIONS] = {0};
        gc_init(&gc, &runtime);
        gc.long_lived_total = runtime.gc_start_objects; /* gc.collect() */
        count_collections(&gc, measured[i].objects, count);
        for (int g = 0; g < GC_GENERATIONS; g++) {
            assert_int_equal(count[g], measured[i].count[g]);
        }
    }
}

/* What is given back at once never reaches the threshold. */
static void test_gc_counts_releases(void **state) {
    (void)state;
    struct runtime runtime = runtime_row_find("cpython-3.12")->runtime;
    runtime.gc_start_objects = 10;
    struct gc gc;
    int64_t buffer = 0;
    gc_init(&gc, &runtime);
    for (int i = 0; i < 10000; i++) {
        gc_allocate(&gc, &buffer, 700);
        assert_false(gc_is_due(&gc));
        gc_release(&gc, &buffer, 700);
    }
    gc_release(&gc, &buffer,
               INT64_MAX); /* there are none: the interpreter keeps its own */
    assert_int_equal(gc.objects[2], 10);
    assert_int_equal(gc_room(&gc, buffer), 701);
    gc_allocate(&gc, &buffer, 701);
    assert_true(gc_is_due(&gc));
}

static void test_gc_can_be_switched_off(void **state) {
    (void)state;
    struct runtime runtime = runtime_row_find("cpython-3.12")->runtime;
    struct gc gc;
    int64_t buffer = 0;
    runtime.gc_enabled = 0;
    gc_init(&gc, &runtime);
    gc_allocate(&gc, &buffer, 1000000);
    assert_false(gc_is_due(&gc));
    assert_int_equal(gc_room(&gc, buffer), INT64_MAX);
    runtime.gc_enabled = 1;
    runtime.gc_threshold_0 = 0;
    assert_false(gc_is_due(&gc));
}

/* Two threads keep up to 511 objects each to themselves. */
static void test_gc_free_threaded_counts_in_buffers(void **state) {
    (void)state;
    struct runtime runtime = runtime_row_find("cpython-3.14t")->runtime;
    struct gc gc;
    int64_t a = 0, b = 0;
    gc_init(&gc, &runtime);
    for (int i = 0; i < 3; i++) {
        gc_allocate(&gc, &a, gc_room(&gc, a));
        assert_int_equal(a, 0);
    }
    gc_allocate(&gc, &a, 511);
    gc_allocate(&gc, &b, 511);
    assert_int_equal(gc.count[0], 3 * 512);
    assert_false(gc_is_due(&gc));
    gc_allocate(&gc, &b, 1);
    assert_true(gc.count[0] == 2048 && gc_is_due(&gc));
    const int64_t all = runtime.gc_start_objects + 3 * 512 + 511 + 512;
    assert_int_equal(gc_collect(&gc), all);
    assert_int_equal(gc.long_lived_total, all);
    assert_int_equal(gc.count[0], 0);
    gc_release(&gc, &b, 511);
    assert_int_equal(gc.count[0], 0);
    gc_release(&gc, &b, 1);
    assert_int_equal(gc.count[0], -512);
}

/* No generations: the next one waits until a quarter has been added, so that n objects
 * cost about 5 n looks and not n * n. */
static void test_gc_free_threaded_waits_for_a_quarter(void **state) {
    (void)state;
    const struct runtime runtime = runtime_row_find("cpython-3.13t")->runtime;
    struct gc gc;
    int64_t buffer = 0, looked = 0, before = 0;
    gc_init(&gc, &runtime);
    for (int64_t i = 0; i < 1000000; i++) {
        gc_allocate(&gc, &buffer, 1);
        if (gc_is_due(&gc)) {
            const int64_t seen = gc_collect(&gc);
            assert_true(before == 0 || seen > before * 5 / 4);
            before = seen;
            looked += seen;
        }
    }
    assert_true(looked > 3000000 && looked < 6000000);
}

/* An increment is the young objects and at most 1.5 times as many old ones; each old one
 * is looked at once in a round. */
static void test_gc_incremental_looks_at_a_part(void **state) {
    (void)state;
    struct runtime runtime = runtime_row_find("cpython-3.14")->runtime;
    runtime.gc_kind = GC_INCREMENTAL;
    struct gc gc;
    int64_t buffer = 0, rounds = 0;
    gc_init(&gc, &runtime);
    for (int64_t i = 0; i < 1000000; i++) {
        gc_allocate(&gc, &buffer, 1);
        if (gc_is_due(&gc)) {
            const int64_t left = gc.not_visited;
            const int64_t seen = gc_collect(&gc);
            assert_true(seen >= 2001 && seen <= 2001 + 2 * 2001 + gc.objects[2] / 100);
            rounds += gc.not_visited > left;
        }
    }
    assert_true(rounds > 3);
}

/* --- whom it holds up ---------------------------------------------------------- */

static double metric(const struct plan *plan, enum metric_id id) {
    struct run_result result = {0};
    struct err err = {0};
    assert_int_equal(run_execute(&result, plan, &(struct run_options){0}, &err), 0);
    assert_int_equal(result.status, RUN_DONE);
    const double value = result.metric[id];
    run_result_deinit(&result);
    return value;
}

/* One thread fills a list, another one beats every millisecond. */
static void begin_heartbeat(struct plan *plan, const char *runtime) {
    plan_begin(plan, "ideal", runtime);
    plan->machine.cores = 2;
    plan_thread(plan, "filler", 1, false, "allocate 400000");
    plan_thread(plan, "heart", 1, true, "forever { sleep 1ms python 1us }");
}

static void test_gc_pauses_are_its_looks(void **state) {
    (void)state;
    struct plan plan;
    begin_heartbeat(&plan, "cpython-3.12");
    struct gc gc;
    int64_t buffer = 0, looked = 0, most = 0;
    gc_init(&gc, &plan.runtime);
    for (int64_t i = 0; i < 400000; i++) {
        gc_allocate(&gc, &buffer, 1);
        if (gc_is_due(&gc)) {
            const int64_t seen = gc_collect(&gc);
            looked += seen;
            most = seen > most ? seen : most;
        }
    }
    const double object_us = (double)plan.runtime.gc_object_ns / 1e3;
    assert_true(metric(&plan, METRIC_GC_COLLECTIONS) == 519 + 47 + 4);
    assert_true(fabs(metric(&plan, METRIC_GC_PAUSE_US) - (double)looked * object_us) <
                0.1);
    assert_true(fabs(metric(&plan, METRIC_GC_PAUSE_MAX_US) - (double)most * object_us) <
                0.1);
    plan_deinit(&plan);
}

static void test_gc_is_measured_only_where_something_is_allocated(void **state) {
    (void)state;
    struct plan plan;
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_thread(&plan, "a", 1, false, "python 1ms");
    assert_true(isnan(metric(&plan, METRIC_GC_COLLECTIONS)));
    plan_deinit(&plan);
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan.runtime.gc_enabled = 0;
    plan_thread(&plan, "a", 1, false, "allocate 10000 free 10000");
    assert_true(metric(&plan, METRIC_GC_COLLECTIONS) == 0);
    const double off = metric(&plan, METRIC_MAKESPAN_US);
    plan.runtime.gc_enabled = 1;
    assert_true(metric(&plan, METRIC_MAKESPAN_US) > off);
    plan_deinit(&plan);
}

/* Threads that only compute beside one that allocates: with a GIL as without one they lose
 * the time of the collections, which no thread can use. */
static double lost_us(const char *runtime, int64_t enabled) {
    struct plan plan;
    plan_begin(&plan, "ideal", runtime);
    plan.machine.cores = 4;
    plan.runtime.gc_enabled = enabled;
    plan_thread(&plan, "filler", 1, false, "allocate 300000");
    plan_thread(&plan, "worker", 2, false, "python 400ms");
    const double makespan = metric(&plan, METRIC_MAKESPAN_US);
    plan_deinit(&plan);
    return makespan;
}

static void test_gc_holds_up_every_thread(void **state) {
    (void)state;
    static const char *const runtimes[] = {"cpython-3.11", "cpython-3.12",
                                           "cpython-3.14t"};
    for (size_t i = 0; i < sizeof runtimes / sizeof runtimes[0]; i++) {
        struct plan plan;
        plan_begin(&plan, "ideal", runtimes[i]);
        plan_thread(&plan, "filler", 1, false, "allocate 300000");
        const double pauses = metric(&plan, METRIC_GC_PAUSE_US);
        plan_deinit(&plan);
        const double lost = lost_us(runtimes[i], 1) - lost_us(runtimes[i], 0);
        assert_true(pauses > 10000);
        assert_true(lost > 0.95 * pauses && lost < 1.05 * pauses);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gc_collects_as_often_as_real_python),
        cmocka_unit_test(test_gc_counts_releases),
        cmocka_unit_test(test_gc_can_be_switched_off),
        cmocka_unit_test(test_gc_free_threaded_counts_in_buffers),
        cmocka_unit_test(test_gc_free_threaded_waits_for_a_quarter),
        cmocka_unit_test(test_gc_incremental_looks_at_a_part),
        cmocka_unit_test(test_gc_pauses_are_its_looks),
        cmocka_unit_test(test_gc_is_measured_only_where_something_is_allocated),
        cmocka_unit_test(test_gc_holds_up_every_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
