/* SPDX-License-Identifier: MIT */
#include "server/fidelity/family_priv.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "server/fidelity/calibration.h"

/* --- reading a row ------------------------------------------------------------- */

double family_param(const struct family_input *input, const char *key) {
    const double value = measured_number(input->group->params, key, NULL);
    return isnan(value) ? 0.0 : value;
}

int family_count(const struct family_input *input, const char *key) {
    const double value = family_param(input, key);
    return value < 0.0 ? 0 : value > 1e9 ? 1000000000 : (int)value;
}

const char *family_text(const struct family_input *input, const char *key) {
    const char *text = json_string_value(json_object_get(input->group->params, key));
    return text == NULL ? "" : text;
}

double family_result(const struct family_input *input, const char *key) {
    return measured_number(input->row->result, key, NULL);
}

bool family_counts_iterations(const struct family_input *input) {
    return strncmp(input->group->build, "2.", 2) == 0;
}

bool family_has_gil(const struct family_input *input) {
    const char *build = input->group->build;
    return build[strlen(build) - 1] != 't';
}

/* --- documents ----------------------------------------------------------------- */

json_t *family_python(const struct family_input *input, double us, const char *solo) {
    const double alone_us = solo == NULL ? NAN : family_result(input, solo) * 1e6;
    if (family_counts_iterations(input)) {
        return json_pack("{s:f}", "python_us", isnan(alone_us) ? us : alone_us);
    }
    return json_pack("{s:f}", "python_cpu_us", us);
}

json_t *family_harness(const struct family_input *input, int opcodes) {
    return json_pack("{s:f}", "python_us", opcodes * input->calibration->opcode_us);
}

json_t *family_wait(const char *kind, double ms) {
    return json_pack("{s:f}", kind, ms * 1e3);
}

json_t *family_repeat(int count, json_t *steps) {
    return json_pack("[{s:i, s:o}]", "repeat", count, "steps", steps);
}

json_t *family_thread(const char *name, int count, json_t *steps) {
    return json_pack("{s:s, s:i, s:o}", "name", name, "thread", count, "steps", steps);
}

json_t *family_daemon(const char *name, int count, json_t *steps) {
    return json_pack("{s:s, s:i, s:b, s:[{s:o}]}", "name", name, "thread", count,
                     "daemon", 1, "steps", "forever", steps);
}

json_t *family_actors(json_t *first, json_t *second) {
    json_t *list = json_pack("[o]", first);
    if (second != NULL && json_array_append_new(list, second) != 0) {
        json_decref(list);
        return NULL;
    }
    return json_pack("{s:{s:o}}", "workload", "actors", list);
}

/* --- naive --------------------------------------------------------------------- */

double family_shared_out(const struct family_input *input, double one, double threads) {
    const double cores = 2.0;
    if (family_has_gil(input)) {
        return one * threads;
    }
    return one * ceil(threads / cores);
}

/* --- tables -------------------------------------------------------------------- */

static const char *const stratum_names[] = {"cpu_clock", "counted", "latency"};
static_assert(sizeof stratum_names / sizeof stratum_names[0] == STRATUM_COUNT,
              "a name each");

const char *family_stratum_name(enum family_stratum stratum) {
    return stratum_names[stratum];
}

static const struct family *find_in(const struct family *families, size_t count,
                                    const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(families[i].name, name) == 0) {
            return &families[i];
        }
    }
    return NULL;
}

const struct family *family_find(const char *name) {
    const struct family *found =
        find_in(family_of_threads, family_of_threads_count, name);
    if (found == NULL) {
        found = find_in(family_of_loops, family_of_loops_count, name);
    }
    return found == NULL ? find_in(family_of_jobs, family_of_jobs_count, name) : found;
}

enum family_stratum family_stratum_of(const char *name) {
    static const char *const unknown_latency[] = {"aio_blocked", "aio_offload"};
    const struct family *family = family_find(name);
    if (family != NULL) {
        return family->stratum;
    }
    for (size_t i = 0; i < sizeof unknown_latency / sizeof unknown_latency[0]; i++) {
        if (strcmp(unknown_latency[i], name) == 0) {
            return STRATUM_LATENCY;
        }
    }
    return STRATUM_CPU_CLOCK;
}

/* The first of the blank-separated names that is no number of the object; false: none. */
static bool find_missing(char *out, size_t size, const json_t *object,
                         const char *names) {
    while (names != NULL && *names != '\0') {
        const size_t length = strcspn(names, " ");
        snprintf(out, size, "%.*s", (int)length, names);
        const double value = measured_number(object, out, NULL);
        if (!isfinite(value) || value < 0.0) {
            return true;
        }
        names += length + (names[length] == ' ');
    }
    return false;
}

bool family_refuses(const struct family *family, const struct family_input *input,
                    char *why, size_t size) {
    char name[32];
    if (find_missing(name, sizeof name, input->group->params, family->params)) {
        snprintf(why, size, "params say no '%s'", name);
        return true;
    }
    if (find_missing(name, sizeof name, input->row->result, family->figures)) {
        snprintf(why, size, "a repetition says no '%s'", name);
        return true;
    }
    const char *reason = family->refuse == NULL ? NULL : family->refuse(input);
    if (reason != NULL) {
        snprintf(why, size, "%s", reason);
    }
    return reason != NULL;
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
