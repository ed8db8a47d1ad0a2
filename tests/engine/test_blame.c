/* SPDX-License-Identifier: MIT */
/* test_blame - who had what was waited for, worked out by hand and a nanosecond at a time;
 * and who woke whom. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/analysis/blame.h"
#include "engine/analysis/flow.h"
#include "engine/base/memory.h"
#include "tests/support/conservation.h"
#include "tests/support/loop_stage.h"
#include "tests/support/plans.h"
#include "tests/support/test.h"

/* --- a recording by hand ------------------------------------------------------- */

static void add_lane(struct recording *recording, enum lane_kind kind) {
    const struct lane lane = {
        .id = (lane_id)recording->lane_count, .parent = LANE_NONE, .kind = kind};
    assert_int_equal(recording_add_lane(recording, &lane, NULL), 0);
}

struct told {
    lane_id lane;
    sim_ns start_ns, end_ns;
    enum lane_state state;
    lane_id resource;
    site_id site;
    lane_id by;
};

static void tell(struct recording *recording, const struct told *told) {
    const uint8_t state = (uint8_t)told->state;
    const struct span_chunk chunk = {
        .count = 1,
        .t0_ns = told->start_ns,
        .t1_ns = told->end_ns,
        .lane = &told->lane,
        .start_ns = &told->start_ns,
        .end_ns = &told->end_ns,
        .state = &state,
        .resource = &told->resource,
        .by = &told->by,
        .site = &told->site,
    };
    assert_int_equal(recording_add_spans(recording, &chunk, NULL), 0);
}

enum { GIL = 0, A = 1, B = 2, C = 3, NO = -1 };

/* The picture at the head of blame.h, with A as the waiter. */
static const struct told story[] = {
    {GIL, 0, 60, STATE_HELD, B, NO, B},       {GIL, 60, 75, STATE_FREE, NO, NO, C},
    {GIL, 75, 120, STATE_HELD, C, NO, C},     {GIL, 120, 150, STATE_HELD, A, NO, NO},
    {A, 0, 10, STATE_IO, NO, 1, NO},          {A, 10, 120, STATE_WAIT_GIL, GIL, 1, C},
    {A, 120, 150, STATE_RUNNING, NO, 1, NO},  {B, 0, 30, STATE_RUNNING, NO, 4, NO},
    {B, 30, 50, STATE_READY, NO, 4, C},       {B, 50, 60, STATE_RUNNING, NO, 7, NO},
    {B, 60, 150, STATE_IO, NO, 7, NO},        {C, 0, 75, STATE_WAIT_GIL, GIL, 2, B},
    {C, 75, 120, STATE_RUNNING_C, NO, 2, NO}, {C, 120, 150, STATE_DETACHED, NO, 2, NO},
};

static void tell_story(struct recording *recording) {
    add_lane(recording, LANE_GIL);
    for (int i = A; i <= C; i++) {
        add_lane(recording, LANE_THREAD);
    }
    for (size_t i = 0; i < sizeof story / sizeof story[0]; i++) {
        tell(recording, &story[i]);
    }
}

struct expected {
    lane_id waiter, holder;
    site_id site;
    int32_t state;
    sim_ns ns;
};

static void expect_blame(const struct blame *blame, const struct expected *expected,
                         size_t count) {
    assert_int_equal(blame->count, count);
    for (size_t i = 0; i < count; i++) {
        const struct blame_share *share = &blame->shares[i];
        assert_int_equal(share->resource, GIL);
        assert_int_equal(share->waiter, expected[i].waiter);
        assert_int_equal(share->holder, expected[i].holder);
        assert_int_equal(share->site, expected[i].site);
        assert_int_equal(share->state, expected[i].state);
        assert_int_equal(share->ns, expected[i].ns);
    }
}

#define EXPECT_BLAME(blame, expected)                                                    \
    expect_blame((blame), (expected), sizeof(expected) / sizeof(expected)[0])

static void test_blame_of_a_wait(void **state) {
    (void)state;
    static const struct expected expected[] = {
        {A, NO, NO, -1, 15},          {A, B, 4, STATE_RUNNING, 20},
        {A, B, 4, STATE_READY, 20}, /* it had the GIL, and no core */
        {A, B, 7, STATE_RUNNING, 10}, {A, C, 2, STATE_RUNNING_C, 45},
    };
    struct recording recording;
    struct blame blame;
    recording_init(&recording);
    tell_story(&recording);
    assert_int_equal(
        blame_of_wait(&recording, A, &recording.lanes[A].spans[1], &blame, NULL), 0);
    EXPECT_BLAME(&blame, expected);
    blame_deinit(&blame);
    recording_deinit(&recording);
}

static void test_blame_of_a_run(void **state) {
    (void)state;
    static const struct expected expected[] = {
        {A, NO, NO, -1, 15},
        {A, B, 4, STATE_RUNNING, 20},
        {A, B, 4, STATE_READY, 20},
        {A, B, 7, STATE_RUNNING, 10},
        {A, C, 2, STATE_RUNNING_C, 45},
        {C, NO, NO, -1, 15},
        {C, B, 4, STATE_RUNNING, 30},
        {C, B, 4, STATE_READY, 20},
        {C, B, 7, STATE_RUNNING, 10},
    };
    struct recording recording;
    struct blame blame;
    recording_init(&recording);
    tell_story(&recording);
    assert_int_equal(blame_of_run(&recording, NULL, &blame, NULL), 0);
    EXPECT_BLAME(&blame, expected);
    blame_deinit(&blame);
    recording_deinit(&recording);
}

static void test_blame_is_cut_at_the_window(void **state) {
    (void)state;
    static const struct expected expected[] = {
        {A, NO, NO, -1, 15}, {A, B, 7, STATE_RUNNING, 5}, {A, C, 2, STATE_RUNNING_C, 5},
        {C, NO, NO, -1, 15}, {C, B, 7, STATE_RUNNING, 5},
    };
    struct recording recording;
    struct blame blame;
    recording_init(&recording);
    recording.from_ns = 55;
    recording.to_ns = 80;
    tell_story(&recording);
    assert_int_equal(blame_of_run(&recording, NULL, &blame, NULL), 0);
    EXPECT_BLAME(&blame, expected);
    blame_deinit(&blame);
    recording_deinit(&recording);
}

/* A waits for a lock that B and C hand to and fro 1,000 times: more often than there is
 * anybody to blame. */
static void test_blame_of_many_hands(void **state) {
    (void)state;
    enum { TURNS = 1000, BY_B = 7, BY_C = 3 };
    static const struct expected expected[] = {
        {A, B, 4, STATE_RUNNING, (sim_ns)TURNS * BY_B - 2},
        {A, C, 5, STATE_RUNNING, (sim_ns)TURNS * BY_C - 1},
    };
    const sim_ns end = (sim_ns)TURNS * (BY_B + BY_C);
    struct recording recording;
    struct blame blame;
    recording_init(&recording);
    add_lane(&recording, LANE_LOCK);
    for (int i = A; i <= C; i++) {
        add_lane(&recording, LANE_THREAD);
    }
    for (int i = 0; i < TURNS; i++) {
        const sim_ns at = (sim_ns)i * (BY_B + BY_C);
        tell(&recording, &(struct told){GIL, at, at + BY_B, STATE_HELD, B, NO, B});
        tell(&recording,
             &(struct told){GIL, at + BY_B, at + BY_B + BY_C, STATE_HELD, C, NO, C});
    }
    tell(&recording, &(struct told){B, 0, end, STATE_RUNNING, NO, 4, NO});
    tell(&recording, &(struct told){C, 0, end, STATE_RUNNING, NO, 5, NO});
    tell(&recording, &(struct told){A, 2, end - 1, STATE_WAIT_LOCK, GIL, 0, C});
    assert_int_equal(blame_of_run(&recording, NULL, &blame, NULL), 0);
    EXPECT_BLAME(&blame, expected);
    blame_deinit(&blame);
    recording_deinit(&recording);
}

/* Nobody holds a lane of a queue; a wait for it has nobody to blame. */
static void test_blame_needs_holders(void **state) {
    (void)state;
    struct recording recording;
    struct blame blame;
    recording_init(&recording);
    add_lane(&recording, LANE_LOCK);
    add_lane(&recording, LANE_THREAD);
    tell(&recording, &(struct told){GIL, 0, 9, STATE_FREE, NO, NO, NO});
    tell(&recording, &(struct told){A, 0, 9, STATE_WAIT_LOCK, GIL, 0, NO});
    assert_int_equal(blame_of_run(&recording, NULL, &blame, NULL), 0);
    assert_int_equal(blame.count, 0);
    recording.lanes[GIL].was_held = true; /* at another time: then it was nobody */
    assert_int_equal(blame_of_run(&recording, NULL, &blame, NULL), 0);
    assert_int_equal(blame.count, 1);
    assert_int_equal(blame.shares[0].holder, LANE_NONE);
    assert_int_equal(blame.shares[0].ns, 9);
    blame_deinit(&blame);
    recording_deinit(&recording);
}

/* Runs the plan, which is released. */
static void record(struct plan *plan, struct timeline *timeline,
                   struct recording *recording) {
    struct run_result result;
    timeline_init(timeline);
    assert_int_equal(
        run_execute(&result, plan, &(struct run_options){.sink = &timeline->sink}, NULL),
        0);
    recording_of_timeline(recording, timeline);
    run_result_deinit(&result);
    plan_deinit(plan);
}

/* --- tasks --------------------------------------------------------------------- */

static void run_stage(struct stage *stage, struct recording *recording) {
    stage_run(stage);
    recording_of_timeline(recording, &stage->timeline);
}

static const char *lane_name(const struct stage *stage, lane_id lane) {
    return lane == LANE_NONE ? "-" : stage->timeline.lanes[lane].name;
}

/* The rows of one task's waits, in the order of the names of what is in them: "wait
 * resource: holder state site ns". */
static void expect_rows(const struct stage *stage, const struct recording *recording,
                        const char *task, const char *expected) {
    const lane_id waiter = timeline_find(&stage->timeline, LANE_TASK, task);
    struct blame blame;
    char text[2048] = "";
    size_t used = 0;
    assert_int_equal(blame_of_run(recording,
                                  &(struct blame_waiters){.lanes = &waiter, .count = 1},
                                  &blame, NULL),
                     0);
    for (size_t i = 0; i < blame.count; i++) {
        const struct blame_share *share = &blame.shares[i];
        assert_int_equal(share->waiter, waiter);
        used += (size_t)snprintf(
            text + used, sizeof text - used, "%s%s %s: %s %s %d %" PRId64,
            i > 0 ? "\n" : "", lane_state_name((enum lane_state)share->wait),
            lane_name(stage, share->resource), lane_name(stage, share->holder),
            share->state < 0 ? "-" : lane_state_name((enum lane_state)share->state),
            share->site, share->ns);
        assert_true(used < sizeof text);
    }
    assert_string_equal(text, expected);
    blame_deinit(&blame);
}

/* Three tasks become ready together: the last one waits for the steps of the others. */
static void test_blame_of_a_ready_task(void **state) {
    (void)state;
    struct stage stage;
    struct recording recording;
    stage_begin(&stage);
    stage.plan.runtime.task_step_ns = 10;
    plan_task(&stage.plan, stage.loop, "a", 1, "python 300ns c_held 40ns");
    plan_task(&stage.plan, stage.loop, "b", 1, "python 500ns");
    plan_task(&stage.plan, stage.loop, "c", 1, "python 1ns");
    run_stage(&stage, &recording);
    expect_rows(&stage, &recording, "a", "ready event loop: event loop callback -1 10");
    expect_rows(&stage, &recording, "c",
                "ready event loop: event loop callback -1 30\n"
                "ready event loop: a running 0 300\n"
                "ready event loop: a running 1 40\n"
                "ready event loop: b running 2 500");
    recording_deinit(&recording);
    stage_end(&stage);
}

/* Who has a lock has it while it awaits a timer, too. */
static void test_blame_of_a_task_that_waits_for_a_lock(void **state) {
    (void)state;
    struct stage stage;
    struct recording recording;
    stage_begin(&stage);
    plan_object(&stage.plan, "lock", OBJECT_ASYNC_LOCK);
    plan_task(&stage.plan, stage.loop, "a", 1,
              "with lock { python 3us await_sleep 1ms python 2us }");
    plan_task(&stage.plan, stage.loop, "b", 1, "with lock { python 5us }");
    run_stage(&stage, &recording);
    expect_rows(&stage, &recording, "b",
                "ready event loop: a running 1 3000\n"
                "await_lock lock: a await_timer 2 1000000\n"
                "await_lock lock: a running 3 2000");
    expect_rows(&stage, &recording, "a", "await_timer -: - - -1 1000000");
    recording_deinit(&recording);
    stage_end(&stage);
}

/* Nobody holds a queue, nor a semaphore: it is who ended the wait that was waited for. */
static void test_blame_of_what_has_no_holder(void **state) {
    (void)state;
    struct stage stage;
    struct recording recording;
    stage_begin(&stage);
    plan_sized(&stage.plan, "queue", OBJECT_ASYNC_QUEUE, 1);
    plan_sized(&stage.plan, "slots", OBJECT_ASYNC_SEMAPHORE, 1);
    plan_task(&stage.plan, stage.loop, "getter", 1, "get queue");
    plan_task(&stage.plan, stage.loop, "putter", 1,
              "with slots { await_sleep 2ms python 7us put queue }");
    plan_task(&stage.plan, stage.loop, "third", 1, "with slots { python 1us }");
    run_stage(&stage, &recording);
    expect_rows(&stage, &recording, "getter",
                "await_future queue: putter await_timer 2 2000000\n"
                "await_future queue: putter running 3 7000");
    expect_rows(&stage, &recording, "third",
                "await_lock slots: putter await_timer 2 2000000\n"
                "await_lock slots: putter running 3 7000");
    recording_deinit(&recording);
    stage_end(&stage);
}

/* The last of those that were gathered - epoll has whole milliseconds, and the worker's
 * answer comes in between -; the worker. */
static void test_blame_of_futures(void **state) {
    (void)state;
    struct stage stage;
    struct recording recording;
    stage_begin(&stage);
    plan_task(&stage.plan, stage.loop, "main", 1,
              "gather { task a 1 { await_sleep 3ms } task b 1 { await_sleep 1ms "
              "await_sleep 4ms python 6us } }");
    plan_task(&stage.plan, stage.loop, "caller", 1, "to_thread { io_blocking 70us }");
    run_stage(&stage, &recording);
    expect_rows(&stage, &recording, "main",
                "await_future b: b await_timer 4 1070000\n"
                "await_future b: b await_timer 5 4000000\n"
                "await_future b: b running 6 6000");
    expect_rows(&stage, &recording, "caller",
                "await_future asyncio_0: asyncio_0 io 8 70000");
    recording_deinit(&recording);
    stage_end(&stage);
}

/* The strategy's own semaphore has a lane, too. */
static void test_blame_of_a_limit(void **state) {
    (void)state;
    struct plan plan;
    struct timeline timeline;
    struct recording recording;
    struct blame blame;
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_make_free(&plan);
    plan_jobs(&plan, 2, "io 5ms");
    plan_strategy(&plan, STRATEGY_ASYNCIO, 1);
    record(&plan, &timeline, &recording);
    const lane_id semaphore = timeline_find(&timeline, LANE_LOCK, "semaphore");
    const lane_id first = timeline_find(&timeline, LANE_TASK, "job 0");
    assert_true(semaphore >= 0 && first >= 0);
    assert_int_equal(blame_of_run(&recording, NULL, &blame, NULL), 0);
    size_t found = 0;
    for (size_t i = 0; i < blame.count; i++) {
        if (blame.shares[i].wait == STATE_AWAIT_LOCK) {
            assert_int_equal(blame.shares[i].resource, semaphore);
            assert_int_equal(blame.shares[i].holder, first);
            assert_int_equal(blame.shares[i].state, STATE_AWAIT_IO);
            assert_int_equal(blame.shares[i].ns, 5 * NS_PER_MS);
            found++;
        }
    }
    assert_int_equal(found, 1);
    blame_deinit(&blame);
    recording_deinit(&recording);
    timeline_deinit(&timeline);
}

/* --- tasks, a nanosecond at a time ---------------------------------------------- */

static const struct timeline_span *there(const struct stage *stage, lane_id lane,
                                         sim_ns at) {
    for (size_t i = 0; lane >= 0 && i < stage->timeline.span_count; i++) {
        const struct timeline_span *span = &stage->timeline.spans[i];
        if (span->lane == lane && span->start <= at && at < span->end) {
            return span;
        }
    }
    return NULL;
}

/* Who is to blame at that nanosecond of a task's wait, as the head of blame.h has it. */
static struct blame_share look(const struct stage *stage,
                               const struct timeline_span *wait, lane_id lock,
                               sim_ns at) {
    struct blame_share share = {
        1, wait->lane, (int32_t)wait->state, wait->resource, LANE_NONE, SITE_NONE, -1};
    const struct timeline_span *span = there(stage, wait->resource, at);
    switch (wait->state) {
    case STATE_READY:
        share.holder = span->resource == LANE_NONE ? wait->resource : span->resource;
        break;
    case STATE_AWAIT_LOCK:
        share.holder = wait->resource != lock      ? wait->by
                       : span->state == STATE_HELD ? span->resource
                                                   : LANE_NONE;
        break;
    case STATE_AWAIT_FUTURE:
        share.holder = wait->by;
        if (stage->timeline.lanes[wait->resource].kind == LANE_LOOP) {
            share.resource = wait->by;
        }
        break;
    default:
        share.resource = LANE_NONE;
    }
    const struct timeline_span *doing = there(stage, share.holder, at);
    if (doing == NULL) {
        share.holder = LANE_NONE;
    } else {
        share.state = (int32_t)doing->state;
        share.site = share.holder == wait->resource ? SITE_NONE : doing->site;
    }
    return share;
}

/* Takes a nanosecond off the share that it belongs to. */
static void take_off(struct blame *blame, const struct blame_share *share) {
    for (size_t i = 0; i < blame->count; i++) {
        struct blame_share *it = &blame->shares[i];
        if (it->waiter == share->waiter && it->wait == share->wait &&
            it->resource == share->resource && it->holder == share->holder &&
            it->site == share->site && it->state == share->state) {
            it->ns -= share->ns;
            return;
        }
    }
    fail_msg("%s of lane %d for %d: nobody blames lane %d, which is %d at %d",
             lane_state_name((enum lane_state)share->wait), share->waiter,
             share->resource, share->holder, share->state, share->site);
}

static bool is_wait_of_task(const struct stage *stage, const struct timeline_span *span) {
    return stage->timeline.lanes[span->lane].kind == LANE_TASK &&
           span->state != STATE_RUNNING;
}

/* A loop on which tasks wait for everything that they can wait for. */
static void run_busy_stage(struct stage *stage) {
    stage_begin(stage);
    stage->plan.runtime.task_step_ns = 3;
    stage->plan.runtime.loop_handle_ns = 2;
    stage->plan.runtime.loop_iteration_ns = 5;
    plan_object(&stage->plan, "lock", OBJECT_ASYNC_LOCK);
    plan_sized(&stage->plan, "slots", OBJECT_ASYNC_SEMAPHORE, 1);
    plan_sized(&stage->plan, "queue", OBJECT_ASYNC_QUEUE, 1);
    plan_task(&stage->plan, stage->loop, "locker", 3,
              "repeat 3 { with lock { python 70ns await_io 400ns python 30ns } }");
    plan_task(&stage->plan, stage->loop, "putter", 1,
              "repeat 4 { python 150ns put queue await_sleep 0ns }");
    plan_task(&stage->plan, stage->loop, "getter", 2,
              "repeat 2 { get queue python 90ns }");
    plan_task(&stage->plan, stage->loop, "guest", 3,
              "with slots { await_io 250ns python 20ns }");
    plan_task(&stage->plan, stage->loop, "gatherer", 1,
              "gather { task g 2 { await_io 600ns python 45ns } task h 1 { await_sleep "
              "200ns } } to_thread { io_blocking 333ns python 11ns }");
    stage_run(stage);
}

static void expect_nothing_left(const struct stage *stage,
                                const struct recording *recording,
                                const struct blame *blame) {
    for (size_t i = 0; i < blame->count; i++) {
        const struct blame_share *left = &blame->shares[i];
        if (left->ns != 0 && recording_has_lane(recording, left->waiter, LANE_TASK)) {
            fail_msg("%s: %s: %" PRId64 " ns too many for %s",
                     lane_name(stage, left->waiter),
                     lane_state_name((enum lane_state)left->wait), left->ns,
                     lane_name(stage, left->holder));
        }
    }
}

/* `seen`: nanoseconds of each kind of wait. */
static void check_window(const struct stage *stage, sim_ns from, sim_ns to,
                         size_t seen[STATE_COUNT]) {
    const lane_id lock = timeline_find(&stage->timeline, LANE_LOCK, "lock");
    struct recording recording;
    struct blame blame;
    recording_of_window(&recording, &stage->timeline, from, to);
    assert_int_equal(blame_of_run(&recording, NULL, &blame, NULL), 0);
    for (size_t i = 0; i < stage->timeline.span_count; i++) {
        const struct timeline_span *wait = &stage->timeline.spans[i];
        const sim_ns end = wait->end < to ? wait->end : to;
        sim_ns at = wait->start > from ? wait->start : from;
        for (; is_wait_of_task(stage, wait) && at < end; at++) {
            const struct blame_share share = look(stage, wait, lock, at);
            take_off(&blame, &share);
            seen[wait->state]++;
        }
    }
    expect_nothing_left(stage, &recording, &blame);
    blame_deinit(&blame);
    recording_deinit(&recording);
}

/* The blame of a busy loop is what is found by asking at every nanosecond of every wait of
 * its tasks, and nothing is left of it then; in windows, too. */
static void test_blame_of_tasks_at_every_nanosecond(void **state) {
    (void)state;
    static const sim_ns windows[][2] = {
        {0, 4001}, {4001, 9000}, {9000, SIM_NEVER}, {777, 778}};
    size_t seen[STATE_COUNT] = {0};
    struct stage stage;
    run_busy_stage(&stage);
    check_window(&stage, 0, SIM_NEVER, seen);
    for (int wait = STATE_AWAIT_IO; wait <= STATE_AWAIT_LOCK; wait++) {
        assert_true(seen[wait] > 100);
    }
    assert_true(seen[STATE_READY] > 1000);
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        check_window(&stage, windows[i][0], windows[i][1], seen);
    }
    stage_end(&stage);
}

static void test_blame_reports_every_failed_allocation(void **state) {
    (void)state;
    struct recording recording;
    recording_init(&recording);
    tell_story(&recording);
    for (int64_t nth = 0;; nth++) {
        struct blame blame = {0};
        struct flow_list flows = {0};
        memory_fail_after(nth);
        int rc = blame_of_run(&recording, NULL, &blame, NULL);
        rc = rc != 0 ? rc : flow_list_init(&flows, &recording, NULL);
        memory_fail_after(-1);
        blame_deinit(&blame);
        flow_list_deinit(&flows);
        if (rc == 0) {
            assert_true(nth > 3);
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
        assert_true(nth < 100);
    }
    recording_deinit(&recording);
}

static void test_recording_has_limits(void **state) {
    (void)state;
    struct recording recording;
    struct err err = {0};
    recording_init(&recording);
    recording.span_limit = 1;
    recording.kinds = 1u << LANE_THREAD;
    add_lane(&recording, LANE_GIL);
    add_lane(&recording, LANE_THREAD);
    tell(&recording, &(struct told){GIL, 0, 9, STATE_FREE, NO, NO, NO}); /* not wanted */
    tell(&recording, &(struct told){A, 0, 9, STATE_IO, NO, NO, NO});
    assert_int_equal(recording.span_count, 1);
    const lane_id lane = A, unknown = 7, none = NO;
    const sim_ns start = 9, end = 10;
    const uint8_t code = STATE_IO;
    struct span_chunk chunk = {.count = 1,
                               .lane = &lane,
                               .start_ns = &start,
                               .end_ns = &end,
                               .state = &code,
                               .resource = &none,
                               .by = &none,
                               .site = &none};
    assert_int_equal(recording_add_spans(&recording, &chunk, &err), ERR_LIMIT);
    chunk.lane = &unknown;
    assert_int_equal(recording_add_spans(&recording, &chunk, NULL), ERR_CORRUPT);
    assert_int_equal(
        recording_add_lane(&recording, &(struct lane){.id = 5, .kind = LANE_TASK}, NULL),
        ERR_CORRUPT);
    recording_deinit(&recording);
}

/* --- flows --------------------------------------------------------------------- */

static void expect_flow(const struct flow *flow, enum flow_kind kind, lane_id from,
                        lane_id to, sim_ns left, sim_ns at) {
    assert_string_equal(flow_kind_name(flow->kind), flow_kind_name(kind));
    assert_int_equal(flow->from, from);
    assert_int_equal(flow->to, to);
    assert_int_equal(flow->left_ns, left);
    assert_int_equal(flow->at_ns, at);
}

static void test_flow_leaves_when_the_gil_is_dropped(void **state) {
    (void)state;
    struct recording recording;
    struct flow_list list;
    recording_init(&recording);
    tell_story(&recording);
    assert_int_equal(flow_list_init(&list, &recording, NULL), 0);
    assert_int_equal(list.count, 3);
    expect_flow(&list.items[0], FLOW_GIL, C, A, 120, 120);
    expect_flow(&list.items[1], FLOW_CORE, C, B, 50, 50);
    expect_flow(&list.items[2], FLOW_GIL, B, C, 60, 75); /* a wake-up later */
    flow_list_deinit(&list);
    recording_deinit(&recording);
}

/* Two threads share one GIL for 12 ms each, and everything is free. */
static void test_flow_of_taking_turns(void **state) {
    (void)state;
    struct plan plan;
    struct timeline timeline;
    struct run_result result;
    struct recording recording;
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_make_free(&plan);
    plan_thread(&plan, "t", 2, false, "python 12ms");
    timeline_init(&timeline);
    assert_int_equal(
        run_execute(&result, &plan, &(struct run_options){.sink = &timeline.sink}, NULL),
        0);
    recording_of_timeline(&recording, &timeline);
    const lane_id first = timeline_find(&timeline, LANE_THREAD, "t 0");
    const lane_id second = timeline_find(&timeline, LANE_THREAD, "t 1");
    assert_true(first >= 0 && second >= 0);
    struct flow_list list;
    assert_int_equal(flow_list_init(&list, &recording, NULL), 0);
    size_t turns = 0;
    for (size_t i = 0; i < list.count; i++) {
        const struct flow *flow = &list.items[i];
        if (flow->from == first && flow->to == second) {
            expect_flow(flow, FLOW_GIL, first, second, 10002000, 10002000);
            turns++;
        } else if (flow->from == second && flow->to == first) {
            expect_flow(flow, FLOW_GIL, second, first, 15003000, 15003000);
            turns++;
        }
    }
    /* In between the main thread, which starts the second one at 5.001 ms and joins the
     * first at 17.001 ms, had it for no time at all. */
    assert_int_equal(turns, 2);
    flow_list_deinit(&list);
    recording_deinit(&recording);
    run_result_deinit(&result);
    timeline_deinit(&timeline);
    plan_deinit(&plan);
}

/* One core, two threads without a GIL: each arrow takes as long as the switch, and who
 * waits for the core says at which step. */
static void test_flow_of_a_core(void **state) {
    (void)state;
    struct plan plan;
    struct timeline timeline;
    struct recording recording;
    plan_begin(&plan, "ideal", "cpython-3.14t");
    plan_make_free(&plan);
    plan.machine.cores = 1;
    plan.machine.context_switch_ns = 1500;
    plan.machine.slice_ns = 3 * NS_PER_MS;
    plan_thread(&plan, "t", 2, false, "python 12ms");
    record(&plan, &timeline, &recording);
    size_t turns = 0;
    for (size_t i = 0; i < timeline.span_count; i++) {
        const struct timeline_span *it = &timeline.spans[i];
        const struct span span = {.start_ns = it->start,
                                  .end_ns = it->end,
                                  .resource = it->resource,
                                  .by = it->by,
                                  .site = it->site,
                                  .state = (uint8_t)it->state};
        struct flow flow;
        if (it->state == STATE_READY && it->site == 0 &&
            flow_of_span(&recording, it->lane, &span, &flow)) {
            expect_flow(&flow, FLOW_CORE, it->by, it->lane, it->end - 1500, it->end);
            turns++;
        }
    }
    assert_true(turns >= 6);
    recording_deinit(&recording);
    timeline_deinit(&timeline);
}

/* A worker wakes the loop out of its selector, and the task knows who set its future. */
static void test_flow_of_a_future(void **state) {
    (void)state;
    struct plan plan;
    struct timeline timeline;
    struct recording recording;
    struct flow_list list;
    size_t polls = 0, futures = 0;
    plan_begin(&plan, "linux-desktop", "cpython-3.12");
    const uint32_t loop = plan_loop(&plan, "server", 1, false);
    plan_task(&plan, loop, "t", 1, "to_thread { io_blocking 5ms }");
    record(&plan, &timeline, &recording);
    const lane_id worker = timeline_find(&timeline, LANE_THREAD, "asyncio_0");
    const lane_id task = timeline_find(&timeline, LANE_TASK, "t");
    assert_true(worker >= 0 && task >= 0);
    assert_int_equal(flow_list_init(&list, &recording, NULL), 0);
    for (size_t i = 0; i < list.count; i++) {
        polls += list.items[i].kind == FLOW_POLL && list.items[i].from == worker;
        futures += list.items[i].kind == FLOW_TASK && list.items[i].from == worker &&
                   list.items[i].to == task;
    }
    assert_int_equal(polls, 1);
    assert_int_equal(futures, 1);
    flow_list_deinit(&list);
    recording_deinit(&recording);
    timeline_deinit(&timeline);
}

/* A lock's waiter is let in by whoever released it, not by who had the GIL last. */
static void test_flow_of_a_lock(void **state) {
    (void)state;
    struct plan plan;
    struct timeline timeline;
    struct recording recording;
    struct flow_list list;
    plan_begin(&plan, "linux-desktop", "cpython-3.12");
    plan_object(&plan, "lock", OBJECT_LOCK);
    plan_thread(&plan, "holder", 1, false, "with lock { io_blocking 20ms }");
    plan_thread(&plan, "waiter", 1, false, "sleep_blocking 2ms with lock { python 1ms }");
    plan_thread(&plan, "spinner", 1, false, "python 80ms");
    record(&plan, &timeline, &recording);
    const lane_id holder = timeline_find(&timeline, LANE_THREAD, "holder");
    const lane_id waiter = timeline_find(&timeline, LANE_THREAD, "waiter");
    assert_true(holder >= 0 && waiter >= 0);
    assert_int_equal(flow_list_init(&list, &recording, NULL), 0);
    size_t locks = 0;
    for (size_t i = 0; i < list.count; i++) {
        if (list.items[i].kind == FLOW_LOCK) {
            assert_int_equal(list.items[i].from, holder);
            assert_int_equal(list.items[i].to, waiter);
            assert_true(list.items[i].left_ns < list.items[i].at_ns); /* its wake-up */
            locks++;
        }
    }
    assert_int_equal(locks, 1);
    flow_list_deinit(&list);
    recording_deinit(&recording);
    timeline_deinit(&timeline);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blame_of_a_wait),
        cmocka_unit_test(test_blame_of_a_run),
        cmocka_unit_test(test_blame_is_cut_at_the_window),
        cmocka_unit_test(test_blame_of_many_hands),
        cmocka_unit_test(test_blame_needs_holders),
        cmocka_unit_test(test_blame_of_a_ready_task),
        cmocka_unit_test(test_blame_of_a_task_that_waits_for_a_lock),
        cmocka_unit_test(test_blame_of_what_has_no_holder),
        cmocka_unit_test(test_blame_of_futures),
        cmocka_unit_test(test_blame_of_a_limit),
        cmocka_unit_test(test_blame_of_tasks_at_every_nanosecond),
        cmocka_unit_test(test_blame_reports_every_failed_allocation),
        cmocka_unit_test(test_recording_has_limits),
        cmocka_unit_test(test_flow_leaves_when_the_gil_is_dropped),
        cmocka_unit_test(test_flow_of_taking_turns),
        cmocka_unit_test(test_flow_of_a_core),
        cmocka_unit_test(test_flow_of_a_future),
        cmocka_unit_test(test_flow_of_a_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
