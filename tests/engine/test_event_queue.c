/* SPDX-License-Identifier: MIT */
/* test_event_queue - the order of events, against a list that is searched from end to
 * end. */
#include <string.h>

#include "engine/base/memory.h"
#include "engine/sim/event_queue.h"
#include "tests/support/dice.h"
#include "tests/support/test.h"

enum { EVENTS = 200, OPERATIONS = 20000 };

/* The same queue, kept the simple way. */
struct model {
    struct {
        bool pending;
        sim_ns at;
        uint64_t pushed;
    } item[EVENTS];
    uint64_t pushes;
    sim_ns latest;
};

static int model_first(const struct model *model, const struct event *events) {
    int first = -1;
    for (int i = 0; i < EVENTS; i++) {
        if (!model->item[i].pending) {
            continue;
        }
        if (first < 0 || model->item[i].at < model->item[first].at ||
            (model->item[i].at == model->item[first].at &&
             (events[i].priority < events[first].priority ||
              (events[i].priority == events[first].priority &&
               model->item[i].pushed < model->item[first].pushed)))) {
            first = i;
        }
    }
    return first;
}

/* Pushes the event, or moves it when it is pending. */
static void put(struct event_queue *queue, struct event *events, struct model *model,
                int which, sim_ns at) {
    const bool pending = model->item[which].pending;
    model->item[which].at = at;
    model->item[which].pushed = model->pushes++;
    model->item[which].pending = true;
    (pending ? event_queue_move : event_queue_push)(queue, &events[which], at);
}

static bool is_core(struct event *event) { return event->priority == PRIORITY_CORE; }

static void operate(struct event_queue *queue, struct event *events, struct model *model,
                    struct dice *dice) {
    const int which = (int)dice_between(dice, 0, EVENTS - 1);
    assert_int_equal(event_is_pending(&events[which]), model->item[which].pending);
    switch (dice_between(dice, 0, 3)) {
    case 0:
    case 1:
        put(queue, events, model, which, dice_between(dice, 0, model->latest));
        break;
    case 2:
        if (dice_between(dice, 0, 500) == 0) {
            event_queue_filter(queue, is_core);
            for (int i = 0; i < EVENTS; i++) {
                model->item[i].pending &= events[i].priority != PRIORITY_CORE;
            }
        }
        event_queue_remove(queue, &events[which]); /* also when it is not there */
        model->item[which].pending = false;
        break;
    default: {
        const int first = model_first(model, events);
        sim_ns at = -1;
        assert_int_equal(event_queue_next(queue),
                         first < 0 ? SIM_NEVER : model->item[first].at);
        const struct event *event = event_queue_pop(queue, &at);
        if (first < 0) {
            assert_null(event);
        } else {
            assert_ptr_equal(event, &events[first]);
            assert_int_equal(at, model->item[first].at);
            assert_false(event_is_pending(event));
            model->item[first].pending = false;
        }
    }
    }
}

static void run_model(struct event_queue *queue, uint64_t seed) {
    struct dice dice = dice_make(seed);
    struct event events[EVENTS] = {{0}};
    /* few different times, ties being the rule; or many */
    struct model model = {.latest = seed % 2 == 0 ? 20 : 1000000};
    for (int i = 0; i < EVENTS; i++) {
        events[i].priority = (uint8_t)dice_between(&dice, 0, 1);
    }
    for (int i = 0; i < OPERATIONS; i++) {
        operate(queue, events, &model, &dice);
    }
}

static void test_event_queue_agrees_with_a_list(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 6; seed++) {
        struct event_queue queue = {0};
        for (int i = 0; i < EVENTS; i++) {
            assert_int_equal(event_queue_reserve(&queue, 1), 0);
        }
        run_model(&queue, seed);
        event_queue_deinit(&queue);
        event_queue_deinit(&queue); /* zeroed input is accepted */
    }
}

/* Waits of about equal length, more of them than fit into the run, each followed by what
 * happens at once: both ends of the run. */
static void test_event_queue_keeps_order_at_both_ends(void **state) {
    (void)state;
    struct event_key storage[EVENTS];
    struct event events[EVENTS] = {{0}};
    for (int waits = 1; waits < EVENTS; waits += 22) {
        struct event_queue queue = {0};
        struct model model = {0};
        struct dice dice = dice_make((uint64_t)waits);
        memset(events, 0, sizeof events);
        event_queue_borrow(&queue, storage, EVENTS);
        sim_ns now = 0;
        for (int i = 0; i < waits; i++) {
            put(&queue, events, &model, i, dice_between(&dice, 0, 1000));
        }
        for (int i = 0; i < OPERATIONS; i++) {
            const int first = model_first(&model, events);
            assert_ptr_equal(event_queue_pop(&queue, &now), &events[first]);
            model.item[first].pending = false;
            if (first < waits) {
                put(&queue, events, &model, EVENTS - 1, now + dice_between(&dice, 0, 3));
                put(&queue, events, &model, first,
                    now + 1000 + dice_between(&dice, 0, 9));
            }
        }
    }
}

static void test_event_queue_works_in_borrowed_storage(void **state) {
    (void)state;
    struct event_key storage[EVENTS + 1];
    memset(storage, 0x5a, sizeof storage);
    const struct event_key guard = storage[EVENTS];
    struct event_queue queue = {0};
    event_queue_borrow(&queue, storage, EVENTS);
    assert_int_equal(event_queue_next(&queue), SIM_NEVER);
    run_model(&queue, 11);
    assert_memory_equal(&guard, &storage[EVENTS], sizeof guard);
}

/* Removing and pushing again counts as a new push: it goes behind its equals. */
static void test_event_queue_push_again_goes_to_the_end(void **state) {
    (void)state;
    struct event_key storage[3];
    struct event_queue queue = {0};
    struct event a = {0}, b = {0}, c = {0};
    sim_ns at;
    event_queue_borrow(&queue, storage, 3);
    event_queue_push(&queue, &a, 7);
    event_queue_push(&queue, &b, 7);
    event_queue_push(&queue, &c, 7);
    event_queue_remove(&queue, &a);
    event_queue_push(&queue, &a, 7);
    assert_ptr_equal(event_queue_pop(&queue, &at), &b);
    assert_ptr_equal(event_queue_pop(&queue, &at), &c);
    assert_ptr_equal(event_queue_pop(&queue, &at), &a);
    assert_null(event_queue_pop(&queue, &at));
}

/* The outside world comes before the cores at the same nanosecond, whoever was first. */
static void test_event_queue_priority_comes_before_order(void **state) {
    (void)state;
    struct event_key storage[2];
    struct event_queue queue = {0};
    struct event core = {.priority = PRIORITY_CORE}, world = {.priority = PRIORITY_WORLD};
    sim_ns at;
    event_queue_borrow(&queue, storage, 2);
    event_queue_push(&queue, &core, 7);
    event_queue_push(&queue, &world, 7);
    assert_ptr_equal(event_queue_pop(&queue, &at), &world);
    assert_ptr_equal(event_queue_pop(&queue, &at), &core);
}

static void test_event_queue_reserve_can_fail(void **state) {
    (void)state;
    struct event_queue queue = {0};
    assert_int_equal(event_queue_reserve(&queue, 2), 0);
    memory_fail_after(0);
    assert_int_equal(event_queue_reserve(&queue, 1000), ERR_NOMEM);
    memory_fail_after(-1);
    struct event a = {0}, b = {0}; /* what was reserved before still holds */
    event_queue_push(&queue, &a, 1);
    event_queue_push(&queue, &b, 2);
    event_queue_deinit(&queue);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_queue_agrees_with_a_list),
        cmocka_unit_test(test_event_queue_keeps_order_at_both_ends),
        cmocka_unit_test(test_event_queue_works_in_borrowed_storage),
        cmocka_unit_test(test_event_queue_push_again_goes_to_the_end),
        cmocka_unit_test(test_event_queue_priority_comes_before_order),
        cmocka_unit_test(test_event_queue_reserve_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
