/* SPDX-License-Identifier: MIT */
/*
 * bench_engine - the engine's own speed, without store and server.
 *
 * No case has a profile, strategy or path of its own in the engine: they are documents as
 * anybody can write them (`gilscope bench --document NAME`).
 */
#include "server/bench/bench.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/program/step_list.h"
#include "engine/record/sink.h"

#define LIMITS                                                                           \
    "\"limits\":{\"events\":10000000000,\"spans\":10000000000,\"virtual_s\":1000000}"
#define HEAD "{\"schema\":1,\"record\":\"summary\"," LIMITS ","

/* --- documents ----------------------------------------------------------------- */

/* Load 0.9: exponential arrivals, one thread that serves them, exponential service of
 * 1 ms. `strategy` "sequential": the thread takes each customer when it has arrived. */
static void describe_mm1(char *text, size_t size, const char *strategy,
                         double customers) {
    snprintf(text, size,
             HEAD "\"name\":\"M/M/1\",\"machine\":{\"cores\":2,\"profile\":\"ideal\"},"
                  "\"runtimes\":[\"cpython-3.12\"],\"strategies\":[%s],"
                  "\"workload\":{\"jobs\":{\"arrivals\":{\"rate_per_s\":900,"
                  "\"for_s\":%.0f},\"steps\":[{\"python_us\":{\"dist\":\"exponential\","
                  "\"mean\":1000}}]}}}",
             strategy, customers / 900.0);
}

static void describe_spinners(char *text, size_t size, int threads, double seconds) {
    snprintf(text, size,
             HEAD "\"name\":\"%d spinning threads\",\"machine\":{\"cores\":%d,"
                  "\"profile\":\"linux-desktop\"},\"runtimes\":[\"cpython-3.12\"],"
                  "\"workload\":{\"actors\":[{\"name\":\"spinner\",\"thread\":%d,"
                  "\"steps\":[{\"python_us\":%.0f}]}]}}",
             threads, threads, threads, seconds * 1e6 / threads);
}

/* A task is one unit of work, however often it switches. */
static void describe_tasks(char *text, size_t size, int tasks, int switches) {
    snprintf(text, size,
             HEAD
             "\"name\":\"%d tasks\",\"machine\":{\"cores\":1,"
             "\"profile\":\"linux-desktop\"},\"runtimes\":[\"cpython-3.12\"],"
             "\"workload\":{\"actors\":[{\"name\":\"loop\",\"event_loop\":1,"
             "\"tasks\":[{\"name\":\"task\",\"count\":%d,\"steps\":[{\"repeat\":1,"
             "\"steps\":[{\"repeat\":%d,\"steps\":[{\"await_sleep_us\":0}]}]}]}]}]}}",
             tasks, tasks, switches);
}

static const char interactive[] =
    "{\"schema\":1,\"record\":\"summary\",\"name\":\"200 requests\","
    "\"machine\":{\"cores\":4,\"profile\":\"linux-desktop\"},"
    "\"runtimes\":[\"cpython-3.12\"],\"strategies\":[\"sequential\",{\"threads\":8},"
    "{\"asyncio\":100},{\"processes\":4}],\"workload\":{\"jobs\":{\"count\":200,"
    "\"steps\":[{\"python_us\":2000},{\"io_us\":{\"dist\":\"lognormal\","
    "\"median\":50000,\"sigma\":0.5}},{\"c_us\":800,\"gil\":\"released\"}]}}}";

/* --- M/M/1 --------------------------------------------------------------------- */

enum { MM1_CUSTOMERS = 1000000, MM1_OUTSIDE = 20000000 };

static const char ONE_THREAD[] = "\"sequential\"", POOL[] = "{\"threads\":1}";

static void document_mm1(char *text, size_t size) {
    describe_mm1(text, size, ONE_THREAD, MM1_OUTSIDE);
}

static int measure_queue(double *value, char *note, size_t size, const char *strategy,
                         struct err *err) {
    char text[BENCH_TEXT_SIZE];
    struct bench_run run;
    describe_mm1(text, sizeof text, strategy, MM1_CUSTOMERS);
    const int rc = bench_document(&run, text, NULL, BENCH_REPEATS, err);
    if (rc == 0) {
        *value = MM1_CUSTOMERS / run.seconds;
        snprintf(note, size, "%.1f transitions a customer",
                 run.transitions / MM1_CUSTOMERS);
    }
    return rc;
}

static int measure_mm1(double *value, char *note, size_t size, struct err *err) {
    return measure_queue(value, note, size, ONE_THREAD, err);
}

static int measure_mm1_pool(double *value, char *note, size_t size, struct err *err) {
    return measure_queue(value, note, size, POOL, err);
}

/* --- the GIL ------------------------------------------------------------------- */

enum { HANDOVER_THREADS = 4, HANDOVER_S = 1500, HOUR_THREADS = 64, HOUR_S = 3600 };

static void document_handovers(char *text, size_t size) {
    describe_spinners(text, size, HANDOVER_THREADS, HANDOVER_S);
}

static int measure_handovers(double *value, char *note, size_t size, struct err *err) {
    char text[BENCH_TEXT_SIZE];
    struct bench_run run;
    document_handovers(text, sizeof text);
    const int rc = bench_document(&run, text, NULL, BENCH_REPEATS, err);
    if (rc == 0) {
        *value = run.forced_drops / run.seconds;
        snprintf(note, size, "%.0f handovers", run.forced_drops);
    }
    return rc;
}

static void document_hour(char *text, size_t size) {
    describe_spinners(text, size, HOUR_THREADS, HOUR_S);
}

static int measure_hour(double *value, char *note, size_t size, struct err *err) {
    char text[BENCH_TEXT_SIZE];
    struct bench_run run;
    document_hour(text, sizeof text);
    const int rc = bench_document(&run, text, NULL, 1, err);
    if (rc == 0) {
        *value = run.seconds;
        snprintf(note, size, "%.0f virtual seconds", run.duration_s);
    }
    return rc;
}

/* In a slice every thread but the holder waits in vain for one switch interval. Counted are
 * the slices that a longer run has more than a shorter one: in the first seconds the main
 * thread is still starting threads. */
static int measure_timed_waits(double *value, char *note, size_t size, struct err *err) {
    enum { SECONDS = 60 };
    char text[BENCH_TEXT_SIZE];
    struct bench_run one, two;
    describe_spinners(text, sizeof text, HOUR_THREADS, SECONDS);
    int rc = bench_document(&one, text, NULL, BENCH_REPEATS, err);
    if (rc == 0) {
        describe_spinners(text, sizeof text, HOUR_THREADS, 2 * SECONDS);
        rc = bench_document(&two, text, NULL, BENCH_REPEATS, err);
    }
    if (rc == 0) {
        const double waits = (two.forced_drops - one.forced_drops) * (HOUR_THREADS - 1);
        *value = waits / (two.seconds - one.seconds);
        snprintf(note, size, "%.0f timed waits", waits);
    }
    return rc;
}

/* --- tasks --------------------------------------------------------------------- */

enum { STEP_TASKS = 1000, STEPS = 2000 };

static int measure_steps(double *value, char *note, size_t size, struct err *err) {
    char text[BENCH_TEXT_SIZE];
    struct bench_run run;
    describe_tasks(text, sizeof text, STEP_TASKS, STEPS);
    const int rc = bench_document(&run, text, NULL, BENCH_REPEATS, err);
    if (rc == 0) {
        const double steps = (double)STEP_TASKS * STEPS;
        *value = steps / run.seconds;
        snprintf(note, size, "%.1f transitions a step", run.transitions / steps);
    }
    return rc;
}

static void document_steps(char *text, size_t size) {
    describe_tasks(text, size, STEP_TASKS, 10 * STEPS);
}

static int measure_growth(double *value, char *note, size_t size, struct err *err) {
    enum { FEW = 100, MANY = 100000, ALL = 4000000 };
    char text[BENCH_TEXT_SIZE];
    struct bench_run few, many, made;
    describe_tasks(text, sizeof text, FEW, ALL / FEW);
    int rc = bench_document(&few, text, NULL, BENCH_REPEATS, err);
    if (rc == 0) {
        describe_tasks(text, sizeof text, MANY, ALL / MANY);
        rc = bench_document(&many, text, NULL, BENCH_REPEATS, err);
    }
    if (rc == 0) { /* making and ending the tasks is no event of the loop */
        describe_tasks(text, sizeof text, MANY, 1);
        rc = bench_document(&made, text, NULL, BENCH_REPEATS, err);
    }
    if (rc == 0) {
        const double each = (many.seconds - made.seconds) / (ALL - MANY);
        *value = each * ALL / few.seconds;
        snprintf(note, size, "%.0f ns and %.0f ns a step", few.seconds / ALL * 1e9,
                 each * 1e9);
    }
    return rc;
}

/* --- recording ----------------------------------------------------------------- */

static int drop_lane(void *context, const struct lane *lane, struct err *err) {
    (void)context, (void)lane, (void)err;
    return 0;
}

static int drop_spans(void *context, const struct span_chunk *chunk, struct err *err) {
    (void)err;
    *(double *)context += chunk->count;
    return 0;
}

static int drop_instants(void *context, const struct instant_chunk *chunk,
                         struct err *err) {
    (void)context, (void)chunk, (void)err;
    return 0;
}

static int drop_counters(void *context, const struct counter_chunk *chunk,
                         struct err *err) {
    (void)context, (void)chunk, (void)err;
    return 0;
}

static int measure_recording(double *value, char *note, size_t size, struct err *err) {
    char text[BENCH_TEXT_SIZE];
    struct bench_run summary, recorded;
    double spans = 0.0;
    const struct sink sink = {.context = &spans,
                              .lane = drop_lane,
                              .spans = drop_spans,
                              .instants = drop_instants,
                              .counters = drop_counters};
    document_handovers(text, sizeof text);
    int rc = bench_document(&summary, text, NULL, BENCH_REPEATS, err);
    if (rc == 0) {
        rc = bench_document(&recorded, text, &sink, BENCH_REPEATS, err);
    }
    if (rc == 0) {
        *value = recorded.seconds / summary.seconds;
        snprintf(note, size, "%.0f spans", spans / BENCH_REPEATS);
    }
    return rc;
}

/* --- memory -------------------------------------------------------------------- */

/* The largest resident set of a process that runs so many tasks, or of an earlier one;
 * 0 = it failed. */
static double resident_bytes(int tasks) {
    fflush(stdout); /* or the child writes it once more */
    const pid_t child = fork();
    if (child == 0) {
        char text[BENCH_TEXT_SIZE];
        struct bench_run run;
        struct err err = {0};
        describe_tasks(text, sizeof text, tasks, 2);
        _exit(bench_document(&run, text, NULL, 1, &err) == 0 ? 0 : 1);
    }
    int status;
    struct rusage usage;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0 ||
        getrusage(RUSAGE_CHILDREN, &usage) != 0) {
        return 0.0;
    }
    return 1024.0 * (double)usage.ru_maxrss;
}

static int measure_bytes(double *value, char *note, size_t size, struct err *err) {
    enum { FEW = 100000, MANY = 500000 };
    const double few = resident_bytes(FEW), many = resident_bytes(MANY);
    if (few == 0.0 || many == 0.0) {
        return err_set(err, ERR_IO, "a process to measure the memory of could not run");
    }
    const double program = (double)step_list_ops.state_size;
    *value = (many - few) / (MANY - FEW) - program;
    snprintf(note, size, "and %.0f of its program", program);
    return 0;
}

/* --- small runs ---------------------------------------------------------------- */

static void document_interactive(char *text, size_t size) {
    snprintf(text, size, "%s", interactive);
}

static int measure_interactive(double *value, char *note, size_t size, struct err *err) {
    enum { MANY = 50 };
    struct bench_run run;
    const int rc = bench_document(&run, interactive, NULL, MANY, err);
    if (rc == 0) {
        *value = run.document_s * 1e3;
        snprintf(note, size, "%.2f ms of it in the engine", run.seconds * 1e3);
    }
    return rc;
}

/* --- all ----------------------------------------------------------------------- */

const struct bench_case bench_engine_cases[] = {
    {"mm1_customers_per_s", "1/s", "higher",
     "M/M/1 queue at load 0.9: open-loop exponential arrivals, one thread that takes "
     "each "
     "customer when it has arrived, exponential service; profile ideal, summary",
     measure_mm1, document_mm1, false},
    {"mm1_pool_customers_per_s", "1/s", "higher",
     "the same through a ThreadPoolExecutor of one worker", measure_mm1_pool, NULL,
     false},
    {"gil_handovers_per_s", "1/s", "higher",
     "4 threads of pure Python under the GIL of 3.12, 4 cores, profile linux-desktop",
     measure_handovers, document_handovers, false},
    {"timed_waits_per_s", "1/s", "higher",
     "64 threads of pure Python under the GIL of 3.12, 64 cores: the second virtual "
     "minute",
     measure_timed_waits, NULL, false},
    {"aio_steps_per_s", "1/s", "higher", "1,000 tasks that await sleep(0)", measure_steps,
     document_steps, false},
    {"event_cost_growth", "x", "lower",
     "what an await of sleep(0) takes with 100,000 tasks, over that with 100",
     measure_growth, NULL, false},
    {"record_overhead", "x", "lower",
     "time of gil_handovers_per_s with every span recorded and handed to a sink that "
     "drops it, over the time of its summary",
     measure_recording, NULL, false},
    {"bytes_per_task", "bytes", "lower",
     "growth of the largest resident set from 100,000 to 500,000 tasks, without their "
     "programs",
     measure_bytes, NULL, false},
    {"hour_of_64_threads_s", "s", "lower",
     "a virtual hour of 64 threads of pure Python under the GIL of 3.12, 64 cores",
     measure_hour, document_hour, false},
    {"interactive_run_ms", "ms", "lower",
     "200 jobs under 4 strategies, from the document's text to the results",
     measure_interactive, document_interactive, false},
};
const size_t bench_engine_case_count =
    sizeof bench_engine_cases / sizeof bench_engine_cases[0];
