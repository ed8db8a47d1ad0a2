/* SPDX-License-Identifier: MIT */
/* test_work_clock - work at speeds that change, against a sum of millionths of nanoseconds. */
#include "tests/support/test.h"

#include "engine/os/work_clock.h"
#include "tests/support/dice.h"

/* The clock shows a piece of work as done from `due` on, and not before. */
static void check_due(const struct work_clock *clock, sim_ns work) {
    const sim_ns due = work_clock_due(clock, work);
    assert_true(work_clock_read(clock, due) >= work);
    assert_true(due == clock->since_ns || work_clock_read(clock, due - 1) < work);
}

static void test_work_clock_adds_up_exactly(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct dice dice = dice_make(seed);
        struct work_clock clock = {.speed_ppm = FULL_SPEED_PPM};
        uint64_t millionths = 0;
        sim_ns now = 0;
        for (int i = 0; i < 100; i++) {
            const sim_ns time = dice_magnitude(&dice, 10 * NS_PER_S);
            millionths += (uint64_t)time * (uint64_t)clock.speed_ppm;
            now += time;
            const sim_ns work = work_clock_read(&clock, now);
            assert_int_equal(work, millionths / FULL_SPEED_PPM);
            check_due(&clock, work);
            check_due(&clock, work + dice_magnitude(&dice, 10 * NS_PER_S));
            work_clock_set_speed(&clock, now, dice_between(&dice, 100, FULL_SPEED_PPM));
            assert_int_equal(work_clock_read(&clock, now), work);
        }
    }
}

/* Days at one speed: the product of time and speed does not fit into 64 bits. */
static void test_work_clock_counts_days(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        struct dice dice = dice_make(seed);
        const int64_t tenths = dice_between(&dice, 1, 10);
        struct work_clock clock = {.speed_ppm = tenths * FULL_SPEED_PPM / 10};
        const sim_ns now = 10 * dice_magnitude(&dice, 100000 * NS_PER_S);
        assert_int_equal(work_clock_read(&clock, now), now / 10 * tenths);
        check_due(&clock, now / 10 * tenths + dice_magnitude(&dice, 1000));
        work_clock_set_speed(&clock, now, 333333);
        assert_int_equal(work_clock_read(&clock, now + 3 * FULL_SPEED_PPM),
                         now / 10 * tenths + 999999);
    }
}

/* Too far away to be told, which is later than any run. */
static void test_work_clock_is_never_done(void **state) {
    (void)state;
    const struct work_clock clock = {.since_ns = NS_PER_S, .speed_ppm = 100};
    const sim_ns due = work_clock_due(&clock, SIM_NEVER - 1);
    assert_true(due > SIM_NEVER / 3 && due < SIM_NEVER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_work_clock_adds_up_exactly),
        cmocka_unit_test(test_work_clock_counts_days),
        cmocka_unit_test(test_work_clock_is_never_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
