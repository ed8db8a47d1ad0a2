/* SPDX-License-Identifier: MIT */
/* test_lock_faults - the nth lock of a file fails, or somebody else has it, in everything that is
 * done with a store. */
#include "tests/db/fault_vfs.h"
#include "tests/db/fault_walk.h"

static void fail_lock(int64_t after, bool for_good) {
    fault_vfs_fail_after(FAULT_LOCK, after, for_good);
}

static void be_busy(int64_t after, bool for_good) {
    fault_vfs_fail_after(FAULT_BUSY, after, for_good);
}

static const struct fault one_lock = {.name = "a lock that fails",
                                      .fail_after = fail_lock,
                                      .has_failed = fault_vfs_has_failed,
                                      .codes = {ERR_IO}};
/* A copy that cannot be written for it is a disk that cannot be written. */
static const struct fault busy = {.name = "a lock that somebody has",
                                  .fail_after = be_busy,
                                  .has_failed = fault_vfs_has_failed,
                                  .codes = {ERR_DB, ERR_IO}};

static void walk(const struct fixture *fixture, const struct fault *fault) {
    fault_vfs_install();
    fault_walk_answers(fixture, fault);
    fault_walk_tasks(fixture, fault);
}

static void test_lock_faults_of_one(void **state) { walk(*state, &one_lock); }

static void test_lock_faults_for_a_moment(void **state) { walk(*state, &busy); }

static void test_lock_faults_for_good(void **state) {
    struct fault fault = busy;
    fault.for_good = true;
    walk(*state, &fault);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_lock_faults_of_one),
        TEST(test_lock_faults_for_a_moment),
        TEST(test_lock_faults_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
