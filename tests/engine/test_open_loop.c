/* SPDX-License-Identifier: MIT */
/*
 * test_open_loop - jobs that arrive, against queueing theory on a machine where nothing
 * costs anything, and what is said of more work than can be done.
 */
#include "engine/analysis/open_loop.h"

#include <math.h>
#include <string.h>

#include "engine/analysis/run.h"
#include "engine/base/memory.h"
#include "tests/support/plans.h"
#include "tests/support/test.h"

/* A system: who runs jobs of that law, which arrive at `rate` per second. */
struct system {
    enum strategy_kind kind;
    uint32_t servers;
    const char *job;
    enum arrivals_kind arrivals;
    double rate, seconds, warmup;
};

static void make(struct plan *plan, const struct system *it) {
    plan_begin(plan, "ideal", "cpython-3.12");
    plan_make_free(plan);
    plan->machine.cores = 8;
    plan_jobs(plan, 1, it->job);
    plan_strategy(plan, it->kind, it->servers);
    if (it->kind == STRATEGY_PROCESSES) { /* two, with half of the servers each */
        plan->strategy.workers = 2;
        plan->strategy.each =
            (struct strategy_each){.kind = STRATEGY_THREADS, .workers = it->servers / 2};
    }
    plan->job_count = 0;
    plan->arrivals = (struct arrivals_plan){.kind = it->arrivals,
                                            .burst = 1,
                                            .rate_per_s = it->rate,
                                            .for_ns = (sim_ns)(it->seconds * 1e9),
                                            .warmup_ns = (sim_ns)(it->warmup * 1e9)};
}

static struct run_result run(const struct system *it, uint32_t repetition) {
    struct plan plan;
    struct run_result result;
    make(&plan, it);
    const struct run_options options = {.repetition = repetition};
    assert_int_equal(run_execute(&result, &plan, &options, NULL), 0);
    plan_deinit(&plan);
    return result;
}

/* --- theory -------------------------------------------------------------------- */

enum { RUNS = 12 };

/* Mean and its standard error over repetitions. */
struct estimate {
    double mean, error;
};

static struct estimate estimate(const struct system *it, enum metric_id metric) {
    double sum = 0, squares = 0;
    for (uint32_t i = 0; i < RUNS; i++) {
        struct run_result result = run(it, i);
        const double value = result.metric[metric];
        assert_int_equal(result.status, RUN_DONE);
        if (result.metric[METRIC_UNSTABLE] != 0) {
            fail_msg("%s", result.reason);
        }
        sum += value;
        squares += value * value;
        run_result_deinit(&result);
    }
    const double mean = sum / RUNS;
    return (struct estimate){mean, sqrt((squares / RUNS - mean * mean) / (RUNS - 1))};
}

/* Student's t with 11 degrees of freedom: beyond 4.4 once in a thousand times. */
static void assert_theory(const struct system *it, enum metric_id metric, double us) {
    const struct estimate found = estimate(it, metric);
    if (!(fabs(found.mean - us) <= 4.4 * found.error && found.error < 0.1 * us)) {
        fail_msg("%s of %s at %g per s: %g +- %g, theory %g", metrics[metric].name,
                 it->job, it->rate, found.mean, found.error, us);
    }
}

/* The mean time for which a job of mean 1 ms waits for the one server, in us. */
static double pollaczek_khinchine(double rho, double squared_variation) {
    return 1000 * rho * (1 + squared_variation) / (2 * (1 - rho));
}

static void test_open_loop_one_server(void **state) {
    (void)state;
    static const struct {
        const char *job;
        double squared_variation, rho;
    } cases[] = {
        {"io exp:1ms", 1, 0.5},     {"io exp:1ms", 1, 0.9},
        {"python exp:1ms", 1, 0.5}, {"python exp:1ms", 1, 0.8},
        {"io 1ms", 0, 0.5},         {"io 1ms", 0, 0.9},
        {"python 1ms", 0, 0.8},     {"c_held uniform:0ms:2ms", 1.0 / 3, 0.7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const double rho = cases[i].rho;
        const struct system it = {.kind = STRATEGY_SEQUENTIAL,
                                  .servers = 1,
                                  .job = cases[i].job,
                                  .arrivals = ARRIVALS_EXPONENTIAL,
                                  .rate = 1000 * rho,
                                  .seconds = rho > 0.85 ? 25 : 8,
                                  .warmup = 1};
        assert_theory(&it, METRIC_QUEUEING_MEAN_US,
                      pollaczek_khinchine(rho, cases[i].squared_variation));
    }
}

/* Erlang's C: the share of jobs that find all servers busy. */
static double erlang_c(int servers, double load) {
    double term = 1, sum = 1;
    for (int k = 1; k < servers; k++) {
        term *= load / k;
        sum += term;
    }
    term *= load / servers * servers / (servers - load);
    return term / (sum + term);
}

/* A pool of threads whose jobs wait outside, or compute without the GIL on cores of their
 * own, is c servers with one queue; so is a semaphore of a loop around such waits, a pool
 * beside a loop, and a server of c threads in all. */
static void test_open_loop_many_servers(void **state) {
    (void)state;
    static const struct {
        enum strategy_kind kind;
        const char *job;
        int servers;
        double rho;
    } cases[] = {
        {STRATEGY_THREADS, "io exp:1ms", 2, 0.7},
        {STRATEGY_THREADS, "io exp:1ms", 5, 0.8},
        {STRATEGY_THREADS, "c_released exp:1ms", 3, 0.75},
        {STRATEGY_ASYNCIO, "io exp:1ms", 3, 0.7},
        {STRATEGY_PROCESSES, "io exp:1ms", 4, 0.7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int c = cases[i].servers;
        const double load = cases[i].rho * c;
        const struct system it = {.kind = cases[i].kind,
                                  .servers = (uint32_t)c,
                                  .job = cases[i].job,
                                  .arrivals = ARRIVALS_EXPONENTIAL,
                                  .rate = 1000 * load,
                                  .seconds = 5,
                                  .warmup = 1};
        assert_theory(&it, METRIC_QUEUEING_MEAN_US,
                      1000 * erlang_c(c, load) / (c - load));
        assert_theory(&it, METRIC_SERVICE_MEAN_US, 1000);
    }
}

/* Python on a loop has one server, and waits for it inside the semaphore, too: what it takes
 * from arrival to end is what theory gives. */
static void test_open_loop_event_loop_is_one_server(void **state) {
    (void)state;
    const struct system it = {.kind = STRATEGY_ASYNCIO,
                              .servers = 1000,
                              .job = "python exp:1ms",
                              .arrivals = ARRIVALS_EXPONENTIAL,
                              .rate = 700,
                              .seconds = 10,
                              .warmup = 1};
    assert_theory(&it, METRIC_LATENCY_MEAN_US, 1000 / (1 - 0.7));
}

/* Without chance nothing waits below a load of 1. */
static void test_open_loop_deterministic(void **state) {
    (void)state;
    const struct system it = {.kind = STRATEGY_SEQUENTIAL,
                              .servers = 1,
                              .job = "io 1ms",
                              .arrivals = ARRIVALS_CONSTANT,
                              .rate = 800,
                              .seconds = 2,
                              .warmup = 0.5};
    struct run_result result = run(&it, 0);
    assert_int_equal(result.status, RUN_DONE);
    assert_string_equal(result.reason, "");
    assert_true(result.metric[METRIC_ARRIVALS] == 1201);
    assert_true(result.metric[METRIC_UNSTABLE] == 0);
    assert_true(result.metric[METRIC_QUEUEING_MAX_US] == 0);
    assert_true(result.metric[METRIC_LATENCY_MAX_US] == 1000);
    assert_true(result.metric[METRIC_SERVICE_P99_US] == 1000);
    assert_true(fabs(result.metric[METRIC_THROUGHPUT_PER_S] - 800) < 1);
    run_result_deinit(&result);
}

/* Latency is queueing and service; the warm-up and the batch's metrics stay out. */
static void test_open_loop_tells_queueing_from_service(void **state) {
    (void)state;
    struct system it = {.kind = STRATEGY_THREADS,
                        .servers = 2,
                        .job = "python exp:100us io exp:1ms",
                        .arrivals = ARRIVALS_EXPONENTIAL,
                        .rate = 1200,
                        .seconds = 2,
                        .warmup = 0.5};
    struct run_result result = run(&it, 3);
    const double *metric = result.metric;
    assert_true(fabs(metric[METRIC_QUEUEING_MEAN_US] + metric[METRIC_SERVICE_MEAN_US] -
                     metric[METRIC_LATENCY_MEAN_US]) <
                1e-6 * metric[METRIC_LATENCY_MEAN_US]);
    const struct run_histogram *histograms = result.histograms;
    assert_int_equal(histograms[HISTOGRAM_LATENCY].count, metric[METRIC_ARRIVALS]);
    assert_int_equal(histograms[HISTOGRAM_QUEUEING].count, metric[METRIC_ARRIVALS]);
    assert_int_equal(histograms[HISTOGRAM_SERVICE].count, metric[METRIC_ARRIVALS]);
    run_result_deinit(&result);
    it.warmup = 0;
    struct run_result whole = run(&it, 3);
    assert_true(whole.metric[METRIC_ARRIVALS] > histograms[HISTOGRAM_LATENCY].count);
    run_result_deinit(&whole);

    struct plan plan;
    plan_begin(&plan, "ideal", "cpython-3.12");
    plan_jobs(&plan, 10, "io 1ms");
    plan_strategy(&plan, STRATEGY_THREADS, 2);
    assert_int_equal(run_execute(&result, &plan, &(struct run_options){0}, NULL), 0);
    assert_true(isnan(result.metric[METRIC_QUEUEING_P50_US]));
    assert_true(isnan(result.metric[METRIC_UNSTABLE]));
    assert_int_equal(result.histograms[HISTOGRAM_SERVICE].count, 0);
    run_result_deinit(&result);
    plan_deinit(&plan);
}

/* The same jobs arrive at the same times whoever runs them: with a server for each, latency
 * is each job's own time, and equal to the nanosecond. */
static void test_open_loop_same_arrivals_for_every_strategy(void **state) {
    (void)state;
    struct system it = {.kind = STRATEGY_SEQUENTIAL,
                        .servers = 1,
                        .job = "io exp:1ms",
                        .arrivals = ARRIVALS_EXPONENTIAL,
                        .rate = 200,
                        .seconds = 4,
                        .warmup = 1};
    struct run_result one = run(&it, 0);
    static const enum strategy_kind pools[] = {STRATEGY_THREADS, STRATEGY_PROCESSES,
                                               STRATEGY_INTERPRETERS};
    it.servers = 64;
    for (size_t i = 0; i < sizeof pools / sizeof pools[0]; i++) {
        it.kind = pools[i];
        struct run_result many = run(&it, 0);
        assert_true(one.metric[METRIC_ARRIVALS] == many.metric[METRIC_ARRIVALS]);
        assert_true(one.metric[METRIC_SERVICE_MEAN_US] ==
                    many.metric[METRIC_SERVICE_MEAN_US]);
        assert_true(many.metric[METRIC_QUEUEING_MAX_US] == 0);
        run_result_deinit(&many);
    }
    run_result_deinit(&one);
}

/* --- without a steady state ----------------------------------------------------- */

static int count_unstable(struct system it, double rho, uint32_t runs) {
    int count = 0;
    it.rate = 1000 * it.servers * rho;
    for (uint32_t i = 0; i < runs; i++) {
        struct run_result result = run(&it, i);
        const bool unstable = result.metric[METRIC_UNSTABLE] == 1;
        assert_int_equal(result.status, RUN_DONE);
        assert_true(unstable == (strstr(result.reason, "unstable") != NULL));
        assert_true(unstable == isnan(result.metric[METRIC_LATENCY_P99_US]));
        assert_true(unstable == isnan(result.metric[METRIC_LATENCY_MEAN_US]));
        assert_true(unstable == isnan(result.metric[METRIC_QUEUEING_MEAN_US]));
        assert_true(unstable == (result.histograms[HISTOGRAM_LATENCY].count == 0));
        assert_true(result.metric[METRIC_SERVICE_MEAN_US] > 0);
        count += unstable;
        run_result_deinit(&result);
    }
    return count;
}

static void test_open_loop_says_unstable(void **state) {
    (void)state;
    static const struct system systems[] = {
        {STRATEGY_SEQUENTIAL, 1, "io exp:1ms", ARRIVALS_EXPONENTIAL, 0, 4, 0.4},
        {STRATEGY_THREADS, 4, "io exp:1ms", ARRIVALS_EXPONENTIAL, 0, 1, 0.1},
        {STRATEGY_THREADS, 1, "python 1ms", ARRIVALS_EXPONENTIAL, 0, 4, 0.4},
    };
    for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++) {
        assert_int_equal(count_unstable(systems[i], 0.5, 20), 0);
        assert_int_equal(count_unstable(systems[i], 0.9, 20), 0);
        assert_int_equal(count_unstable(systems[i], 1.2, 20), 20);
        assert_int_equal(count_unstable(systems[i], 3, 3), 3);
    }
    /* Without chance a load of 1.01 is seen, and one of 1 is not. */
    const struct system exact = {
        STRATEGY_SEQUENTIAL, 1, "io 1ms", ARRIVALS_CONSTANT, 0, 4, 0.4};
    assert_int_equal(count_unstable(exact, 1.01, 1), 1);
    assert_int_equal(count_unstable(exact, 1.0, 1), 0);
}

/* The throughput of an unstable system is its capacity. */
static void test_open_loop_unstable_throughput_is_the_capacity(void **state) {
    (void)state;
    const struct system it = {
        STRATEGY_THREADS, 4, "io 1ms", ARRIVALS_EXPONENTIAL, 6000, 2, 0.5};
    struct run_result result = run(&it, 0);
    assert_true(result.metric[METRIC_UNSTABLE] == 1);
    assert_true(fabs(result.metric[METRIC_THROUGHPUT_PER_S] - 4000) < 10);
    run_result_deinit(&result);
}

/* Jobs that take half the window each, and a server for every one: the system fills all the
 * time and nobody waits. */
static void test_open_loop_filling_is_not_unstable(void **state) {
    (void)state;
    const struct system it = {
        STRATEGY_THREADS, 2000, "io 2s", ARRIVALS_EXPONENTIAL, 200, 4, 0};
    struct run_result result = run(&it, 0);
    assert_true(result.metric[METRIC_UNSTABLE] == 0);
    assert_true(result.metric[METRIC_LATENCY_MAX_US] == 2e6);
    run_result_deinit(&result);
}

static void test_open_loop_bursts_wait_for_each_other(void **state) {
    (void)state;
    const struct system it = {
        STRATEGY_SEQUENTIAL, 1, "io 1ms", ARRIVALS_BURSTS, 100, 5, 0};
    struct plan plan;
    struct run_result result;
    make(&plan, &it);
    plan.arrivals.burst = 10;
    plan.arrivals.rate_per_s = 20; /* hardly ever two bursts at once */
    assert_int_equal(run_execute(&result, &plan, &(struct run_options){0}, NULL), 0);
    assert_true(result.metric[METRIC_QUEUEING_P50_US] >= 4000);
    assert_true(result.metric[METRIC_QUEUEING_MAX_US] >= 9000);
    run_result_deinit(&result);
    plan_deinit(&plan);
}

/* Ten jobs every half second, a millisecond each: the nth of a burst waits for n others. */
static void test_open_loop_constant_bursts(void **state) {
    (void)state;
    const struct system it = {
        STRATEGY_SEQUENTIAL, 1, "io 1ms", ARRIVALS_CONSTANT, 20, 10, 0};
    struct plan plan;
    struct run_result result;
    make(&plan, &it);
    plan.arrivals.burst = 10;
    assert_int_equal(plan_check(&plan, NULL), 0);
    assert_int_equal(run_execute(&result, &plan, &(struct run_options){0}, NULL), 0);
    assert_true(result.metric[METRIC_ARRIVALS] == 200); /* 20 a second for 10 s */
    assert_true(fabs(result.metric[METRIC_QUEUEING_MEAN_US] - 4500) < 1e-6);
    assert_true(fabs(result.metric[METRIC_LATENCY_MEAN_US] - 5500) < 1e-6);
    assert_true(result.metric[METRIC_LATENCY_MAX_US] == 10000);
    assert_int_equal(result.duration_ns, 10010 * NS_PER_MS);
    run_result_deinit(&result);
    plan_deinit(&plan);
}

/* --- limits -------------------------------------------------------------------- */

static void test_open_loop_limits_end_it(void **state) {
    (void)state;
    static const enum strategy_kind kinds[] = {STRATEGY_SEQUENTIAL, STRATEGY_THREADS};
    for (size_t i = 0; i < 2; i++) {
        const struct system it = {kinds[i], 2, "io exp:1ms", ARRIVALS_EXPONENTIAL, 900,
                                  10,       1};
        struct plan plan;
        struct run_result result;
        make(&plan, &it);
        plan.limits.virtual_ns = 3 * NS_PER_S;
        assert_int_equal(run_execute(&result, &plan, &(struct run_options){0}, NULL), 0);
        assert_int_equal(result.status, RUN_LIMITED);
        assert_true(result.metric[METRIC_LATENCY_MEAN_US] > 900);
        assert_true(fabs(result.metric[METRIC_THROUGHPUT_PER_S] - 900) < 150);
        run_result_deinit(&result);
        plan.limits.virtual_ns = NS_PER_S / 2; /* before the window begins */
        assert_int_equal(run_execute(&result, &plan, &(struct run_options){0}, NULL), 0);
        assert_true(isnan(result.metric[METRIC_THROUGHPUT_PER_S]));
        assert_true(isnan(result.metric[METRIC_LATENCY_MEAN_US]));
        run_result_deinit(&result);
        plan_deinit(&plan);
    }
}

static void test_open_loop_of_nothing(void **state) {
    (void)state;
    static const enum strategy_kind kinds[] = {STRATEGY_SEQUENTIAL, STRATEGY_THREADS};
    for (size_t i = 0; i < 2; i++) {
        const struct system it = {kinds[i], 2, "io 1ms", ARRIVALS_CONSTANT, 0.5, 1, 0};
        struct run_result result = run(&it, 0);
        assert_int_equal(result.status, RUN_DONE);
        assert_true(result.metric[METRIC_ARRIVALS] == 0);
        assert_true(isnan(result.metric[METRIC_LATENCY_MEAN_US]));
        run_result_deinit(&result);
    }
}

/* How many connections a loop may have open decides nothing while it has none to spare: a
 * loop accepts one after the other, and an idle one is as near to the socket as any. */
static void test_open_loop_servers_share_what_arrives(void **state) {
    (void)state;
    double mean_us[2];
    for (int i = 0; i < 2; i++) {
        const struct system it = {
            STRATEGY_PROCESSES, 2, "python 2ms io 10ms", ARRIVALS_EXPONENTIAL, 700, 3, 0};
        struct plan plan;
        struct run_result result;
        make(&plan, &it);
        plan.strategy.workers = 4;
        plan.strategy.each = (struct strategy_each){.kind = STRATEGY_ASYNCIO,
                                                    .workers = i == 0 ? 25 : 1000};
        assert_int_equal(run_execute(&result, &plan, &(struct run_options){0}, NULL), 0);
        assert_int_equal(result.status, RUN_DONE);
        mean_us[i] = result.metric[METRIC_LATENCY_MEAN_US];
        run_result_deinit(&result);
        plan_deinit(&plan);
    }
    /* One loop alone, M/D/1 at a load of 0.35, would make it 12.5 ms. */
    assert_true(mean_us[0] > 12000 && mean_us[0] < 13000);
    assert_true(fabs(mean_us[1] - mean_us[0]) < 0.02 * mean_us[0]);
}

static void test_open_loop_survives_failing_allocations(void **state) {
    (void)state;
    const struct system it = {
        STRATEGY_THREADS, 2, "io 1ms", ARRIVALS_EXPONENTIAL, 100, 0.2, 0};
    struct plan plan;
    int failures = 0;
    make(&plan, &it);
    for (int after = 0;; after++) {
        struct run_result result;
        memory_fail_after(after);
        const int rc = run_execute(&result, &plan, &(struct run_options){0}, NULL);
        memory_fail_after(-1);
        if (rc == 0) {
            run_result_deinit(&result);
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
        failures++;
    }
    assert_true(failures > 5);
    plan_deinit(&plan);
}

static void test_open_loop_refuses_what_cannot_be(void **state) {
    (void)state;
    struct system it = {STRATEGY_PROCESSES, 2, "io 1ms", ARRIVALS_EXPONENTIAL, 9, 1, 0};
    struct plan plan;
    struct err err = {0};
    make(&plan, &it);
    assert_int_equal(plan_check(&plan, NULL), 0);
    plan.strategy.each = (struct strategy_each){0}; /* a pool of processes */
    plan.strategy.chunk = 2;
    assert_int_equal(plan_check(&plan, &err), ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "one by one"));
    plan.strategy.chunk = 1;
    assert_int_equal(plan_check(&plan, NULL), 0);
    plan.strategy.kind = STRATEGY_THREADS;
    assert_int_equal(plan_check(&plan, NULL), 0);
    const struct arrivals_plan good = plan.arrivals;
    const struct arrivals_plan wrong[] = {
        {good.kind, 0, good.rate_per_s, good.for_ns, 0},
        {good.kind, 2, good.rate_per_s, good.for_ns, 0},
        {good.kind, 1, 0, good.for_ns, 0},
        {good.kind, 1, NAN, good.for_ns, 0},
        {good.kind, 1, 1e8, good.for_ns, 0},
        {good.kind, 1, good.rate_per_s, 0, 0},
        {good.kind, 1, good.rate_per_s, good.for_ns, good.for_ns},
        {good.kind, 1, good.rate_per_s, good.for_ns, -1},
        {ARRIVALS_KIND_COUNT, 1, good.rate_per_s, good.for_ns, 0},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        plan.arrivals = wrong[i];
        assert_int_equal(plan_check(&plan, NULL), ERR_INVALID);
    }
    plan_deinit(&plan);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_loop_one_server),
        cmocka_unit_test(test_open_loop_many_servers),
        cmocka_unit_test(test_open_loop_event_loop_is_one_server),
        cmocka_unit_test(test_open_loop_deterministic),
        cmocka_unit_test(test_open_loop_tells_queueing_from_service),
        cmocka_unit_test(test_open_loop_same_arrivals_for_every_strategy),
        cmocka_unit_test(test_open_loop_says_unstable),
        cmocka_unit_test(test_open_loop_unstable_throughput_is_the_capacity),
        cmocka_unit_test(test_open_loop_filling_is_not_unstable),
        cmocka_unit_test(test_open_loop_bursts_wait_for_each_other),
        cmocka_unit_test(test_open_loop_constant_bursts),
        cmocka_unit_test(test_open_loop_limits_end_it),
        cmocka_unit_test(test_open_loop_of_nothing),
        cmocka_unit_test(test_open_loop_servers_share_what_arrives),
        cmocka_unit_test(test_open_loop_survives_failing_allocations),
        cmocka_unit_test(test_open_loop_refuses_what_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
