/* SPDX-License-Identifier: MIT */
/*
 * test_quota_oracle - CPU quotas against a second, naive account of the same rules, on
 * many random programs: every thread ends at the same nanosecond, and every core has been
 * throttled for as long.
 */
#include <inttypes.h>
#include <stdio.h>

#include "tests/support/dice.h"
#include "tests/support/invariants.h"
#include "tests/support/naive_quota.h"
#include "tests/support/scene.h"
#include "tests/support/test.h"

enum { CASES = 1000 };

static struct naive_quota make_case(struct dice *dice) {
    struct naive_quota naive = {
        .count = (int)dice_between(dice, 1, NAIVE_CORES),
        .period = dice_between(dice, 1, 100) * NS_PER_MS,
        .tick = dice_between(dice, 0, 1) * dice_between(dice, 1, 4) * NS_PER_MS,
    };
    const sim_ns least = naive.period / 50; /* less, and a case takes for ever */
    naive.quota = least + dice_magnitude(dice, naive.period * naive.count);
    for (int i = 0; i < naive.count; i++) {
        for (int k = 0; k < NAIVE_PARTS; k++) {
            naive.core[i].part[k] =
                (struct naive_part){dice_magnitude(dice, 20 * NS_PER_MS),
                                    dice_magnitude(dice, 20 * NS_PER_MS)};
        }
        /* One after the other, and all before the first is done: thread i gets core i, to
         * which it always comes back. */
        naive.core[i].start = i;
        naive.core[i].part[0].work += NAIVE_CORES;
    }
    return naive;
}

static void prepare(struct scene *scene, const struct naive_quota *naive) {
    scene_prepare(scene);
    scene->plan.runtime.gil = GIL_NONE;
    scene->plan.machine.cores = naive->count;
    scene->plan.machine.quota_ns = naive->quota;
    scene->plan.machine.quota_period_ns = naive->period;
    scene->plan.machine.tick_ns = naive->tick;
    scene_open(scene);
}

static void add_thread(struct scene *scene, const struct naive_core *core, int index,
                       struct action actions[2 * NAIVE_PARTS]) {
    char name[16];
    snprintf(name, sizeof name, "t%d", index);
    for (int k = 0; k < NAIVE_PARTS; k++) {
        actions[2 * k] = (struct action){
            .kind = ACTION_COMPUTE, .site = SITE_NONE, .ns = core->part[k].work};
        actions[2 * k + 1] = (struct action){
            .kind = ACTION_IO, .site = SITE_NONE, .ns = core->part[k].pause};
    }
    scene_add(scene, name, core->start, actions, 2 * NAIVE_PARTS - 1);
}

static lane_id find(const struct scene *scene, enum lane_kind kind, const char *format,
                    int index) {
    char name[32];
    snprintf(name, sizeof name, "%s%d", format, index);
    const lane_id lane = timeline_find(&scene->timeline, kind, name);
    assert_int_not_equal(lane, LANE_NONE);
    return lane;
}

static void compare(const struct scene *scene, const struct naive_core *core, int index,
                    uint64_t seed) {
    const lane_id thread = find(scene, LANE_THREAD, "t", index);
    const lane_id lane = find(scene, LANE_CORE, "core ", index);
    const sim_ns throttled = timeline_total(&scene->timeline, lane, STATE_THROTTLED);
    sim_ns end = 0;
    for (size_t i = 0; i < scene->timeline.span_count; i++) {
        const struct timeline_span *span = &scene->timeline.spans[i];
        end = span->lane == thread && span->end > end ? span->end : end;
    }
    if (end != core->ends || throttled != core->throttled_ns) {
        struct timeline_text text;
        fail_msg("thread %d ends at %" PRId64 " and its core is throttled for %" PRId64
                 ", by the naive account %" PRId64 " and %" PRId64
                 ": %s\nagain: GILSCOPE_TEST_SEED=%" PRIu64 " engine_test_quota_oracle",
                 index, end, throttled, core->ends, core->throttled_ns,
                 timeline_describe(&scene->timeline, lane, &text), seed);
    }
}

/* Adds to what has been met. */
static void run_case(uint64_t seed, uint64_t *periods, uint64_t *slacks) {
    struct dice dice = dice_make(seed);
    struct naive_quota naive = make_case(&dice);
    struct scene scene;
    struct violation violation;
    struct action actions[NAIVE_CORES][2 * NAIVE_PARTS];
    prepare(&scene, &naive);
    for (int i = 0; i < naive.count; i++) {
        add_thread(&scene, &naive.core[i], i, actions[i]);
    }
    assert_int_equal(scene_run(&scene), SIM_NOTHING_LEFT);
    if (!timeline_is_sound(&scene.timeline, &violation)) {
        fail_msg("%s", violation.text);
    }
    naive_quota_run(&naive);
    for (int i = 0; i < naive.count; i++) {
        compare(&scene, &naive.core[i], i, seed);
    }
    assert_int_equal(scene.world.cpu.quota.throttled_periods, naive.throttled_periods);
    *periods += naive.throttled_periods;
    *slacks += naive.slacks;
    scene_close(&scene);
}

static void test_quota_oracle_agrees(void **state) {
    (void)state;
    const int64_t only = dice_only_seed();
    const uint64_t first = only < 0 ? 0 : (uint64_t)only;
    const uint64_t end = only < 0 ? CASES : first + 1;
    uint64_t periods = 0, slacks = 0;
    for (uint64_t seed = first; seed < end; seed++) {
        run_case(seed, &periods, &slacks);
    }
    /* else nothing has been tried */
    assert_true(only >= 0 || (periods > CASES && slacks > 10));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quota_oracle_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
