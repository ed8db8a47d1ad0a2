/* SPDX-License-Identifier: MIT */
/*
 * test_conservation - nothing is lost and nothing made up: what was measured in busy
 * random plans, counted again from their timelines (tests/support/conservation.h).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/analysis/flow.h"
#include "engine/os/machine.h"
#include "engine/python/runtime_table.h"
#include "tests/support/conservation.h"
#include "tests/support/dice.h"
#include "tests/support/plans.h"
#include "tests/support/test.h"

enum { CASES = 250, TEXT = 2000 };

/* --- making up plans ----------------------------------------------------------- */

struct text {
    char text[TEXT];
    size_t used;
};

static void say(struct text *text, const char *what) {
    text->used +=
        (size_t)snprintf(text->text + text->used, TEXT - text->used, "%s ", what);
    assert_true(text->used < TEXT);
}

static void say_timed(struct text *text, struct dice *dice, const char *step,
                      sim_ns most) {
    char words[64];
    snprintf(words, sizeof words, "%s %" PRId64 "ns", step, dice_magnitude(dice, most));
    say(text, words);
}

/* A word or two about an object that the plan has. */
static void say_object(struct text *text, struct dice *dice) {
    static const char *const words[] = {"put queue",
                                        "put queue",
                                        "get queue",
                                        "put simple",
                                        "put between",
                                        "touch object 300",
                                        "allocate 3000",
                                        "use list append 200ns",
                                        "use list pop 2us",
                                        "send peer 5us",
                                        "send peer 5us send peer 3us recv peer"};
    const int64_t count = sizeof words / sizeof words[0];
    say(text, words[dice_between(dice, 0, count - 1)]);
}

/* All that interpreters share is their queue; most put, so that most gets end. */
static void say_between(struct text *text, struct dice *dice) {
    const int64_t what = dice_between(dice, 0, 7);
    if (what < 3) {
        say(text, what == 0 ? "get between" : "put between");
    } else {
        say_timed(text, dice,
                  what == 3   ? "c_held"
                  : what == 4 ? "io_blocking"
                              : "python",
                  2 * NS_PER_MS);
    }
}

static void add_interpreters(struct plan *plan, struct dice *dice) {
    struct text text = {0};
    say(&text, "repeat 5 {");
    for (int64_t left = dice_between(dice, 1, 5); left > 0; left--) {
        say_between(&text, dice);
    }
    say(&text, "}");
    plan_thread(plan, "interpreter", (uint32_t)dice_between(dice, 1, 3), false,
                text.text);
    plan->actors[plan->actor_count - 1].kind = ACTOR_INTERPRETER;
}

static void say_with(struct text *text, struct dice *dice, bool long_one) {
    static const char *const locks[] = {"with a {", "with b {", "with rlock {",
                                        "with permits {"};
    say(text, locks[dice_between(dice, 0, 3)]);
    say_timed(text, dice, "python", 2 * NS_PER_MS);
    if (long_one) {
        say_timed(text, dice, "io_blocking", NS_PER_MS);
    }
    say(text, "}");
}

static void say_step(struct text *text, struct dice *dice) {
    static const char *const timed[] = {"python",     "python",      "c_held",
                                        "c_released", "io_blocking", "sleep_blocking"};
    const int64_t what = dice_between(dice, 0, 10);
    if (what < 6) {
        say_timed(text, dice, timed[what], 9 * NS_PER_MS);
    } else if (what == 6) {
        say_timed(text, dice, "update counter", NS_PER_US);
    } else if (what == 7) {
        say_object(text, dice);
    } else {
        say_with(text, dice, what == 8);
    }
}

static void say_body(struct text *text, struct dice *dice) {
    char words[32];
    snprintf(words, sizeof words, "repeat %d {", (int)dice_between(dice, 1, 12));
    say(text, words);
    for (int64_t left = dice_between(dice, 1, 4); left > 0; left--) {
        say_step(text, dice);
    }
    say(text, "}");
}

/* What tasks wait for that other tasks have, or do. */
static void say_shared(struct text *text, struct dice *dice) {
    static const char *const heads[] = {"with alock {", "with aslots {",
                                        "gather { task g 2 {",
                                        "put aqueue get aqueue repeat 1 {"};
    const int64_t which = dice_between(dice, 0, 3);
    say(text, heads[which]);
    say_timed(text, dice, "await_sleep", NS_PER_MS);
    say_timed(text, dice, "python", NS_PER_MS);
    say(text, which == 2 ? "} }" : "}");
}

static void add_loop(struct plan *plan, struct dice *dice) {
    plan_object(plan, "alock", OBJECT_ASYNC_LOCK);
    plan_sized(plan, "aslots", OBJECT_ASYNC_SEMAPHORE, 1);
    plan_sized(plan, "aqueue", OBJECT_ASYNC_QUEUE, 1);
    struct text text = {0};
    const uint32_t loop = plan_loop(plan, "loop", 1, false);
    say_timed(&text, dice, "await_io", NS_PER_MS);
    say(&text, "to_thread {");
    say_timed(&text, dice, "python", NS_PER_MS);
    say(&text, "}");
    say_timed(&text, dice, "await_sleep", NS_PER_MS);
    say_timed(&text, dice, "python", NS_PER_MS);
    say_shared(&text, dice);
    plan_task(plan, loop, "task", (uint32_t)dice_between(dice, 1, 6), text.text);
}

static void make_plan(struct plan *plan, uint64_t seed) {
    struct dice dice = dice_make(seed);
    const struct runtime_row *row =
        &runtime_rows[dice_between(&dice, 0, (int64_t)runtime_row_count - 1)];
    const struct machine_profile *profile =
        &machine_profiles[dice_between(&dice, 0, (int64_t)machine_profile_count - 1)];
    plan_begin(plan, profile->name, row->runtime.name);
    plan->seed = seed;
    plan->runtime.has_simple_queue = 1;
    plan->runtime.has_interpreter_queue = 1; /* everywhere, for the sake of coverage */
    plan->machine.cores = dice_between(&dice, 1, 4);
    plan->runtime.switch_interval_ns = 100000 + dice_magnitude(&dice, 5 * NS_PER_MS);
    plan->limits.events = 20000; /* a run that is cut short is conserved, too */
    plan_object(plan, "a", OBJECT_LOCK);
    plan_object(plan, "b", OBJECT_LOCK);
    plan_object(plan, "counter", OBJECT_COUNTER);
    plan_object(plan, "rlock", OBJECT_RLOCK);
    plan_object(plan, "permits", OBJECT_SEMAPHORE);
    plan_object(plan, "queue", OBJECT_QUEUE);
    plan_object(plan, "simple", OBJECT_SIMPLE_QUEUE);
    plan_object(plan, "object", OBJECT_REFERENT);
    plan_object(plan, "list", OBJECT_LIST);
    plan_sized(plan, "peer", OBJECT_PEER, dice_magnitude(&dice, NS_PER_MS));
    plan_sized(plan, "between", OBJECT_INTERPRETER_QUEUE, dice_between(&dice, 0, 2) * 50);
    plan->objects[4].size = 2;
    plan->objects[5].size = 3;
    for (int64_t left = dice_between(&dice, 1, 4); left > 0; left--) {
        struct text text = {0};
        say_body(&text, &dice);
        plan_thread(plan, "actor", (uint32_t)dice_between(&dice, 1, 4),
                    dice_between(&dice, 0, 9) == 0, text.text);
    }
    for (int64_t left = dice_between(&dice, 0, 2);
         row->runtime.has_interpreters && left > 0; left--) {
        add_interpreters(plan, &dice);
    }
    if (row->runtime.has_asyncio != 0 && dice_between(&dice, 0, 2) == 0) {
        add_loop(plan, &dice);
    }
}

/* --- what the plans have met --------------------------------------------------- */

struct coverage {
    size_t gil_waits, lock_waits, cut_short;
    size_t flows[FLOW_KIND_COUNT];
    size_t shared_waits; /* whose resource changed hands meanwhile */
    size_t pauses;       /* waits for somebody who had stopped the world */
    size_t polls;        /* sleeps between two looks at a queue */
    size_t
        tasks[STATE_COUNT]; /* shares of waits of tasks that are somebody's, or nobody's
                                * by nature */
};

static void count_coverage(struct coverage *coverage, const struct timeline *timeline,
                           const struct run_result *result) {
    struct recording recording;
    struct flow_list flows;
    struct blame blame;
    recording_of_timeline(&recording, timeline);
    assert_int_equal(flow_list_init(&flows, &recording, NULL), 0);
    for (size_t i = 0; i < flows.count; i++) {
        coverage->flows[flows.items[i].kind]++;
    }
    assert_int_equal(blame_of_run(&recording, NULL, &blame, NULL), 0);
    for (size_t i = 0; i < blame.count; i++) {
        const struct blame_share *share = &blame.shares[i];
        coverage->pauses += recording_has_lane(&recording, share->resource, LANE_PROCESS);
        coverage->tasks[share->wait] +=
            recording_has_lane(&recording, share->waiter, LANE_TASK) &&
            (share->holder != LANE_NONE || share->wait == STATE_AWAIT_IO ||
             share->wait == STATE_AWAIT_TIMER);
    }
    for (size_t i = 1; i < blame.count; i++) {
        coverage->shared_waits += blame.shares[i].waiter == blame.shares[i - 1].waiter &&
                                  blame.shares[i].holder != blame.shares[i - 1].holder &&
                                  blame.shares[i - 1].holder != LANE_NONE;
    }
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        coverage->polls += span->state == STATE_SLEEP && span->resource != LANE_NONE;
    }
    coverage->gil_waits += result->histograms[HISTOGRAM_GIL_WAIT].count;
    coverage->lock_waits += result->histograms[HISTOGRAM_LOCK_WAIT].count;
    coverage->cut_short += result->status == RUN_LIMITED;
    blame_deinit(&blame);
    flow_list_deinit(&flows);
    recording_deinit(&recording);
}

static void check_plan(const struct plan *plan, struct coverage *coverage,
                       uint64_t seed) {
    struct timeline timeline;
    struct run_result result;
    struct violation violation = {""};
    struct err err = {0};
    timeline_init(&timeline);
    if (run_execute(&result, plan, &(struct run_options){.sink = &timeline.sink}, &err) !=
        0) {
        fail_msg("%s (seed %" PRIu64 ")", err.text, seed);
    }
    if (!timeline_is_sound(&timeline, &violation) ||
        !run_is_conserved(&timeline, &result, &plan->runtime, &violation)) {
        fail_msg("%s: %s\nagain: GILSCOPE_TEST_SEED=%" PRIu64 " engine_test_conservation",
                 plan->runtime.name, violation.text, seed);
    }
    count_coverage(coverage, &timeline, &result);
    run_result_deinit(&result);
    timeline_deinit(&timeline);
}

static void test_conservation_of_random_plans(void **state) {
    (void)state;
    const int64_t only = dice_only_seed();
    const uint64_t first = only < 0 ? 0 : (uint64_t)only;
    const uint64_t end = only < 0 ? CASES : first + 1;
    struct coverage coverage = {0};
    for (uint64_t seed = first; seed < end; seed++) {
        struct plan plan;
        make_plan(&plan, seed);
        check_plan(&plan, &coverage, seed);
        plan_deinit(&plan);
    }
    print_message(
        "%zu waits for a GIL, %zu for a lock, %zu handed on meanwhile, %zu for a "
        "stopped world, %zu runs cut short, %zu polls; flows:",
        coverage.gil_waits, coverage.lock_waits, coverage.shared_waits, coverage.pauses,
        coverage.cut_short, coverage.polls);
    for (int kind = 0; kind < FLOW_KIND_COUNT; kind++) {
        print_message(" %s %zu", flow_kind_name((enum flow_kind)kind),
                      coverage.flows[kind]);
    }
    print_message("\n");
    if (only >= 0) {
        return;
    }
    assert_true(coverage.gil_waits > CASES && coverage.lock_waits > CASES &&
                coverage.shared_waits > CASES && coverage.pauses > 0 &&
                coverage.polls > CASES && coverage.cut_short > 0);
    for (int kind = 0; kind < FLOW_KIND_COUNT; kind++) {
        assert_true(coverage.flows[kind] > 0);
    }
    assert_true(coverage.tasks[STATE_READY] > CASES);
    for (int wait = STATE_AWAIT_IO; wait <= STATE_AWAIT_LOCK; wait++) {
        assert_true(coverage.tasks[wait] > CASES / 10);
    }
}

/* --- jobs ----------------------------------------------------------------------- */

/* Loops with a pool beside them, alone and in each of several processes: every job is
 * done, once. */
static void test_conservation_of_offloaded_jobs(void **state) {
    (void)state;
    static const struct strategy cases[] = {
        {.kind = STRATEGY_ASYNCIO, .workers = 6, .to_thread = 3},
        {.kind = STRATEGY_ASYNCIO, .workers = 6, .to_process = 2},
        {.kind = STRATEGY_PROCESSES, .workers = 2, .each = {STRATEGY_ASYNCIO, 6, 0}},
        {.kind = STRATEGY_PROCESSES, .workers = 1, .each = {STRATEGY_ASYNCIO, 6, 3}},
        {.kind = STRATEGY_PROCESSES, .workers = 3, .each = {STRATEGY_ASYNCIO, 2, 4}},
    };
    enum { JOBS = 40 };
    struct coverage coverage = {0};
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        struct plan plan;
        struct run_result result;
        plan_begin(&plan, "linux-desktop", i % 2 == 0 ? "cpython-3.12" : "cpython-3.14t");
        plan_jobs(&plan, JOBS,
                  "python exp:900us c_held 70us io exp:2ms python 300us io_blocking 1ms");
        plan.strategy = cases[i / 2];
        plan.machine.cores = 2;
        check_plan(&plan, &coverage, i);
        assert_int_equal(run_execute(&result, &plan, &(struct run_options){0}, NULL), 0);
        assert_int_equal(result.histograms[HISTOGRAM_LATENCY].count, JOBS);
        run_result_deinit(&result);
        plan_deinit(&plan);
    }
    assert_true(coverage.tasks[STATE_READY] > 0);
    assert_true(coverage.tasks[STATE_AWAIT_FUTURE] > 0);
}

/* --- core time of masked waits ------------------------------------------------- */

/* Of one thread, in nanoseconds. */
struct core_time {
    sim_ns on_cores; /* as the cores say */
    sim_ns shown;    /* in states that mean a core */
    sim_ns looks[2]; /* on a core within wait_gil, wait_lock */
    size_t look_count[2];
};

static bool needs_core(enum lane_state state) {
    return state == STATE_RUNNING || state == STATE_RUNNING_C ||
           state == STATE_DETACHED || state == STATE_SPIN;
}

/* What a core ran of the thread within a wait of it: one look. It takes a return from the
 * futex, and for a lock perhaps attempts to go back to sleep that fail. */
static void count_look(struct core_time *time, const struct machine *machine,
                       enum lane_state wait, sim_ns ns) {
    const int which = wait == STATE_WAIT_LOCK;
    assert_true(ns >= machine->futex_wait_ns);
    assert_int_equal(which ? (ns - machine->futex_wait_ns) % machine->futex_empty_ns
                           : ns - machine->futex_wait_ns,
                     0);
    time->looks[which] += ns;
    time->look_count[which]++;
}

static struct core_time core_time_of(const struct timeline *timeline, lane_id thread,
                                     const struct machine *machine) {
    struct core_time time = {0};
    for (size_t i = 0; i < timeline->span_count; i++) {
        const struct timeline_span *span = &timeline->spans[i];
        const bool core = timeline->lanes[span->lane].kind == LANE_CORE &&
                          span->state == STATE_RUNNING && span->resource == thread;
        time.on_cores += core ? span->end - span->start : 0;
        time.shown +=
            span->lane == thread && needs_core(span->state) ? span->end - span->start : 0;
        for (size_t k = 0; core && k < timeline->span_count; k++) {
            const struct timeline_span *wait = &timeline->spans[k];
            const sim_ns from = wait->start > span->start ? wait->start : span->start;
            const sim_ns to = wait->end < span->end ? wait->end : span->end;
            if (wait->lane == thread && from < to &&
                (wait->state == STATE_WAIT_GIL || wait->state == STATE_WAIT_LOCK)) {
                count_look(&time, machine, wait->state, to - from);
            }
        }
    }
    return time;
}

/* A thread's core time is what its states say, and its looks during waits (lane.h). */
static void test_conservation_of_masked_core_time(void **state) {
    (void)state;
    struct plan plan;
    struct timeline timeline;
    struct run_result result;
    size_t gil_looks = 0, lock_looks = 0;
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_make_free(&plan);
    plan.machine.futex_wait_ns = 700;
    plan.machine.futex_empty_ns = 50;
    plan_object(&plan, "lock", OBJECT_LOCK);
    plan_thread(&plan, "t", 3, false,
                "repeat 5 { python 7ms with lock { python 3ms io_blocking 1ms } }");
    timeline_init(&timeline);
    assert_int_equal(
        run_execute(&result, &plan, &(struct run_options){.sink = &timeline.sink}, NULL),
        0);
    for (lane_id lane = 0; (size_t)lane < timeline.lane_count; lane++) {
        if (timeline.lanes[lane].kind == LANE_THREAD) {
            const struct core_time time = core_time_of(&timeline, lane, &plan.machine);
            assert_int_equal(time.on_cores, time.shown + time.looks[0] + time.looks[1]);
            gil_looks += time.look_count[0];
            lock_looks += time.look_count[1];
        }
    }
    assert_true(gil_looks > 10);
    assert_true(lock_looks > 0);
    run_result_deinit(&result);
    timeline_deinit(&timeline);
    plan_deinit(&plan);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conservation_of_random_plans),
        cmocka_unit_test(test_conservation_of_offloaded_jobs),
        cmocka_unit_test(test_conservation_of_masked_core_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
