/* SPDX-License-Identifier: MIT */
/* test_lane_table - what is known of a lane comes back, however compactly it is kept. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/dice.h"
#include "tests/support/test.h"

#include "engine/base/memory.h"
#include "engine/record/lane_table.h"

static lane_id add(struct lane_table *table, enum lane_kind kind, const char *name) {
    struct lane lane = {.id = (lane_id)table->count, .parent = LANE_NONE, .kind = kind};
    assert_true(snprintf(lane.name, sizeof lane.name, "%s", name) >= 0);
    assert_int_equal(lane_table_add(table, &lane), 0);
    return lane.id;
}

/* --- states -------------------------------------------------------------------- */

/* No two states of a kind share a cell, and no cell is another lane's. */
static void test_lane_table_has_a_cell_for_each_state_of_a_kind(void **state) {
    (void)state;
    struct lane_table table = {0};
    for (int i = 0; i < 3 * LANE_KIND_COUNT; i++) {
        add(&table, (enum lane_kind)(i % LANE_KIND_COUNT), "lane");
    }
    for (lane_id id = 0; (size_t)id < table.count; id++) {
        for (int s = 0; s < STATE_COUNT; s++) {
            if (lane_kind_has_state(lane_table_kind(&table, id), (enum lane_state)s)) {
                lane_table_add_time(&table, id, (enum lane_state)s, 1000 * id + s + 1);
            }
        }
    }
    for (lane_id id = 0; (size_t)id < table.count; id++) {
        sim_ns times[STATE_COUNT];
        lane_table_times(&table, id, times);
        for (int s = 0; s < STATE_COUNT; s++) {
            const bool has =
                lane_kind_has_state(lane_table_kind(&table, id), (enum lane_state)s);
            assert_int_equal(times[s], has ? 1000 * id + s + 1 : 0);
        }
    }
    assert_int_equal(table.cell_count, 3 * (4 + 4 + 2 + 13 + 2 + 6 + 2));
    lane_table_deinit(&table);
}

static void test_lane_table_every_state_is_of_some_kind(void **state) {
    (void)state;
    for (int s = 0; s < STATE_COUNT; s++) {
        bool found = false;
        for (int kind = 0; kind < LANE_KIND_COUNT; kind++) {
            found =
                found || lane_kind_has_state((enum lane_kind)kind, (enum lane_state)s);
        }
        assert_true(found);
    }
}

/* --- names --------------------------------------------------------------------- */

static void test_lane_table_gives_names_back(void **state) {
    (void)state;
    static const char *const names[] = {
        "",
        " ",
        "0",
        "7",
        "client",
        "client 0",
        "client 7",
        "client 07",
        "client 00",
        "client 10",
        "client  7",
        "client 7 ",
        " 7",
        "client7",
        "client -7",
        "client +7",
        "client 7a",
        "client 7 8",
        "a 999999999",
        "a 1000000000",
        "a 99999999999999999999",
        "a 2147483648",
        "\xc4\x85 3",
        "12345678901234567890123456789012345678901234 12",
    };
    enum { NAMES = sizeof names / sizeof names[0] };
    struct lane_table table = {0};
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < NAMES; i++) {
            add(&table, LANE_TASK, names[i]);
        }
    }
    for (lane_id id = 0; (size_t)id < table.count; id++) {
        const struct lane lane = lane_table_lane(&table, id);
        assert_string_equal(lane.name, names[id % NAMES]);
    }
    lane_table_deinit(&table);
}

static void test_lane_table_keeps_a_name_once(void **state) {
    (void)state;
    struct lane_table table = {0};
    char name[32];
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, i % 3 == 0 ? "client %d" : "server %d", i);
        add(&table, LANE_TASK, name);
    }
    assert_int_equal(table.names.name_count, 2);
    for (int i = 0; i < 20000; i++) { /* each its own */
        snprintf(name, sizeof name, "%d of them", i % 7000);
        add(&table, LANE_TASK, name);
    }
    assert_int_equal(table.names.name_count, 7002);
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, i % 3 == 0 ? "client %d" : "server %d", i);
        assert_string_equal(lane_table_lane(&table, i).name, name);
        snprintf(name, sizeof name, "%d of them", i % 7000);
        assert_string_equal(lane_table_lane(&table, 20000 + i).name, name);
    }
    lane_table_deinit(&table);
}

/* --- life ---------------------------------------------------------------------- */

static void test_lane_table_knows_who_ended_when(void **state) {
    (void)state;
    enum { LANES = 500 };
    struct dice dice = dice_make(1);
    struct lane_table table = {0};
    lane_id order[LANES];
    for (lane_id id = 0; id < LANES; id++) {
        const lane_id other = (lane_id)dice_between(&dice, 0, id);
        order[id] = order[other];
        order[other] = add(&table, LANE_TASK, "task");
        assert_int_equal(lane_table_died(&table, id), -1);
    }
    for (int i = 0; i < LANES; i++) {
        lane_table_end(&table, order[i], i / 2);
    }
    assert_int_equal(table.dead_count, LANES);
    lane_id dead = table.first_dead;
    for (int i = 0; i < LANES; i++) {
        assert_int_equal(dead, order[i]);
        assert_int_equal(lane_table_died(&table, dead), i / 2);
        assert_false(lane_table_is_alive(&table, dead));
        dead = table.origin[dead].next_dead;
    }
    lane_table_deinit(&table);
}

static void test_lane_table_survives_every_failing_allocation(void **state) {
    (void)state;
    int failures = 0;
    for (int after = 0;; after++) {
        struct lane_table table = {0};
        int rc = 0;
        memory_fail_after(after);
        for (int i = 0; rc == 0 && i < 40; i++) {
            struct lane lane = {.id = i, .kind = LANE_THREAD};
            snprintf(lane.name, sizeof lane.name, "a long name of %d lanes", i);
            rc = lane_table_add(&table, &lane);
        }
        memory_fail_after(-1);
        assert_true(rc == 0 || rc == ERR_NOMEM);
        for (lane_id id = 0; (size_t)id < table.count; id++) {
            assert_int_equal(lane_table_lane(&table, id).id, id);
        }
        lane_table_deinit(&table);
        if (rc == 0) {
            break;
        }
        failures++;
    }
    assert_true(failures > 15);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lane_table_has_a_cell_for_each_state_of_a_kind),
        cmocka_unit_test(test_lane_table_every_state_is_of_some_kind),
        cmocka_unit_test(test_lane_table_gives_names_back),
        cmocka_unit_test(test_lane_table_keeps_a_name_once),
        cmocka_unit_test(test_lane_table_knows_who_ended_when),
        cmocka_unit_test(test_lane_table_survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
