/* SPDX-License-Identifier: MIT */
/* family_thread - families of threads: actors that start, work and end. */
#include "server/fidelity/family_priv.h"

#include "engine/python/runtime_table.h"

#include <math.h>
#include <string.h>

#include <jansson.h>

#include "server/fidelity/calibration.h"

/* --- documents ----------------------------------------------------------------- */

static json_t *cpu_threads(const struct family_input *input) {
    json_t *steps = json_pack(
        "[o]", family_python(input, family_param(input, "cpu_s") * 1e6, "solo_s"));
    return family_actors(family_thread("burner", family_count(input, "threads"), steps),
                         NULL);
}

static json_t *io_threads(const struct family_input *input) {
    json_t *cycle = json_pack(
        "[o, o]", family_python(input, family_param(input, "cpu_ms") * 1e3, "solo_cpu_s"),
        family_wait("sleep_us", family_param(input, "io_ms")));
    return family_actors(
        family_thread("worker", family_count(input, "threads"),
                      family_repeat(family_count(input, "cycles"), cycle)),
        NULL);
}

static double io_cpu_us(const struct family_input *input) {
    const double given = family_param(input, "io_cpu_us");
    return given > 0.0 ? given : 20.0; /* the harness's default */
}

/* A byte to the echo process and back. */
static json_t *socket_cycle(const struct family_input *input) {
    return json_pack("[{s:s, s:f}, {s:s}, o]", "send", "socket", "compute_us",
                     CALIBRATION_SEND_US, "recv", "socket",
                     family_python(input, io_cpu_us(input), NULL));
}

/* The process spends a system call of a microsecond on receiving the byte, about as much
 * on its loop, and a send. */
static json_t *with_peer(json_t *work) {
    json_object_set_new(
        json_object_get(work, "workload"), "objects",
        json_pack("{s:{s:f}}", "socket", "peer", 2.0 + CALIBRATION_SEND_US));
    return work;
}

static json_t *io_vs_cpu(const struct family_input *input) {
    const bool sock = json_is_true(json_object_get(input->group->params, "sock"));
    json_t *cycle =
        sock ? socket_cycle(input)
             : json_pack("[o, o]", family_wait("sleep_us", family_param(input, "io_ms")),
                         family_python(input, io_cpu_us(input), NULL));
    json_t *work = family_actors(
        family_thread("io", 1, family_repeat(family_count(input, "cycles"), cycle)),
        family_daemon("spinner", family_count(input, "cpu_threads"),
                      json_pack("[{s:i}]", "python_us", 1000)));
    return sock ? with_peer(work) : work;
}

/* sha256 of 64 KiB; the hashlib of the 2.7 build does not release the GIL. */
static json_t *nogil_c(const struct family_input *input) {
    const double ops = family_result(input, "ops");
    json_t *call =
        json_pack("[{s:f, s:s}]", "c_us", family_result(input, "solo_s") * 1e6 / ops,
                  "gil", family_counts_iterations(input) ? "held" : "released");
    return family_actors(family_thread("hasher", family_count(input, "threads"),
                                       family_repeat((int)ops, call)),
                         NULL);
}

/* The heartbeat thread ends with the sorter: it is a daemon here. Its own code, a look at
 * the clock and at a flag, is guessed at 1 us. */
static json_t *hold_c(const struct family_input *input) {
    json_t *call = json_pack("[{s:f, s:s}]", "c_us", family_result(input, "call_s") * 1e6,
                             "gil", "held");
    return family_actors(
        family_thread("sorter", 1, family_repeat((int)family_result(input, "ops"), call)),
        family_daemon("heartbeat", 1,
                      json_pack("[o, {s:i}]",
                                family_wait("sleep_us", family_param(input, "beat_ms")),
                                "python_us", 1)));
}

/* One operation of a counted family alone, in microseconds. */
static double operation_us(const struct family_input *input) {
    return family_result(input, "solo_s") * 1e6 / family_result(input, "ops");
}

static json_t *counted(const struct family_input *input, json_t *steps) {
    json_t *actor = family_thread("thread", family_count(input, "threads"),
                                  family_repeat((int)family_result(input, "ops"), steps));
    return json_pack("{s:{s:{s:s, s:s}, s:[o]}}", "workload", "objects", "lock", "lock",
                     "counter", "counter", "actors", actor);
}

/* `with lock: c[0] += 1`: of the bytecode besides the lock's own two calls about two
 * thirds run with the lock held (9 of 13 opcodes in 3.9). */
static json_t *lock_contended(const struct family_input *input) {
    const double python_us =
        fmax(0.0, operation_us(input) - 2.0 * input->calibration->lock_us);
    json_t *update = json_pack("[{s:s, s:f}]", "update", "counter", "compute_us",
                               python_us * 2.0 / 3.0);
    return counted(input, json_pack("[{s:s, s:o}, {s:f}]", "with", "lock", "steps",
                                    update, "python_us", python_us / 3.0));
}

static json_t *race_with(const struct family_input *input, bool call) {
    return counted(input,
                   json_pack("[{s:s, s:f, s:b}]", "update", "counter", "compute_us",
                             operation_us(input), "call", (int)call));
}

static json_t *race(const struct family_input *input) { return race_with(input, false); }

static json_t *race_call(const struct family_input *input) {
    return race_with(input, true);
}

static const struct runtime *runtime_of(const struct family_input *input) {
    return &runtime_row_find(family_runtime_of(input->group->build))->runtime;
}

/* Operations of a builtin type are alike and take nanoseconds. Where no other core can
 * come between two of them, a step stands for ten; slices are 100,000 times as long. */
static int batch_of(const struct family_input *input) {
    const bool alone = strcmp(family_text(input, "kind"), "one") != 0;
    return family_has_gil(input) || alone ? 10 : 1;
}

/* `with_rest` after the steps: what an operation takes alone besides `known_us`. */
static json_t *shared(const struct family_input *input, const char *kind, json_t *steps,
                      double known_us) {
    const int batch = batch_of(input);
    const double rest_us = fmax(0.0, operation_us(input) - known_us) * batch;
    json_array_append_new(steps, json_pack("{s:f}", "python_us", rest_us));
    json_t *actor =
        family_thread("thread", family_count(input, "threads"),
                      family_repeat((int)(family_result(input, "ops") / batch), steps));
    return json_pack("{s:{s:{s:{s:s}}, s:[o]}}", "workload", "objects", "shared", kind,
                     family_text(input, "kind"), "actors", actor);
}

/* `x = l[0]; x = None`: one reference is taken and dropped. */
static json_t *shared_obj(const struct family_input *input) {
    const struct runtime *runtime = runtime_of(input);
    const bool plain =
        family_has_gil(input) || strcmp(family_text(input, "kind"), "own") == 0;
    const sim_ns count_ns = plain ? runtime->local_ref_ns : runtime->shared_ref_ns;
    json_t *touch =
        json_pack("[{s:s, s:i}]", "touch", "shared", "times", batch_of(input));
    return shared(input, "object", touch, 2.0 * (double)count_ns * 1e-3);
}

/* `l.append(i); l.pop()`. The body of either C function, between taking the list's lock
 * and giving it back, is about 15 cycles: an estimate. */
static json_t *shared_list(const struct family_input *input) {
    const double body_us = 0.005, batch = batch_of(input);
    const double lock_us =
        family_has_gil(input)
            ? 0.0
            : 2.0 * (double)runtime_of(input)->critical_section_ns * 1e-3;
    json_t *steps = json_pack("[{s:s, s:s, s:f}, {s:s, s:s, s:f}]", "use", "shared", "op",
                              "append", "compute_us", body_us * batch, "use", "shared",
                              "op", "pop", "compute_us", body_us * batch);
    return shared(input, "list", steps, 2.0 * (body_us + lock_us));
}

/* The bytecode of queue.py is as fast as the row's work alone says. */
static json_t *queue_pc(const struct family_input *input) {
    const struct calibration *calibration = input->calibration;
    const struct runtime *runtime = runtime_of(input);
    const double ops = family_result(input, "ops");
    const double scale = fmax(0.0, operation_us(input) - calibration->queue_fixed_us) /
                         calibration->queue_python_us;
    const int producers = family_count(input, "producers");
    const int consumers = family_count(input, "consumers");
    json_t *put = json_pack("[{s:s}]", "put", "queue");
    json_t *get = json_pack("[{s:s}]", "get", "queue");
    return json_pack(
        "{s:{s:f, s:f}, s:{s:{s:{s:i}}, s:[o, o]}}", "runtime", "queue_call_us",
        scale * (double)runtime->queue_call_ns * 1e-3, "condition_call_us",
        scale * (double)runtime->condition_call_ns * 1e-3, "workload", "objects", "queue",
        "queue", 100, "actors",
        family_thread("producer", producers, family_repeat((int)ops / producers, put)),
        family_thread("consumer", consumers, family_repeat((int)ops / consumers, get)));
}

/* --- naive --------------------------------------------------------------------- */

static double cpu_threads_naive(const struct family_input *input) {
    const double one = family_counts_iterations(input) ? family_result(input, "solo_s")
                                                       : family_param(input, "cpu_s");
    return family_shared_out(input, one, family_param(input, "threads"));
}

static double io_threads_naive(const struct family_input *input) {
    const double cpu = family_param(input, "cpu_ms"), io = family_param(input, "io_ms");
    const double one = cpu + io,
                 all = family_shared_out(input, cpu, family_param(input, "threads"));
    return family_param(input, "cycles") * (one > all ? one : all) * 1e-3;
}

static double io_vs_cpu_naive(const struct family_input *input) {
    return family_param(input, "cycles") *
           (family_param(input, "io_ms") * 1e-3 + io_cpu_us(input) * 1e-6);
}

static double nogil_c_naive(const struct family_input *input) {
    const double solo = family_result(input, "solo_s");
    return family_counts_iterations(input) ? solo * family_param(input, "threads") : solo;
}

static double counted_naive(const struct family_input *input) {
    return family_shared_out(input, family_result(input, "solo_s"),
                             family_param(input, "threads"));
}

/* Without a GIL producers and consumers share the work of both. */
static double queue_pc_naive(const struct family_input *input) {
    const double solo = family_result(input, "solo_s");
    return family_has_gil(input) ? solo : solo / 2.0;
}

static double hold_c_naive(const struct family_input *input) {
    return family_result(input, "solo_s");
}

/* --- laps ---------------------------------------------------------------------- */

static double beat_s(const struct family_input *input) {
    return family_param(input, "beat_ms") * 1e-3;
}

/* A cycle that lost a race waits for a switch interval; older rows do not count them. */
static double long_cycle_s(const struct family_input *input) {
    const double interval_s =
        isnan(input->group->switch_interval_s) ? 0.005 : input->group->switch_interval_s;
    return family_param(input, "io_ms") * 1e-3 + interval_s / 2.0;
}

/* --- table --------------------------------------------------------------------- */

const struct family family_of_threads[] = {
    {.name = "cpu_threads",
     .stratum = STRATUM_CPU_CLOCK,
     .params = "threads cpu_s",
     .describe = cpu_threads,
     .naive_s = cpu_threads_naive},
    {.name = "io_threads",
     .stratum = STRATUM_CPU_CLOCK,
     .params = "threads cycles cpu_ms io_ms",
     .detail = "cycle_s",
     .describe = io_threads,
     .naive_s = io_threads_naive},
    {.name = "io_vs_cpu",
     .stratum = STRATUM_LATENCY,
     .params = "cpu_threads io_ms cycles",
     .detail = "cycle_s",
     .describe = io_vs_cpu,
     .naive_s = io_vs_cpu_naive,
     .watch = {"io", "/workload/actors/0/steps/0/steps/0"},
     .long_lap_s = long_cycle_s},
    {.name = "nogil_c",
     .stratum = STRATUM_COUNTED,
     .params = "threads",
     .figures = "ops solo_s",
     .describe = nogil_c,
     .naive_s = nogil_c_naive},
    {.name = "hold_c",
     .stratum = STRATUM_LATENCY,
     .params = "beat_ms",
     .figures = "ops call_s solo_s",
     .detail = "lag_s",
     .describe = hold_c,
     .naive_s = hold_c_naive,
     .watch = {"heartbeat", "/workload/actors/1/steps/0/forever/0"},
     .lap_base_s = beat_s},
    {.name = "lock_contended",
     .stratum = STRATUM_COUNTED,
     .params = "threads",
     .figures = "ops solo_s",
     .describe = lock_contended,
     .naive_s = counted_naive},
    {.name = "race",
     .stratum = STRATUM_COUNTED,
     .params = "threads",
     .figures = "ops solo_s",
     .describe = race,
     .naive_s = counted_naive},
    {.name = "race_call",
     .stratum = STRATUM_COUNTED,
     .params = "threads",
     .figures = "ops solo_s",
     .describe = race_call,
     .naive_s = counted_naive},
    {.name = "shared_obj",
     .stratum = STRATUM_COUNTED,
     .params = "threads",
     .figures = "ops solo_s",
     .describe = shared_obj,
     .naive_s = counted_naive},
    {.name = "shared_list",
     .stratum = STRATUM_COUNTED,
     .params = "threads",
     .figures = "ops solo_s",
     .describe = shared_list,
     .naive_s = counted_naive},
    {.name = "queue_pc",
     .stratum = STRATUM_COUNTED,
     .params = "producers consumers",
     .figures = "ops solo_s",
     .describe = queue_pc,
     .naive_s = queue_pc_naive},
};
const size_t family_of_threads_count =
    sizeof family_of_threads / sizeof family_of_threads[0];
