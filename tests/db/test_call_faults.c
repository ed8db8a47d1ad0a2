/* SPDX-License-Identifier: MIT */
/* test_call_faults - the nth call of SQLite fails, in everything that is done with a store; which
 * n are tried, fault_walk.c says. */
#include "tests/db/fault_walk.h"
#include "tests/db/sqlite_faults.h"

static const struct fault one_call = {
    .name = "a failing call",
    .fail_after = sqlite_calls_fail_after,
    .has_failed = sqlite_calls_have_failed,
    .codes = {ERR_IO, ERR_NOMEM, ERR_DB /* of a copy that cannot begin */},
};

static void test_call_faults_of_tasks(void **state) {
    fault_walk_tasks(*state, &one_call);
}

static void test_call_faults_of_tasks_for_good(void **state) {
    struct fault fault = one_call;
    fault.for_good = true;
    fault_walk_tasks(*state, &fault);
}

static void test_call_faults_of_answers(void **state) {
    fault_walk_answers(*state, &one_call);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_call_faults_of_answers),
        TEST(test_call_faults_of_tasks),
        TEST(test_call_faults_of_tasks_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
