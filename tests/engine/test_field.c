/* SPDX-License-Identifier: MIT */
/* test_field - the tables of machine and runtime parameters. */
#include <math.h>
#include <string.h>

#include "engine/os/machine.h"
#include "engine/python/runtime_table.h"
#include "tests/support/test.h"

static void check_table(const struct field *fields, size_t count, size_t struct_size) {
    for (size_t i = 0; i < count; i++) {
        const struct field *field = &fields[i];
        assert_ptr_equal(field_find(fields, count, field->name), field);
        assert_true(field->offset % sizeof(int64_t) == 0);
        assert_true(field->offset + sizeof(int64_t) <= struct_size);
        assert_true(field->min <= field->max);
        assert_true(strlen(field->meaning) > 0 && strlen(field->source) > 0);
        const char *suffix = strrchr(field->name, '_');
        if (field->unit == FIELD_US) {
            assert_string_equal(suffix, "_us");
        }
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(fields[k].name, field->name);
            assert_true(fields[k].offset != field->offset);
        }
    }
}

static void check_values(const struct field *fields, size_t count, const void *base,
                         const char *whose) {
    for (size_t i = 0; i < count; i++) {
        const double value = field_get(&fields[i], base);
        if (!(value >= fields[i].min && value <= fields[i].max)) {
            fail_msg("%s: %s is %g", whose, fields[i].name, value);
        }
    }
}

static void test_field_every_default_is_in_range(void **state) {
    (void)state;
    check_table(machine_fields, machine_field_count, sizeof(struct machine));
    check_table(runtime_fields, runtime_field_count, sizeof(struct runtime));
    for (size_t i = 0; i < machine_profile_count; i++) {
        check_values(machine_fields, machine_field_count, &machine_profiles[i].machine,
                     machine_profiles[i].name);
        assert_ptr_equal(machine_profile_find(machine_profiles[i].name),
                         &machine_profiles[i]);
    }
    for (size_t i = 0; i < runtime_row_count; i++) {
        check_values(runtime_fields, runtime_field_count, &runtime_rows[i].runtime,
                     runtime_rows[i].runtime.name);
        assert_ptr_equal(runtime_row_find(runtime_rows[i].runtime.name),
                         &runtime_rows[i]);
    }
    assert_null(machine_profile_find("linux"));
    assert_null(runtime_row_find(""));
    assert_null(field_find(machine_fields, machine_field_count, "core"));
}

/* A machine is numbers and nothing else: a member without a row could not be overridden,
 * shown or explained. */
static void test_field_every_member_of_a_machine_has_a_row(void **state) {
    (void)state;
    assert_int_equal(machine_field_count, sizeof(struct machine) / sizeof(int64_t));
}

static void test_field_units(void **state) {
    (void)state;
    struct machine machine = {0};
    const struct field *slack =
        field_find(machine_fields, machine_field_count, "timer_slack_us");
    field_set(slack, &machine, 50.0004);
    assert_int_equal(machine.timer_slack_ns, 50000);
    field_set(slack, &machine, 0.0015);
    assert_int_equal(machine.timer_slack_ns, 2); /* rounded once, half away from zero */
    const struct field *spread =
        field_find(machine_fields, machine_field_count, "wake_spread");
    field_set(spread, &machine, 0.15);
    assert_int_equal(machine.wake_spread_ppm, 150000);
    assert_true(fabs(field_get(spread, &machine) - 0.15) < 1e-12);
    const struct field *cores = field_find(machine_fields, machine_field_count, "cores");
    field_set(cores, &machine, 8);
    assert_int_equal(machine.cores, 8);
    assert_string_equal(field_unit_name(FIELD_US), "us");
    assert_string_equal(field_unit_name(FIELD_FLAG), "flag");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_field_every_default_is_in_range),
        cmocka_unit_test(test_field_every_member_of_a_machine_has_a_row),
        cmocka_unit_test(test_field_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
