/* SPDX-License-Identifier: MIT */
/*
 * family - what the workloads of tests/fidelity are as documents, and what a naive
 * predictor says of them.
 *
 * The document of a group goes through the same reader as any user's document. Its
 * machine is the profile linux-vm-2 with what calibration.h measured; its runtime is the
 * build's own and its own reference.
 */
#ifndef SERVER_FIDELITY_FAMILY_H
#define SERVER_FIDELITY_FAMILY_H

#include "server/fidelity/lap.h"
#include "server/fidelity/measured.h"

struct calibration;
struct json_t;

/* How the family counts work: the strata of the report. */
enum family_stratum {
    STRATUM_CPU_CLOCK,
    STRATUM_COUNTED,
    STRATUM_LATENCY,
    STRATUM_COUNT
};

/* One repetition, and the machine it ran on. */
struct family_input {
    const struct measured_group *group;
    const struct measured_row *row;
    const struct calibration *calibration;
};

struct family {
    const char *name;
    enum family_stratum stratum;
    /* Numbers without which there is no prediction, blank-separated: of "params", and of
     * the row's "result". NULL = none. */
    const char *params, *figures;
    const char *detail; /* summary whose p50 is predicted; NULL = none */
    /* Why this row cannot be stated as a document, or NULL. NULL = every row can. */
    const char *(*refuse)(const struct family_input *input);
    /* New reference: "workload", "strategies" where there are jobs, "runtime" where the
     * work alone says how fast the library's own Python is; NULL = no memory. */
    struct json_t *(*describe)(const struct family_input *input);
    /* Wall time by simple addition, in seconds. */
    double (*naive_s)(const struct family_input *input);
    /* Where units of work do not tell: the laps to look at. name NULL = none. */
    struct lap_watch watch;
    /* What of a lap is no lag; the p50 of the rest is the detail. NULL = nothing. */
    double (*lap_base_s)(const struct family_input *input);
    /* From how long on a lap is a long one; NaN = no share is known. Where it is not NULL
     * laps give that share, and the detail is the p50 of units of work. */
    double (*long_lap_s)(const struct family_input *input);
};

/* "cpu_clock", "counted", "latency". */
const char *family_stratum_name(enum family_stratum stratum);

/* NULL when the model does not know the family yet. */
const struct family *family_find(const char *name);

/* Stratum of any family of the data, also of one that cannot be predicted. */
enum family_stratum family_stratum_of(const char *name);

/* Whether the row has not what its family needs; `why` says what. Looks at "params" and at
 * the figures that are inputs, at nothing else. */
bool family_refuses(const struct family *family, const struct family_input *input,
                    char *why, size_t size);

/* The runtime that models the build ("3.9.18" -> "cpython-3.9"), or NULL. */
const char *family_runtime_of(const char *build);

#endif
