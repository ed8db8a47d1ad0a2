/* SPDX-License-Identifier: MIT */
/*
 * test_free_oracle - the engine without a GIL against a second, naive account of the same
 * rules, on thousands of random programs: every span of every thread and of every lock
 * must agree, and whatever a thread has read.
 *
 * Every thread has a core of its own: the first step of each lasts until all have come to
 * one, and from then on each goes back to the one that it left.
 */
#include <inttypes.h>
#include <stdio.h>

#include "tests/support/dice.h"
#include "tests/support/invariants.h"
#include "tests/support/naive_free.h"
#include "tests/support/scene.h"
#include "tests/support/test.h"

enum { CASES = 3000, LONG_CASES = 100000, BEGIN_NS = 20000 };

/* Where the plan has what; after the referents come those of which each thread has one. */
enum {
    LOCKS_AT = 0,
    LISTS_AT = LOCKS_AT + FREE_LOCKS,
    COUNTERS_AT = LISTS_AT + FREE_LISTS,
    REFERENTS_AT = COUNTERS_AT + FREE_COUNTERS,
    EACH = REFERENTS_AT + FREE_REFERENTS,
    OWN,
    DEFERRED,
    QUEUE,
    OBJECTS
};
enum { IMMORTAL = FREE_REFERENTS - 1 }; /* of the referents; counted before PEP 683 */

/* --- making up a case ---------------------------------------------------------- */

struct maker {
    struct dice dice;
    struct naive_free *world;
    struct free_thread *thread;
    sim_ns longest;
    bool immortal;
};

static int64_t now_and_then(struct dice *dice, int64_t high) {
    return dice_between(dice, 0, 2) == 0 ? 0 : dice_between(dice, 1, high);
}

static void make_costs(struct dice *dice, struct free_costs *costs) {
    *costs = (struct free_costs){
        .spacing = dice_magnitude(dice, 100000) + dice_between(dice, 0, 99),
        .wake = dice_magnitude(dice, 100000) + dice_between(dice, 1, 999),
        .futex_wake = now_and_then(dice, 3000),
        .futex_wait = now_and_then(dice, 3000),
        .futex_empty = now_and_then(dice, 1000),
        .syscall = now_and_then(dice, 3000),
        .slack = now_and_then(dice, 60000),
        .yield = dice_between(dice, 1, 999),
        .lock = dice_between(dice, 1, 400),
        .section = dice_between(dice, 1, 99),
        .line = now_and_then(dice, 500),
        .local = dice_between(dice, 0, 9),
        .shared = dice_between(dice, 1, 50),
        .merge = dice_between(dice, 1, 200),
        .spins = now_and_then(dice, 50),
        .looks = dice_between(dice, 0, 1) * dice_between(dice, 1, 8),
        .mutex = dice_between(dice, 0, 3) > 0,
        .for_detached = dice_between(dice, 0, 1) == 1,
    };
}

static void add_step(struct maker *maker, enum free_kind kind, int what, int64_t times) {
    struct free_thread *thread = maker->thread;
    thread->step[thread->step_count++] = (struct free_step){
        .kind = kind,
        .what = what,
        .ns = dice_magnitude(&maker->dice, maker->longest) +
              dice_between(&maker->dice, 0, 999),
        .times = times,
    };
}

static int which(struct maker *maker, int count) {
    return (int)dice_between(&maker->dice, 0, count - 1);
}

static void add_counts(struct maker *maker) {
    const int64_t times = dice_between(&maker->dice, 0, 30);
    const int what = which(maker, FREE_REFERENTS);
    switch (dice_between(&maker->dice, 0, 4)) {
    case 0:
        add_step(maker, FREE_COUNT_ATOMIC, 0, times);
        break;
    case 1:
        add_step(maker, FREE_COUNT_OWN, 0, times);
        break;
    case 2:
        add_step(maker, FREE_COUNT_NONE, 0, times);
        break;
    default:
        add_step(maker,
                 what == IMMORTAL && maker->immortal ? FREE_COUNT_NONE
                                                     : FREE_COUNT_SHARED,
                 what, times);
    }
}

/* c.v += 1, or c.v = f(c.v); what it stores tells who did it, and when. */
static void add_update(struct maker *maker) {
    const int what = which(maker, FREE_COUNTERS);
    const int64_t mark =
        1000 * (maker->thread - maker->world->thread) + maker->thread->step_count + 1;
    add_step(maker, FREE_LOAD, what, 0);
    if (dice_between(&maker->dice, 0, 1) == 1) {
        add_step(maker, FREE_COMPUTE, 0, 0);
        add_step(maker, FREE_REFER, what, 0);
    }
    add_step(maker, FREE_STORE, what, mark);
}

static void add_take(struct maker *maker) {
    struct naive_free *world = maker->world;
    world->maker[world->item_count++] = which(maker, world->thread_count + 1) - 1;
    add_step(maker, FREE_TAKE, 0, 0);
}

/* Any step but those on locks. */
static void add_any(struct maker *maker) {
    const int64_t roll = dice_between(&maker->dice, 0, 15);
    if (roll < 5) {
        add_step(maker, (enum free_kind)roll, 0, 0); /* FREE_COMPUTE .. FREE_SLEEP */
    } else if (roll < 8) {
        add_step(maker, FREE_APPEND, which(maker, FREE_LISTS), 0);
    } else if (roll < 10) {
        add_counts(maker);
    } else if (roll < 13) {
        add_update(maker);
    } else {
        add_take(maker);
    }
}

static void add_section(struct maker *maker) {
    const int what = which(maker, FREE_LOCKS);
    add_step(maker, FREE_ACQUIRE, what, 0);
    for (int64_t i = dice_between(&maker->dice, 0, 2); i > 0; i--) {
        add_any(maker);
    }
    add_step(maker, FREE_RELEASE, what, 0);
}

static void make_thread(struct maker *maker) {
    enum { LONGEST_ADDED = 10 }; /* by one round of the loop */
    struct free_thread *thread = maker->thread;
    thread->start = dice_between(&maker->dice, 0, BEGIN_NS);
    add_step(maker, FREE_COMPUTE, 0, 0);
    thread->step[0].ns += BEGIN_NS + maker->world->costs.wake;
    const int64_t wanted = dice_between(&maker->dice, 2, FREE_STEPS - LONGEST_ADDED - 1);
    while (thread->step_count < wanted) {
        if (dice_between(&maker->dice, 0, 2) == 0) {
            add_section(maker);
        } else {
            add_any(maker);
        }
    }
}

static void make_case(uint64_t seed, struct naive_free *world, bool *immortal) {
    struct maker maker = {.dice = dice_make(seed), .world = world};
    *world = (struct naive_free){.thread_count =
                                     (int)dice_between(&maker.dice, 1, FREE_THREADS)};
    make_costs(&maker.dice, &world->costs);
    maker.immortal = *immortal = dice_between(&maker.dice, 0, 1) == 1;
    /* From steps that are short against all costs to those that make others impatient. */
    maker.longest = 1000 + dice_magnitude(&maker.dice, 2 * NS_PER_MS);
    for (int i = 0; i < world->thread_count; i++) {
        maker.thread = &world->thread[i];
        make_thread(&maker);
    }
}

/* --- the same for the engine --------------------------------------------------- */

static void set_costs(struct scene *scene, const struct free_costs *costs) {
    struct machine *machine = &scene->plan.machine;
    struct runtime *runtime = &scene->plan.runtime;
    scene_set_wake(scene, costs->wake);
    machine->cores = FREE_THREADS;
    machine->futex_wake_ns = costs->futex_wake;
    machine->futex_wait_ns = costs->futex_wait;
    machine->futex_empty_ns = costs->futex_empty;
    machine->syscall_ns = costs->syscall;
    machine->timer_slack_ns = costs->slack;
    machine->sched_yield_ns = costs->yield;
    machine->line_transfer_ns = costs->line;
    runtime->gil = GIL_NONE;
    runtime->check_spacing_ns = costs->spacing;
    runtime->lock_kind = costs->mutex ? LOCK_PYMUTEX : LOCK_SEMAPHORE;
    runtime->lock_ns = costs->lock;
    runtime->lock_spins = costs->spins;
    runtime->lock_looks = costs->looks;
    runtime->critical_section_ns = costs->section;
    runtime->local_ref_ns = costs->local;
    runtime->shared_ref_ns = costs->shared;
    runtime->brc_merge_ns = costs->merge;
    runtime->brc_for_detached = costs->for_detached;
}

static void make_objects(struct object_plan plans[OBJECTS]) {
    static const enum object_sharing referents[] = {SHARING_ONE,      SHARING_ONE,
                                                    SHARING_IMMORTAL, SHARING_EACH,
                                                    SHARING_OWN,      SHARING_DEFERRED};
    static const char *const names[] = {"lock 0", "lock 1", "list 0", "list 1"};
    for (int i = 0; i < OBJECTS; i++) {
        plans[i] = (struct object_plan){0};
        snprintf(plans[i].name, sizeof plans[i].name, "%s",
                 i < COUNTERS_AT ? names[i] : "object");
        plans[i].kind = i < LISTS_AT       ? OBJECT_LOCK
                        : i < COUNTERS_AT  ? OBJECT_LIST
                        : i < REFERENTS_AT ? OBJECT_COUNTER
                        : i < QUEUE        ? OBJECT_REFERENT
                                           : OBJECT_SIMPLE_QUEUE;
        if (plans[i].kind == OBJECT_REFERENT) {
            plans[i].sharing = referents[i - REFERENTS_AT];
        }
    }
}

static const struct {
    enum action_kind kind;
    int object; /* the first of that kind, -1: none */
} actions_of[FREE_KINDS] = {
    [FREE_COMPUTE] = {ACTION_COMPUTE, -1},
    [FREE_C_HELD] = {ACTION_C_HELD, -1},
    [FREE_C_RELEASED] = {ACTION_C_RELEASED, -1},
    [FREE_IO] = {ACTION_IO, -1},
    [FREE_SLEEP] = {ACTION_SLEEP, -1},
    [FREE_ACQUIRE] = {ACTION_ACQUIRE, LOCKS_AT},
    [FREE_RELEASE] = {ACTION_RELEASE, LOCKS_AT},
    [FREE_APPEND] = {ACTION_USE, LISTS_AT},
    [FREE_COUNT_SHARED] = {ACTION_TOUCH, REFERENTS_AT},
    [FREE_COUNT_ATOMIC] = {ACTION_TOUCH, EACH},
    [FREE_COUNT_OWN] = {ACTION_TOUCH, OWN},
    [FREE_COUNT_NONE] = {ACTION_TOUCH, DEFERRED},
    [FREE_LOAD] = {ACTION_LOAD, COUNTERS_AT},
    [FREE_REFER] = {ACTION_REFER, COUNTERS_AT},
    [FREE_STORE] = {ACTION_STORE, COUNTERS_AT},
    [FREE_TAKE] = {ACTION_TAKE, QUEUE},
};

static struct action action_of(const struct world *world, const struct free_step *step) {
    const int object = actions_of[step->kind].object;
    const bool counts = step->kind >= FREE_COUNT_SHARED && step->kind <= FREE_COUNT_NONE;
    int at = object + step->what;
    if (step->kind == FREE_COUNT_NONE && step->what == IMMORTAL) {
        at = REFERENTS_AT + IMMORTAL;
    }
    return (struct action){
        .kind = actions_of[step->kind].kind,
        .site = SITE_NONE,
        .ns = step->ns,
        .value = counts || step->kind == FREE_STORE ? step->times
                 : step->kind == FREE_APPEND        ? OP_APPEND
                                                    : 0,
        .object = object < 0 ? NULL : world->object_handles[at],
    };
}

struct stage {
    struct scene scene;
    struct object_plan objects[OBJECTS];
    struct action actions[FREE_THREADS][FREE_STEPS];
    struct sequence *sequence[FREE_THREADS];
};

static void fill_queue(struct stage *stage, const struct naive_free *world) {
    struct py_queue *queue = stage->scene.world.object_handles[QUEUE];
    for (int i = 0; i < world->item_count; i++) {
        const struct py_queue_item item = {.value = i, .maker = world->maker[i]};
        assert_int_equal(py_queue_push(queue, item), 0);
    }
}

static void run_engine(struct stage *stage, const struct naive_free *world,
                       bool immortal) {
    struct scene *scene = &stage->scene;
    scene_prepare(scene);
    set_costs(scene, &world->costs);
    scene->plan.runtime.immortal_objects = immortal;
    make_objects(stage->objects);
    scene->plan.objects = stage->objects;
    scene->plan.object_count = OBJECTS;
    scene_open(scene);
    assert_int_equal(world_add_objects(&scene->world, scene->process), 0);
    fill_queue(stage, world);
    for (int i = 0; i < world->thread_count; i++) {
        const struct free_thread *thread = &world->thread[i];
        for (int k = 0; k < thread->step_count; k++) {
            stage->actions[i][k] = action_of(&scene->world, &thread->step[k]);
        }
        char name[16];
        snprintf(name, sizeof name, "t%d", i);
        stage->sequence[i] = scene_add(scene, name, thread->start, stage->actions[i],
                                       (size_t)thread->step_count);
    }
    assert_int_equal(scene_run(scene), SIM_NOTHING_LEFT);
}

/* --- comparing ----------------------------------------------------------------- */

static void disagree(uint64_t seed, const char *what) {
    fail_msg("%s\nagain: GILSCOPE_TEST_SEED=%" PRIu64 " engine_test_free_oracle", what,
             seed);
}

/* A thread's lane names what it waits for, a lock's who has it: only that is compared. */
static int holder_of(const struct stage *stage, const struct timeline_span *span) {
    for (int i = 0; span->state == STATE_HELD && i < FREE_THREADS; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%d", i);
        if (timeline_find(&stage->scene.timeline, LANE_THREAD, name) == span->resource) {
            return i;
        }
    }
    return -1;
}

static void compare_lane(uint64_t seed, const struct stage *stage, const char *name,
                         const struct free_lane *expected_lane) {
    char text[256];
    const struct timeline *timeline = &stage->scene.timeline;
    lane_id lane = timeline_find(timeline, LANE_THREAD, name);
    if (lane == LANE_NONE) {
        lane = timeline_find(timeline, LANE_LOCK, name);
    }
    int at = 0;
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        if (span->lane != lane) {
            continue;
        }
        const struct free_span none = {-1, -1, STATE_COUNT, -1};
        const struct free_span *expected =
            at < expected_lane->count ? &expected_lane->span[at] : &none;
        if (span->start != expected->start || span->end != expected->end ||
            span->state != expected->state || holder_of(stage, span) != expected->who) {
            snprintf(text, sizeof text,
                     "%s span %d: engine %s %" PRId64 "..%" PRId64 " (%d), oracle %s "
                     "%" PRId64 "..%" PRId64 " (%d)",
                     name, at, lane_state_name(span->state), span->start, span->end,
                     holder_of(stage, span),
                     expected == &none ? "nothing" : lane_state_name(expected->state),
                     expected->start, expected->end, expected->who);
            disagree(seed, text);
        }
        at++;
    }
    if (at != expected_lane->count) {
        snprintf(text, sizeof text, "%s: engine has %d spans, oracle %d", name, at,
                 expected_lane->count);
        disagree(seed, text);
    }
}

static void compare_values(uint64_t seed, const struct stage *stage,
                           const struct naive_free *world) {
    for (int i = 0; i < world->thread_count; i++) {
        for (int k = 0; k < world->thread[i].step_count; k++) {
            if (world->thread[i].step[k].kind == FREE_LOAD &&
                stage->sequence[i]->resume[k + 1].value != world->thread[i].loaded[k]) {
                disagree(seed, "what was loaded from a counter");
            }
        }
    }
    for (int i = 0; i < FREE_COUNTERS; i++) {
        const struct world_object *object =
            stage->scene.world.object_handles[COUNTERS_AT + i];
        if (object->counter.value != world->counter[i]) {
            disagree(seed, "the last value of a counter");
        }
    }
    if (stage->scene.world.tally.merged_objects != world->merged) {
        disagree(seed, "number of merged objects");
    }
}

/* False when the case has a tie and proves nothing. */
static bool compare_case(uint64_t seed, struct naive_free *world) {
    static struct stage stage;
    bool immortal;
    make_case(seed, world, &immortal);
    if (!naive_free_run(world)) {
        return false;
    }
    run_engine(&stage, world, immortal);
    for (int i = 0; i < world->thread_count; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%d", i);
        compare_lane(seed, &stage, name, &world->thread[i].lane);
    }
    for (int i = 0; i < FREE_LOCKS + FREE_LISTS; i++) {
        compare_lane(seed, &stage, stage.objects[i].name, &world->lock[i].lane);
    }
    compare_values(seed, &stage, world);
    struct violation violation;
    if (!timeline_is_sound(&stage.scene.timeline, &violation)) {
        disagree(seed, violation.text);
    }
    scene_close(&stage.scene);
    return true;
}

static void test_free_oracle_agrees_on_every_span(void **state) {
    (void)state;
    static struct naive_free world;
    uint64_t compared = 0, merged = 0, handovers = 0, parked = 0, spun = 0, transfers = 0;
    const int64_t only = dice_only_seed();
    const uint64_t cases = getenv("GILSCOPE_LONG") != NULL ? LONG_CASES : CASES;
    const uint64_t first = only < 0 ? 0 : (uint64_t)only;
    const uint64_t end = only < 0 ? cases : first + 1;
    for (uint64_t seed = first; seed < end; seed++) {
        if (compare_case(seed, &world)) {
            compared++;
            merged += world.merged;
            handovers += world.handovers;
            parked += world.parked;
            spun += world.spun;
            transfers += world.transfers;
        }
    }
    print_message("compared %" PRIu64 " cases: %" PRIu64 " objects merged, %" PRIu64
                  " spins, %" PRIu64 " parked, %" PRIu64 " given the lock, %" PRIu64
                  " transfers\n",
                  compared, merged, spun, parked, handovers, transfers);
    if (only < 0) {
        /* The cases must not be empty talk: many have no tie, and much happens in them.
         */
        assert_true(compared > cases * 6 / 10);
        assert_true(merged > cases && spun > cases && parked > cases);
        assert_true(handovers > cases / 10 && transfers > 10 * cases);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_free_oracle_agrees_on_every_span),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
