/* SPDX-License-Identifier: MIT */
/* Cache lines that several cores write: by example, and against a list of all transfers. */
#include "tests/support/test.h"

#include "engine/base/random.h"
#include "engine/os/cache_line.h"

#include <stdbool.h>

enum { TRANSFER = 100 };

static sim_ns write_at(struct cache_line *line, uint32_t core, sim_ns now) {
    return cache_line_is_here(line, core, now)
               ? 0
               : cache_line_fetch(line, core, now, TRANSFER);
}

static void test_cache_line_stays_with_its_owner(void **state) {
    (void)state;
    struct cache_line line = {0};
    for (sim_ns now = 0; now < 1000; now += 7) {
        assert_int_equal(write_at(&line, 3, now), 0);
    }
}

/* The owner goes on writing until the line has left it. */
static void test_cache_line_leaves_when_the_transfer_is_over(void **state) {
    (void)state;
    struct cache_line line = {0};
    assert_int_equal(write_at(&line, 0, 0), 0);
    assert_int_equal(write_at(&line, 1, 50), 100);  /* arrives at 150 */
    assert_int_equal(write_at(&line, 0, 149), 0);   /* still here */
    assert_int_equal(write_at(&line, 0, 150), 100); /* gone; back at 250 */
    assert_int_equal(write_at(&line, 1, 249), 0);
    assert_int_equal(write_at(&line, 1, 250), 100);
}

static void test_cache_line_serves_requests_in_order(void **state) {
    (void)state;
    struct cache_line line = {0};
    assert_int_equal(write_at(&line, 0, 0), 0);
    assert_int_equal(write_at(&line, 1, 10), 100); /* at 110 */
    assert_int_equal(write_at(&line, 2, 20), 190); /* at 210 */
    assert_int_equal(write_at(&line, 3, 30), 280); /* at 310 */
    assert_int_equal(write_at(&line, 1, 209), 0);
    assert_int_equal(write_at(&line, 1, 210), 200); /* behind core 3: at 410 */
}

/* With as many transfers under way as are remembered the owner has to fetch it again. */
static void test_cache_line_forgets_its_owner_in_a_crowd(void **state) {
    (void)state;
    struct cache_line line = {0};
    assert_int_equal(write_at(&line, 0, 0), 0);
    for (uint32_t core = 1; core < CACHE_LINE_PENDING; core++) {
        assert_int_equal(write_at(&line, core, 0), 100 * core);
    }
    assert_int_equal(write_at(&line, 0, 0), 0);
    assert_int_equal(write_at(&line, CACHE_LINE_PENDING, 0), 100 * CACHE_LINE_PENDING);
    assert_int_equal(write_at(&line, 0, 0), 100 * (CACHE_LINE_PENDING + 1));
}

/* --- against all transfers that ever were -------------------------------------- */

enum { MOVES = 400, CORES = 5 };

struct history {
    sim_ns end[MOVES + 1];
    uint32_t core[MOVES + 1];
    size_t count;
};

static sim_ns naive_write(struct history *history, uint32_t core, sim_ns now) {
    sim_ns last = now;
    for (size_t i = 0; i < history->count; i++) {
        const bool reached = history->end[i] <= now;
        const bool next_not = i + 1 == history->count || history->end[i + 1] > now;
        if (reached && next_not && history->core[i] == core) {
            return 0;
        }
        last = history->end[i] > last ? history->end[i] : last;
    }
    const sim_ns end = history->count == 0 ? now : last + TRANSFER;
    history->end[history->count] = end;
    history->core[history->count++] = core;
    return end - now;
}

static void test_cache_line_is_as_its_history(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct cache_line line = {0};
        struct history history = {.count = 0};
        sim_ns now = 0, busy_until[CORES] = {0};
        for (uint64_t i = 0; i < MOVES; i++) {
            const uint64_t draw = random_mix(seed, i);
            const uint32_t core = (uint32_t)(draw % CORES);
            now += (sim_ns)(draw >> 32) % 60;
            if (busy_until[core] > now) {
                continue; /* waits for the line already */
            }
            const sim_ns wait = write_at(&line, core, now);
            assert_int_equal(wait, naive_write(&history, core, now));
            busy_until[core] = now + wait;
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cache_line_stays_with_its_owner),
        cmocka_unit_test(test_cache_line_leaves_when_the_transfer_is_over),
        cmocka_unit_test(test_cache_line_serves_requests_in_order),
        cmocka_unit_test(test_cache_line_forgets_its_owner_in_a_crowd),
        cmocka_unit_test(test_cache_line_is_as_its_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
