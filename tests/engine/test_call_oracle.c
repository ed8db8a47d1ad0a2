/* SPDX-License-Identifier: MIT */
/*
 * test_call_oracle - threads that use locks, conditions, semaphores, events, barriers and
 * queues at random, watched by a ledger that knows nothing of how these are made.
 *
 * The ledger is told when a thread asks for something and when it has got it, and knows
 * what may be so at that moment: one owner of a lock, no more inside than there are
 * permits, every item once ... When nothing happens any more it knows who may still wait:
 * nobody for a free lock, a permit, an item, a place. That finds lost wake-ups.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/dice.h"
#include "tests/support/invariants.h"
#include "tests/support/scene.h"
#include "tests/support/test.h"

enum { ACTORS = 5, ACTIONS = 25, ITEMS = ACTORS * ACTIONS, CASES = 3000, NOBODY = -1 };

/* Index in plan.objects; the first three have owners. */
enum { LOCK, RLOCK, COND, SEM, EVENT, BARRIER, QUEUE, SIMPLE, OBJECTS };

static const enum object_kind object_kinds[OBJECTS] = {
    OBJECT_LOCK,  OBJECT_RLOCK,   OBJECT_CONDITION, OBJECT_SEMAPHORE,
    OBJECT_EVENT, OBJECT_BARRIER, OBJECT_QUEUE,     OBJECT_SIMPLE_QUEUE,
};

struct ledger {
    const char *broken; /* the first rule that was broken */
    int owner[3];
    int depth[3];
    int64_t size[OBJECTS];
    int64_t inside;                    /* with a permit */
    bool set;                          /* as was last asked for */
    bool unclear;                      /* ... unless two have asked at the same time */
    int64_t sets, changes_under_way;   /* of the event */
    int64_t arrived, passed;           /* at the barrier */
    int64_t waiting, notified, woken;  /* on the condition */
    int64_t put_done[2], get_asked[2]; /* QUEUE, SIMPLE */
    int64_t taken[2];
    bool is_put[2][ITEMS], is_taken[2][ITEMS];
};

struct actor {
    struct ledger *ledger;
    struct dice dice;
    void *const *handles;
    int id, left;
    bool finished;
    enum action_kind kind; /* what it has asked for */
    int object;
    int permits;
    bool may_pass; /* the event was, or might be, set when it asked */
    int64_t sets_seen;
    int depth_before;        /* wait: of the condition's RLock */
    int64_t last[2][ACTORS]; /* item got from whom */
};

static void expect(struct actor *actor, bool holds, const char *rule) {
    if (!holds && actor->ledger->broken == NULL) {
        actor->ledger->broken = rule;
    }
}

/* --- asking -------------------------------------------------------------------- */

static bool owns(const struct actor *actor, int object) {
    return actor->ledger->owner[object] == actor->id;
}

static void disown(struct actor *actor, int object) {
    struct ledger *ledger = actor->ledger;
    ledger->depth[object]--;
    if (ledger->depth[object] == 0) {
        ledger->owner[object] = NOBODY;
    }
}

static void ask_wait(struct actor *actor) {
    struct ledger *ledger = actor->ledger;
    ledger->waiting++;
    actor->depth_before = ledger->depth[COND];
    ledger->depth[COND] = 0;
    ledger->owner[COND] = NOBODY;
}

static void ask_notify(struct actor *actor, int64_t count) {
    struct ledger *ledger = actor->ledger;
    const int64_t there = ledger->waiting - (ledger->notified - ledger->woken);
    ledger->notified += count < there ? count : there;
}

static void ask_change(struct actor *actor, bool set) {
    struct ledger *ledger = actor->ledger;
    ledger->set = set;
    ledger->sets += set;
    ledger->unclear = ledger->changes_under_way > 0;
    ledger->changes_under_way++;
}

/* The item's number is also its value. */
static int64_t ask_put(struct actor *actor, int queue) {
    const int64_t item = actor->id * ACTIONS + actor->left;
    actor->ledger->is_put[queue][item] = true;
    return item;
}

static void ask(struct actor *actor, struct action *action) {
    struct ledger *ledger = actor->ledger;
    switch (action->kind) {
    case ACTION_RELEASE:
    case ACTION_CONDITION_EXIT:
        disown(actor, actor->object);
        break;
    case ACTION_CONDITION_WAIT:
        ask_wait(actor);
        break;
    case ACTION_CONDITION_NOTIFY:
        ask_notify(actor, action->value);
        break;
    case ACTION_SEMAPHORE_RELEASE:
        actor->permits--;
        ledger->inside--;
        break;
    case ACTION_EVENT_SET:
    case ACTION_EVENT_CLEAR:
        ask_change(actor, action->kind == ACTION_EVENT_SET);
        break;
    case ACTION_EVENT_WAIT:
        actor->may_pass = ledger->set || ledger->unclear || ledger->changes_under_way > 0;
        actor->sets_seen = ledger->sets;
        break;
    case ACTION_BARRIER_WAIT:
        ledger->arrived++;
        break;
    case ACTION_QUEUE_PUT:
    case ACTION_PUT:
        action->value = ask_put(actor, actor->object == SIMPLE);
        break;
    case ACTION_QUEUE_GET:
    case ACTION_TAKE:
        ledger->get_asked[actor->object == SIMPLE]++;
        break;
    default:
        break;
    }
}

/* --- getting ------------------------------------------------------------------- */

static void got_lock(struct actor *actor, int object) {
    struct ledger *ledger = actor->ledger;
    const bool again = object != LOCK && owns(actor, object);
    expect(actor, again || ledger->owner[object] == NOBODY, "a lock has one owner");
    ledger->owner[object] = actor->id;
    ledger->depth[object]++;
}

static void got_wait(struct actor *actor) {
    struct ledger *ledger = actor->ledger;
    expect(actor, ledger->owner[COND] == NOBODY, "wait() returns with the lock");
    ledger->owner[COND] = actor->id;
    ledger->depth[COND] = actor->depth_before;
    ledger->waiting--;
    ledger->woken++;
    expect(actor, ledger->woken <= ledger->notified, "who wakes up was notified");
}

static void got_item(struct actor *actor, int queue, int64_t item) {
    struct ledger *ledger = actor->ledger;
    if (item < 0 || item >= ITEMS || !ledger->is_put[queue][item]) {
        expect(actor, false, "what is taken was put");
        return;
    }
    expect(actor, !ledger->is_taken[queue][item], "an item is taken once");
    ledger->is_taken[queue][item] = true;
    ledger->taken[queue]++;
    int64_t *last = &actor->last[queue][item / ACTIONS];
    /* Numbers of one producer fall. */
    expect(actor, *last == 0 || item < *last, "first in, first out");
    *last = item;
}

static void got_place(struct actor *actor, int queue) {
    struct ledger *ledger = actor->ledger;
    ledger->put_done[queue]++;
    expect(actor,
           queue == 1 || ledger->size[QUEUE] == 0 ||
               ledger->put_done[0] - ledger->get_asked[0] <= ledger->size[QUEUE],
           "no more items than places");
}

static void got(struct actor *actor, const struct resume *resume) {
    struct ledger *ledger = actor->ledger;
    switch (actor->kind) {
    case ACTION_ACQUIRE:
    case ACTION_CONDITION_ENTER:
        got_lock(actor, actor->object);
        break;
    case ACTION_CONDITION_WAIT:
        got_wait(actor);
        break;
    case ACTION_SEMAPHORE_ACQUIRE:
        actor->permits++;
        ledger->inside++;
        expect(actor, ledger->inside <= ledger->size[SEM], "as many inside as permits");
        break;
    case ACTION_EVENT_SET:
    case ACTION_EVENT_CLEAR:
        ledger->changes_under_way--;
        break;
    case ACTION_EVENT_WAIT:
        expect(actor, actor->may_pass || ledger->sets != actor->sets_seen,
               "who passes an event found it set");
        break;
    case ACTION_BARRIER_WAIT:
        ledger->passed++;
        expect(actor,
               ledger->passed <=
                   ledger->arrived - ledger->arrived % ledger->size[BARRIER],
               "a round begins when all are there");
        break;
    case ACTION_QUEUE_PUT:
    case ACTION_PUT:
        got_place(actor, actor->object == SIMPLE);
        break;
    case ACTION_QUEUE_GET:
    case ACTION_TAKE:
        got_item(actor, actor->object == SIMPLE, resume->value);
        break;
    default:
        break;
    }
}

/* --- what a thread does -------------------------------------------------------- */

static bool write_action(struct actor *actor, struct action *action,
                         enum action_kind kind, int object) {
    action->kind = kind;
    action->object = object >= 0 ? actor->handles[object] : NULL;
    actor->object = object;
    return true;
}

/* Gives back one thing that it still has; false when it has nothing. */
static bool give_back(struct actor *actor, struct action *action) {
    if (actor->permits > 0) {
        return write_action(actor, action, ACTION_SEMAPHORE_RELEASE, SEM);
    }
    for (int object = 0; object <= COND; object++) {
        if (owns(actor, object)) {
            const bool with = object == COND && dice_between(&actor->dice, 0, 1) == 0;
            return write_action(actor, action,
                                with ? ACTION_CONDITION_EXIT : ACTION_RELEASE, object);
        }
    }
    return false;
}

static bool change_something(struct actor *actor, struct action *action) {
    switch (dice_between(&actor->dice, 0, 4)) {
    case 0:
        return write_action(actor, action, ACTION_EVENT_SET, EVENT);
    case 1:
        return write_action(actor, action, ACTION_EVENT_CLEAR, EVENT);
    case 2:
        return write_action(actor, action, ACTION_PUT, SIMPLE);
    default:
        return write_action(actor, action, ACTION_QUEUE_PUT, QUEUE);
    }
}

static bool wait_for_something(struct actor *actor, struct action *action) {
    switch (dice_between(&actor->dice, 0, 7)) {
    case 0:
        return write_action(actor, action, ACTION_EVENT_WAIT, EVENT);
    case 1:
        return write_action(actor, action, ACTION_BARRIER_WAIT, BARRIER);
    case 2:
        return write_action(actor, action, ACTION_TAKE, SIMPLE);
    case 3:
    case 4:
        return write_action(actor, action, ACTION_QUEUE_GET, QUEUE);
    case 5:
        return write_action(actor, action, ACTION_SEMAPHORE_ACQUIRE, SEM);
    default: {
        const int object = (int)dice_between(&actor->dice, LOCK, COND);
        /* A Lock that is taken twice is a deadlock, and of no further interest. */
        return write_action(actor, action, ACTION_ACQUIRE,
                            object == LOCK && owns(actor, LOCK) ? RLOCK : object);
    }
    }
}

static bool use_condition(struct actor *actor, struct action *action) {
    if (!owns(actor, COND)) {
        const bool with = dice_between(&actor->dice, 0, 1) == 0;
        return write_action(actor, action, with ? ACTION_CONDITION_ENTER : ACTION_ACQUIRE,
                            COND);
    }
    if (dice_between(&actor->dice, 0, 3) == 0) {
        return write_action(actor, action, ACTION_CONDITION_WAIT, COND);
    }
    write_action(actor, action, ACTION_CONDITION_NOTIFY, COND);
    action->value = dice_between(&actor->dice, 0, 1) == 0
                        ? INT64_MAX
                        : dice_between(&actor->dice, 1, 2);
    return true;
}

static bool work(struct actor *actor, struct action *action) {
    static const enum action_kind kinds[] = {ACTION_COMPUTE, ACTION_SLEEP,
                                             ACTION_C_RELEASED, ACTION_C_HELD};
    write_action(actor, action, kinds[dice_between(&actor->dice, 0, 3)], NOBODY);
    action->ns = dice_magnitude(&actor->dice, 3000000);
    return true;
}

static void choose(struct actor *actor, struct action *action) {
    switch (dice_between(&actor->dice, 0, 9)) {
    case 0:
    case 1:
        work(actor, action);
        return;
    case 2:
    case 3:
    case 4:
        (void)(give_back(actor, action) || work(actor, action));
        return;
    case 5:
    case 6:
        use_condition(actor, action);
        return;
    case 7:
    case 8:
        change_something(actor, action);
        return;
    default:
        wait_for_something(actor, action);
        return;
    }
}

static void actor_next(void *state, const struct resume *resume, struct action *action) {
    struct actor *actor = state;
    if (resume->status != RESUME_START) {
        got(actor, resume);
    }
    if (actor->left > 0) {
        actor->left--;
        choose(actor, action);
    } else if (!give_back(actor, action)) {
        actor->finished = true;
        return; /* ACTION_EXIT */
    }
    actor->kind = action->kind;
    ask(actor, action);
}

static const struct program_ops actor_ops = {
    .next = actor_next,
    .state_size = sizeof(struct actor),
};

/* --- the end ------------------------------------------------------------------- */

/* May this one wait for ever? */
static bool has_reason(const struct actor *actor, const struct ledger *ledger) {
    const int queue = actor->object == SIMPLE;
    switch (actor->kind) {
    case ACTION_ACQUIRE:
    case ACTION_CONDITION_ENTER:
        return ledger->owner[actor->object] != NOBODY;
    case ACTION_CONDITION_WAIT:
        return ledger->notified == ledger->woken || ledger->owner[COND] != NOBODY;
    case ACTION_SEMAPHORE_ACQUIRE:
        return ledger->inside == ledger->size[SEM];
    case ACTION_EVENT_WAIT:
        return !ledger->set || ledger->unclear;
    case ACTION_BARRIER_WAIT:
        return ledger->arrived - ledger->passed < ledger->size[BARRIER];
    case ACTION_QUEUE_GET:
    case ACTION_TAKE:
        return ledger->put_done[queue] == ledger->taken[queue];
    case ACTION_QUEUE_PUT:
        return ledger->size[QUEUE] > 0 &&
               ledger->put_done[0] - ledger->taken[0] == ledger->size[QUEUE];
    default:
        return false;
    }
}

static void check_end(struct ledger *ledger, struct actor *actors) {
    for (int i = 0; i < ACTORS; i++) {
        expect(&actors[i], actors[i].finished || has_reason(&actors[i], ledger),
               "who waits for ever has a reason to");
    }
}

/* --- a case -------------------------------------------------------------------- */

struct play {
    struct scene scene;
    struct dice choices;
    struct chooser chooser; /* of cores */
    struct object_plan objects[OBJECTS];
    struct ledger ledger;
    struct actor actors[ACTORS];
};

static void draw_machine(struct plan *plan, struct dice *dice) {
    struct machine *machine = &plan->machine;
    machine->cores = dice_between(dice, 1, 4);
    machine->wake_warm_ns = machine->wake_idle_ns = machine->wake_deep_ns =
        dice_between(dice, 0, 3) * 2500;
    machine->futex_wake_ns = dice_between(dice, 0, 1500);
    machine->futex_wait_ns = dice_between(dice, 0, 900);
    machine->context_switch_ns = dice_between(dice, 0, 1500);
    machine->sched_yield_ns = dice_between(dice, 50, 400);
    struct runtime *runtime = &plan->runtime;
    runtime->gil = (enum gil_kind)dice_between(dice, 0, GIL_KIND_COUNT - 1);
    runtime->switch_interval_ns = dice_between(dice, 20000, 5000000);
    runtime->check_spacing_ns = dice_between(dice, 300, 3000);
    runtime->lock_kind = dice_between(dice, 0, 1);
    runtime->lock_spins = runtime->gil == GIL_NONE ? dice_between(dice, 0, 1) * 40 : 0;
    runtime->lock_ns = dice_between(dice, 0, 100);
    runtime->rlock_ns = dice_between(dice, 0, 300);
    runtime->attach_ns = dice_between(dice, 0, 100);
    runtime->queue_call_ns = dice_between(dice, 0, 4) * 600;
    runtime->condition_call_ns = dice_between(dice, 0, 4) * 500;
    runtime->queue_hands_over = runtime->gil == GIL_NONE ? 1 : dice_between(dice, 0, 1);
}

static void draw_objects(struct play *play, struct dice *dice) {
    static const int64_t least[OBJECTS] = {[SEM] = 1, [BARRIER] = 1};
    for (int i = 0; i < OBJECTS; i++) {
        struct object_plan *object = &play->objects[i];
        object->kind = object_kinds[i];
        snprintf(object->name, sizeof object->name, "%s", object_kind_name(object->kind));
        if (i == SEM || i == BARRIER || i == QUEUE) {
            object->size = dice_between(dice, least[i], 3);
        }
        play->ledger.size[i] = object->size;
    }
    for (int i = LOCK; i <= COND; i++) {
        play->ledger.owner[i] = NOBODY;
    }
    play->scene.plan.objects = play->objects;
    play->scene.plan.object_count = OBJECTS;
}

static uint32_t choose_any(void *context, enum choice_kind kind, uint32_t count) {
    (void)kind;
    return (uint32_t)dice_between(context, 0, (int64_t)count - 1);
}

static uint64_t perform(struct play *play, uint64_t seed, struct violation *violation) {
    struct dice dice = dice_make(seed);
    memset(play, 0, sizeof *play);
    scene_prepare(&play->scene);
    draw_machine(&play->scene.plan, &dice);
    draw_objects(play, &dice);
    play->choices = dice_make(seed + CASES);
    play->chooser = (struct chooser){choose_any, &play->choices};
    play->scene.chooser = &play->chooser;
    scene_open(&play->scene);
    struct world *world = &play->scene.world;
    assert_int_equal(world_add_objects(world, play->scene.process), 0);
    for (int i = 0; i < ACTORS; i++) {
        char name[24];
        snprintf(name, sizeof name, "actor %d", i);
        play->actors[i] = (struct actor){
            .ledger = &play->ledger,
            .dice = dice_make(seed * ACTORS + (uint64_t)i),
            .handles = world->object_handles,
            .id = i,
            .left = ACTIONS,
        };
        scene_add_program(&play->scene, name, dice_between(&dice, 0, 100000),
                          (struct program){&actor_ops, &play->actors[i]});
    }
    const enum sim_end ended = scene_run(&play->scene);
    expect(&play->actors[0], ended == SIM_NOTHING_LEFT, "nothing is left at the end");
    check_end(&play->ledger, play->actors);
    violation->text[0] = '\0';
    if (play->ledger.broken != NULL) {
        snprintf(violation->text, sizeof violation->text, "%s", play->ledger.broken);
    } else {
        (void)timeline_is_sound(&play->scene.timeline, violation);
    }
    const uint64_t fingerprint = recorder_fingerprint(play->scene.recorder);
    scene_close(&play->scene);
    return fingerprint;
}

static void test_call_oracle_agrees(void **state) {
    (void)state;
    static struct play play;
    const int64_t only = dice_only_seed();
    const uint64_t first = only < 0 ? 0 : (uint64_t)only;
    const uint64_t end = only < 0 ? CASES : first + 1;
    int all_finished = 0;
    int64_t passed = 0, woken = 0, taken = 0;
    for (uint64_t seed = first; seed < end; seed++) {
        struct violation violation;
        const uint64_t once = perform(&play, seed, &violation);
        if (violation.text[0] != '\0') {
            fail_msg("%s\nagain: GILSCOPE_TEST_SEED=%" PRIu64 " engine_test_call_oracle",
                     violation.text, seed);
        }
        int finished = 0;
        for (int i = 0; i < ACTORS; i++) {
            finished += play.actors[i].finished;
        }
        all_finished += finished == ACTORS;
        passed += play.ledger.passed;
        woken += play.ledger.woken;
        taken += play.ledger.taken[0] + play.ledger.taken[1];
        assert_true(once == perform(&play, seed, &violation));
    }
    print_message("%d of %" PRIu64 " ended, %" PRId64 " passed a barrier, %" PRId64
                  " were notified, %" PRId64 " items\n",
                  all_finished, end - first, passed, woken, taken);
    assert_true(only >= 0 ||
                (passed > CASES / 10 && woken > CASES / 10 && taken > CASES));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call_oracle_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
