/* SPDX-License-Identifier: MIT */
/* test_disk_faults - the nth operation of a kind on a file fails, in everything that is done
 * with a store. Those that change it are in test_faults.c, locks in test_lock_faults.c. */
#include "tests/db/fault_vfs.h"
#include "tests/db/fault_walk.h"

static void fail_read(int64_t after, bool for_good) {
    fault_vfs_fail_after(FAULT_READ, after, for_good);
}

static void fail_short_read(int64_t after, bool for_good) {
    fault_vfs_fail_after(FAULT_SHORT_READ, after, for_good);
}

static void fail_open(int64_t after, bool for_good) {
    fault_vfs_fail_after(FAULT_OPEN, after, for_good);
}

static void fail_size(int64_t after, bool for_good) {
    fault_vfs_fail_after(FAULT_SIZE, after, for_good);
}

static void fail_map(int64_t after, bool for_good) {
    fault_vfs_fail_after(FAULT_MAP, after, for_good);
}

#define FAULT(text, fail)                                                                \
    .name = (text), .fail_after = (fail), .has_failed = fault_vfs_has_failed

static const struct fault faults[] = {
    {FAULT("a failing read", fail_read), .codes = {ERR_IO}, .is_damage = true},
    {FAULT("failing reads", fail_read), .codes = {ERR_IO}, .is_damage = true,
     .for_good = true},
    {FAULT("a file that does not open", fail_open), .codes = {ERR_IO}},
    {FAULT("a size that is not told", fail_size), .codes = {ERR_IO}},
    {FAULT("an index that is not mapped", fail_map), .codes = {ERR_IO}},
};

/* As of a file that was cut: SQLite takes zeros instead, and has them in its cache. What has no
 * checksum, such as a document, is read wrong. */
static const struct fault short_read = {
    FAULT("a short read", fail_short_read),
    .codes = {ERR_IO, ERR_CORRUPT, ERR_DB},
    .is_damage = true,
    .is_silent = true,
};

static void test_disk_faults_of_answers(void **state) {
    fault_vfs_install();
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        fault_walk_answers(*state, &faults[i]);
    }
}

static void test_disk_faults_of_short_reads(void **state) {
    fault_vfs_install();
    fault_walk_answers(*state, &short_read);
}

static void test_disk_faults_of_tasks(void **state) {
    fault_vfs_install();
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        fault_walk_tasks(*state, &faults[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_disk_faults_of_answers),
        TEST(test_disk_faults_of_short_reads),
        TEST(test_disk_faults_of_tasks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
