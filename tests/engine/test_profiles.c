/* SPDX-License-Identifier: MIT */
/* test_profiles - the machine profiles, and what they leave to the number of cores. */
#include <stdio.h>
#include <string.h>

#include "tests/support/invariants.h"
#include "tests/support/plans.h"
#include "tests/support/scene.h"
#include "tests/support/test.h"

static void test_profiles_are_those_of_the_documentation(void **state) {
    (void)state;
    static const char *const names[] = {"ideal", "linux-desktop", "linux-vm-2",
                                        "linux-server-64", "macos-laptop"};
    assert_int_equal(machine_profile_count, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < machine_profile_count; i++) {
        const struct machine_profile *profile = machine_profile_find(names[i]);
        assert_non_null(profile);
        assert_string_equal(profile->name, names[i]);
        assert_true(strlen(profile->title) > 0);
        assert_true(strlen(profile->name) < sizeof((struct plan *)0)->machine_name);
    }
    assert_null(machine_profile_find("linux-server"));
}

static void test_profiles_are_in_range(void **state) {
    (void)state;
    for (size_t i = 0; i < machine_profile_count; i++) {
        for (size_t k = 0; k < machine_field_count; k++) {
            const struct field *field = &machine_fields[k];
            const double value = field_get(field, &machine_profiles[i].machine);
            if (value < field->min || value > field->max) {
                fail_msg("%s of %s is %g, must be from %g to %g", field->name,
                         machine_profiles[i].name, value, field->min, field->max);
            }
        }
    }
}

/* The deeper a core sleeps, the longer it takes to wake up; nothing is throttled unless
 * somebody asks for it. */
static void test_profiles_are_consistent(void **state) {
    (void)state;
    for (size_t i = 0; i < machine_profile_count; i++) {
        const struct machine *machine = &machine_profiles[i].machine;
        assert_true(machine->wake_warm_ns <= machine->wake_idle_ns);
        assert_true(machine->wake_idle_ns <= machine->wake_deep_ns);
        assert_true(machine->idle_after_ns <= machine->deep_after_ns);
        assert_true(machine->futex_empty_ns <= machine->futex_wake_ns);
        assert_int_equal(machine->quota_ns, 0);
        assert_int_equal(machine->quota_period_ns, 100 * NS_PER_MS);
    }
    assert_int_equal(machine_profile_find("linux-server-64")->machine.cores, 64);
    assert_int_equal(machine_profile_find("linux-server-64")->machine.smt_threads, 2);
    assert_int_equal(machine_profile_find("linux-vm-2")->machine.cores, 2);
}

static void test_profiles_run(void **state) {
    (void)state;
    for (size_t i = 0; i < machine_profile_count; i++) {
        struct plan plan;
        struct timeline timeline;
        struct run_result result;
        struct violation violation;
        struct err err = {0};
        plan_begin(&plan, machine_profiles[i].name, "cpython-3.14t");
        plan_jobs(&plan, 100, "python 2ms io 3ms c_released 500us sleep 100us");
        plan_strategy(&plan, STRATEGY_THREADS, 40);
        timeline_init(&timeline);
        if (run_execute(&result, &plan, &(struct run_options){.sink = &timeline.sink},
                        &err) != 0) {
            fail_msg("%s", err.text);
        }
        assert_int_equal(result.status, RUN_DONE);
        if (!timeline_is_sound(&timeline, &violation)) {
            fail_msg("%s: %s", machine_profiles[i].name, violation.text);
        }
        /* 100 x 2.5 ms of work: at least that on the cores, all of them at most busy */
        assert_true(result.metric[METRIC_CPU_US] >= 250000);
        assert_true(result.metric[METRIC_CORE_UTILISATION] <= 1);
        run_result_deinit(&result);
        timeline_deinit(&timeline);
        plan_deinit(&plan);
    }
}

/* --- the slice ----------------------------------------------------------------- */

static sim_ns slice_of(int64_t cores, sim_ns slice_ns) {
    struct scene scene;
    scene_prepare(&scene);
    scene.plan.machine.cores = cores;
    scene.plan.machine.slice_ns = slice_ns;
    scene_open(&scene);
    const sim_ns slice = scene.world.cpu.slice_ns;
    scene_close(&scene);
    return slice;
}

/* 0.70 ms x (1 + floor(log2(min(cores, 8)))), unless the document says how much. */
static void test_profiles_slice_depends_on_the_cores(void **state) {
    (void)state;
    static const struct {
        int64_t cores;
        sim_ns slice;
    } linux_slices[] = {{1, 700000},  {2, 1400000}, {3, 1400000},  {4, 2100000},
                        {7, 2100000}, {8, 2800000}, {64, 2800000}, {1024, 2800000}};
    for (size_t i = 0; i < sizeof linux_slices / sizeof linux_slices[0]; i++) {
        assert_int_equal(slice_of(linux_slices[i].cores, 0), linux_slices[i].slice);
        assert_int_equal(slice_of(linux_slices[i].cores, 1234567), 1234567);
    }
    static const char *const linuxes[] = {"linux-desktop", "linux-vm-2",
                                          "linux-server-64"};
    for (size_t i = 0; i < sizeof linuxes / sizeof linuxes[0]; i++) {
        assert_int_equal(machine_profile_find(linuxes[i])->machine.slice_ns, 0);
    }
    assert_int_equal(machine_profile_find("macos-laptop")->machine.slice_ns,
                     10 * NS_PER_MS);
}

/* --- timer slack --------------------------------------------------------------- */

/* When a wait of `ns` ends, less `ns`. */
static sim_ns lateness(const char *profile, sim_ns ns) {
    struct scene scene;
    scene_prepare(&scene);
    scene.plan.machine = machine_profile_find(profile)->machine;
    scene.plan.machine.wake_spread_ppm = 0;
    scene_open(&scene);
    const struct action none = {.kind = ACTION_EXIT};
    scene_add(&scene, "t", 0, &none, 0);
    const sim_ns due = os_thread_timer_due(&scene.world.threads[0]->client.os, ns);
    scene_close(&scene);
    return due - ns;
}

/* Linux: 50 us however short the wait. macOS: an eighth of it, at most 1 ms. */
static void test_profiles_timer_slack(void **state) {
    (void)state;
    assert_int_equal(lateness("ideal", 5 * NS_PER_MS), 0);
    assert_int_equal(lateness("linux-desktop", 1000), 50000);
    assert_int_equal(lateness("linux-desktop", 5 * NS_PER_MS), 50000);
    assert_int_equal(lateness("macos-laptop", 1000), 125);
    assert_int_equal(lateness("macos-laptop", 5 * NS_PER_MS), 625000);
    assert_int_equal(lateness("macos-laptop", 8 * NS_PER_MS), NS_PER_MS);
    assert_int_equal(lateness("macos-laptop", 100 * NS_PER_S), NS_PER_MS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profiles_are_those_of_the_documentation),
        cmocka_unit_test(test_profiles_are_in_range),
        cmocka_unit_test(test_profiles_are_consistent),
        cmocka_unit_test(test_profiles_run),
        cmocka_unit_test(test_profiles_slice_depends_on_the_cores),
        cmocka_unit_test(test_profiles_timer_slack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
