/* SPDX-License-Identifier: MIT */
/*
 * test_classic_results - the classic experiments of the reference, section 10, as laws: a
 * ratio, a slope or an order that has to come out of the mechanisms, with a tolerance that
 * is about what the published figures differ by among themselves. How near the figures are,
 * is another question: `gilscope verify --published`.
 *
 *   row  what                              where
 *    1   tick GIL: threads slow it down    here: 1.4-fold. The published 2.0-fold needs the
 *                                          slower wake-ups of its time
 *    2   interval GIL: flat                test_gil_laws threads_neither_help_nor_harm
 *    3   small intervals cost              test_gil_laws small_intervals_cost
 *    4   four workers                      here; test_gil_laws without_it_threads_scale
 *    5   echo beside spinners              test_gil_laws convoy_is_as_published
 *    6   ... that are processes            here; test_gil_laws
 *    7   ... on one core                   here: within 1.6 of one published table. At k=1 the
 *                                          other one has 70 times as much: it depends on who
 *                                          preempts whom
 *    8   ... at small intervals            here, with Linux's slack
 *    9   asyncio server beside spinners    here
 *   10   a callback of t ms                here
 *   11   many sleeping requests            here
 *   12   fast requests beside fib(30)      here: beside and apart. The 600-fold is second-hand
 *   13   sha256 in threads                 here
 *   14   small hashes                      here
 *   15   producer and consumer             here
 *   16   c.v += 1 by version               test_lock updates_are_lost_where_check_points_lie
 *   17   ... with a call inside            here; test_lock
 *   18   ... without a GIL                 here, of an attribute. Of an item of a list or a dict
 *                                          not: containers have no contents here
 *   19   one lock, empty section           test_lock_shares
 *   20   lock throughput by threads        here; test_free_threading. The fall to 0.37 is not
 *                                          reached with a section that touches nothing: there
 *                                          is no contention for the parking lot itself
 *   21   shared set against Manager dict   not: a proxy of multiprocessing.Manager is a server
 *                                          process with a protocol that nothing here has
 *   22   too many free threads             here, with a workload of our own: that of the source
 *                                          is not published. There is a best number, and more
 *                                          are worse; that 8 are worse than one does not come
 *                                          out: a line that all want has the same price for
 *                                          however many
 *   23   empty tasks through pools         here; test_process_pool_chunks
 *   24   starting 8 workers                here: the order. fork costs 6 times what threads do,
 *                                          published 1.7: costs of processes are a laptop's;
 *                                          and a fork server is always started first
 *   25   a C call that keeps the GIL       here; the signal in test_signal
 *   26   Thread.start() beside spinners    test_gil_laws thread_start_costs_up_to_two_races
 *   27   asyncio.sleep(0.0001)             here
 *   28   uvloop                            test_aio_stream aio_uvloop_is_faster. The 0.66-fold of
 *                                          raw sockets is not explained by any mechanism
 */
#include "tests/support/test.h"

#include <stdio.h>

#include "tests/support/plans.h"

static void assert_between(const char *what, double value, double low, double high) {
    print_message("%s: %g\n", what, value);
    if (!(value >= low && value <= high)) {
        fail_msg("%s is %g, must be between %g and %g", what, value, low, high);
    }
}

/* Runs the plan, and is done with it. */
static double measure(struct plan *plan, enum metric_id metric) {
    struct run_result result = {0};
    struct err err = {0};
    if (run_execute(&result, plan, &(struct run_options){0}, &err) != 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(result.status, RUN_DONE);
    const double value = result.metric[metric];
    run_result_deinit(&result);
    plan_deinit(plan);
    return value;
}

static double makespan(struct plan *plan) { return measure(plan, METRIC_MAKESPAN_US); }

/* --- computing ----------------------------------------------------------------- */

static double countdown(const char *runtime, int64_t cores, uint32_t threads) {
    struct plan plan;
    char steps[64];
    plan_begin(&plan, "linux-desktop", runtime);
    plan.machine.cores = cores;
    snprintf(steps, sizeof steps, "python %uus", 400000U / threads);
    plan_thread(&plan, "t", threads, false, steps);
    return makespan(&plan);
}

/* 7.8 s by one thread, 15.4 by two, 15.7 by four on four cores; 11.3 and 11.6 on one. */
static void test_classic_row_1_tick_gil_is_slower_with_threads(void **state) {
    (void)state;
    const char *const tick = "cpython-2.7";
    const double two = countdown(tick, 4, 2) / countdown(tick, 4, 1);
    const double four = countdown(tick, 4, 4) / countdown(tick, 4, 1);
    const double one_core = countdown(tick, 1, 2) / countdown(tick, 1, 1);
    assert_between("two threads on four cores", two, 1.3, 2.6);
    assert_between("four threads against two", four / two, 0.8, 1.25);
    assert_between("two threads on one core", one_core, 0.99, 1.2);
    assert_true(two > 1.2 * one_core);
}

static double four_workers(const char *runtime, enum strategy_kind kind) {
    struct plan plan;
    plan_begin(&plan, "linux-desktop", runtime);
    plan_jobs(&plan, 4, "python 250ms");
    plan_strategy(&plan, kind, kind == STRATEGY_SEQUENTIAL ? 0 : 4);
    return makespan(&plan);
}

/* Threads of 3.14t 3.75 times as fast as one; interpreters 3.2 times. */
static void test_classic_row_4_four_workers(void **state) {
    (void)state;
    const double gil = four_workers("cpython-3.14", STRATEGY_SEQUENTIAL);
    const double free = four_workers("cpython-3.14t", STRATEGY_SEQUENTIAL);
    assert_between("threads with a GIL",
                   gil / four_workers("cpython-3.14", STRATEGY_THREADS), 0.95, 1.01);
    assert_between("free threads", free / four_workers("cpython-3.14t", STRATEGY_THREADS),
                   3.3, 4.0);
    assert_between("interpreters",
                   gil / four_workers("cpython-3.14", STRATEGY_INTERPRETERS), 2.8, 4.0);
    assert_between("processes", gil / four_workers("cpython-3.14", STRATEGY_PROCESSES),
                   2.5, 4.0);
}

static double hashes(int64_t cores, uint32_t threads) {
    struct plan plan;
    plan_begin(&plan, "linux-desktop", "cpython-3.9");
    plan.machine.cores = cores;
    plan.machine.all_cores_speed_ppm = 1000000; /* not the law that is meant here */
    plan_jobs(&plan, 8, "c_released 400ms");
    plan_strategy(&plan, STRATEGY_THREADS, threads);
    return makespan(&plan);
}

/* 3.30, 1.68, 1.50, 1.60 s by 1, 2, 4, 8 threads on two cores. */
static void test_classic_row_13_hashing_scales_with_cores(void **state) {
    (void)state;
    const double one = hashes(2, 1);
    for (uint32_t threads = 2; threads <= 8; threads *= 2) {
        assert_between("speed-up on two cores", one / hashes(2, threads), 1.85, 2.2);
    }
    assert_between("speed-up on one core", hashes(1, 1) / hashes(1, 4), 0.97, 1.03);
}

/* What two threads gain, each hash of so many bytes taking `ns`. */
static double hash_gain(int64_t bytes, sim_ns ns) {
    double time[2];
    for (uint32_t threads = 1; threads <= 2; threads++) {
        struct plan plan;
        char steps[64];
        plan_begin(&plan, "linux-desktop", "cpython-3.12");
        plan.machine.all_cores_speed_ppm = 1000000;
        const sim_ns total = 100 * NS_PER_MS;
        snprintf(steps, sizeof steps, "repeat %d { c_held %dns python exp:1us }",
                 (int)(total / ns / threads), (int)ns);
        plan_thread(&plan, "hasher", threads, false, steps);
        plan.steps[1].kind = STEP_C_BY_SIZE;
        plan.steps[1].count = bytes;
        time[threads - 1] = makespan(&plan);
    }
    return time[0] / time[1];
}

/* Below 2048 bytes the GIL is kept; from there on each call lets go of it, and the bytecode
 * around the calls still takes turns. 1 ns a byte. */
static void test_classic_row_14_small_hashes_gain_nothing(void **state) {
    (void)state;
    const double none = hash_gain(1024, 1024), few = hash_gain(2048, 2048);
    const double many = hash_gain(65536, 65536);
    assert_between("1 KiB", none, 0.9, 1.02);
    assert_between("2 KiB", few, 0.5, 1.9);
    assert_between("64 KiB", many, 1.8, 2.02);
    assert_true(many > few);
}

/* --- the convoy, elsewhere ------------------------------------------------------ */

struct convoy {
    const char *profile;
    int64_t cores;
    sim_ns interval;
    uint32_t spinners;
    const char *spin;
};

/* Mean period of a request, in microseconds. */
static double period(const struct convoy *it) {
    struct plan plan;
    plan_begin(&plan, it->profile, "cpython-3.9");
    plan.machine.cores = it->cores;
    plan.runtime.switch_interval_ns = it->interval;
    if (it->spinners > 0) {
        plan_thread(&plan, "spinner", it->spinners, true, it->spin);
    }
    plan_thread(&plan, "echo", 1, false,
                "repeat 200 { io 13us python 6us c_released 5us python 6us }");
    return measure(&plan, METRIC_LATENCY_MEAN_US);
}

#define IN_PYTHON "forever { python 1ms }"
#define ELSEWHERE "forever { c_released 1000s }"

/* Rows 6 and 12: what computes in another process does no harm while cores remain (here: a
 * thread that never wants the GIL). Published: 20k of 30k requests; a pool of processes
 * keeps 3.5k of its own. */
static void test_classic_rows_6_and_12_computing_elsewhere_does_no_harm(void **state) {
    (void)state;
    const sim_ns ms = NS_PER_MS;
    const double alone = period(&(struct convoy){"linux-desktop", 8, 5 * ms, 0, NULL});
    const double beside =
        period(&(struct convoy){"linux-desktop", 8, 5 * ms, 1, IN_PYTHON});
    assert_true(beside > 100.0 * alone); /* 38,000 requests a second fall to 115 */
    double first = 0;
    for (uint32_t k = 1; k <= 4; k *= 2) {
        const double apart =
            period(&(struct convoy){"linux-desktop", 8, 5 * ms, k, ELSEWHERE});
        assert_between("period beside processes", apart / alone, 0.9, 1.5);
        first = k == 1 ? apart : first;
        assert_between("whatever their number", apart / first, 0.9, 1.2);
    }
}

/* 24k, 12k, 3k, 30, 10 requests a second for k = 0, 1, 2, 4, 8 in one table, 2.4k, 162, 83,
 * 31, 15 in another. */
static void test_classic_row_7_on_one_core_the_rate_falls_with_spinners(void **state) {
    (void)state;
    const double alone =
        period(&(struct convoy){"linux-desktop", 1, 5 * NS_PER_MS, 0, NULL});
    static const double measured[] = {162, 83, 31, 15};
    double before = alone;
    for (uint32_t i = 0, k = 1; k <= 8; i++, k *= 2) {
        const double now =
            period(&(struct convoy){"linux-desktop", 1, 5 * NS_PER_MS, k, IN_PYTHON});
        assert_between("requests a second on one core", 1e6 / now, measured[i] / 1.6,
                       measured[i] * 1.6);
        assert_true(now > before);
        before = now;
    }
    assert_true(before > 100.0 * alone);
}

/* A waiter's patience is the interval and the timer's slack: small intervals come to
 * nothing on Linux. One race is lost in a request, or two, and each costs a hand-over of up
 * to 40 us besides. */
static void test_classic_row_8_slack_limits_small_intervals(void **state) {
    (void)state;
    struct plan plan;
    plan_begin(&plan, "linux-desktop", "cpython-3.9");
    const double slack = (double)plan.machine.timer_slack_ns * 1e-3;
    plan_deinit(&plan);
    double longer = 0;
    static const sim_ns intervals[] = {5000000, 1000000, 100000, 10000, 1000};
    for (size_t i = 0; i < 5; i++) {
        const double now =
            period(&(struct convoy){"linux-desktop", 8, intervals[i], 1, IN_PYTHON});
        const double patience = (double)intervals[i] * 1e-3 + slack;
        assert_between("period, us", now, patience, 2.1 * patience + 120);
        assert_true(i == 0 || now < longer);
        longer = now;
    }
    const double small =
        period(&(struct convoy){"linux-desktop", 8, 10000, 1, IN_PYTHON});
    assert_between("1 us against 10 us", small / longer, 1.0, 1.35);
}

/* --- asyncio -------------------------------------------------------------------- */

static double server_period(uint32_t spinners) {
    struct plan plan;
    plan_begin(&plan, "linux-desktop", "cpython-3.12");
    const uint32_t loop = plan_loop(&plan, "server", 1, false);
    plan_task(&plan, loop, "connection", 1,
              "repeat 60 { await_io 100us io 5us python 50us io 5us }");
    if (spinners > 0) {
        plan_thread(&plan, "spinner", spinners, true, IN_PYTHON);
    }
    return measure(&plan, METRIC_LATENCY_MEAN_US);
}

/* select, recv and send each let go of the GIL and wait for it: up to 100 requests a
 * second. */
static void test_classic_row_9_loop_is_a_victim_of_the_convoy(void **state) {
    (void)state;
    const double alone = server_period(0), one = server_period(1);
    assert_true(one > 20.0 * alone);
    for (uint32_t k = 1; k <= 4; k *= 2) {
        assert_between("lost races in a request", server_period(k) / 5000.0 / k, 1.0,
                       3.3);
    }
}

/* Worst period of a task that wants to sleep 1 ms, beside one that computes for t ms. */
static double worst_period(const char *computes, const char *sleeps) {
    struct plan plan;
    char steps[64];
    plan_begin(&plan, "linux-desktop", "cpython-3.12");
    const uint32_t loop = plan_loop(&plan, "loop", 1, false);
    plan_task(&plan, loop, "sleeper", 3, sleeps);
    snprintf(steps, sizeof steps, "await_sleep 20ms python %s", computes);
    plan_task(&plan, loop, "computing", 1, steps);
    return measure(&plan, METRIC_LATENCY_MAX_US);
}

static void test_classic_row_10_callback_makes_all_others_late(void **state) {
    (void)state;
    static const char *const sleeps[] = {"repeat 400 { await_sleep 1ms }",
                                         "repeat 400 { timeout 1ms { await_io 1s } }"};
    for (int i = 0; i < 2; i++) {
        const double small = worst_period("50ms", sleeps[i]);
        const double large = worst_period("150ms", sleeps[i]);
        assert_between("late beside 50 ms, ms", small * 1e-3, 49.0, 54.0);
        assert_between("slope", (large - small) / 100000.0, 0.97, 1.03);
    }
}

static double sleeping(enum strategy_kind kind, uint32_t workers, uint32_t count) {
    struct plan plan;
    plan_begin(&plan, "linux-desktop", "cpython-3.12");
    plan_jobs(&plan, count, "sleep 100ms");
    plan_strategy(&plan, kind, workers);
    return makespan(&plan) * 1e-3;
}

/* On a loop 0.1 s and so much for each; a pool sleeps as often as it has to. */
static void test_classic_row_11_sleeping_requests(void **state) {
    (void)state;
    const double few = sleeping(STRATEGY_ASYNCIO, 10000, 5000);
    const double many = sleeping(STRATEGY_ASYNCIO, 10000, 10000);
    assert_between("a request of 10,000, us", (many - 100.0) * 0.1, 3.0, 40.0);
    assert_between("linear", (many - 100.0) / (few - 100.0), 1.8, 2.2);
    for (uint32_t workers = 50; workers <= 200; workers *= 2) {
        const double pool = sleeping(STRATEGY_THREADS, workers, 1000);
        assert_between("sleeps in a row", pool / 100.0, 1000.0 / workers,
                       1000.0 / workers * 1.1 + 0.3);
        assert_true(pool > sleeping(STRATEGY_ASYNCIO, 10000, 1000));
    }
}

static double late(const char *profile, const char *steps) {
    struct plan plan;
    plan_begin(&plan, profile, "cpython-3.12");
    const uint32_t loop = plan_loop(&plan, "loop", 1, false);
    plan_task(&plan, loop, "sleeper", 1, steps);
    return measure(&plan, METRIC_LATENCY_P50_US);
}

/* epoll counts in milliseconds, and the loop rounds up. */
static void test_classic_row_27_asyncio_sleeps_whole_milliseconds(void **state) {
    (void)state;
    assert_between("sleep(0.0001)",
                   late("linux-desktop", "repeat 50 { await_sleep 100us }"), 1000, 1300);
    assert_between("sleep(0.0015)",
                   late("linux-desktop", "repeat 50 { await_sleep 1500us }"), 2000, 2300);
}

/* --- what threads share ---------------------------------------------------------- */

enum { ITEMS = 5000 };

/* An item from a producer to a consumer. */
static double item(enum object_kind kind, int64_t size, enum metric_id metric) {
    struct plan plan;
    plan_begin(&plan, "linux-desktop", "cpython-3.11");
    plan_sized(&plan, "q", kind, size);
    plan_thread(&plan, "producer", 1, false, "repeat 5000 { put q }");
    plan_thread(&plan, "consumer", 1, false, "repeat 5000 { get q }");
    return measure(&plan, metric) / ITEMS;
}

/* Unbounded: one fills for a slice, the other drains for one. With one place there are two
 * hand-overs an item, of which none waits for an interval. On a slow machine 28,000, 234,000
 * and, through a SimpleQueue, 3.8 M items a second. */
static void test_classic_row_15_producer_and_consumer(void **state) {
    (void)state;
    const double wide_us = item(OBJECT_QUEUE, 0, METRIC_MAKESPAN_US);
    const double narrow_us = item(OBJECT_QUEUE, 1, METRIC_MAKESPAN_US);
    const double simple_us = item(OBJECT_SIMPLE_QUEUE, 0, METRIC_MAKESPAN_US);
    assert_between("us an item, one place", narrow_us, 5.0, 60.0);
    assert_between("one place against unbounded", narrow_us / wide_us, 4.2, 17.0);
    assert_between("unbounded against SimpleQueue", wide_us / simple_us, 4.0, 40.0);
    assert_between("switches an item, unbounded",
                   item(OBJECT_QUEUE, 0, METRIC_GIL_SWITCHES), 0.0, 0.1);
    assert_between("switches an item, one place",
                   item(OBJECT_QUEUE, 1, METRIC_GIL_SWITCHES), 1.0, 4.5);
}

static double lost(const char *runtime, sim_ns interval, uint32_t threads, bool call) {
    struct plan plan;
    plan_begin(&plan, "linux-desktop", runtime);
    plan.runtime.switch_interval_ns = interval;
    plan_object(&plan, "c", OBJECT_COUNTER);
    plan_thread(&plan, "adder", threads, false, "repeat 20000 { update c 100ns }");
    plan.steps[1].call = call;
    return measure(&plan, METRIC_LOST_UPDATE_SHARE);
}

/* 3.11, four threads: 44 - 50 % at 1 us, 46 - 51 % at 5 ms; 3.14, eight threads: 74 % at
 * 1 us. A preempted one undoes what all others did in the meantime: the share does not
 * depend on the interval much, and grows with the threads. */
static void test_classic_row_17_one_preempted_update_undoes_a_slice(void **state) {
    (void)state;
    const double fast = lost("cpython-3.11", 1000, 4, true);
    const double slow = lost("cpython-3.11", 100000, 4, true);
    assert_between("share lost at 1 us", fast, 0.25, 0.8);
    assert_between("share lost at 0.1 ms", slow, 0.25, 0.8);
    assert_between("one against the other", fast / slow, 0.5, 2.0);
    assert_true(lost("cpython-3.14", 1000, 8, true) >
                lost("cpython-3.14", 1000, 2, true));
    assert_true(lost("cpython-3.11", 1000, 4, false) == 0.0);
}

/* 57 - 67 % of 8 threads' additions to an attribute. */
static void test_classic_row_18_free_threads_lose_updates(void **state) {
    (void)state;
    const double two = lost("cpython-3.14t", 5000000, 2, false);
    const double eight = lost("cpython-3.14t", 5000000, 8, false);
    assert_between("share lost by two", two, 0.1, 0.6);
    assert_between("share lost by eight", eight, 0.45, 0.85);
    assert_true(eight > two);
}

static double sections(const char *runtime, uint32_t threads, const char *length) {
    enum { SECTIONS = 8000 };
    struct plan plan;
    char steps[96];
    plan_begin(&plan, "macos-laptop", runtime);
    plan_object(&plan, "lock", OBJECT_LOCK);
    snprintf(steps, sizeof steps, "repeat %d { with lock { python %s } python 36ns }",
             SECTIONS, length);
    plan_thread(&plan, "worker", threads, false, steps);
    return SECTIONS * threads / makespan(&plan);
}

/* Sections of 1 us, 2 and 16 threads against one: 0.73 and 0.37; of 20 us: 0.80; with a
 * GIL 0.97. */
static void test_classic_row_20_one_lock_by_threads(void **state) {
    (void)state;
    const double one = sections("cpython-3.14t", 1, "500ns");
    assert_between("two free threads", sections("cpython-3.14t", 2, "500ns") / one, 0.55,
                   0.95);
    assert_between("sixteen", sections("cpython-3.14t", 16, "500ns") / one, 0.25, 0.95);
    assert_between("sixteen, 20 us",
                   sections("cpython-3.14t", 16, "20us") /
                       sections("cpython-3.14t", 1, "20us"),
                   0.65, 1.0);
    assert_between("sixteen with a GIL",
                   sections("cpython-3.14", 16, "500ns") /
                       sections("cpython-3.14", 1, "500ns"),
                   0.9, 1.02);
}

/* The same work in all, by so many; each piece counts references to one object. */
static double search(const char *runtime, enum strategy_kind kind, uint32_t workers) {
    struct plan plan;
    plan_begin(&plan, "linux-desktop", runtime);
    plan.machine.cores = 16;
    plan_object(&plan, "grid", OBJECT_REFERENT);
    if (kind == STRATEGY_INTERPRETERS) { /* which have a grid each */
        plan.objects[0].sharing = SHARING_EACH;
    }
    plan_jobs(&plan, kind == STRATEGY_INTERPRETERS ? 960 : 48, /* they start slowly */
              "repeat 40 { python 20us touch grid 150 }");
    plan_strategy(&plan, kind, workers);
    return makespan(&plan);
}

/* 2.92, 1.69, 1.16, 2.11, 3.10, 4.32, 4.50 s by 1, 2, 4, 6, 8, 11, 15 free threads;
 * interpreters 3.29, 1.70, 0.90, 0.72, 0.63, 0.59, 0.61. */
static void test_classic_row_22_too_many_free_threads(void **state) {
    (void)state;
    double least = 1e300, last = 0, before = 1e300;
    uint32_t at = 0;
    const double one = search("cpython-3.14t", STRATEGY_THREADS, 1);
    for (uint32_t threads = 1; threads <= 16; threads *= 2) {
        last = search("cpython-3.14t", STRATEGY_THREADS, threads);
        print_message("%u free threads: %.0f us\n", threads, last);
        at = last < least ? threads : at;
        least = last < least ? last : least;
    }
    assert_true(at >= 2 && at <= 8);
    assert_between("best against one", one / least, 1.5, 8.0);
    assert_true(last > 1.05 * least); /* a minimum, not a plateau */
    for (uint32_t workers = 1; workers <= 8; workers *= 2) {
        const double now = search("cpython-3.14", STRATEGY_INTERPRETERS, workers);
        print_message("%u interpreters: %.0f us\n", workers, now);
        assert_true(now < 0.75 * before);
        before = now;
    }
}

/* --- pools and starting ---------------------------------------------------------- */

static double empty_task(enum strategy_kind kind, uint32_t chunk) {
    struct plan plan;
    plan_begin(&plan, "linux-vm-2", "cpython-3.11");
    plan_jobs(&plan, 4000, "python 10ns");
    plan_strategy(&plan, kind, 2);
    plan.strategy.chunk = chunk;
    return makespan(&plan) / 4000;
}

/* 20 - 50 us through threads, 50 - 470 through processes; chunks bring that to about 1. */
static void test_classic_row_23_empty_tasks_through_pools(void **state) {
    (void)state;
    const double thread = empty_task(STRATEGY_THREADS, 0);
    const double process = empty_task(STRATEGY_PROCESSES, 0);
    const double chunk = empty_task(STRATEGY_PROCESSES, 500);
    assert_between("us through a thread", thread, 5.0, 60.0);
    assert_between("process against thread", process / thread, 2.0, 15.0);
    assert_between("chunks", process / chunk, 20.0, 400.0);
}

static double start_eight(enum strategy_kind kind, enum start_method start) {
    struct plan plan;
    plan_begin(&plan, "linux-desktop", "cpython-3.14");
    plan_jobs(&plan, 8, "sleep 1ms");
    plan_strategy(&plan, kind, 8);
    plan.strategy.start = start;
    return makespan(&plan) * 1e-3;
}

/* 1.8, 3.1, 4.5 (a server that runs already), 33 ms. */
static void test_classic_row_24_starting_workers(void **state) {
    (void)state;
    const double threads = start_eight(STRATEGY_THREADS, START_DEFAULT);
    const double fork = start_eight(STRATEGY_PROCESSES, START_FORK);
    const double server = start_eight(STRATEGY_PROCESSES, START_FORKSERVER);
    const double spawn = start_eight(STRATEGY_PROCESSES, START_SPAWN);
    print_message("8 workers: threads %.2f, fork %.2f, fork server %.2f, spawn %.2f ms\n",
                  threads, fork, server, spawn);
    assert_true(threads < fork && fork < server && fork < spawn);
    assert_between("fork against threads", fork / threads, 1.2, 8.0);
    assert_between("spawn against threads", spawn / threads, 6.0, 40.0);
}

static double longest_wait(const char *call) {
    struct plan plan;
    char steps[64];
    plan_begin(&plan, "linux-desktop", "cpython-3.12");
    snprintf(steps, sizeof steps, "sleep 50ms c_held %s", call);
    plan_thread(&plan, "caller", 1, false, steps);
    plan_thread(&plan, "other", 2, false, "repeat 400 { python 1ms sleep 100us }");
    return measure(&plan, METRIC_LATENCY_MAX_US);
}

static void test_classic_row_25_c_call_stalls_all_others(void **state) {
    (void)state;
    const double small = longest_wait("100ms"), large = longest_wait("400ms");
    assert_between("stalled by 100 ms, ms", small * 1e-3, 95.0, 115.0);
    assert_between("slope", (large - small) / 300000.0, 0.97, 1.03);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classic_row_1_tick_gil_is_slower_with_threads),
        cmocka_unit_test(test_classic_row_4_four_workers),
        cmocka_unit_test(test_classic_row_13_hashing_scales_with_cores),
        cmocka_unit_test(test_classic_row_14_small_hashes_gain_nothing),
        cmocka_unit_test(test_classic_rows_6_and_12_computing_elsewhere_does_no_harm),
        cmocka_unit_test(test_classic_row_7_on_one_core_the_rate_falls_with_spinners),
        cmocka_unit_test(test_classic_row_8_slack_limits_small_intervals),
        cmocka_unit_test(test_classic_row_9_loop_is_a_victim_of_the_convoy),
        cmocka_unit_test(test_classic_row_10_callback_makes_all_others_late),
        cmocka_unit_test(test_classic_row_11_sleeping_requests),
        cmocka_unit_test(test_classic_row_27_asyncio_sleeps_whole_milliseconds),
        cmocka_unit_test(test_classic_row_15_producer_and_consumer),
        cmocka_unit_test(test_classic_row_17_one_preempted_update_undoes_a_slice),
        cmocka_unit_test(test_classic_row_18_free_threads_lose_updates),
        cmocka_unit_test(test_classic_row_20_one_lock_by_threads),
        cmocka_unit_test(test_classic_row_22_too_many_free_threads),
        cmocka_unit_test(test_classic_row_23_empty_tasks_through_pools),
        cmocka_unit_test(test_classic_row_24_starting_workers),
        cmocka_unit_test(test_classic_row_25_c_call_stalls_all_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
