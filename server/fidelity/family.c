/* SPDX-License-Identifier: MIT */
#include "server/fidelity/family.h"

#include "engine/python/runtime_table.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include <jansson.h>

#include "server/fidelity/calibration.h"

static double param(const struct family_input *input, const char *key) {
    const double value = measured_number(input->group->params, key, NULL);
    return isnan(value) ? 0.0 : value;
}

static int count_param(const struct family_input *input, const char *key) {
    return (int)param(input, key);
}

static double result(const struct family_input *input, const char *key) {
    return measured_number(input->row->result, key, NULL);
}

/* 2.7 has no CPU clock: there the same work is iterations of a loop, solo_s long in all.
 */
static bool counts_iterations(const struct family_input *input) {
    return strncmp(input->group->build, "2.", 2) == 0;
}

static bool has_gil(const struct family_input *input) {
    const char *build = input->group->build;
    return build[strlen(build) - 1] != 't';
}

/* --- documents ----------------------------------------------------------------- */

/* Python of `us`, of which the row says that `solo` is the time alone. */
static json_t *python(const struct family_input *input, double us, const char *solo) {
    const double alone_us = solo == NULL ? NAN : result(input, solo) * 1e6;
    if (counts_iterations(input)) {
        return json_pack("{s:f}", "python_us", isnan(alone_us) ? us : alone_us);
    }
    return json_pack("{s:f}", "python_cpu_us", us);
}

static json_t *sleep_ms(double ms) { return json_pack("{s:f}", "sleep_us", ms * 1e3); }

static json_t *actors(json_t *first, json_t *second) {
    json_t *list = json_pack("[o]", first);
    if (second != NULL && json_array_append_new(list, second) != 0) {
        json_decref(list);
        return NULL;
    }
    return json_pack("{s:{s:o}}", "workload", "actors", list);
}

static json_t *thread_actor(const char *name, int count, json_t *steps) {
    return json_pack("{s:s, s:i, s:o}", "name", name, "thread", count, "steps", steps);
}

static json_t *daemon_actor(const char *name, int count, json_t *steps) {
    return json_pack("{s:s, s:i, s:b, s:[{s:o}]}", "name", name, "thread", count,
                     "daemon", 1, "steps", "forever", steps);
}

static json_t *repeat(int count, json_t *steps) {
    return json_pack("[{s:i, s:o}]", "repeat", count, "steps", steps);
}

static json_t *cpu_threads(const struct family_input *input) {
    json_t *steps =
        json_pack("[o]", python(input, param(input, "cpu_s") * 1e6, "solo_s"));
    return actors(thread_actor("burner", count_param(input, "threads"), steps), NULL);
}

static json_t *io_threads(const struct family_input *input) {
    json_t *cycle =
        json_pack("[o, o]", python(input, param(input, "cpu_ms") * 1e3, "solo_cpu_s"),
                  sleep_ms(param(input, "io_ms")));
    return actors(thread_actor("worker", count_param(input, "threads"),
                               repeat(count_param(input, "cycles"), cycle)),
                  NULL);
}

static double io_cpu_us(const struct family_input *input) {
    const double given = param(input, "io_cpu_us");
    return given > 0.0 ? given : 20.0; /* the harness's default */
}

/* A byte to the echo process and back. */
static json_t *socket_cycle(const struct family_input *input) {
    return json_pack("[{s:s, s:f}, {s:s}, o]", "send", "socket", "compute_us",
                     CALIBRATION_SEND_US, "recv", "socket",
                     python(input, io_cpu_us(input), NULL));
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
    json_t *cycle = sock ? socket_cycle(input)
                         : json_pack("[o, o]", sleep_ms(param(input, "io_ms")),
                                     python(input, io_cpu_us(input), NULL));
    json_t *work =
        actors(thread_actor("io", 1, repeat(count_param(input, "cycles"), cycle)),
               daemon_actor("spinner", count_param(input, "cpu_threads"),
                            json_pack("[{s:i}]", "python_us", 1000)));
    return sock ? with_peer(work) : work;
}

/* sha256 of 64 KiB; the hashlib of the 2.7 build does not release the GIL. */
static json_t *nogil_c(const struct family_input *input) {
    const double ops = result(input, "ops");
    json_t *call = json_pack("[{s:f, s:s}]", "c_us", result(input, "solo_s") * 1e6 / ops,
                             "gil", counts_iterations(input) ? "held" : "released");
    return actors(
        thread_actor("hasher", count_param(input, "threads"), repeat((int)ops, call)),
        NULL);
}

/* The heartbeat thread ends with the sorter: it is a daemon here. Its own code, a look at
 * the clock and at a flag, is guessed at 1 us. */
static json_t *hold_c(const struct family_input *input) {
    json_t *call =
        json_pack("[{s:f, s:s}]", "c_us", result(input, "call_s") * 1e6, "gil", "held");
    return actors(thread_actor("sorter", 1, repeat((int)result(input, "ops"), call)),
                  daemon_actor("heartbeat", 1,
                               json_pack("[o, {s:i}]", sleep_ms(param(input, "beat_ms")),
                                         "python_us", 1)));
}

/* One operation of a counted family alone, in microseconds. */
static double operation_us(const struct family_input *input) {
    return result(input, "solo_s") * 1e6 / result(input, "ops");
}

static json_t *counted(const struct family_input *input, json_t *steps) {
    json_t *actor = thread_actor("thread", count_param(input, "threads"),
                                 repeat((int)result(input, "ops"), steps));
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

static const char *text_param(const struct family_input *input, const char *key) {
    const char *text = json_string_value(json_object_get(input->group->params, key));
    return text == NULL ? "" : text;
}

static const struct runtime *runtime_of(const struct family_input *input) {
    return &runtime_row_find(family_runtime_of(input->group->build))->runtime;
}

/* Operations of a builtin type are alike and take nanoseconds. Where no other core can
 * come between two of them, a step stands for ten; slices are 100,000 times as long. */
static int batch_of(const struct family_input *input) {
    const bool alone = strcmp(text_param(input, "kind"), "one") != 0;
    return has_gil(input) || alone ? 10 : 1;
}

/* `with_rest` after the steps: what an operation takes alone besides `known_us`. */
static json_t *shared(const struct family_input *input, const char *kind, json_t *steps,
                      double known_us) {
    const int batch = batch_of(input);
    const double rest_us = fmax(0.0, operation_us(input) - known_us) * batch;
    json_array_append_new(steps, json_pack("{s:f}", "python_us", rest_us));
    json_t *actor = thread_actor("thread", count_param(input, "threads"),
                                 repeat((int)(result(input, "ops") / batch), steps));
    return json_pack("{s:{s:{s:{s:s}}, s:[o]}}", "workload", "objects", "shared", kind,
                     text_param(input, "kind"), "actors", actor);
}

/* `x = l[0]; x = None`: one reference is taken and dropped. */
static json_t *shared_obj(const struct family_input *input) {
    const struct runtime *runtime = runtime_of(input);
    const bool plain = has_gil(input) || strcmp(text_param(input, "kind"), "own") == 0;
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
        has_gil(input) ? 0.0
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
    const double ops = result(input, "ops");
    const double scale = fmax(0.0, operation_us(input) - calibration->queue_fixed_us) /
                         calibration->queue_python_us;
    const int producers = count_param(input, "producers");
    const int consumers = count_param(input, "consumers");
    json_t *put = json_pack("[{s:s}]", "put", "queue");
    json_t *get = json_pack("[{s:s}]", "get", "queue");
    return json_pack(
        "{s:{s:f, s:f}, s:{s:{s:{s:i}}, s:[o, o]}}", "runtime", "queue_call_us",
        scale * (double)runtime->queue_call_ns * 1e-3, "condition_call_us",
        scale * (double)runtime->condition_call_ns * 1e-3, "workload", "objects", "queue",
        "queue", 100, "actors",
        thread_actor("producer", producers, repeat((int)ops / producers, put)),
        thread_actor("consumer", consumers, repeat((int)ops / consumers, get)));
}

static json_t *jobs(const char *strategy, int workers, int count, json_t *steps) {
    return json_pack("{s:[{s:i}], s:{s:{s:i, s:o}}}", "strategies", strategy, workers,
                     "workload", "jobs", "count", count, "steps", steps);
}

static json_t *pool(const struct family_input *input) {
    json_t *steps =
        json_pack("[o, o]", python(input, param(input, "cpu_ms") * 1e3, "solo_cpu_s"),
                  sleep_ms(param(input, "io_ms")));
    return jobs("threads", count_param(input, "workers"), count_param(input, "jobs"),
                steps);
}

/* --- naive --------------------------------------------------------------------- */

/* Work that only one thread at a time can do under a GIL, shared by the cores without
 * one. */
static double shared_out(const struct family_input *input, double one, double threads) {
    const double cores = 2.0;
    if (has_gil(input)) {
        return one * threads;
    }
    return one * ceil(threads / cores);
}

static double cpu_threads_naive(const struct family_input *input) {
    const double one =
        counts_iterations(input) ? result(input, "solo_s") : param(input, "cpu_s");
    return shared_out(input, one, param(input, "threads"));
}

static double io_threads_naive(const struct family_input *input) {
    const double cpu = param(input, "cpu_ms"), io = param(input, "io_ms");
    const double one = cpu + io, all = shared_out(input, cpu, param(input, "threads"));
    return param(input, "cycles") * (one > all ? one : all) * 1e-3;
}

static double io_vs_cpu_naive(const struct family_input *input) {
    return param(input, "cycles") *
           (param(input, "io_ms") * 1e-3 + io_cpu_us(input) * 1e-6);
}

static double nogil_c_naive(const struct family_input *input) {
    const double solo = result(input, "solo_s");
    return counts_iterations(input) ? solo * param(input, "threads") : solo;
}

static double counted_naive(const struct family_input *input) {
    return shared_out(input, result(input, "solo_s"), param(input, "threads"));
}

/* Without a GIL producers and consumers share the work of both. */
static double queue_pc_naive(const struct family_input *input) {
    const double solo = result(input, "solo_s");
    return has_gil(input) ? solo : solo / 2.0;
}

static double hold_c_naive(const struct family_input *input) {
    return result(input, "solo_s");
}

static double pool_naive(const struct family_input *input) {
    const double cpu = param(input, "cpu_ms"), io = param(input, "io_ms");
    const double workers = param(input, "workers"), count = param(input, "jobs");
    const double one = count / workers * (cpu + io), all = shared_out(input, cpu, count);
    return (one > all ? one : all) * 1e-3;
}

/* --- laps ---------------------------------------------------------------------- */

static double beat_s(const struct family_input *input) {
    return param(input, "beat_ms") * 1e-3;
}

/* A cycle that lost a race waits for a switch interval; older rows do not count them. */
static double long_cycle_s(const struct family_input *input) {
    const double interval_s =
        isnan(input->group->switch_interval_s) ? 0.005 : input->group->switch_interval_s;
    return param(input, "io_ms") * 1e-3 + interval_s / 2.0;
}

/* --- tables -------------------------------------------------------------------- */

static const struct family families[] = {
    {"cpu_threads",
     STRATUM_CPU_CLOCK,
     NULL,
     cpu_threads,
     cpu_threads_naive,
     {0},
     NULL,
     NULL},
    {"io_threads",
     STRATUM_CPU_CLOCK,
     "cycle_s",
     io_threads,
     io_threads_naive,
     {0},
     NULL,
     NULL},
    {"io_vs_cpu",
     STRATUM_LATENCY,
     "cycle_s",
     io_vs_cpu,
     io_vs_cpu_naive,
     {"io", "/workload/actors/0/steps/0/steps/0"},
     NULL,
     long_cycle_s},
    {"nogil_c", STRATUM_COUNTED, NULL, nogil_c, nogil_c_naive, {0}, NULL, NULL},
    {"hold_c",
     STRATUM_LATENCY,
     "lag_s",
     hold_c,
     hold_c_naive,
     {"heartbeat", "/workload/actors/1/steps/0/forever/0"},
     beat_s,
     NULL},
    {"lock_contended",
     STRATUM_COUNTED,
     NULL,
     lock_contended,
     counted_naive,
     {0},
     NULL,
     NULL},
    {"race", STRATUM_COUNTED, NULL, race, counted_naive, {0}, NULL, NULL},
    {"race_call", STRATUM_COUNTED, NULL, race_call, counted_naive, {0}, NULL, NULL},
    {"queue_pc", STRATUM_COUNTED, NULL, queue_pc, queue_pc_naive, {0}, NULL, NULL},
    {"shared_obj", STRATUM_COUNTED, NULL, shared_obj, counted_naive, {0}, NULL, NULL},
    {"shared_list", STRATUM_COUNTED, NULL, shared_list, counted_naive, {0}, NULL, NULL},
    {"pool", STRATUM_CPU_CLOCK, "job_s", pool, pool_naive, {0}, NULL, NULL},
};

static const char *const stratum_names[] = {"cpu_clock", "counted", "latency"};
static_assert(sizeof stratum_names / sizeof stratum_names[0] == STRATUM_COUNT,
              "a name each");

const char *family_stratum_name(enum family_stratum stratum) {
    return stratum_names[stratum];
}

const struct family *family_find(const char *name) {
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        if (strcmp(families[i].name, name) == 0) {
            return &families[i];
        }
    }
    return NULL;
}

enum family_stratum family_stratum_of(const char *name) {
    static const char *const counted[] = {"nogil_c",    "lock_contended", "queue_pc",
                                          "race",       "race_call",      "shared_obj",
                                          "shared_list"};
    static const char *const latency[] = {"io_vs_cpu", "hold_c", "aio_blocked",
                                          "aio_offload"};
    for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++) {
        if (strcmp(counted[i], name) == 0) {
            return STRATUM_COUNTED;
        }
    }
    for (size_t i = 0; i < sizeof latency / sizeof latency[0]; i++) {
        if (strcmp(latency[i], name) == 0) {
            return STRATUM_LATENCY;
        }
    }
    return STRATUM_CPU_CLOCK;
}

const char *family_runtime_of(const char *build) {
    static const struct {
        const char *prefix, *with_gil, *free_threaded;
    } builds[] = {
        {"2.7.", "cpython-2.7", NULL},
        {"3.9.", "cpython-3.9", NULL},
        {"3.11.", "cpython-3.11", NULL},
        {"3.12.", "cpython-3.12", NULL},
        {"3.13.", "cpython-3.13", "cpython-3.13t"},
        {"3.14.", "cpython-3.14", "cpython-3.14t"},
        {"3.15.", "cpython-3.15", "cpython-3.15t"},
    };
    for (size_t i = 0; i < sizeof builds / sizeof builds[0]; i++) {
        if (strncmp(build, builds[i].prefix, strlen(builds[i].prefix)) == 0) {
            return build[strlen(build) - 1] == 't' ? builds[i].free_threaded
                                                   : builds[i].with_gil;
        }
    }
    return NULL;
}
