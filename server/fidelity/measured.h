/* SPDX-License-Identifier: MIT */
/*
 * measured - the rows of tests/fidelity/measured.jsonl, grouped.
 *
 * A row is one run of one workload on a real interpreter. Rows of the same build, family,
 * parameters and switch interval are repetitions of one group. Rows with an "error" (a
 * build that does not have the family) are left out.
 */
#ifndef SERVER_FIDELITY_MEASURED_H
#define SERVER_FIDELITY_MEASURED_H

#include "engine/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct json_t; /* jansson's */

struct measured_row {
    const struct json_t *result; /* borrowed from the file's object */
    double wall_s;               /* NaN where the family has none */
    double solo_s;               /* work alone: solo_s, else solo_cpu_s, else 1 */
    double steal;                /* share of all CPUs that the host took; NaN = unknown */
    bool quiet;                  /* the host took little of the timed region */
};

struct measured_group {
    const char *build, *family;
    const struct json_t *params;
    double switch_interval_s; /* NaN = the default */
    bool primitive;
    struct measured_row *rows;
    size_t row_count, row_capacity;
};

struct measured {
    struct measured_group *groups; /* in the order of their first rows */
    size_t group_count, group_capacity;
    struct json_t *lines; /* array that owns everything borrowed above */
};

/* Reads a JSON Lines file. ERR_IO, ERR_INVALID (names the line), ERR_NOMEM. */
int measured_read(struct measured *out, const char *path, struct err *err) WARN_UNUSED;
void measured_deinit(struct measured *measured);

/* A number of an object, or of the object that is its member `key`: "sleep_s", "p50".
 * `inner` may be NULL. NaN when it is not there. */
double measured_number(const struct json_t *object, const char *key, const char *inner);

/* Lower quartile of a figure over the repetitions of a build's primitive whose parameter
 * `param` has the given value (`param` may be NULL); NaN when there is none. */
struct measured_figure {
    const char *build, *family, *param;
    double value;
    const char *key, *inner;
};
double measured_primitive(const struct measured *measured,
                          const struct measured_figure *figure);

#endif
