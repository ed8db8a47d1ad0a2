/* SPDX-License-Identifier: MIT */
/* family_job - families of jobs: pools, processes, and one batch under every strategy. */
#include "server/fidelity/family_priv.h"

#include <math.h>
#include <string.h>

#include <jansson.h>

#include "server/fidelity/calibration.h"

/* --- strategies ---------------------------------------------------------------- */

/* What jobs() of tests/fidelity/jobs.py does with them; NULL = no memory. */
struct strategy {
    const char *name;
    json_t *(*describe)(int workers);
    double (*naive_s)(const struct family_input *input);
    bool pickles; /* a job's payload is sent to its worker */
};

/* Seconds of a job's three parts. */
struct job_parts {
    double count, python, c, io, workers;
};

static double c_call_count(const struct family_input *input) {
    const double calls = family_result(input, "c_calls");
    const double call_s = family_result(input, "call_s");
    if (isfinite(calls) && calls >= 0.0 && isfinite(call_s)) {
        return calls;
    }
    return family_param(input, "c_ms") > 0.0 ? 1.0 : 0.0;
}

/* One call alone. A row that does not count its calls makes one, of all its C work. */
static double c_call_s(const struct family_input *input) {
    const double call_s = family_result(input, "call_s");
    const double calls = family_result(input, "c_calls");
    return isfinite(calls) && isfinite(call_s) ? fmax(0.0, call_s)
                                               : family_param(input, "c_ms") * 1e-3;
}

static struct job_parts parts_of(const struct family_input *input) {
    return (struct job_parts){
        .count = family_param(input, "count"),
        .python = family_param(input, "python_ms") * 1e-3,
        .c = c_call_count(input) * c_call_s(input),
        .io = family_param(input, "io_ms") * 1e-3,
        .workers = fmax(1.0, family_param(input, "workers")),
    };
}

static json_t *describe_sequential(int workers) {
    (void)workers;
    return json_string("sequential");
}

static json_t *describe_threads(int workers) {
    return json_pack("{s:i}", "threads", workers);
}

static json_t *describe_asyncio(int workers) {
    return json_pack("{s:i}", "asyncio", workers);
}

/* Semaphore(4 * workers) around the whole job. */
static json_t *describe_to_thread(int workers) {
    return json_pack("{s:i, s:i}", "asyncio", 4 * workers, "to_thread", workers);
}

static json_t *describe_processes(int workers) {
    return json_pack("{s:i, s:s}", "processes", workers, "start", "fork");
}

static json_t *describe_interpreters(int workers) {
    return json_pack("{s:i}", "interpreters", workers);
}

/* --- naive --------------------------------------------------------------------- */

static const double CORES = 2.0;

static double sequential_naive(const struct family_input *input) {
    const struct job_parts parts = parts_of(input);
    return parts.count * (parts.python + parts.c + parts.io);
}

/* `at_a_time` jobs in flight; Python by one thread at a time under a GIL. */
static double in_flight_s(const struct job_parts *parts, double at_a_time, bool gil) {
    const double busy = parts->python + parts->c;
    const double waves = ceil(parts->count / at_a_time) * (busy + parts->io);
    const double cores = parts->count * busy / CORES;
    return fmax(fmax(waves, cores), gil ? parts->count * parts->python : 0.0);
}

static double threads_naive(const struct family_input *input) {
    const struct job_parts parts = parts_of(input);
    return in_flight_s(&parts, parts.workers, family_has_gil(input));
}

static double asyncio_naive(const struct family_input *input) {
    const struct job_parts parts = parts_of(input);
    const double busy = parts.count * (parts.python + parts.c);
    return busy + parts.io * ceil(parts.count / parts.workers);
}

static double to_thread_naive(const struct family_input *input) {
    const struct job_parts parts = parts_of(input);
    const double busy = parts.count * (parts.python + parts.c) / parts.workers;
    return fmax(in_flight_s(&parts, 4.0 * parts.workers, family_has_gil(input)), busy);
}

static double processes_naive(const struct family_input *input) {
    const struct job_parts parts = parts_of(input);
    const double start_us =
        input->calibration == NULL ? 0.0 : input->calibration->process_start_join_us;
    return in_flight_s(&parts, parts.workers, false) + parts.workers * start_us * 1e-6;
}

static double interpreters_naive(const struct family_input *input) {
    const struct job_parts parts = parts_of(input);
    const double start_us =
        input->calibration == NULL ? 0.0 : input->calibration->interpreter_first_us;
    return in_flight_s(&parts, parts.workers, false) + start_us * 1e-6;
}

static const struct strategy strategies[] = {
    {"sequential", describe_sequential, sequential_naive, false},
    {"threads", describe_threads, threads_naive, false},
    {"asyncio", describe_asyncio, asyncio_naive, false},
    {"asyncio_to_thread", describe_to_thread, to_thread_naive, false},
    {"processes", describe_processes, processes_naive, true},
    {"interpreters", describe_interpreters, interpreters_naive, true},
};

static const struct strategy *strategy_of(const struct family_input *input) {
    const char *name = family_text(input, "strategy");
    for (size_t i = 0; i < sizeof strategies / sizeof strategies[0]; i++) {
        if (strcmp(strategies[i].name, name) == 0) {
            return &strategies[i];
        }
    }
    return NULL;
}

static double jobs_naive(const struct family_input *input) {
    const struct strategy *strategy = strategy_of(input);
    return strategy == NULL ? NAN : strategy->naive_s(input);
}

static double pool_naive(const struct family_input *input) {
    const double cpu = family_param(input, "cpu_ms"), io = family_param(input, "io_ms");
    const double workers = family_param(input, "workers");
    const double count = family_param(input, "jobs");
    const double one = count / workers * (cpu + io);
    return fmax(one, family_shared_out(input, cpu, count)) * 1e-3;
}

static double procs_naive(const struct family_input *input) {
    const double workers = family_param(input, "workers");
    const double start_us =
        input->calibration == NULL ? 0.0 : input->calibration->process_start_join_us;
    return family_param(input, "cpu_s") * ceil(workers / CORES) +
           workers * start_us * 1e-6;
}

/* --- documents ----------------------------------------------------------------- */

static json_t *work_of(json_t *strategy, json_t *jobs) {
    return json_pack("{s:[o], s:{s:o}}", "strategies", strategy, "workload", "jobs",
                     jobs);
}

static json_t *pool(const struct family_input *input) {
    json_t *steps = json_pack(
        "[o, o]", family_python(input, family_param(input, "cpu_ms") * 1e3, "solo_cpu_s"),
        family_wait("sleep_us", family_param(input, "io_ms")));
    return work_of(
        describe_threads(family_count(input, "workers")),
        json_pack("{s:i, s:o}", "count", family_count(input, "jobs"), "steps", steps));
}

/* job() and compute() themselves, 68 - 110 opcodes by version and strategy. */
enum { JOB_OPCODES = 85 };

/* burn(), then the calls of sha256, then the sleep: each only where there is any. */
static json_t *job_steps(const struct family_input *input) {
    json_t *steps = json_pack("[o]", family_harness(input, JOB_OPCODES));
    const double python_ms = family_param(input, "python_ms");
    const double io_ms = family_param(input, "io_ms");
    const int calls = (int)fmin(c_call_count(input), 1e9);
    if (python_ms > 0.0) {
        json_array_append_new(steps, family_python(input, python_ms * 1e3, NULL));
    }
    if (calls > 0) {
        json_t *call =
            json_pack("[{s:f, s:s}]", "c_us", c_call_s(input) * 1e6, "gil", "released");
        json_t *loop = family_repeat(calls, call);
        if (json_array_extend(steps, loop) != 0) {
            json_decref(steps);
            steps = NULL; /* no memory */
        }
        json_decref(loop);
    }
    if (io_ms > 0.0) {
        json_array_append_new(steps, family_wait("sleep_us", io_ms));
    }
    return steps;
}

static json_t *jobs(const struct family_input *input) {
    const struct strategy *strategy = strategy_of(input);
    const double payload_bytes = 1024.0 * family_param(input, "payload_kb");
    json_t *jobs = json_pack("{s:i, s:o}", "count", family_count(input, "count"), "steps",
                             job_steps(input));
    if (strategy->pickles && payload_bytes > 0.0) {
        json_object_set_new(jobs, "payload_bytes",
                            json_integer((json_int_t)payload_bytes));
    }
    return work_of(strategy->describe(family_count(input, "workers")), jobs);
}

/* Sizes that are not there are 0, but none may be something else. */
static bool is_size(const struct family_input *input, const char *key) {
    const json_t *value = json_object_get(input->group->params, key);
    return value == NULL || (json_is_number(value) && json_number_value(value) >= 0.0);
}

static const char *refuse_jobs(const struct family_input *input) {
    if (strategy_of(input) == NULL) {
        return "the model has no such strategy";
    }
    if (!is_size(input, "python_ms")) {
        return "'python_ms' is no number of 0 or more";
    }
    if (!is_size(input, "c_ms") || !is_size(input, "io_ms")) {
        return "'c_ms' and 'io_ms' have to be numbers of 0 or more";
    }
    return is_size(input, "payload_kb") ? NULL : "'payload_kb' is no number of 0 or more";
}

/* mp.Process(target=burn), forked: start all, then join all. */
static json_t *procs(const struct family_input *input) {
    json_t *steps =
        json_pack("[o]", family_python(input, family_param(input, "cpu_s") * 1e6, NULL));
    return family_actors(json_pack("{s:s, s:i, s:s, s:o}", "name", "child", "process",
                                   family_count(input, "workers"), "start", "fork",
                                   "steps", steps),
                         NULL);
}

/* --- table --------------------------------------------------------------------- */

const struct family family_of_jobs[] = {
    {.name = "pool",
     .stratum = STRATUM_CPU_CLOCK,
     .params = "workers jobs cpu_ms io_ms",
     .detail = "job_s",
     .describe = pool,
     .naive_s = pool_naive},
    {.name = "jobs",
     .stratum = STRATUM_CPU_CLOCK,
     .params = "count workers",
     .detail = "job_s",
     .refuse = refuse_jobs,
     .describe = jobs,
     .naive_s = jobs_naive},
    {.name = "procs",
     .stratum = STRATUM_CPU_CLOCK,
     .params = "workers cpu_s",
     .describe = procs,
     .naive_s = procs_naive},
};
const size_t family_of_jobs_count = sizeof family_of_jobs / sizeof family_of_jobs[0];
