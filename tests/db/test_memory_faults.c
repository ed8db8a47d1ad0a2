/* SPDX-License-Identifier: MIT */
/* test_memory_faults - there is no memory for the nth time that SQLite needs some, in everything
 * that is done with a store. Our own memory runs out in the tests of each module. */
#include "tests/db/fault_walk.h"
#include "tests/db/sqlite_faults.h"

static const struct fault of_sqlite = {
    .name = "SQLite without memory",
    .fail_after = sqlite_memory_fail_after,
    .has_failed = sqlite_memory_has_failed,
    .codes = {ERR_NOMEM},
};

static void test_memory_faults_of_tasks(void **state) {
    fault_walk_tasks(*state, &of_sqlite);
}

static void test_memory_faults_of_tasks_for_good(void **state) {
    struct fault fault = of_sqlite;
    fault.for_good = true;
    fault_walk_tasks(*state, &fault);
}

static void test_memory_faults_of_answers(void **state) {
    fault_walk_answers(*state, &of_sqlite);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_memory_faults_of_answers),
        TEST(test_memory_faults_of_tasks),
        TEST(test_memory_faults_of_tasks_for_good),
    };
    sqlite_memory_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
