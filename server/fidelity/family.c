/* SPDX-License-Identifier: MIT */
#include "server/fidelity/family.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include <jansson.h>

#include "server/fidelity/calibration.h"

static double param(const struct measured_group *group, const char *key) {
    const double value = measured_number(group->params, key, NULL);
    return isnan(value) ? 0.0 : value;
}

static int count_param(const struct measured_group *group, const char *key) {
    return (int)param(group, key);
}

/* --- documents ----------------------------------------------------------------- */

static json_t *actors(json_t *first, json_t *second) {
    json_t *list = json_pack("[o]", first);
    if (second != NULL && json_array_append_new(list, second) != 0) {
        json_decref(list);
        return NULL;
    }
    return json_pack("{s:o}", "actors", list);
}

static json_t *thread_actor(const char *name, int count, json_t *steps) {
    return json_pack("{s:s, s:i, s:o}", "name", name, "thread", count, "steps", steps);
}

static json_t *spinners(int count) {
    return json_pack("{s:s, s:i, s:b, s:[{s:[{s:i}]}]}", "name", "spinner", "thread",
                     count, "daemon", 1, "steps", "forever", "python_us", 1000);
}

static json_t *repeat(int count, json_t *steps) {
    return json_pack("[{s:i, s:o}]", "repeat", count, "steps", steps);
}

static json_t *cpu_threads_workload(const struct measured_group *group,
                                    const struct calibration *calibration) {
    (void)calibration;
    json_t *steps = json_pack("[{s:f}]", "python_cpu_us", param(group, "cpu_s") * 1e6);
    return actors(thread_actor("burner", count_param(group, "threads"), steps), NULL);
}

static json_t *io_threads_workload(const struct measured_group *group,
                                   const struct calibration *calibration) {
    (void)calibration;
    json_t *cycle =
        json_pack("[{s:f}, {s:f}]", "python_cpu_us", param(group, "cpu_ms") * 1e3,
                  "sleep_us", param(group, "io_ms") * 1e3);
    return actors(thread_actor("worker", count_param(group, "threads"),
                               repeat(count_param(group, "cycles"), cycle)),
                  NULL);
}

static double io_cpu_us(const struct measured_group *group) {
    const double given = param(group, "io_cpu_us");
    return given > 0.0 ? given : 20.0; /* the harness's default */
}

static bool uses_socket(const struct measured_group *group) {
    return json_is_true(json_object_get(group->params, "sock"));
}

/* A byte to the echo process and back. While we wait the peer is woken and sends; our own
 * wake-up is the engine's. The peer's need for a core of its own is not modelled. */
static json_t *socket_cycle(const struct measured_group *group,
                            const struct calibration *calibration) {
    return json_pack("[{s:f, s:s}, {s:f}, {s:f}]", "c_us", CALIBRATION_SEND_US, "gil",
                     "released", "io_us", calibration->wake_warm_us + CALIBRATION_SEND_US,
                     "python_cpu_us", io_cpu_us(group));
}

static json_t *io_vs_cpu_workload(const struct measured_group *group,
                                  const struct calibration *calibration) {
    json_t *cycle = uses_socket(group) ? socket_cycle(group, calibration)
                                       : json_pack("[{s:f}, {s:f}]", "sleep_us",
                                                   param(group, "io_ms") * 1e3,
                                                   "python_cpu_us", io_cpu_us(group));
    return actors(thread_actor("io", 1, repeat(count_param(group, "cycles"), cycle)),
                  spinners(count_param(group, "cpu_threads")));
}

/* --- naive --------------------------------------------------------------------- */

static double cpu_threads_naive(const struct measured_group *group) {
    return param(group, "threads") * param(group, "cpu_s");
}

static double io_threads_naive(const struct measured_group *group) {
    const double cpu = param(group, "cpu_ms"), io = param(group, "io_ms");
    const double one = cpu + io, all = cpu * param(group, "threads");
    return param(group, "cycles") * (one > all ? one : all) * 1e-3;
}

static double io_vs_cpu_naive(const struct measured_group *group) {
    return param(group, "cycles") *
           (param(group, "io_ms") * 1e-3 + io_cpu_us(group) * 1e-6);
}

/* --- tables -------------------------------------------------------------------- */

static const struct family families[] = {
    {"cpu_threads", STRATUM_CPU_CLOCK, NULL, cpu_threads_workload, cpu_threads_naive},
    {"io_threads", STRATUM_CPU_CLOCK, "cycle_s", io_threads_workload, io_threads_naive},
    {"io_vs_cpu", STRATUM_LATENCY, "cycle_s", io_vs_cpu_workload, io_vs_cpu_naive},
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
        const char *prefix, *runtime;
    } builds[] = {
        {"3.9.", "cpython-3.9"},
        {"3.12.", "cpython-3.12"},
    };
    for (size_t i = 0; i < sizeof builds / sizeof builds[0]; i++) {
        const size_t length = strlen(builds[i].prefix);
        if (strncmp(build, builds[i].prefix, length) == 0 &&
            build[strlen(build) - 1] != 't') {
            return builds[i].runtime;
        }
    }
    return NULL;
}
