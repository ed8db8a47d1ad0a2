/* SPDX-License-Identifier: MIT */
/*
 * family_aio - families of one event loop: asyncio.run() of a gather of coroutines.
 *
 * The harness runs the loop in the main thread; an actor is a thread of its own, whose
 * start and end the prediction includes: about 0.2 ms of 70 and more.
 */
#include "server/fidelity/family_priv.h"

#include <math.h>

#include <jansson.h>

/* --- documents ----------------------------------------------------------------- */

static json_t *task(const char *name, int count, json_t *steps) {
    return json_pack("{s:s, s:i, s:o}", "name", name, "count", count, "steps", steps);
}

/* One loop with its tasks; `objects` may be NULL. */
static json_t *loop_of(json_t *objects, json_t *tasks) {
    json_t *work = json_pack("{s:{s:[{s:s, s:i, s:o}]}}", "workload", "actors", "name",
                             "loop", "event_loop", 1, "tasks", tasks);
    if (objects != NULL) {
        json_object_set_new(json_object_get(work, "workload"), "objects", objects);
    }
    return work;
}

/* Opcodes of the coroutines of tests/fidelity/aio.py, those apart that asyncio.sleep() is
 * calibrated with. */
enum {
    CYCLE_OPCODES = 52,
    BEAT_OPCODES = 30,
    SEM_OPCODES = 75,
    PRODUCER_OPCODES = 12,
    CONSUMER_OPCODES = 46
};

static json_t *burn(const struct family_input *input, const char *key, double unit_us) {
    return family_python(input, family_param(input, key) * unit_us, NULL);
}

static json_t *aio_tasks(const struct family_input *input) {
    json_t *cycle =
        json_pack("[o, o]", burn(input, "cpu_us", 1.0),
                  family_wait("await_sleep_us", family_param(input, "io_ms")));
    return loop_of(
        NULL,
        json_pack("[o]", task("task", family_count(input, "tasks"),
                              family_repeat(family_count(input, "cycles"), cycle))));
}

/* The heartbeat looks at a flag, sleeps, and notes how late it is. */
static json_t *beat(const struct family_input *input) {
    return json_pack("[{s:s, s:[o, o]}]", "until", "done", "steps",
                     family_wait("await_sleep_us", family_param(input, "beat_ms")),
                     family_harness(input, BEAT_OPCODES));
}

/* `blocks` times: a sleep, then `block`. */
static json_t *beside(const struct family_input *input, json_t *block) {
    json_t *round = json_pack(
        "[o, o]", family_wait("await_sleep_us", family_param(input, "gap_ms")), block);
    json_t *hog = json_pack("[{s:i, s:o}, {s:s}]", "repeat",
                            family_count(input, "blocks"), "steps", round, "set", "done");
    return loop_of(
        json_pack("{s:s}", "done", "async_event"),
        json_pack("[o, o]", task("heartbeat", 1, beat(input)), task("hog", 1, hog)));
}

static json_t *aio_blocked(const struct family_input *input) {
    return beside(input, burn(input, "block_ms", 1e3));
}

static json_t *aio_offload(const struct family_input *input) {
    return beside(input, json_pack("{s:[o]}", "to_thread", burn(input, "block_ms", 1e3)));
}

/* A task notes its end after it has let go of the semaphore; time counts from before the
 * first begins. */
static json_t *aio_sem(const struct family_input *input) {
    json_t *inside = json_pack(
        "[o, o, o]", family_harness(input, SEM_OPCODES), burn(input, "cpu_us", 1.0),
        family_wait("await_sleep_us", family_param(input, "io_ms")));
    json_t *steps =
        family_repeat(1, json_pack("[{s:s, s:o}]", "with", "permits", "steps", inside));
    return loop_of(json_pack("{s:{s:i}}", "permits", "async_semaphore",
                             family_count(input, "permits")),
                   json_pack("[o]", task("task", family_count(input, "tasks"), steps)));
}

static json_t *aio_queue(const struct family_input *input) {
    const int producers = family_count(input, "producers");
    const int consumers = family_count(input, "consumers");
    const double items = family_param(input, "items");
    json_t *put = family_repeat(
        (int)items,
        json_pack("[o, {s:s}]", family_harness(input, PRODUCER_OPCODES), "put", "queue"));
    json_t *get = family_repeat((int)floor(items * producers / consumers),
                                json_pack("[{s:s}, o, o]", "get", "queue",
                                          family_harness(input, CONSUMER_OPCODES),
                                          burn(input, "cpu_us", 1.0)));
    return loop_of(json_pack("{s:{s:i}}", "queue", "async_queue", 100),
                   json_pack("[o, o]", task("producer", producers, put),
                             task("consumer", consumers, get)));
}

static const char *refuse_aio_queue(const struct family_input *input) {
    return family_count(input, "consumers") == 0 ? "nobody takes out of the queue" : NULL;
}

/* --- naive --------------------------------------------------------------------- */

static double aio_tasks_naive(const struct family_input *input) {
    const double cycles = family_param(input, "cycles");
    const double cpu = family_param(input, "cpu_us") * 1e-6;
    const double io = family_param(input, "io_ms") * 1e-3;
    return cycles * fmax(family_param(input, "tasks") * cpu, cpu + io);
}

static double beside_naive(const struct family_input *input) {
    return family_param(input, "blocks") *
           (family_param(input, "gap_ms") + family_param(input, "block_ms")) * 1e-3;
}

static double aio_sem_naive(const struct family_input *input) {
    const double tasks = family_param(input, "tasks");
    const double cpu = family_param(input, "cpu_us") * 1e-6;
    const double io = family_param(input, "io_ms") * 1e-3;
    const double waves = ceil(tasks / fmax(1.0, family_param(input, "permits")));
    return fmax(tasks * cpu, waves * (cpu + io));
}

static double aio_queue_naive(const struct family_input *input) {
    return family_param(input, "producers") * family_param(input, "items") *
           family_param(input, "cpu_us") * 1e-6;
}

static double beat_s(const struct family_input *input) {
    return family_param(input, "beat_ms") * 1e-3;
}

/* --- table --------------------------------------------------------------------- */

const struct family family_of_loops[] = {
    {.name = "aio_tasks",
     .stratum = STRATUM_CPU_CLOCK,
     .params = "tasks cycles cpu_us io_ms",
     .detail = "cycle_s",
     .describe = aio_tasks,
     .naive_s = aio_tasks_naive},
    {.name = "aio_blocked",
     .stratum = STRATUM_LATENCY,
     .params = "beat_ms block_ms gap_ms blocks",
     .detail = "lag_s",
     .describe = aio_blocked,
     .naive_s = beside_naive,
     .watch = {"heartbeat", "/workload/actors/0/tasks/0/steps/0/steps/0"},
     .lap_base_s = beat_s},
    {.name = "aio_offload",
     .stratum = STRATUM_LATENCY,
     .params = "beat_ms block_ms gap_ms blocks",
     .detail = "lag_s",
     .describe = aio_offload,
     .naive_s = beside_naive,
     .watch = {"heartbeat", "/workload/actors/0/tasks/0/steps/0/steps/0"},
     .lap_base_s = beat_s},
    {.name = "aio_sem",
     .stratum = STRATUM_CPU_CLOCK,
     .params = "tasks permits cpu_us io_ms",
     .detail = "finish_s",
     .describe = aio_sem,
     .naive_s = aio_sem_naive,
     .watch = {"task", NULL}},
    {.name = "aio_queue",
     .stratum = STRATUM_CPU_CLOCK,
     .params = "producers consumers items cpu_us",
     .refuse = refuse_aio_queue,
     .describe = aio_queue,
     .naive_s = aio_queue_naive},
};
const size_t family_of_loops_count = sizeof family_of_loops / sizeof family_of_loops[0];
